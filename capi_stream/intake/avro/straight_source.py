"""The text of a straight-line decoder: a record's bytes to its values in their places."""

from __future__ import annotations

from capi_stream.intake.avro.layout import Layout, Place, value_at
from capi_stream.intake.avro.schemas import Array, Field, Primitive, RecordType, Type, Union
from capi_stream.intake.avro.straight_lines import Lines, NotStraightError
from capi_stream.intake.avro.straight_values import like, literal, missing, skip, value

Path = tuple[str, ...]

NULLS = 4  # fields that are null more often than not are looked at so many at a time


def straight_source(writer: Type, reader: Type, layout: Layout) -> str:
    """The text of `decode(b, i)`, which gives what is wanted of a record as a tuple. Raises NotStraightError."""
    to = Lines()
    if not isinstance(writer, RecordType):
        raise NotStraightError
    made = _Places(to, layout)
    made.record(writer, like(writer, reader), ())
    to.line("if i != len(b):")
    to.line("    raise OddError")
    to.line(f"return {made.tuple()}")
    return to.text("def decode(b, i):")


class _Places:
    """Writes the lines that read one record into a variable for each place of `layout`."""

    def __init__(self, to: Lines, layout: Layout) -> None:
        self._to = to
        self._places = {place.path: place for place in layout}
        self._names = {place.path: to.name() for place in layout}

    def tuple(self) -> str:
        """All that was read, in its order."""
        return f"({''.join(f'{name}, ' for name in self._names.values())})"

    def record(self, writer: RecordType, reader: Type, at: Path) -> None:
        """Read the record at the path `at`."""
        if not isinstance(reader, RecordType):
            raise NotStraightError
        if at in self._names:
            if not self._places[at].is_record:
                raise NotStraightError
            self._to.line(f"{self._names[at]} = True")
        for fields in _runs(writer.fields):
            self._run(fields, reader, at)
        for field in missing(writer, reader):
            for place in self._within((*at, field.name)):
                default = value_at({field.name: field.default}, place._replace(path=place.path[len(at) :]))
                self._to.line(f"{self._names[place.path]} = {literal(default)}")

    def _run(self, fields: list[Field], reader: RecordType, at: Path) -> None:
        """Read `fields`; several can all be null, which is seen at one look."""
        if len(fields) == 1:
            self._field(fields[0], reader, at)
            return
        nulls = bytes(len(fields))
        with self._to.under(f"if not b[i] and b[i : i + {len(fields)}] == {nulls!r}:"):
            self._to.line(f"i += {len(fields)}")
            self._nulls([place for field in fields for place in self._within((*at, field.name))])
        with self._to.under("else:"):
            for field in fields:
                self._field(field, reader, at)

    def _field(self, field: Field, reader: RecordType, at: Path) -> None:
        here, path = reader.field(field.name), (*at, field.name)
        wanted = self._within(path)
        if here is None or not wanted:
            skip(self._to, field.type)
        elif wanted[0].path == path and not wanted[0].is_record:
            assert len(wanted) == 1
            self._value(field.type, here.type, wanted[0])
        else:
            self._nested(field.type, here.type, path)

    def _within(self, path: Path) -> list[Place]:
        """The places at `path` and below."""
        return [place for place in self._places.values() if place.path[: len(path)] == path]

    def _nulls(self, places: list[Place]) -> None:
        if places:
            self._to.line(" = ".join([*(self._names[place.path] for place in places), "None"]))

    def _nested(self, writer: Type, reader: Type, path: Path) -> None:
        """Read a record, or null, of which parts are wanted."""
        self._to.count()
        match writer:
            case Union():
                for branch in self._to.branches(writer.branches):
                    self._nested(branch, like(branch, reader), path)
                    self._to.line("pass")
            case Primitive(kind="null"):
                self._nulls(self._within(path))
            case RecordType():
                self.record(writer, like(writer, reader), path)
            case _:
                raise NotStraightError

    def _value(self, writer: Type, reader: Type, place: Place) -> None:
        """Read the value that belongs into `place`."""
        name = self._names[place.path]
        match writer:
            case Union():
                for branch in self._to.branches(writer.branches):
                    self._value(branch, like(branch, reader), place)
            case Array() if place.items is not None:
                self._items(writer, like(writer, reader), place.items, name)
            case Primitive(kind="string"):
                value(self._to, writer, like(writer, reader), name)
                self._to.line(f"{name} = {name} or None")  # an empty text
            case _:
                value(self._to, writer, like(writer, reader), name)

    def _items(self, writer: Array, reader: Type, layout: Layout, name: str) -> None:
        """Read an array of records, each laid out."""
        if not isinstance(reader, Array):
            raise NotStraightError
        self._to.line(f"{name} = []")
        with self._to.blocks(writer.items):
            self._item(writer.items, reader.items, layout, name)

    def _item(self, writer: Type, reader: Type, layout: Layout, name: str) -> None:
        self._to.count()
        match writer:
            case Union():
                for branch in self._to.branches(writer.branches):
                    self._item(branch, like(branch, reader), layout, name)
            case Primitive(kind="null"):
                self._to.line(f"{name}.append(None)")
            case RecordType():
                made = _Places(self._to, layout)
                made.record(writer, like(writer, reader), ())
                self._to.line(f"{name}.append({made.tuple()})")
            case _:
                raise NotStraightError


def _runs(fields: tuple[Field, ...]) -> list[list[Field]]:
    """Fields that follow on each other and can be null, up to NULLS at a time; each other one by itself."""
    runs: list[list[Field]] = []
    for field in fields:
        if runs and _can_be_null(field) and _can_be_null(runs[-1][-1]) and len(runs[-1]) < NULLS:
            runs[-1].append(field)
        else:
            runs.append([field])
    return runs


def _can_be_null(field: Field) -> bool:
    """Whether a zero byte stands for null."""
    match field.type:
        case Union(branches=(Primitive(kind="null"), *_)):
            return True
    return False
