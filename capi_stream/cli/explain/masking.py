"""What a person may see of a record and of all that becomes of it: as `cli.masking` says of an event.

Of a record are shown: values of which the mapping makes what may be seen in an event, keys of maps that the mapping
names, and of all else times, enums, booleans and numbers of up to six digits, unless the field's name tells of a person
or of what nobody needs to know of one. Whatever becomes customer information is hidden, wherever it turns up again.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from capi_stream.cli.masking import host, is_shown, shown, without_addresses
from capi_stream.cli.plain_json import branch_of, to_json
from capi_stream.intake.avro.schemas import Array, Map, Primitive, RecordType, Type, Union
from capi_stream.intake.mapping.reads import How, Parts, reads
from capi_stream.intake.mapping.spec import Condition, Members, Path, Spec
from capi_stream.intake.parameters.table import CUSTOM_DATA

PERSONAL = re.compile(
    r"mail|phone|telefon|handy|mobil|^tel|^fax|(first|last|full|given|family|sur|middle|maiden|holder|user)_?name|^name$"
    r"|vorname|nachname|birth|born|geburt|geboren|naissance|nacimiento|nascita|geb_?(dat|tag|jahr|zeit|am$)|^dob|_dob$"
    r"|^age$|^alter$|^jahrgang$|street|address|^city$|^town$|^zip"
    r"|post(al)?_?code|^plz$|^ip$|^ip_|_ip$|agent|customer_?(id|no|num)|kunden|iban|^bic$|card|passport|tax_?id|steuer"
    r"|login|passw|token|secret|^fb[cp]$|click_?id|device_?id|advertis\w*_id",
    re.IGNORECASE,
)
SENSITIVE = re.compile(
    r"relig|konfession|confession|church|kirche|diagnos|health|gesundheit|santé|sante$|salud|salute|krank|disease"
    r"|illness|medic|medizin|patient|allerg|blood|blut|disabilit|behinder|handicap|pregnan|schwanger|ethni|(^|_)race$"
    r"|nationalit|staatsang|politic|politik|partei|gewerkschaft|trade_?union|sexual|marital"
    r"|familienstand|crimin|vorstraf|insolven|bankrupt",
    re.IGNORECASE,
)
"""What the law protects most (GDPR, articles 9 and 10), or what harms the one whom it is known of."""
TOLD_BY_A_LETTER = re.compile(r"gender|^sexe?$|geschlecht|salutation|anrede|civilit|^ge$", re.IGNORECASE)
QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*")
QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?""")

SHORTEST = 3  # characters: a shorter value would be found everywhere
SHORTEST_WITHIN = 6  # characters: a shorter value is looked for as a word alone
SHORTEST_NUMBER = 5  # digits
LONG_NUMBER = 7  # digits: a phone's, a customer's, a place's on a map; quantities and prices have less
HIDDEN = "•••"
GUESSED = frozenset({"ge", "db", "country"})
"""Customer information of so few values that its hash tells it: all can be tried."""
HASH_HIDDEN = "(hash hidden: it could be guessed)"


def hint(value: object) -> str:
    """A text's first letter, and of an address the one behind the @; of what is no text nothing."""
    if not isinstance(value, str):
        return HIDDEN
    text = value.strip()
    user, at, domain = text.partition("@")
    first = text[:1] if len(text) >= SHORTEST else ""
    return f"{user[:1]}{HIDDEN}@{domain[:1]}{HIDDEN}" if at and user and domain else f"{first}{HIDDEN}"


class Mask:
    """Masks one record and all that was made from it."""

    def __init__(self, spec: Spec, conditions: Iterable[Condition] = (), *, is_off: bool) -> None:
        """`conditions`: those of the configuration, which name custom properties too."""
        self._reads = _reads(spec)
        self._named = _named(spec)
        self._words = _words((spec, *conditions))
        self._is_off = is_off
        self._values: dict[str, str] = {}  # what is personal, and what stands in its place

    def record(self, kind: Type, decoded: Any) -> Any:
        """A decoded record as plain JSON, masked; what is personal in it is masked everywhere from then on."""
        if self._is_off:
            return to_json(kind, decoded)
        self._shown(kind, decoded, ())  # for what it learns: a value may stand before the field that says whose it is
        return self._shown(kind, decoded, ())

    def _shown(self, kind: Type, value: Any, at: Parts, *, is_personal: bool = False) -> Any:
        """What stands in the record `at` these names."""
        if isinstance(kind, Union):
            branch = branch_of(kind, value)
            return None if branch is None else self._shown(branch, value, at, is_personal=is_personal)
        is_personal = is_personal or self._is_personal(at)
        match kind:
            case RecordType(fields=members):
                return {
                    each.name: self._shown(each.type, value[each.name], (*at, each.name), is_personal=is_personal)
                    for each in members
                    if each.name in value
                }
            case Array(items=items):
                return [self._shown(items, each, at, is_personal=is_personal) for each in value]
            case Map(values=values):
                return _apart(
                    (
                        self._key(key, is_shown=(*at, key) in self._named, is_personal=is_personal),
                        self._shown(values, each, (*at, key), is_personal=is_personal),
                    )
                    for key, each in value.items()
                )
        return self._single(kind, to_json(kind, value), at, is_personal=is_personal)

    def _key(self, key: str, *, is_shown: bool, is_personal: bool = False) -> str:
        """A map's key: free text, unless the mapping names it."""
        if is_shown:
            return key
        if is_personal:
            self._learn(key, hint(key))
        return hint(key)

    def _is_personal(self, at: Parts) -> bool:
        """Whether the mapping or the field's name says that all is personal that stands there."""
        return self._is_customers(at) or bool(at and (PERSONAL.search(at[-1]) or TOLD_BY_A_LETTER.search(at[-1])))

    def _is_customers(self, at: Parts) -> bool:
        return any(each.startswith("user_data") for each in self._reads.get(at, ()))

    def _single(self, kind: Type, value: Any, at: Parts, *, is_personal: bool) -> Any:
        makes = self._reads.get(at, ())
        is_seen = any(is_shown(each) for each in makes)
        if value is not None and not is_seen and not is_personal and any(SENSITIVE.search(each) for each in at):
            return HIDDEN
        if value is None or (isinstance(value, bool) and not self._is_customers(at) and not self._tells_all(at)):
            return value
        if is_personal:
            made = self._hint_of(kind, value, at)
            self._learn(value, made)
            return made
        if is_seen:
            return self.anything(value)
        if isinstance(value, str) and any(each.endswith("_url") for each in makes):
            return host(value, hint)
        return self._hint_of(kind, value, at) if _may_be_personal(kind, value) else value

    def _hint_of(self, kind: Type, value: Any, at: Parts) -> str:
        return hint(value) if _is_text(kind) and not self._tells_all(at) else HIDDEN

    def _tells_all(self, at: Parts) -> bool:
        """Whether a first letter would tell all of it, as of a gender."""
        is_named_so = bool(at) and TOLD_BY_A_LETTER.search(at[-1]) is not None
        return is_named_so or any(each.removesuffix("[]") == "user_data.ge" for each in self._reads.get(at, ()))

    def _learn(self, value: Any, shown: str) -> None:
        text = str(value).strip()
        least = SHORTEST if isinstance(value, str) else SHORTEST_NUMBER
        if len(text) >= least and not isinstance(value, bool):
            self._values[text] = shown

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """An event as the mapping makes it: `cli.masking`, and without what is known to be personal."""
        if self._is_off:
            return dict(event)
        made: dict[str, Any] = self.anything(shown(event, hint, lambda each: each))
        if isinstance(properties := made.get("custom_data"), dict):
            named = CUSTOM_DATA.keys() | self._words
            made["custom_data"] = _apart((self._key(key, is_shown=key in named), properties[key]) for key in properties)
        if "user_data" in event:
            made["user_data"] = self.customer(event["user_data"])
        return made

    def customer(self, value: Any, name: str = "") -> Any:
        """Customer information, the parameter `name`'s, masked whatever it is."""
        if self._is_off or value is None:
            return value
        match value:
            case dict():
                return {key: self.customer(each, key) for key, each in value.items()}
            case list():
                return [self.customer(each, name) for each in value]
        return HIDDEN if TOLD_BY_A_LETTER.search(name) else hint(value)

    def hash(self, name: str, sent: str) -> str:
        """The hash that is sent for the parameter `name`, but one that can be guessed back."""
        return HASH_HIDDEN if name in GUESSED and not self._is_off else sent

    def anything(self, value: Any) -> Any:
        """`value` without what is known to be personal in it."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.anything(each) for each in value]
            case dict():
                return {key: self.anything(each) for key, each in value.items()}
            case int() | float() | Decimal() if not self._is_off and str(value) in self._values:
                return HIDDEN
        return value

    def text(self, text: str) -> str:
        """A text without the values that are known to be personal, addresses and the queries of URLs."""
        if self._is_off:
            return text
        for value, instead in sorted(self._values.items(), key=lambda each: -len(each[0])):
            known = re.escape(value) if len(value) >= SHORTEST_WITHIN else rf"(?<!\w){re.escape(value)}(?!\w)"
            text = re.sub(known, instead.replace("\\", r"\\"), text, flags=re.IGNORECASE)
        return without_addresses(QUERY.sub(rf"\1?{HIDDEN}", text), hint)

    def detail(self, text: str, event: Mapping[str, Any]) -> str:
        """What a rule says of an event: it quotes what the masked `event` shows, and nothing else of it."""
        if self._is_off:
            return text
        known = {"", *_texts(event)}

        def quoted(found: re.Match[str]) -> str:
            inner = found[0][1:].removesuffix(found[0][0])
            return found[0] if inner in known else f"'{hint(inner)}'"

        return self.text(QUOTED.sub(quoted, text))


def _reads(spec: Spec) -> Mapping[Parts, frozenset[str]]:
    """The names that a mapping reads, from the record on, and what each makes: `user_data.em`.

    A test makes only what is customer information: that there is a constant tells of the person too.
    """
    found: defaultdict[Parts, set[str]] = defaultdict(set)
    for each in reads(spec):
        if each.how is not How.TESTED or each.makes.startswith("user_data"):
            found[each.names].add(each.makes)
    return {names: frozenset(makes) for names, makes in found.items()}


def _named(spec: Spec) -> frozenset[Parts]:
    """Every place that the mapping names, and those on the way there."""
    return frozenset(each.names[:length] for each in reads(spec) for length in range(1, len(each.names) + 1))


def _words(node: Any) -> frozenset[str]:
    """Every name that stands in a mapping or in conditions: of a path's parts, and of what is made."""
    if isinstance(node, tuple):
        return frozenset().union(*map(_words, node))
    if not is_dataclass(node):
        return frozenset()
    if isinstance(node, Path):
        return frozenset(node.parts)
    names = node.members.keys() if isinstance(node, Members) else ()
    inner = node.members.values() if isinstance(node, Members) else (getattr(node, each.name) for each in fields(node))
    return frozenset(names).union(*map(_words, inner))


def _apart(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A dict of `pairs`; a masked name that is there already gets a number."""
    made: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for name, value in pairs:
        apart = name
        while apart in made:
            counts[name] += 1
            apart = f"{name} ({counts[name] + 1})"
        made[apart] = value
    return made


def _is_text(kind: Type) -> bool:
    """Whether a value is free text: anybody may have written anything."""
    return isinstance(kind, Primitive) and kind.kind in ("string", "bytes", "fixed") and kind.logical != "decimal"


def _may_be_personal(kind: Type, value: Any) -> bool:
    """Whether a value of which nothing is known could be a person's: a text, a day without its time, a long number."""
    is_day = isinstance(kind, Primitive) and kind.logical == "date"
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_day or _is_text(kind) or (is_number and _digits(value) >= LONG_NUMBER)


def _digits(number: float | Decimal) -> int:
    """How many digits a finite number has, before and behind its point, but for zeros at its ends."""
    _, digits, exponent = Decimal(str(number)).normalize().as_tuple()
    return len(digits) + max(int(exponent), 0)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts(list(value.values()))
        case list():
            for each in value:
                yield from _texts(each)
