"""Whether the pixels that mappings spell out are those of the configuration: events of any other are dead letters."""

from __future__ import annotations

from collections.abc import Iterator

from capi_stream.cli.check.verdicts import Verdict, failed, warning
from capi_stream.intake.mapping.expressions import constants_of
from capi_stream.intake.mapping.reads import reads
from capi_stream.intake.mapping.spec import Expression
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.intake.settings import IntakeSettings, Routing


def of_pixels(settings: IntakeSettings) -> Iterator[Verdict]:
    """What is wrong with the pixels of each topic's mapping; nothing where all is well."""
    for topic in settings.topics:
        spec, _ = read_spec(topic.mapping, topic.mapping_name)
        where = f"{topic.name}: {topic.mapping_name}"
        found = (_verdict(where, template.pixel or spec.pixel, settings.routing) for template in spec.templates)
        yield from filter(None, dict.fromkeys(found))


def _verdict(where: str, made: Expression | None, routing: Routing) -> Verdict | None:
    if made is None:
        if routing.default_pixel:
            return None
        what = "names no pixel, and there is no default_pixel: every event would be a dead letter"
        return failed("pixels", f"{where} {what}. What to do: write pixel in the mapping, or default_pixel.")
    named = {str(each) for each in constants_of(made) if each is not None}
    strange = sorted(named - routing.destinations.keys())
    if not strange:
        return None
    listed = f"{where} names {', '.join(strange)}, which the configuration does not have"
    advice = "What to do: write it below pixels, or mend the mapping"
    if named == set(strange) and not any(reads(made)):
        return failed("pixels", f"{listed}: every event would be a dead letter. {advice}.")
    return warning("pixels", f"{listed}: events of it would be dead letters. {advice}.")
