"""A file and the environment become settings, or all that is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capi_stream.config.building import Builder
from capi_stream.config.crosschecks import crosschecks
from capi_stream.config.document import Document, KeyPath, read_document
from capi_stream.config.environment import apply_environment
from capi_stream.config.mistakes import ConfigError, Mistake, WrongValueError, WrongValuesError
from capi_stream.config.references import References
from capi_stream.config.settings import Settings
from capi_stream.config.tree import Tree


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings in the file at `path`, with `environ` over them. Raises ConfigError with all mistakes."""
    tree, document, references = read(path, environ)
    builder = Builder(tree, document, references)
    for key, what, write_instead in crosschecks(tree):
        builder.wrong(key, what, write_instead)
    settings = builder.settings()
    if document.mistakes:
        raise ConfigError(_once(document.mistakes))
    return settings


def read(path: Path, environ: Mapping[str, str]) -> tuple[Tree, Document, References]:
    """The tree of keys alone, and where each came from. Raises ConfigError."""
    document = read_document(path)
    apply_environment(document, environ)
    references = References(path.parent, environ)
    references.resolve(document)
    try:
        tree = Tree.model_validate(document.values)
    except ValidationError as error:
        told = {mistake.key for mistake in document.mistakes}  # what could not be read is also empty: say it once
        document.mistakes += [mistake for mistake in _mistakes(error, document) if mistake.key not in told]
        raise ConfigError(_once(document.mistakes)) from None
    if document.mistakes:
        raise ConfigError(_once(document.mistakes))
    return tree, document, references


def _once(mistakes: list[Mistake]) -> list[Mistake]:
    return list(dict.fromkeys(mistakes))


def _mistakes(error: ValidationError, document: Document) -> Iterator[Mistake]:
    """pydantic's findings in our words. Their inputs are not quoted: they may be secrets."""
    for found in error.errors(include_url=False, include_input=False):
        path: KeyPath = tuple(str(part) for part in found["loc"] if part != "[key]")
        wrong = found.get("ctx", {}).get("error")
        if isinstance(wrong, WrongValuesError):
            for name, each in wrong.by_key.items():
                yield _mistake(document, (*path, name), each.what, each.write_instead)
        elif isinstance(wrong, WrongValueError):
            yield _mistake(document, path, wrong.what, wrong.write_instead)
        else:
            yield _mistake(document, path, *_words(found, path))


def _mistake(document: Document, path: KeyPath, what: str, write_instead: str) -> Mistake:
    return Mistake(document.place(path), ".".join(path), what, write_instead)


def _words(found: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    match found["type"]:
        case "missing":
            return "this is missing", "Write it; docs/configuration.md says what it is"
        case "extra_forbidden":
            known = _keys_at(path[:-1])
            close = difflib.get_close_matches(path[-1], known, n=1)
            return "there is no such key", f"Write {close[0]}" if close else f"Known here are: {', '.join(known)}"
        case "bool_parsing" | "bool_type":
            return "this is neither true nor false", "Write true or false"
        case kind if kind.startswith(("int_", "float_")):
            return "this is no number", "Write a number"
        case "mapping_type" | "model_type" | "dict_type" | "model_attributes_type":
            return "this must be a mapping of keys", "Write keys below it, or {} for none"
        case "tuple_type" | "list_type":
            return "this must be a list", "Write [one, two]"
        case "string_type":
            return "this must be a text", "Write a text, or {file: PATH} or {env: NAME}"
        case "too_short" | "string_too_short":
            return "this is empty", "Write at least one"
        case _:
            message = found["msg"][0].lower() + found["msg"][1:]
            return message.replace("input should be", "this must be"), "Write such a value"


def _keys_at(path: KeyPath) -> list[str]:
    """The keys that may stand in the mapping at `path`."""
    model: Any = Tree
    for key in path:
        field = getattr(model, "model_fields", {}).get(key)
        model = _part_of(field.annotation) if field is not None else model
    return list(getattr(model, "model_fields", {}))


def _part_of(annotation: Any) -> Any:
    """The Part inside an annotation such as `Part | None` or `Mapping[str, Part]`."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _part_of(inner)) is not None:
            return found
    return None
