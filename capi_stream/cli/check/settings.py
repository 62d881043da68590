"""What the configuration alone tells. That it can be used, and that mappings fit their schemas, loading it showed."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from capi_stream.cli.check.pixels import of_pixels
from capi_stream.cli.check.verdicts import Verdict, numbered, ok, warning
from capi_stream.config.loading import Configuration


def configured(path: Path, configuration: Configuration) -> Iterator[Verdict]:
    """The configuration at `path`, which was read without a mistake."""
    settings, tree = configuration.settings, configuration.tree
    numbers = numbered(len(settings.intake.topics), "topic"), numbered(len(tree.pixels), "pixel")
    yield ok("configuration", f"{path}: {' and '.join(numbers)}")
    for topic in settings.intake.topics:
        yield ok("mapping", f"{topic.name}: {topic.mapping_name} fits {topic.schema_name}")
    yield from of_pixels(settings.intake)
    yield from _encryption(configuration)
    for pixel, part in tree.pixels.items():
        if part.test_event_code is not None:
            yield warning(
                "test events",
                f"pixel {pixel} has a test_event_code: its events count, and testers see them. What to do: leave it "
                "out in production.",
            )


def _encryption(configuration: Configuration) -> Iterator[Verdict]:
    name, keys = configuration.tree.letters.encryption_key_file, configuration.settings.producer.letter_keys
    if name is None:
        return
    yield ok("encryption", f"letters are encrypted with the first of {numbered(len(keys), 'key')} in {name}")
    if _others_may_read(configuration.references.directory / name):
        yield warning("encryption", f"{name} can be read by every user here. What to do: chmod 0600 {name}")


def _others_may_read(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:  # it was a pipe, or is gone: it has been read
        return False
