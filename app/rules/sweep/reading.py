"""How the sweep reads what stands in a record: exactly as the interpreter does, or quickly and on the safe side.

The quick reading serves the first pass over all records. It takes values as they stand, without trimming, so it is
right for records whose values have no blanks at their ends; all others are found by `Quick.irregular` and go to the
second pass whatever the quick conditions say. For values that the exact reading calls unknown the quick one may answer
anything: a condition for a violation is monotone in its parts (`truth`), so the first pass can only let too many
records through.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.language import Kind, ListOf, Scalar, Struct
from app.language.nodes import Path
from app.language.values import BLANKS, MONTH_PATTERN, NUMBER_DIGITS, NUMBER_PATTERN, NUMBER_SCALE
from app.rules.sweep import sql
from app.rules.sweep.sql import Sql

DATE_SHAPE = "____-__-__"
NUMBER_TYPE = f"DECIMAL({NUMBER_DIGITS + NUMBER_SCALE},{NUMBER_SCALE})"
SMALL_DIGITS = 14
SMALL_TYPE = f"DECIMAL({SMALL_DIGITS + NUMBER_SCALE},{NUMBER_SCALE})"
"""What fits a machine word, and is read far faster than the full size."""

GIVEN = frozenset({"header", "form", "batch", "sets"})
"""Facts that do not come from the record or the stored state; they are few and always read exactly."""

_EDGE = "|"


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
        there = [sql.is_there(sql.field(holder, name)) for name in fields]
        return self.column("has_items", parts, sql.some(there), text=True)

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


def exact_date(text: Sql) -> Sql:
    return sql.case((is_real_date(text), sql.try_cast(text, "DATE")))


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
        made = exact_date(self.text(path, scope))
        return made if path.variable else self.prepared.column("date", path.parts, made)

    def ordered_date(self, path: Path, scope: Scope) -> Sql:
        """Something that compares as the date does: ISO text, NULL where there is no real date."""
        text = self.text(path, scope)
        made = sql.case((is_real_date(text), text))
        return made if path.variable else self.prepared.column("ordered", path.parts, made)

    def month(self, path: Path, scope: Scope) -> Sql:
        """The month as text, NULL if there is none or it is not real."""
        made = exact_month(self.text(path, scope))
        return made if path.variable else self.prepared.column("month", path.parts, made)

    def guards(self, paths: Iterable[Path], scope: Scope) -> list[Sql]:
        """Conditions that keep blank values from counting as known; blank is NULL already."""
        return []

    def for_path(self, path: Path, scope: Scope) -> Exact:
        """The reading to use for a path."""
        return self


class Quick(Exact):
    """Reads values as they stand; see the module's own words for why that is right in the first pass."""

    quick = True

    def __init__(self, prepared: Prepared) -> None:
        super().__init__(prepared)
        self.exact = Exact(prepared)
        self.assumed: frozenset[tuple[str, ...]] = frozenset()
        self._seen: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}

    def for_path(self, path: Path, scope: Scope) -> Exact:
        given = scope.full(path)[0] in GIVEN or not path.field.written
        return self.exact if given else self

    def raw(self, path: Path, scope: Scope) -> Sql:
        made = scope.raw(path)
        if path.variable or len(path.parts) == 1 or isinstance(path.field.type, Struct):
            return made
        # a column of its own, since under a condition a field cannot be had without its whole segment
        return self.prepared.column("raw", path.parts, made, text=True)

    def _note(self, path: Path, scope: Scope) -> Sql:
        full = scope.full(path)
        self.prepared.roots.add(full[0])
        source = scope.parameters[path.parts[0]][1] if path.variable else ()
        self._seen.setdefault(source, {})[full[len(source) :] if source else full] = None
        return self.raw(path, scope)

    def text(self, path: Path, scope: Scope) -> Sql:
        return self._note(path, scope)

    def number(self, path: Path, scope: Scope) -> Sql:
        raw = self._note(path, scope)
        long = sql.compare(">", sql.call("strlen", raw), sql.number(SMALL_DIGITS))
        made = sql.coalesce(sql.try_cast(raw, SMALL_TYPE), sql.case((long, sql.try_cast(raw, NUMBER_TYPE))))
        return made if path.variable else self.prepared.column("quick number", path.parts, made)

    def date(self, path: Path, scope: Scope) -> Sql:
        raw = self._note(path, scope)
        made = sql.case((sql.like(raw, DATE_SHAPE), sql.try_cast(raw, "DATE")))
        return made if path.variable else self.prepared.column("quick date", path.parts, made)

    def ordered_date(self, path: Path, scope: Scope) -> Sql:
        return self._note(path, scope)

    def month(self, path: Path, scope: Scope) -> Sql:
        return self._note(path, scope)

    def guards(self, paths: Iterable[Path], scope: Scope) -> list[Sql]:
        unique = {
            path.parts: path
            for path in paths
            if self.for_path(path, scope) is self and _as_text(path) and scope.full(path) not in self.assumed
        }
        return [sql.compare("!=", self._note(path, scope), sql.text("")) for path in unique.values()]

    def irregular(self, covered: frozenset[tuple[str, ...]]) -> list[Sql]:
        """Conditions, one of which holds for a record with a blank at either end of any value that was read.

        `covered` are the paths for which some check already notices such blanks by itself.
        """
        by_root: dict[str, list[Sql]] = {}
        for source, seen in self._seen.items():
            paths = [parts for parts in seen if (*source, *parts) not in covered]
            if source and paths:
                items = [sql.field(sql.column("v_"), *parts) for parts in paths]
                listed = sql.field(sql.column(source[0]), *source[1:])
                lines = sql.over("list_transform", listed, "v_", lambda _, items=items: _edged(items))  # type: ignore[misc]
                by_root.setdefault(source[0], []).append(sql.call("array_to_string", lines, sql.text(_EDGE)))
            elif not source:
                for parts in paths:
                    by_root.setdefault(parts[0], []).append(sql.field(sql.column(parts[0]), *parts[1:]))
        conditions: list[Sql] = []
        for root, values in by_root.items():
            joined = self.prepared.column("edges", (root,), _edged(values))
            conditions.extend(
                sql.call("contains", joined, sql.text(pair))
                for blank in BLANKS
                for pair in (blank + _EDGE, _EDGE + blank)
            )
        return conditions


def _edged(values: list[Sql]) -> Sql:
    return sql.call("concat_ws", sql.text(_EDGE), sql.text(""), *values, sql.text(""))


def _as_text(path: Path) -> bool:
    """Whether the quick reading takes the path as text, so that a blank is not NULL by itself."""
    return isinstance(path.type, Scalar) and path.type.kind in (Kind.TEXT, Kind.DATE, Kind.MONTH)


def holder_known(path: Path, scope: Scope) -> list[Sql]:
    """The condition under which a repeating path is known: its segment is there."""
    if not isinstance(path.type, ListOf) or path.variable or len(path.parts) == 1:
        return []
    return [sql.is_there(sql.field(sql.column(path.parts[0]), *path.parts[1:-1]))]
