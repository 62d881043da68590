"""What `capi-stream mapping init` understands of names in five languages, and which names must not mislead it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from capi_stream.cli.mapping.beginning import first_mapping
from capi_stream.cli.mapping.words import LANGUAGES, words

TIME = {"type": "long", "logicalType": "timestamp-millis"}


def record(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": key, "type": kind} for key, kind in fields.items()]}


def listed(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": record("Item", fields)}


def guessed(fields: dict[str, Any]) -> dict[str, Any]:
    """The event of a first mapping of a record with these fields."""
    text = first_mapping(json.dumps(record("Order", fields)), "order.avsc", "x")
    event: dict[str, Any] = yaml.safe_load(text)["event"]
    return {**event, **event.get("custom_data", {}), **event["user_data"]}


def texts(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), "string")


GERMAN = {
    **texts("bestellnummer kundennummer vorname nachname strasse plz ort land telefon email geburtsdatum waehrung"),
    "bestelldatum": TIME,
    "gesamtbetrag": "double",
    "positionen": listed({**texts("artikelnummer bezeichnung"), "menge": "int", "einzelpreis": "double"}),
}
FRENCH = {
    **texts("numero_commande id_client prenom nom rue code_postal ville pays portable courriel date_naissance devise"),
    "date_commande": TIME,
    "montant_total": "double",
    "lignes": listed({**texts("ref_produit libelle"), "quantite": "int", "prix_unitaire": "double"}),
}
SPANISH = {
    **texts(
        "numeroPedido idCliente nombre apellido calle codigoPostal ciudad pais movil correo fechaNacimiento moneda"
    ),
    "fechaPedido": TIME,
    "importeTotal": "double",
    "lineas": listed({**texts("codigo_articulo titulo"), "cantidad": "int", "precio_unitario": "double"}),
}
DUTCH = {
    **texts("bestelnummer klantnummer voornaam achternaam straat postcode woonplaats land telefoon email geboortedatum "
            "valuta"),
    "besteldatum": TIME,
    "totaalbedrag": "double",
    "regels": listed({**texts("artikelnummer productnaam"), "aantal": "int", "stukprijs": "double"}),
}  # fmt: skip
ITALIAN = {
    **texts("numero_ordine codice_cliente nome cognome via cap citta paese cellulare email data_nascita valuta"),
    "data_ordine": TIME,
    "importo_totale": "double",
    "righe": listed({**texts("codice_articolo titolo"), "quantita": "int", "prezzo_unitario": "double"}),
}
PARAMETERS = (
    "order_id", "external_id", "fn", "ln", "street", "zp", "ct", "country", "ph", "em", "db", "currency", "event_time",
    "value", "contents",
)  # fmt: skip
"""What the fields above are, in their order. The API has no parameter for a street."""


@pytest.mark.parametrize("fields", [GERMAN, FRENCH, SPANISH, DUTCH, ITALIAN])
def test_an_order_in_another_language_is_understood(fields: dict[str, Any]) -> None:
    expected: dict[str, Any] = dict(zip(PARAMETERS, fields, strict=True))
    members = [member["name"] for member in fields[expected["contents"]]["items"]["fields"]]
    item = dict(zip(("id", "title", "quantity", "item_price"), members, strict=True))
    expected |= {"contents": {"each": expected["contents"], "item": item}, "street": None}

    made = guessed(fields)

    assert {name: made.get(name) for name in PARAMETERS} == expected


@pytest.mark.parametrize(
    ("name", "kind", "parameter"),
    [
        ("handy", "string", "ph"),
        ("kundeTelefonNr", "string", "ph"),
        ("wohnort", "string", "ct"),
        ("waehrung", "string", "currency"),
        ("wahrung", "string", "currency"),
        ("laenderCode", "string", "country"),
        ("bundesLand", "string", "st"),
        ("betrag", "double", "value"),
        ("summe", "double", "value"),
        ("auftragsNr", "string", "order_id"),
        ("montant", "double", "value"),
        ("commande_id", "string", "order_id"),
        ("numero_de_commande", "string", "order_id"),
        ("importe", "double", "value"),
        ("pedido_id", "string", "order_id"),
        ("bedrag", "double", "value"),
        ("importo", "double", "value"),
        ("valuta", "string", "currency"),
        ("ordine_id", "string", "order_id"),
    ],
)
def test_a_name_alone_is_understood(name: str, kind: str, parameter: str) -> None:
    assert guessed({name: kind})[parameter] == name


@pytest.mark.parametrize(
    ("name", "kind", "parameter"),
    [
        ("haendler_ort", "string", "ct"),
        ("magasin_code_postal", "string", "zp"),
        ("tienda_ciudad", "string", "ct"),
        ("bundes_land", "string", "country"),
        ("produit_nom", "string", "ln"),
        ("steuer_betrag", "double", "value"),
        ("tva_montant", "double", "value"),
        ("versandkosten_summe", "double", "value"),
        ("kunden_nummer", "string", "order_id"),
        ("storno_datum", TIME, "event_time"),
        ("sconto_importo", "double", "value"),
        ("nombre", "int", "fn"),
    ],
)
def test_a_name_that_only_resembles_is_not_taken(name: str, kind: Any, parameter: str) -> None:
    made = guessed({name: kind})
    assert made.get(parameter) != name
    assert made["event_time"] == "$kafka.timestamp"


@pytest.mark.parametrize("name", ["nombre", "nome", "cap"])
def test_a_word_that_can_mean_something_else_is_taken_with_a_doubt(name: str) -> None:
    text = first_mapping(json.dumps(record("Order", texts(name))), "order.avsc", "x")
    assert re.search(rf": {name}  # unsure: the name fits loosely", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_written_as_the_tables_say(language: dict[str, str]) -> None:
    for row, said in language.items():
        assert all(re.fullmatch(r"[^\W\dA-Z]\w*[?!]?", word) for word in said.split()), row
        assert len(said.split()) == len(set(said.split())), row


def test_a_row_that_no_language_has_matches_nothing() -> None:
    assert not re.search(words("nothing"), "nothing")
