"""A file and the environment become settings, or all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from capi_stream.config.building import Builder
from capi_stream.config.crosschecks import crosschecks
from capi_stream.config.environment import apply_environment, refuse_one_underscore
from capi_stream.config.parsing import read_document
from capi_stream.config.references import References
from capi_stream.config.settings import Settings
from capi_stream.config.tree import Tree
from capi_stream.config.validating import validated


class Configuration(NamedTuple):
    """One reading of a file, which may be a pipe: the settings, and the keys that they were made from."""

    settings: Settings
    tree: Tree
    references: References


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings in the file at `path`, with `environ` over them. Raises ConfigError with all mistakes."""
    return read(path, environ).settings


def read(path: Path, environ: Mapping[str, str]) -> Configuration:
    """As `load`, with the tree of keys and where its texts came from. Raises ConfigError."""
    document = read_document(path)
    apply_environment(document, environ)
    references = References(path.parent, environ)
    references.resolve(document)
    refuse_one_underscore(document, environ, {each.name for each in references.found.values()})
    tree = validated(document)
    for finding in crosschecks(tree):
        document.tell(finding)
    settings = Builder(tree, document, references).settings()
    document.verdict()
    return Configuration(settings, tree, references)
