"""How fields are called in German, French, Spanish, Dutch and Italian; English stands in `names.py`.

A row is called as the parameter is, or as the part of a name that several parameters share (`person`, `number`). Words
are written in their own letters, with `_` where a name may be cut: `kunden_nummer` is `kundennummer` too. A word that
can mean something else ends in `?` and is taken with a doubt; one that ends in `!` must stand nowhere in the path.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Literal

GERMAN: Mapping[str, str] = {
    "person": "kunde kunden käufer nutzer benutzer mitglied mitglieds gast besteller",
    "others": "händler laden filiale verkäufer lieferant absender mitarbeiter geschäft lager hotel",
    "order": "bestell bestellung bestellungs auftrag auftrags buchung buchungs rechnung rechnungs kauf",
    "number": "nummer nr kennung",
    "em": "e_mail_adresse mail_adresse",
    "ph": "telefon telefon_nummer tel_nr handy handy_nummer mobil mobil_nummer mobil_telefon rufnummer",
    "fn": "vorname vornamen rufname",
    "ln": "nachname familien_name zuname",
    "ge": "geschlecht",
    "db": "geburts_datum geburts_tag geb_datum geboren geboren_am",
    "ct": "ort wohn_ort stadt",
    "st": "bundesland bundes_land kanton?",
    "zp": "plz postleitzahl",
    "country": "land länder_code länder_kennung land_code bundes! bundesland!",
    "client_ip_address": "ip_adresse",
    "event_source_url": "seiten_url seiten_adresse",
    "event_id": "ereignis_id ereignis_nummer",
    "event_name": "ereignis ereignis_name ereignis_art ereignis_typ",
    "event_time": (
        "bestellt_am bestell_datum bestell_zeit bestell_zeitpunkt gekauft_am kauf_datum gebucht_am buchungs_datum "
        "ereignis_zeit zeitpunkt? zeitstempel? datum? erstellt_am? angelegt_am? geändert! versand! storno! liefer!"
    ),
    "value": (
        "gesamt_betrag gesamt_summe gesamt_preis bestell_wert waren_korb_wert auftrags_wert rechnungs_betrag umsatz "
        "betrag? summe? wert? preis? brutto? steuer! mwst! versand! rabatt! gebühr! gutschein! anzahl! menge!"
    ),
    "currency": "währung währungs_code währungs_kürzel",
    "num_items": "artikel_anzahl anzahl_artikel",
    "search_string": "such_begriff such_wort such_text such_anfrage",
    "contents": "positionen bestell_positionen artikel artikel_liste waren_korb produkte waren",
    "item": "artikel produkt varianten waren",
    "quantity": "menge anzahl stück stück_zahl",
    "item_price": "einzel_preis stück_preis artikel_preis preis betrag? steuer! rabatt!",
    "title": "bezeichnung artikel_name artikel_bezeichnung produkt_name titel",
    "brand": "marke",
    "category": "kategorie waren_gruppe",
    "store": "filiale filial_nummer laden geschäft",
    "test": "ist_test test_bestellung",
    "consent": "einwilligung zustimmung werbe_einwilligung",
}

FRENCH: Mapping[str, str] = {
    "person": "client cliente acheteur utilisateur membre adhérent",
    "others": "magasin boutique vendeur fournisseur marchand expéditeur employé",
    "order": "commande achat réservation facture",
    "number": "numéro num réf référence",
    "em": "courriel adresse_mail adresse_e_mail",
    "ph": "téléphone portable tél",
    "fn": "prénom prénoms",
    "ln": "nom_de_famille nom_famille nom produit! article! fichier! société!",
    "ge": "sexe genre?",
    "db": "date_de_naissance date_naissance naissance né_le",
    "ct": "ville commune?",
    "zp": "code_postal cp?",
    "country": "pays code_pays",
    "client_ip_address": "adresse_ip",
    "event_id": "id_événement événement_id",
    "event_name": "événement nom_événement type_événement",
    "event_time": (
        "date_commande date_de_commande commandé_le date_achat date_d_achat acheté_le date_événement horodatage? "
        "date_création? créé_le? livraison! annulation! expédition!"
    ),
    "value": (
        "montant_total total_ttc total_commande prix_total montant? somme? prix? taxe! tva! livraison! remise! frais! "
        "quantité! nombre!"
    ),
    "currency": "devise code_devise monnaie",
    "num_items": "nombre_articles nb_articles",
    "search_string": "recherche terme_recherche mot_clé?",
    "contents": "lignes lignes_commande articles produits panier",
    "item": "article produit",
    "quantity": "quantité qté nombre?",
    "item_price": "prix_unitaire prix montant? taxe! remise!",
    "title": "libellé titre nom_produit désignation nom?",
    "brand": "marque",
    "category": "catégorie rayon?",
    "store": "magasin boutique",
    "test": "est_test commande_test",
    "consent": "consentement",
}

SPANISH: Mapping[str, str] = {
    "person": "cliente comprador usuario miembro socio",
    "others": "tienda vendedor proveedor comercio remitente empleado",
    "order": "pedido compra reserva factura",
    "number": "número num nro código referencia",
    "em": "correo correo_electrónico",
    "ph": "teléfono móvil celular",
    "fn": "nombre_de_pila primer_nombre nombre? producto! artículo! empresa!",
    "ln": "apellido apellidos primer_apellido",
    "ge": "sexo género",
    "db": "fecha_de_nacimiento fecha_nacimiento nacimiento",
    "ct": "ciudad localidad población municipio?",
    "st": "provincia",
    "zp": "código_postal cod_postal cp?",
    "country": "país código_país",
    "client_ip_address": "dirección_ip",
    "event_id": "id_evento evento_id",
    "event_name": "evento nombre_evento tipo_evento",
    "event_time": (
        "fecha_pedido fecha_de_pedido fecha_compra fecha_de_compra fecha_evento fecha? fecha_creación? creado_el? "
        "entrega! cancelación! envío!"
    ),
    "value": (
        "importe_total precio_total monto_total total_pedido importe? monto? precio? suma? impuesto! iva! envío! "
        "descuento! gastos! cantidad!"
    ),
    "currency": "moneda divisa código_moneda",
    "num_items": "número_artículos cantidad_artículos",
    "search_string": "búsqueda término_búsqueda",
    "contents": "líneas líneas_pedido artículos productos carrito cesta",
    "item": "artículo producto",
    "quantity": "cantidad unidades",
    "item_price": "precio_unitario precio importe? impuesto! descuento!",
    "title": "título nombre_producto descripción? nombre?",
    "brand": "marca",
    "category": "categoría",
    "store": "tienda",
    "test": "es_prueba pedido_prueba",
    "consent": "consentimiento",
}

DUTCH: Mapping[str, str] = {
    "person": "klant klanten koper gebruiker gebruikers lid",
    "others": "winkel verkoper leverancier afzender medewerker filiaal",
    "order": "bestelling bestel aankoop boeking factuur",
    "number": "nummer nr kenmerk",
    "em": "e_mail_adres mail_adres",
    "ph": "telefoon telefoon_nummer mobiel mobiel_nummer gsm",
    "fn": "voornaam voornamen",
    "ln": "achternaam familie_naam",
    "ge": "geslacht",
    "db": "geboorte_datum geboorte_dag",
    "ct": "woon_plaats plaats stad gemeente?",
    "st": "provincie",
    "zp": "postcode",
    "country": "land land_code",
    "client_ip_address": "ip_adres",
    "event_id": "gebeurtenis_id",
    "event_name": "gebeurtenis gebeurtenis_naam",
    "event_time": (
        "besteld_op bestel_datum gekocht_op aankoop_datum geboekt_op tijdstip? tijdstempel? datum? aangemaakt_op? "
        "gewijzigd! lever! annulering!"
    ),
    "value": (
        "totaal_bedrag totaal_prijs bestel_waarde totaal omzet bedrag? prijs? som? btw! verzend! korting! aantal! "
        "kosten!"
    ),
    "currency": "valuta valuta_code munt?",
    "num_items": "aantal_artikelen",
    "search_string": "zoek_term zoek_woord zoek_opdracht",
    "contents": "regels bestel_regels artikelen producten winkel_wagen",
    "item": "artikel product",
    "quantity": "aantal stuks",
    "item_price": "stuk_prijs eenheids_prijs prijs bedrag? btw! korting!",
    "title": "omschrijving? titel product_naam artikel_naam naam?",
    "brand": "merk",
    "category": "categorie",
    "store": "winkel filiaal",
    "test": "is_proef test_bestelling",
    "consent": "toestemming",
}

ITALIAN: Mapping[str, str] = {
    "person": "cliente acquirente utente membro socio",
    "others": "negozio venditore fornitore mittente dipendente esercente",
    "order": "ordine acquisto prenotazione fattura",
    "number": "numero num riferimento codice",
    "em": "posta_elettronica indirizzo_mail indirizzo_e_mail",
    "ph": "telefono cellulare",
    "fn": "nome_di_battesimo nome? prodotto! articolo! azienda!",
    "ln": "cognome",
    "ge": "sesso genere?",
    "db": "data_di_nascita data_nascita nascita",
    "ct": "città comune? località?",
    "st": "provincia",
    "zp": "codice_postale cap?",
    "country": "paese nazione codice_paese",
    "client_ip_address": "indirizzo_ip",
    "event_id": "id_evento evento_id",
    "event_name": "evento nome_evento tipo_evento",
    "event_time": (
        "data_ordine data_acquisto ordinato_il acquistato_il data_evento data_creazione? creato_il? consegna! "
        "annullamento! spedizione!"
    ),
    "value": (
        "importo_totale prezzo_totale totale_ordine totale importo? prezzo? somma? imposta! iva! spedizione! sconto! "
        "spese! quantità!"
    ),
    "currency": "valuta codice_valuta moneta?",
    "num_items": "numero_articoli",
    "search_string": "ricerca termine_ricerca",
    "contents": "righe righe_ordine articoli prodotti carrello",
    "item": "articolo prodotto",
    "quantity": "quantità qtà pezzi",
    "item_price": "prezzo_unitario prezzo importo? imposta! sconto!",
    "title": "titolo nome_prodotto descrizione? nome?",
    "brand": "marca marchio",
    "category": "categoria",
    "store": "negozio",
    "test": "ordine_di_prova",
    "consent": "consenso",
}

LANGUAGES = (GERMAN, FRENCH, SPANISH, DUTCH, ITALIAN)
_TWO_SPELLINGS = {"ä": "(ae|a)", "ö": "(oe|o)", "ü": "(ue|u)", "ß": "(ss|s)", "_": "_?"}


def words(row: str, mark: Literal["", "?", "!"] = "") -> str:
    """A pattern of the row's words that end in `mark`, of all languages; it matches nothing where there are none."""
    found = (word for language in LANGUAGES for word in language.get(row, "").split())
    marked = (word for word in found if (word[-1] if word[-1] in "?!" else "") == mark)
    return "|".join(dict.fromkeys("".join(_spelled(word.rstrip("?!"))) for word in marked)) or r"(?!)"


def _spelled(word: str) -> Iterator[str]:
    """Avro's names are ASCII: an umlaut is written with an e or without, other letters lose what is above them."""
    for letter in unicodedata.normalize("NFC", word):
        yield _TWO_SPELLINGS.get(letter) or re.escape(unicodedata.normalize("NFKD", letter)[0])
