"""One record, explained: what was decoded, which events it becomes, why or why not. Values; `text.py` prints them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from capi_stream.cli.explain.better import advice
from capi_stream.cli.explain.customer import Customers
from capi_stream.cli.explain.judging import broken
from capi_stream.cli.explain.masking import Mask
from capi_stream.cli.explain.steps import Because, Explanation, Identifier, Made, Missing, Note, Ruled
from capi_stream.cli.explain.twins import twins
from capi_stream.cli.explain.unmet import unmet
from capi_stream.cli.explain.verdicts import NO_PIXEL, Fates, counted, verdict
from capi_stream.cli.samples import Sample
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.encoding import encode
from capi_stream.intake.intake import NO_EVENT
from capi_stream.intake.intake import REASONS as INTAKE_REASONS
from capi_stream.intake.judging import NO_DESTINATION
from capi_stream.intake.mapping.coercions import UnfitValueError
from capi_stream.intake.mapping.runtime import SHADOWED, Draft, Filtered
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.intake.parameters import rules
from capi_stream.intake.parameters.table import EVENT
from capi_stream.intake.parameters.violations import REASONS as RULES
from capi_stream.intake.preparing import Preparing
from capi_stream.model import Dropped, Malformed, Mapped, Noted, PixelId

NOTES = {
    "missing": "{} is missing: Meta asks for it of every website event",
    "clamped": "{} was ahead of the clock, and is sent as the clock's",
    "country_code_added": "{} got its country's code from `country`",
    "made_from_url": "{} is made from the click id in event_source_url",
}
"""What was done to a parameter, or what it lacks, for a person."""

OBJECTS = ("custom_data", "user_data", "app_data")
"""Under these a value is counted that is no parameter's: one's own name stands in no metric."""


def explained(sample: Sample, unix_now: float, *, is_raw: bool) -> Explanation:
    """What becomes of `sample` at Unix second `unix_now`; personal data masked unless `is_raw`."""
    topic = sample.chosen.topic
    spec, _ = read_spec(topic.mapping, topic.mapping_name)
    mask = Mask(spec, sample.chosen.intake.routing.conditions.values(), is_off=is_raw)
    record = None if sample.decoded is None else mask.record(read_schema(topic.schema), sample.decoded)
    explainer = _Explainer(sample, unix_now, mask)
    drafts, dropped = _drafts(sample)
    notes = [Note(None, None, _left_out(each, drafts)) for each in dict.fromkeys(dropped)]
    notes += [Note(None, None, f"{each.text(mask.text)}: Meta keeps one of them") for each in twins(sample.reading)]
    why = list(_of_record(sample, mask, is_raw=is_raw))
    events: list[Made] = []
    for index, draft in enumerate(drafts):
        made, because, noted = explainer.explained(draft, index)
        events.append(made)
        why += because
        notes += noted
    counts = counted(each.fate for each in events)
    about = sample.notes, topic.schema_name, topic.mapping_name, record
    return Explanation(verdict(sample.reading, counts), counts, why, *about, events, notes)


def _of_record(sample: Sample, mask: Mask, *, is_raw: bool) -> Iterator[Because]:
    """Why there are no events."""
    match sample.reading:
        case Malformed(rejection):  # its detail may quote any part of the record
            detail = rejection.detail if is_raw else INTAKE_REASONS[rejection.reason]
            yield Because(None, None, rejection.reason, detail)
        case Mapped(rejections=rejections, filtered=filtered):
            for each in rejections:
                if each.index is None:
                    yield Because(None, None, each.reason, mask.text(each.detail))
            for reason in filtered:
                if reason != NO_DESTINATION:  # which is an event's, and told there
                    yield Because(None, None, reason, _filtered(reason))


def _filtered(reason: str) -> str:
    return "none of the mapping's `events` makes one" if reason == NO_EVENT else "a filter of the mapping"


def _mapped(sample: Sample) -> Mapped:
    return sample.reading if isinstance(sample.reading, Mapped) else Mapped()


def _drafts(sample: Sample) -> tuple[list[Draft], list[Dropped]]:
    """The mapping's events and what it left out; none where it filters the record or cannot make it an event."""
    dropped: list[Dropped] = []
    if not isinstance(sample.reading, Mapped):
        return [], dropped
    decoded = copy.deepcopy(sample.decoded)
    try:
        made = sample.topic.mapping.run(decoded, sample.record, sample.chosen.intake.routing.stores, dropped)
    except UnfitValueError:
        return [], dropped
    return ([] if isinstance(made, Filtered) else made), dropped


class _Explainer:
    """Explains the events of one record."""

    def __init__(self, sample: Sample, unix_now: float, mask: Mask) -> None:
        self._sample = sample
        self._settings = sample.chosen.intake
        self._preparing = Preparing(self._settings)
        self._unix_now = unix_now
        self._customers = Customers(self._settings.identifiers, unix_now, mask)
        self._mask = mask

    def explained(self, draft: Draft, index: int) -> tuple[Made, list[Because], list[Note]]:
        """What becomes of the event number `index`, why it does not go where it does not, and what else there is."""
        raw, told, fates = draft.event, Mapped(), self._fates(draft, index)
        sent = self._sent(raw, index, told)
        shown = self._mask.event(raw)
        values = list(self._customers.explained(raw))
        left_out = [each for each in values if isinstance(each, Missing)]
        left_out += self._left_out_beside(raw, told.dropped)
        ruled = self._ruled(sent, shown)
        made = Made(
            index,
            {self._mask.text(pixel): fate for pixel, fate in fates.items()},
            {key: shown[key] for key in dict.fromkeys((*EVENT, *shown)) if key in shown},
            [each for each in values if isinstance(each, Identifier)],
            left_out,
            ruled,
            len(encode(sent)),
            self._settings.max_event_bytes,
            advice(sent, brings_id=bool(raw.get("event_id", "").strip())),
        )
        if all(each.verdict == "ok" for each in ruled):
            told.noted.extend(Noted(name, "missing") for name in rules.wanting(sent))
        notes = list(self._notes(index, fates, sent, told.noted))
        return made, list(self._why(index, fates, sent, shown)), notes

    def _sent(self, raw: dict[str, Any], index: int, told: Mapped) -> dict[str, Any]:
        """The event as it is sent, or would be if no rule refused it; `told` is what was done to it."""
        event = copy.deepcopy(raw)
        self._preparing.prepare(event, index, self._sample.record, self._unix_now, told)
        return event

    def _left_out_beside(self, raw: dict[str, Any], dropped: Sequence[Dropped]) -> Iterator[Missing]:
        """What is left out of custom_data."""
        custom_data = raw.get("custom_data", {})
        for each in dropped:
            if each.field in custom_data and each.field not in raw.get("user_data", {}):
                yield Missing(each.field, self._mask.anything(custom_data[each.field]), each.reason)

    def _fates(self, draft: Draft, index: int) -> Fates:
        mapped = _mapped(self._sample)
        default = self._settings.routing.default_pixel
        fates: Fates = dict.fromkeys(draft.pixels or ((default,) if default else ()), NO_DESTINATION)
        for event in mapped.events:
            if event.index == index:
                fates[event.pixel] = [destination.endpoint for destination in event.destinations]
        for rejection in mapped.rejections:
            if rejection.index == index:
                fates[rejection.pixel or NO_PIXEL] = rejection.reason
        return fates

    def _why(self, index: int, fates: Fates, sent: dict[str, Any], shown: dict[str, Any]) -> Iterator[Because]:
        """The reasons for each pixel that the event does not go to."""
        details = {
            each.pixel or NO_PIXEL: self._mask.detail(each.detail, shown)
            for each in _mapped(self._sample).rejections
            if each.index == index
        }
        for pixel, fate in fates.items():
            if fate == NO_DESTINATION:
                yield Because(index, self._mask.text(pixel) or None, fate, "; ".join(self._unmet(pixel, sent)))
            elif isinstance(fate, str):
                yield Because(index, self._mask.text(pixel) or None, fate, details[pixel])

    def _unmet(self, pixel: str, sent: dict[str, Any]) -> Iterator[str]:
        """Which conditions keep the event from the pixel's destinations."""
        routing, shown = self._settings.routing, self._mask.event(sent)
        for destination in routing.destinations.get(PixelId(pixel), ()):
            if destination in routing.conditions:
                for member in unmet(routing.conditions[destination], sent, shown):
                    yield f"{destination.endpoint}: {member}"

    def _notes(self, index: int, fates: Fates, sent: dict[str, Any], noted: Sequence[Noted]) -> Iterator[Note]:
        for each in dict.fromkeys(noted):
            yield Note(index, None, _noted(each))
        for pixel, fate in fates.items():
            if isinstance(fate, list):
                yield from (Note(index, self._mask.text(pixel), f"not to {each}") for each in self._unmet(pixel, sent))

    def _ruled(self, event: dict[str, Any], shown: dict[str, Any]) -> list[Ruled]:
        found, is_all = broken(event, self._unix_now, self._settings.rules)
        otherwise = "ok" if is_all else "not judged"
        return [
            Ruled(reason, "broken", self._mask.detail("; ".join(filter(None, found[reason])), shown))
            if reason in found
            else Ruled(reason, otherwise)
            for reason in RULES
        ]


def _noted(note: Noted) -> str:
    meaning = NOTES.get(note.what)
    return meaning.format(note.field) if meaning else f"{note.field}: {note.what.replace('_', ' ')}"


def _left_out(dropped: Dropped, drafts: Sequence[Draft]) -> str:
    """What the mapping could not read. Of a `first` another may have been, so that its field is there all the same."""
    if dropped == SHADOWED:
        return "a custom property is left out, since a parameter has its name"
    reason = dropped.reason.replace("_", " ")
    if dropped.field in OBJECTS:
        what = "custom property" if dropped.field == "custom_data" else f"member of {dropped.field}"
        return f"a {what} could not be read: {reason}"
    if any(_has(each.event, dropped.field) for each in drafts):
        return f"one of the values for {dropped.field} could not be read: {reason}"
    return f"{dropped.field} is left out: {reason}"


def _has(value: Any, name: str) -> bool:
    """Whether an event has the parameter `name` anywhere."""
    match value:
        case dict():
            return name in value or any(_has(each, name) for each in value.values())
        case list():
            return any(_has(each, name) for each in value)
    return False
