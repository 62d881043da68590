"""One record, explained: what was decoded, which events it becomes, why or why not. Values; `text.py` prints them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from capi_stream.cli.explain.better import Advice, advice
from capi_stream.cli.explain.judging import broken
from capi_stream.cli.json_text import read
from capi_stream.cli.masking import Mask
from capi_stream.cli.plain_json import to_json
from capi_stream.cli.samples import Sample
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.encoding import encode
from capi_stream.intake.intake import REASONS as INTAKE_REASONS
from capi_stream.intake.mapping.coercions import UnfitValueError
from capi_stream.intake.mapping.compiled import Draft, Filtered
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.intake.parameters import rules
from capi_stream.intake.parameters.identifiers import Identifiers
from capi_stream.intake.parameters.raw_values import LeftOut, hash_of, is_hash
from capi_stream.intake.parameters.table import CUSTOM_DATA, USER_DATA, Hashing, form_of
from capi_stream.model import Malformed, Mapped, Tombstone


@dataclass(frozen=True, slots=True)
class Identifier:
    """A value of customer information: its normal form and what is sent, which is a hash where `is_hashed`."""

    name: str
    normal_form: str
    sent: str
    is_hashed: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A value of customer information that is left out, and why."""

    name: str
    raw: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """One rule's verdict: `ok`, `broken`, or `not judged` where one before it could not be mended."""

    reason: str
    verdict: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """One event of a record. `fate` says of each pixel where the event goes, or the reason why it does not."""

    index: int
    fate: dict[str, list[str] | str]
    event: dict[str, Any]
    identifiers: list[Identifier]
    left_out: list[Missing]
    rules: list[Ruled]
    size_bytes: int
    most_bytes: int
    for_better_matching: list[Advice]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`verdict` is sent, rejected, filtered or nothing; `why` are the reasons, each with a detail."""

    verdict: str
    why: list[tuple[str, str]]
    read_as: Sequence[str]
    schema: str
    mapping: str
    record: Any
    events: list[Made] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def explained(sample: Sample, unix_now: float, *, is_raw: bool) -> Explanation:
    """What becomes of `sample` at Unix second `unix_now`; personal data masked unless `is_raw`."""
    topic = sample.chosen.topic
    spec, _ = read_spec(topic.mapping, topic.mapping_name)
    mask = Mask(spec, is_off=is_raw)
    schema = read_schema(topic.schema)
    record = None if sample.decoded is None else mask.record(schema, to_json(schema, sample.decoded))
    verdict, why = _verdict(sample, mask, is_raw=is_raw)
    notes = [f"{each.field}: {each.what.replace('_', ' ')}" for each in _mapped(sample).noted]
    events = [_Maker(sample, unix_now, mask).made(draft, index) for index, draft in enumerate(_drafts(sample))]
    return Explanation(
        verdict, why, sample.notes, topic.schema_name, topic.mapping_name, record, events, list(dict.fromkeys(notes))
    )


def _mapped(sample: Sample) -> Mapped:
    return sample.reading if isinstance(sample.reading, Mapped) else Mapped()


def _verdict(sample: Sample, mask: Mask, *, is_raw: bool) -> tuple[str, list[tuple[str, str]]]:
    match sample.reading:
        case Malformed(rejection):  # its detail may quote any part of the record
            return "rejected", [(rejection.reason, rejection.detail if is_raw else INTAKE_REASONS[rejection.reason])]
        case Mapped() as mapped:
            why = [(each.reason, mask.text(each.detail)) for each in mapped.rejections]
            why += [(each, "filtered") for each in mapped.filtered]
            if mapped.rejections:
                return "rejected", why
            return ("sent" if mapped.events else "filtered"), why
        case Tombstone():
            return "nothing", []
    raise AssertionError(sample.reading)


def _drafts(sample: Sample) -> list[Draft]:
    """The mapping's events; none where it filters the record or cannot make it an event."""
    if not isinstance(sample.reading, Mapped):
        return []
    try:
        made = sample.topic.mapping.run(
            copy.deepcopy(sample.decoded), sample.record, sample.chosen.intake.routing.stores, []
        )
    except UnfitValueError:
        return []
    return [] if isinstance(made, Filtered) else made


class _Maker:
    """Explains the events of one record."""

    def __init__(self, sample: Sample, unix_now: float, mask: Mask) -> None:
        self._sample = sample
        self._settings = sample.chosen.intake
        self._unix_now = unix_now
        self._this_year = datetime.fromtimestamp(unix_now, UTC).year
        self._identifiers = Identifiers(self._settings.identifiers)
        self._mask = mask

    def made(self, draft: Draft, index: int) -> Made:
        """What becomes of the event number `index`."""
        raw, sent = draft.event, self._sent(draft.event, index)
        shown = self._mask.anything({key: each for key, each in raw.items() if key != "user_data"})
        if "user_data" in raw:
            shown["user_data"] = self._mask.customer(raw["user_data"])
        identifiers, left_out = self._of_customer(raw)
        return Made(
            index,
            self._fate(draft, index),
            shown,
            identifiers,
            left_out,
            self._ruled(sent),
            len(encode(sent)),
            self._settings.max_event_bytes,
            advice(sent, brings_id=bool(raw.get("event_id", "").strip())),
        )

    def _sent(self, raw: dict[str, Any], index: int) -> dict[str, Any]:
        """The event as the rules see it: as it is sent, or made ready as `intake.Intake` does where it is not."""
        for accepted in _mapped(self._sample).events:
            if accepted.index == index:
                sent: dict[str, Any] = read(accepted.body)
                return sent
        event = copy.deepcopy(raw)
        event.setdefault("event_id", "0" * 32)  # of the length of one that is made up
        rules.clamped(event, self._unix_now, self._settings.rules)
        event["user_data"] = self._identifiers.identified(event, self._this_year, Mapped())
        currency = event.get("custom_data", {}).get("currency")
        is_needed = event.get("event_name") == "Purchase"
        if currency is not None and not is_needed and isinstance(CUSTOM_DATA["currency"].normal(currency), LeftOut):
            del event["custom_data"]["currency"]
        return event

    def _fate(self, draft: Draft, index: int) -> dict[str, list[str] | str]:
        mapped = _mapped(self._sample)
        default = self._settings.routing.default_pixel
        fate: dict[str, list[str] | str] = {}
        for pixel in draft.pixels or ((default,) if default else ()):
            fate[pixel] = "no_destination"
        for event in mapped.events:
            if event.index == index:
                fate[event.pixel] = [destination.endpoint for destination in event.destinations]
        for rejection in mapped.rejections:
            if rejection.index == index:
                fate[rejection.pixel or "no pixel"] = rejection.reason
        return fate

    def _of_customer(self, raw: dict[str, Any]) -> tuple[list[Identifier], list[Missing]]:
        """Each value by itself, made ready as intake does it."""
        found: list[Identifier] = []
        left_out: list[Missing] = []
        user_data = raw.get("user_data", {})
        for name, values in user_data.items():
            for value in values if isinstance(values, list) else [values]:
                told = Mapped()
                alone = {name: value} | (
                    {"country": user_data["country"]} if name == "ph" and "country" in user_data else {}
                )
                sent = self._identifiers.identified({"user_data": alone}, self._this_year, told).get(name)
                sent = sent[0] if isinstance(sent, list) else sent
                if sent is None:
                    reason = next(each.reason for each in told.dropped if each.field == name)
                    left_out.append(Missing(name, self._mask.customer(value), reason))
                else:
                    found.append(self._identifier(name, value, sent))
        sent = self._identifiers.identified(raw, self._this_year, Mapped())
        found += [self._identifier(name, "", sent[name]) for name in sent if name not in user_data]
        return found, left_out

    def _identifier(self, name: str, raw: Any, sent: str) -> Identifier:
        """What is sent for one value, with its normal form as the table has it; the settings may make another of it."""
        if not is_hash(sent) or USER_DATA[name].hashing is Hashing.NEVER:
            return Identifier(name, self._mask.customer(sent), self._mask.customer(sent), is_hashed=False)
        form = form_of(USER_DATA[name], raw, self._this_year)
        if not isinstance(form, LeftOut) and sent == hash_of(form.normal):
            return Identifier(name, self._mask.customer(form.normal), sent, is_hashed=True)
        was_hashed = not isinstance(form, LeftOut) and sent == form.sent
        return Identifier(
            name, "(hashed already)" if was_hashed else "(made as `identifiers` says)", sent, is_hashed=True
        )

    def _ruled(self, event: dict[str, Any]) -> list[Ruled]:
        found, is_all = broken(event, self._unix_now, self._settings.rules)
        otherwise = "ok" if is_all else "not judged"
        return [
            Ruled(reason, "broken", self._mask.text("; ".join(filter(None, found[reason]))))
            if reason in found
            else Ruled(reason, otherwise)
            for reason in rules.REASONS
        ]
