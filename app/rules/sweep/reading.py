"""How the sweep reads what stands in a record: exactly as the interpreter does, or quickly and on the safe side.

The quick reading serves the first pass over all records. It takes values as they stand, without trimming, so it is
right for records whose values have no blanks at their ends; all others are found by `Quick.irregular` and go to the
second pass whatever the quick conditions say. For values that the exact reading calls unknown the quick one may answer
anything: a condition for a violation is monotone in its parts (`truth`), so the first pass can only let too many
records through. Numbers it reads by machine words; records with longer ones `irregular` finds as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from app.language import Kind, ListOf, Scalar, Struct, Vocabulary
from app.language.nodes import Path
from app.language.values import BLANKS, MONTH_PATTERN, NUMBER_DIGITS, NUMBER_PATTERN, NUMBER_SCALE
from app.rules.sweep import sql
from app.rules.sweep.sql import Sql

DATE_SHAPE = "____-__-__"
NUMBER_TYPE = f"DECIMAL({NUMBER_DIGITS + NUMBER_SCALE},{NUMBER_SCALE})"
SMALL_DIGITS = 14
SMALL_TYPE = f"DECIMAL({SMALL_DIGITS + NUMBER_SCALE},{NUMBER_SCALE})"
"""What fits a machine word, and is read far faster than the full size."""
DATE_LENGTH, MONTH_LENGTH = 10, 7

BLANK = frozenset({""})

GIVEN = frozenset({"header", "form", "batch", "sets"})
"""Facts that do not come from the record or the stored state; they are few and always read exactly."""


@dataclass
class Scope:
    """What the variables of the quantifiers around a node stand for: the lambda's parameter and the list's path."""

    parameters: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def inner(self, variable: str, source: tuple[str, ...]) -> tuple[Scope, str]:
        """The scope inside one more quantifier, and the parameter's name there."""
        parameter = f"e{len(self.parameters)}_"
        return Scope({**self.parameters, variable: (parameter, source)}), parameter

    def raw(self, path: Path) -> Sql:
        """What stands at the path, as a column or as a field of a lambda's parameter."""
        if path.variable:
            parameter, _ = self.parameters[path.parts[0]]
            return sql.field(sql.column(parameter), *path.parts[1:])
        return sql.field(sql.column(path.parts[0]), *path.parts[1:])

    def full(self, path: Path) -> tuple[str, ...]:
        """The path from the top of the fact, through the lists its variable stands for."""
        if path.variable:
            return (*self.parameters[path.parts[0]][1], *path.parts[1:])
        return path.parts


@dataclass
class Prepared:
    """Columns computed once for all checks of a pass: first texts, then what is read from them."""

    prefix: str
    texts: dict[str, Sql] = field(default_factory=dict)
    typed: dict[str, Sql] = field(default_factory=dict)
    names: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)
    roots: set[str] = field(default_factory=set)

    def has_items(self, parts: tuple[str, ...], fields: Iterable[str]) -> Sql:
        """The column that says whether a segment has any tag."""
        holder = sql.field(sql.column(parts[0]), *parts[1:])
        there = sql.some(sql.is_there(sql.field(holder, name)) for name in fields)
        # CASE stops at the first tag that is there
        made = sql.case((there, sql.truth(True)), otherwise=sql.truth(False))
        return self.column("has_items", parts, made, text=True)

    def column(self, kind: str, parts: tuple[str, ...], made: Sql, *, text: bool = False) -> Sql:
        """The column of that kind of reading of a path, computed by `made` when first asked for."""
        key = (kind, parts)
        if key not in self.names:
            self.names[key] = f"{self.prefix}{len(self.names)}"
            (self.texts if text else self.typed)[self.names[key]] = made
        return sql.column(self.names[key])


def exact_text(raw: Sql) -> Sql:
    return sql.call("nullif", sql.call("trim", raw, sql.text(BLANKS)), sql.text(""))


def exact_number(text: Sql) -> Sql:
    plain = sql.call("regexp_full_match", text, sql.text(NUMBER_PATTERN))
    return sql.case((plain, sql.coalesce(sql.try_cast(text, SMALL_TYPE), sql.try_cast(text, NUMBER_TYPE))))


def is_real_date(text: Sql) -> Sql:
    """TRUE exactly for a real date written YYYY-MM-DD, else FALSE."""
    shaped = sql.like(text, DATE_SHAPE)
    same = sql.compare("==", sql.cast(sql.try_cast(text, "DATE"), "TEXT"), text)
    return sql.sure(sql.every([shaped, same]))


def exact_month(text: Sql) -> Sql:
    return sql.case((sql.call("regexp_full_match", text, sql.text(MONTH_PATTERN)), text))


class Exact:
    """Reads as the interpreter reads."""

    quick = False

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared

    def raw(self, path: Path, scope: Scope) -> Sql:
        """What stands at the path, as it stands."""
        return scope.raw(path)

    def stands(self, parts: tuple[str, ...]) -> Sql:
        """Whether a segment is there."""
        return sql.is_there(sql.field(sql.column(parts[0]), *parts[1:]))

    def text(self, path: Path, scope: Scope) -> Sql:
        """The trimmed text, NULL if blank or absent."""
        raw = scope.raw(path)
        self.prepared.roots.add(scope.full(path)[0])
        if not path.field.written:
            return sql.cast(raw, "TEXT")
        made = exact_text(raw)
        return made if path.variable else self.prepared.column("text", path.parts, made, text=True)

    def number(self, path: Path, scope: Scope) -> Sql:
        """The number, NULL if there is none or it is not plain."""
        if not path.field.written:
            self.prepared.roots.add(scope.full(path)[0])
            return scope.raw(path)
        made = exact_number(self.text(path, scope))
        return made if path.variable else self.prepared.column("number", path.parts, made)

    def date(self, path: Path, scope: Scope) -> Sql:
        """The date, NULL if there is none or it is not real."""
        return sql.try_cast(self.ordered_date(path, scope), "DATE")

    def ordered_date(self, path: Path, scope: Scope) -> Sql:
        """Something that compares as the date does: ISO text, NULL where there is no real date."""
        text = self.text(path, scope)
        made = sql.case((is_real_date(text), text))
        return made if path.variable else self.prepared.column("ordered", path.parts, made)

    def month(self, path: Path, scope: Scope) -> Sql:
        """The month as text, NULL if there is none or it is not real."""
        made = exact_month(self.text(path, scope))
        return made if path.variable else self.prepared.column("month", path.parts, made)

    def one_of(self, path: Path, scope: Scope, codes: frozenset[str]) -> Sql:
        """Whether the text is one of the codes."""
        return sql.in_codes(self.text(path, scope), codes)

    def guards(self, paths: Iterable[Path], scope: Scope) -> list[Sql]:
        """Conditions that keep blank values from counting as known; blank is NULL already."""
        return []

    def for_path(self, path: Path, scope: Scope) -> Exact:
        """The reading to use for a path."""
        return self


class Quick(Exact):
    """Reads values as they stand; see the module's own words for why that is right in the first pass.

    `stored` says that the values come from files, where a column with few different ones has each of them but once.
    """

    quick = True

    def __init__(self, prepared: Prepared, vocabulary: Vocabulary, *, stored: bool = False) -> None:
        super().__init__(prepared)
        self.vocabulary = vocabulary
        self.stored = stored
        self.exact = Exact(prepared)
        self.assumed: frozenset[tuple[str, ...]] = frozenset()
        self._seen: dict[tuple[str, ...], dict[tuple[str, ...], set[Kind]]] = {}
        self._stood: dict[tuple[str, ...], list[Sql]] = {}

    def for_path(self, path: Path, scope: Scope) -> Exact:
        given = scope.full(path)[0] in GIVEN or not path.field.written
        return self.exact if given else self

    def raw(self, path: Path, scope: Scope) -> Sql:
        if path.variable or isinstance(path.field.type, Struct):
            return scope.raw(path)
        return self._column(path.parts)

    def _column(self, parts: tuple[str, ...]) -> Sql:
        """What stands at a path from the top: a column of its own, since a field is had with its whole segment only."""
        if len(parts) == 1:
            return sql.column(parts[0])
        return self.prepared.column("raw", parts, sql.field(sql.column(parts[0]), *parts[1:]), text=True)

    def stands(self, parts: tuple[str, ...]) -> Sql:
        """Whether a segment is there with any item of its own: to name the segment itself is to have it read whole."""
        items = self._items(parts)
        if not items:
            return super().stands(parts)
        self._stood[parts] = items
        there = sql.some(map(sql.is_there, items))
        made = sql.case((there, sql.truth(True)), otherwise=sql.truth(False))
        return self.prepared.column("stands", parts, made, text=True)

    def hollow(self) -> list[Sql]:
        """Conditions, one of which holds for a record in which a segment that `stands` was asked for is there without an item
        of its own."""
        return [
            sql.every([super(Quick, self).stands(parts), *map(sql.is_null, items)])
            for parts, items in self._stood.items()
        ]

    def _items(self, parts: tuple[str, ...]) -> list[Sql]:
        """What can stand in a segment beside further segments."""
        held = self.vocabulary.find(".".join(parts))
        fields = held.type.fields if held is not None and isinstance(held.type, Struct) else {}
        names = [name for name, each in fields.items() if not isinstance(each.type, Struct)]
        return [sql.field(sql.column(parts[0]), *parts[1:], name) for name in names]

    def _note(self, path: Path, scope: Scope, kind: Kind) -> Sql:
        full = scope.full(path)
        self.prepared.roots.add(full[0])
        source = scope.parameters[path.parts[0]][1] if path.variable else ()
        seen = self._seen.setdefault(source, {})
        seen.setdefault(full[len(source) :], set()).add(kind)
        return self.raw(path, scope)

    def text(self, path: Path, scope: Scope) -> Sql:
        return self._note(path, scope, Kind.TEXT)

    def number(self, path: Path, scope: Scope) -> Sql:
        made = sql.try_cast(self._note(path, scope, Kind.NUMBER), SMALL_TYPE)
        return made if path.variable else self.prepared.column("quick number", path.parts, made)

    def date(self, path: Path, scope: Scope) -> Sql:
        # not a prepared column: days are counted under conditions that few records meet
        raw = self._note(path, scope, Kind.DATE)
        return sql.case((sql.like(raw, DATE_SHAPE), sql.try_cast(raw, "DATE")))

    def ordered_date(self, path: Path, scope: Scope) -> Sql:
        return self._note(path, scope, Kind.DATE)

    def month(self, path: Path, scope: Scope) -> Sql:
        return self._note(path, scope, Kind.MONTH)

    def one_of(self, path: Path, scope: Scope, codes: frozenset[str]) -> Sql:
        """Of stored codes a function asked beforehand: the engine calls it once for each different value, not for each record."""
        text = self.text(path, scope)
        if not self.stored or path.variable or not path.field.form or not path.field.form.codes:
            return sql.in_codes(text, codes)
        listed = sql.call("list_value", *map(sql.text, sorted(codes)))
        return self.prepared.column(listed.text, path.parts, sql.call("list_contains", listed, text))

    def guards(self, paths: Iterable[Path], scope: Scope) -> list[Sql]:
        unique = {
            path.parts: path
            for path in paths
            if self.for_path(path, scope) is self and _as_text(path) and scope.full(path) not in self.assumed
        }
        return [self._filled(path, scope) for path in unique.values()]

    def _filled(self, path: Path, scope: Scope) -> Sql:
        if _kind(path) is Kind.TEXT:
            return sql.no(self.one_of(path, scope, BLANK))
        return sql.compare("!=", self._note(path, scope, _kind(path)), sql.text(""))

    def irregular(self, covered: frozenset[tuple[str, ...]]) -> list[Sql]:
        """Conditions, one of which holds for a record that has a value which this reading may take for another: one
        with a blank at either end, or a number too long for a machine word.

        `covered` are the paths for which some check already notices such blanks by itself.
        """
        conditions: list[Sql] = []
        for source, seen in self._seen.items():
            _, parameter = Scope().inner("item", source)
            item = sql.column(parameter)
            tests: list[Sql] = []
            joined: list[Sql] = []
            for parts, kinds in seen.items():
                value = sql.field(item, *parts) if source else self._column(parts)
                if (*source, *parts) not in covered:
                    if source:
                        joined.append(value)
                    else:
                        tests.extend(_edged(value, kinds))
                if Kind.NUMBER in kinds:
                    tests.append(sql.compare(">", sql.call("strlen", value), sql.number(SMALL_DIGITS)))
            if joined:
                # within a lambda each mention of an item costs, so all are asked in one text
                line = sql.call("concat_ws", sql.text("|"), sql.text(""), *joined, sql.text(""))
                tests.append(sql.call("regexp_matches", line, sql.text(rf"[{BLANKS}]\||\|[{BLANKS}]")))
            if source and tests:
                conditions.append(found_in(self._column(source), parameter, sql.some(tests)))
            else:
                conditions.extend(tests)
        return conditions


def _edged(value: Sql, kinds: set[Kind]) -> list[Sql]:
    """Conditions, one of which holds for a value with a blank at either end that matters for the ways it is read."""
    for kind, length in ((Kind.DATE, DATE_LENGTH), (Kind.MONTH, MONTH_LENGTH)):
        if kinds == {kind}:
            # Of this length only what has no blanks can be a date; what is none breaks no rule by being read as one.
            wrong = sql.compare("!=", sql.call("strlen", value), sql.number(length))
            return [sql.every([wrong, sql.compare("!=", value, sql.text(""))])]
    return [sql.call(test, value, sql.text(blank)) for blank in BLANKS for test in ("starts_with", "ends_with")]


def found_in(items: Sql, parameter: str, body: Sql) -> Sql:
    """Whether the body is true for one of the items; remembers its parts, so that several can be asked in one go.

    To set up a lambda costs more than to ask whether there are items at all. Within it, CASE asks its condition step by
    step, of those items alone that are still in question; a condition by itself would be worked out in all its parts.
    """
    answer = sql.case((body, sql.truth(True)))
    found = sql.call("list_bool_or", sql.over("list_transform", items, parameter, lambda _: answer))
    asked = sql.every([sql.compare(">", sql.call("len", items), sql.number(0)), found])
    return replace(asked, asked=(items, parameter, body))


def _kind(path: Path) -> Kind:
    return path.type.kind if isinstance(path.type, Scalar) else Kind.TEXT


def _as_text(path: Path) -> bool:
    """Whether the quick reading takes the path as text, so that a blank is not NULL by itself."""
    return isinstance(path.type, Scalar) and path.type.kind in (Kind.TEXT, Kind.DATE, Kind.MONTH)


def holder_known(path: Path, reading: Exact) -> list[Sql]:
    """The condition under which a repeating path is known: its segment is there."""
    if not isinstance(path.type, ListOf) or path.variable or len(path.parts) == 1:
        return []
    return [reading.stands(path.parts[:-1])]
