"""A document becomes the tree of keys: what is wrong with it is told and taken out, until the rest is right."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capi_stream.config.document import Document
from capi_stream.config.keys import KeyPath
from capi_stream.config.mistakes import Finding, WrongValueError, WrongValuesError
from capi_stream.config.shape import field_at, keys_at
from capi_stream.config.tree import Tree

_NO_NUMBER = "this is no number", "Write a number"
_NO_WHOLE_NUMBER = "this is no whole number", "Write a whole number"
_NO_BOOL = "this is neither true nor false", "Write true or false"
_NO_MAPPING = "this must be a mapping of keys", "Write keys below it, or {{}} for none"
_NO_LIST = "this must be a list", "Write [one, two]"

_WORDS = {
    "bool_parsing": _NO_BOOL,
    "bool_type": _NO_BOOL,
    "int_parsing": _NO_WHOLE_NUMBER,
    "int_type": _NO_WHOLE_NUMBER,
    "int_from_float": _NO_WHOLE_NUMBER,
    "int_parsing_size": _NO_WHOLE_NUMBER,
    "float_parsing": _NO_NUMBER,
    "float_type": _NO_NUMBER,
    "finite_number": _NO_NUMBER,
    "greater_than": ("this is too small", "Write a number greater than {gt:.12g}"),
    "greater_than_equal": ("this is too small", "Write a number of {ge:.12g} or more"),
    "less_than": ("this is too large", "Write a number less than {lt:.12g}"),
    "less_than_equal": ("this is too large", "Write a number of {le:.12g} or less"),
    "literal_error": ("this is none of the choices", "Write {expected}"),
    "mapping_type": _NO_MAPPING,
    "dict_type": _NO_MAPPING,
    "model_type": _NO_MAPPING,
    "model_attributes_type": _NO_MAPPING,
    "tuple_type": _NO_LIST,
    "list_type": _NO_LIST,
    "string_type": ("this must be a text", "Write a text, or {{file: PATH}} or {{env: NAME}}"),
    "string_too_short": ("this is empty", "Write a text, or leave the key out"),
    "too_short": ("this is empty", "Write at least one entry below it"),
}
"""What is wrong and what to write instead, for each of pydantic's kinds of errors."""


def validated(document: Document) -> Tree:
    """The tree of what is right in `document`, with examples for what must be there and is not right.

    Each turn takes out or replaces at least one value, so there is an end.
    """
    for path in sorted(document.faulty):
        _mend(document, path)
    try:
        return Tree.model_validate(document.values)
    except ValidationError as error:
        found = list(_findings(error))
    for each in found:
        if each.meant is not None and document.at(each.meant) is None:
            _mend(document, each.meant)  # that it is missing, or what its default lacks, is no news
    for each in found:
        document.tell(each)
    for each in found:
        _mend(document, each.path)
    return validated(document)


def _mend(document: Document, path: KeyPath) -> None:
    """Take out what is faulty at `path`; put an example where something must stand."""
    taken = document.take_out(path)
    if example := _example(taken):
        document.put(taken, copy.deepcopy(example[0]))
    elif document.at(taken[:-1]) == {} and _example(taken[:-1]):
        _mend(document, taken[:-1])  # what lacks its last entry lacks all: that is no news


def _example(path: KeyPath) -> list[object]:
    """An example of what stands at `path`, if something must."""
    field = field_at(path)
    return list(field.examples or []) if field is not None and field.is_required() else []


def _findings(error: ValidationError) -> Iterator[Finding]:
    """pydantic's findings in our words. Their inputs are not quoted: they may be secrets."""
    for found in error.errors(include_url=False, include_input=False):
        path: KeyPath = tuple(str(part) for part in found["loc"] if part != "[key]")
        wrong = found.get("ctx", {}).get("error")
        if isinstance(wrong, WrongValuesError):
            for name, each in wrong.by_key.items():
                meant = (*path, each.meant) if each.meant else None
                yield Finding((*path, name), each.what, each.write_instead, meant=meant)
        elif isinstance(wrong, WrongValueError):
            yield Finding(path, wrong.what, wrong.write_instead)
        elif found["type"] == "extra_forbidden":
            yield _unknown(path)
        elif found["type"] == "missing":
            shown = yaml.safe_dump(_example(path)[0], default_flow_style=True, width=1_000).removesuffix("\n...\n")
            yield Finding(path, "this is missing", f"Write it, such as {path[-1]}: {shown.strip()}")
        else:
            yield Finding(path, *_words(found))


def _unknown(path: KeyPath) -> Finding:
    known = keys_at(path[:-1])
    close = difflib.get_close_matches(path[-1], known, n=1)
    if not close:
        return Finding(path, "there is no such key", f"Known here are: {', '.join(known)}")
    return Finding(path, "there is no such key", f"Write {close[0]}", meant=(*path[:-1], close[0]))


def _words(found: ErrorDetails) -> tuple[str, str]:
    what, write_instead = _WORDS.get(found["type"], ("this cannot be used", "See docs/configuration.md"))
    return what, write_instead.format_map(found.get("ctx", {})).replace("'", "")
