"""Made-up people of several countries. Their domains, phone numbers and addresses are those reserved for such use."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Generic, TypeVar

T = TypeVar("T")

DOMAINS = ("example.com", "mail.example.com", "example.org", "post.example.net", "web.example.net")  # RFC 2606
EMAIL_KNOWN, SECOND_EMAIL, PHONE_KNOWN, NAME_KNOWN, IS_CUSTOMER = 0.82, 0.04, 0.55, 0.7, 0.6
"""Shares of people."""

_WITH_MARKS, _WITHOUT = "äöüéèêëáàâãçíîïóôõúñåłśżźćńęąşğı", "aoueeeeaaaaciiiooounalszzcneasgi"
_ASCII = str.maketrans({**dict(zip(_WITH_MARKS, _WITHOUT, strict=True)), "ß": "ss", "'": None})


class Ranked(Generic[T]):
    """Things of which the first is the most common: the n-th is drawn 1/n as often (Zipf)."""

    def __init__(self, things: Sequence[T]) -> None:
        self._things = things
        self._weights = list(accumulate(1 / rank for rank in range(1, len(things) + 1)))

    def drawn(self, chance: random.Random) -> T:
        """One of them."""
        return chance.choices(self._things, cum_weights=self._weights)[0]


@dataclass(frozen=True, slots=True)
class City:
    """A place with the beginning of its postal codes, whose `#` are digits."""

    name: str
    state: str | None
    postal_code: str


@dataclass(frozen=True, slots=True)
class Market:
    """A country with its shop. `phone` has a number's `#` for digits; prices are those in euros times `rate`."""

    country: str
    currency: str
    rate: float
    language: str
    women: Ranked[str] = field(repr=False)
    men: Ranked[str] = field(repr=False)
    families: Ranked[str] = field(repr=False)
    cities: Ranked[City] = field(repr=False)
    phones: tuple[str, ...]


def _names(text: str) -> Ranked[str]:
    return Ranked([name.replace("_", " ") for name in text.split()])


def _cities(*rows: str) -> Ranked[City]:
    parts = [row.split("|") for row in rows]
    return Ranked([City(name, state or None, code) for name, state, code in parts])


MARKETS: Ranked[Market] = Ranked(
    (
        Market(
            "DE",
            "EUR",
            1.0,
            "de-DE",
            _names("Anna Sabine Jürga Käthe Lena Mia Ümran Sofie Zoë Gül Hannah Björk Jördis Renée"),
            _names("Jürgen Thomas Jörg Lukas Björn Müslüm Götz Sören Emre Noah Kai-Uwe André"),
            _names("Müller Schmidt Schäfer Weiß Yılmaz Köhler Groß Jäger Böttcher Özdemir von_Dühren Nguyen Strauß"),
            _cities(
                "Berlin||1####",
                "Hamburg||20###",
                "München||80###",
                "Köln||50###",
                "Düsseldorf||40###",
                "Würzburg||970##",
                "Görlitz||028##",
                "Saarbrücken||66###",
            ),
            ("030 23125 ###", "+49 30 23125###", "0049 (0)30 23125-###", "+49 176 040690##"),
        ),
        Market(
            "US",
            "USD",
            1.1,
            "en-US",
            _names("Mary Jennifer Olivia Emma Latoya Guadalupe Mei Aaliyah Siobhan Zoë"),
            _names("James Michael José Liam DeShawn Wei Carlos Patrick Noah"),
            _names("Smith Johnson O'Brien García Nguyen Lee Washington Martínez St._James Kowalski"),
            _cities(
                "New York|NY|100##",
                "Los Angeles|CA|900##",
                "Chicago|IL|606##",
                "San José|CA|951##",
                "St. Paul|MN|551##",
                "Boise|ID|837##",
            ),
            ("+1 (212) 555-01##", "+1 650 555 01##", "1-312-555-01##"),
        ),
        Market(
            "GB",
            "GBP",
            0.85,
            "en-GB",
            _names("Olivia Margaret Aoife Priya Charlotte Siân Fatima Chloë"),
            _names("George Oliver Mohammed Rhys Callum Raj Seán Alfie"),
            _names("Jones Patel Taylor O'Connor Khan MacDonald Brontë Smythe-Wood"),
            _cities("London||SW1A #AA", "Birmingham||B1 #BB", "Glasgow||G1 #AB", "Cardiff||CF10 #AA", "Leeds||LS1 #BA"),
            ("07700 900###", "+44 7700 900###", "+44 20 7946 0###"),
        ),
        Market(
            "FR",
            "EUR",
            1.0,
            "fr-FR",
            _names("Chloé Léa Anaïs Françoise Zoé Inès Maëlys Hélène"),
            _names("Jean Loïc Jérôme François Gaël Mathéo Karim Benoît"),
            _names("Martin Lefèvre Bernard Benoît Gauthier d'Hérouville Traoré Noël"),
            _cities("Paris||750##", "Marseille||130##", "Lyon||690##", "Saint-Étienne||420##", "Besançon||250##"),
            ("01 99 00 ## ##", "+33 6 39 98 ## ##"),
        ),
        Market(
            "PL",
            "PLN",
            4.3,
            "pl-PL",
            _names("Zofia Małgorzata Agnieszka Łucja Żaneta"),
            _names("Łukasz Paweł Jan Michał Wacław"),
            _names("Nowak Wójcik Dąbrowski Wiśniewska Żak Ćwikła"),
            _cities("Warszawa||00-###", "Łódź||90-###", "Kraków||30-###", "Gdańsk||80-###"),
            (),  # no numbers are reserved there
        ),
        Market(
            "SE",
            "SEK",
            11.0,
            "sv-SE",
            _names("Åsa Märta Elsa Linnéa Ebba"),
            _names("Göran Åke Björn Nils Håkan"),
            _names("Andersson Öberg Sjöström Åkesson Lindqvist"),
            _cities("Stockholm||11# ##", "Göteborg||41# ##", "Malmö||21# ##", "Örebro||70# ##"),
            ("070-17406 0#", "+46 70 17406 0#"),
        ),
        Market(
            "BR",
            "BRL",
            6.0,
            "pt-BR",
            _names("Ana Conceição Júlia Letícia Tânia Iracema"),
            _names("João José Antônio Luís Caetano"),
            _names("Silva Gonçalves da_Conceição Araújo Simões"),
            _cities("São Paulo|SP|01###-000", "Rio de Janeiro|RJ|20###-000", "Brasília|DF|70###-000"),
            (),
        ),
    )
)


def person(market: Market, number: int, chance: random.Random) -> dict[str, Any]:
    """What a shop knows of customer `number`, raw and as people type it. Empty for some: they are only passing by."""
    is_woman = chance.random() < 0.5
    first = (market.women if is_woman else market.men).drawn(chance)
    last = market.families.drawn(chance)
    city = market.cities.drawn(chance)
    known: dict[str, Any] = {"country": market.country}
    if chance.random() < EMAIL_KNOWN:
        known["emails"] = [_email(first, last, number, chance)]
        if chance.random() < SECOND_EMAIL:
            known["emails"].append(f"info{number}@{chance.choice(DOMAINS)}")
    if market.phones and chance.random() < PHONE_KNOWN:
        known["phones"] = [digits(chance.choice(market.phones), chance)]
    if chance.random() < NAME_KNOWN:
        known |= {"first_name": first, "last_name": last, "gender": "f" if is_woman else "m"}
        known |= {"city": city.name, "state": city.state, "postal_code": digits(city.postal_code, chance)}
    if chance.random() < IS_CUSTOMER:
        known["external_ids"] = [f"customer-{number}"]
        known["date_of_birth"] = chance.randrange(-7_000, 13_500)  # days since 1970: born 1950 to 2006
    return known


def digits(pattern: str, chance: random.Random) -> str:
    """`pattern` with a digit for each `#`."""
    return "".join(chance.choice("0123456789") if sign == "#" else sign for sign in pattern)


def _email(first: str, last: str, number: int, chance: random.Random) -> str:
    local = f"{first}.{last}".lower().translate(_ASCII).replace(" ", "-")
    text = f"{local}{number % 1_000}@{chance.choice(DOMAINS)}"
    how = chance.random()
    if how < 0.08:
        return text.title()
    return f" {text} " if how < 0.12 else text
