"""What the configuration alone tells. That it can be used, and that mappings fit their schemas, loading it showed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from capi_stream.cli.check.pixels import of_pixels
from capi_stream.cli.check.verdicts import Verdict, numbered, ok, warning
from capi_stream.config import Configuration


def configured(path: Path, configuration: Configuration) -> Iterator[Verdict]:
    """The configuration at `path`, which was read without a mistake."""
    settings, tree = configuration.settings, configuration.tree
    numbers = numbered(len(settings.intake.topics), "topic"), numbered(len(tree.pixels), "pixel")
    yield ok("configuration", f"{path}: {' and '.join(numbers)}")
    for topic in settings.intake.topics:
        yield ok("mapping", f"{topic.name}: {topic.mapping_name} fits {topic.schema_name}")
    yield from of_pixels(settings.intake)
    for pixel, part in tree.pixels.items():
        if part.test_event_code is not None:
            yield warning(
                "test events",
                f"pixel {pixel} has a test_event_code: its events count, and testers see them. What to do: leave it "
                "out in production.",
            )
