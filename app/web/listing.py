"""Lists that can be filtered, sorted, paged and exported, whatever store their rows come from.

A view declares a `Listing`, reads a `ListQuery` from the request, asks its own store for those rows, and hands a `Page`
to the template macro `listing`; rows of the operational database have `database_page`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from flask import Response, request, stream_with_context
from sqlalchemy import ColumnElement, Select, UnaryExpression, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.db import unit_of_work
from app.core.entities import seen_alike
from app.core.events import tell
from app.core.text import Text
from app.web.events import ListExported
from app.web.words import say

ENTITY: Final = "entity"
"""By which an address names a legal entity: a link leads to its rows whatever had been chosen before."""
Row = TypeVar("Row")
Sortable = ColumnElement[Any] | InstrumentedAttribute[Any]

PAGE_SIZES: Final = (25, 50, 100, 200)
_LAST_PAGE: Final = 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `sortable` columns are named in the query; `number` aligns right."""

    name: str
    title: Text
    sortable: bool = False
    number: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: a choice among `options` (value and label), else free text, or a day with `kind='date'`."""

    name: str
    label: Text
    options: tuple[tuple[str, Text], ...] = ()
    kind: str = "search"
    hint: Text | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list offers. `order` is its first sort: a column name, `-` before it for descending."""

    columns: tuple[Column, ...]
    order: str
    filters: tuple[Filter, ...] = ()
    size: int = 50
    prefix: str = ""

    def read(self, given: Mapping[str, str] | None = None) -> ListQuery:
        """The wish of the present request (or of `given`); what is unusable in it counts as not given."""
        values = request.args if given is None else given
        wished = values.get(f"{self.prefix}sort", self.order)
        sortable = {each.name for each in self.columns if each.sortable} | {self.order.lstrip("-")}
        order = wished if wished.lstrip("-") in sortable else self.order
        filters = {}
        for each in self.filters:
            # No database keeps a NUL in a text, and PostgreSQL refuses to be asked for one.
            value = values.get(self.prefix + each.name, "").replace("\x00", "").strip()[:200]
            allowed = {option for option, _ in each.options}
            if value and (not allowed or value in allowed):
                filters[each.name] = value
        return ListQuery(
            listing=self,
            sort=order.lstrip("-"),
            descending=order.startswith("-"),
            page=min(max(1, _whole(values.get(f"{self.prefix}page"), 1)), _LAST_PAGE),
            size=_nearest_size(_whole(values.get(f"{self.prefix}size"), self.size)),
            filters=filters,
        )


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else otherwise


def _nearest_size(size: int) -> int:
    return next((each for each in PAGE_SIZES if size <= each), PAGE_SIZES[-1])


def _address(path: str, arguments: Mapping[str, str]) -> str:
    written = urlencode(arguments)
    return f"{path}?{written}" if written else path


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One wish: which page, in which order, filtered by what. `offset` and `size` are counts of rows."""

    listing: Listing
    sort: str
    descending: bool
    page: int
    size: int
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    @property
    def _order(self) -> dict[str, str]:
        """Order and size where they are not the list's own."""
        order = f"-{self.sort}" if self.descending else self.sort
        wish = {"sort": order} if order != self.listing.order else {}
        return wish | ({"size": str(self.size)} if self.size != self.listing.size else {})

    @property
    def _others(self) -> dict[str, str]:
        """The arguments of the present address that are none of this list's."""
        prefix = self.listing.prefix
        own = {prefix + each.name for each in self.listing.filters} | {f"{prefix}{x}" for x in ("sort", "page", "size")}
        return {name: value for name, value in request.args.items() if name not in own}

    @property
    def carried(self) -> dict[str, str]:
        """What a form of filters must send along: the order, the size, and what is not this list's."""
        return {**self._others, **{self.listing.prefix + name: value for name, value in self._order.items()}}

    @property
    def cleared_url(self) -> str:
        """The address of the same list without its filters."""
        return _address(request.path, self.carried)

    def url(self, **changes: str | int) -> str:
        """The address of the same list with `page`, `sort`, `size` or a filter changed; other arguments stay."""
        wish: dict[str, str | int] = {**self.filters, **self._order}
        if self.page > 1 and not changes:
            wish["page"] = self.page
        wish.update(changes)
        written = {self.listing.prefix + name: str(value) for name, value in wish.items() if value != ""}
        return _address(request.path, {**self._others, **written})

    def at(self, address: str) -> str:
        """The same filters at another address, for an export; also of the legal entity alone that the address names."""
        chosen = {name: request.args[name] for name in (ENTITY,) if name in request.args}
        return _address(address, chosen | {self.listing.prefix + name: value for name, value in self.filters.items()})

    def sort_url(self, column: str) -> str:
        """The address that sorts by `column`, turning round where it already does."""
        turned = column == self.sort and not self.descending
        return self.url(sort=f"-{column}" if turned else column)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page and how many there are in all."""

    query: ListQuery
    rows: tuple[Row, ...]
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.query.size))

    @property
    def first(self) -> int:
        return self.query.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.query.offset + len(self.rows)

    @property
    def nearby(self) -> tuple[int | None, ...]:
        """The page numbers worth a link; None stands for a gap."""
        here, end = self.query.page, self.pages
        wanted = sorted({1, end, *range(max(1, here - 2), min(end, here + 2) + 1)})
        shown: list[int | None] = []
        for number in wanted:
            if shown and isinstance(shown[-1], int) and number - shown[-1] > 1:
                shown.append(None)
            shown.append(number)
        return tuple(shown)


def sorted_page(rows: Iterable[Row], query: ListQuery, order: Callable[[Row], Any]) -> Page[Row]:
    """One page of rows that are all at hand; `order` gives what they sort by under the query."""
    known = sorted(rows, key=order, reverse=query.descending)
    return Page(query, tuple(known[query.offset : query.offset + query.size]), len(known))


def database_page(
    session: Session, statement: Select[Row], query: ListQuery, sorts: Mapping[str, Sortable], tie: Sortable
) -> Page[Row]:
    """Fetch one page of entities. `sorts` maps column names to what they sort by; `tie` makes the order total."""
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    rows = session.scalars(ordered(statement, query, sorts, tie).offset(query.offset).limit(query.size))
    return Page(query, tuple(rows), total)


def database_stream(
    statement: Select[Row], query: ListQuery, sorts: Mapping[str, Sortable], tie: Sortable, chunk: int = 1_000
) -> Iterator[Row]:
    """All entities of the query, in chunks each in a unit of its own: an export outlives the request's unit."""
    start = 0
    while True:
        with unit_of_work(reading=True) as session:
            rows = session.scalars(ordered(statement, query, sorts, tie).offset(start).limit(chunk)).all()
        yield from rows
        start += len(rows)
        if len(rows) < chunk:
            return


def ordered(statement: Select[Row], query: ListQuery, sorts: Mapping[str, Sortable], tie: Sortable) -> Select[Row]:
    """`statement` in the order of the query."""
    column = sorts[query.sort]

    def turned(each: Sortable) -> UnaryExpression[Any]:
        return each.desc() if query.descending else each.asc()

    return statement.order_by(turned(column), turned(tie))


def like_pattern(text: str) -> str:
    """`text` as a LIKE pattern that finds it anywhere; use with `escape='\\\\'`."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # A spreadsheet would run such a cell as a formula.
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text


def csv_answer(
    name: str,
    titles: Iterable[Text],
    rows: Iterable[Row],
    cells: Callable[[Row], Iterable[object]],
    *,
    told: bool = False,
) -> Response:
    """A CSV download that streams, readable by spreadsheets in Chinese (UTF-8 with its mark), safe from formulas.

    Who takes it is told as an event, unless the view has `told` of it.
    """
    if not told:
        # a filter is named by a word; what else an address may carry is nobody's filter and is not written down
        filters = sorted(key for key, value in request.args.items() if value and key.isidentifier())
        tell(ListExported(name, request.path, tuple(filters)))

    def lines() -> Iterator[bytes]:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\r\n")
        writer.writerow([say(title) for title in titles])
        yield b"\xef\xbb\xbf"
        for row in rows:
            writer.writerow([_cell(cell) for cell in cells(row)])
            if buffer.tell() > 32_768:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode()

    answer = Response(stream_with_context(seen_alike(lines())), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
