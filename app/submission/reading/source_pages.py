"""Sources as the console shows them: what came for a day, how a source has been, its columns and what they are used for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, func, select

from app.core.db import current_session
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.submission.content import mappings
from app.submission.lake import lake
from app.submission.mapping import SourceMapping
from app.submission.reading.days import item_title
from app.submission.reading.terms import Term
from app.submission.sources import credentials
from app.submission.sources.drift import KINDS, WORDS
from app.submission.sources.listing import Listed, sources_of
from app.submission.sources.loads import TAKEN
from app.submission.sources.models import SourceLoad
from app.submission.tables import UNMAPPED

STATES: Final[Mapping[str, Term]] = {
    "landed": Term(Text("已入湖", "Landed"), "success"),
    "late": Term(Text("迟到已收", "Came late"), "warning"),
    "replaced": Term(Text("已被更正件取代", "Replaced")),
    "stopped": Term(Text("已停止", "Stopped"), "danger"),
    "missing": Term(Text("未送达", "Missing"), "danger"),
    "awaited": Term(Text("等待中", "Awaited"), "info"),
}
PLACES: Final[Mapping[str, Text]] = {
    "folder": Text("文件夹", "Folder"),
    "sftp": Text("SFTP", "SFTP"),
    "s3": Text("S3", "S3"),
    "https": Text("HTTPS 拉取", "HTTPS pull"),
    "database": Text("数据库", "Database"),
    "push": Text("系统推送", "Pushed"),
    "": Text("未列入来源清单", "not in the list of sources"),
}
LOADS: Final[Mapping[str, Text]] = {
    "full": Text("全量", "In full"),
    "changes": Text("变更", "Changes"),
    "watermark": Text("水位增量", "By watermark"),
}


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source on one day; `load` is what came of its delivery, `last` the newest that is in the lake."""

    name: str
    title: Text
    place: Text
    address: str
    load: SourceLoad | None
    last: SourceLoad | None
    credential_missing: bool

    @property
    def state(self) -> str:
        return self.load.state if self.load else "awaited"

    @property
    def rows(self) -> int:
        return sum(int(count) for count in self.load.rows.values()) if self.load else 0

    @property
    def held(self) -> tuple[int, int]:
        """Figures of the control file that hold, and all of them."""
        figures = self.load.reconciled if self.load else []
        return sum(each["expected"] == each["found"] for each in figures), len(figures)


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column of a source table: the kind of its values, and the items made of it as (entity, item, its title)."""

    name: str
    kind: Text
    uses: tuple[tuple[str, str, Text], ...]
    key: bool


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A code that no table translates; `table` is the code table that its item uses."""

    entity: str
    item: str
    title: Text
    value: str
    rows: int
    table: str


def list_of_sources(provider: str) -> tuple[Mapping[str, Listed], Text | None]:
    """A legal entity's list as far as it can be read, and what is wrong with it."""
    try:
        return sources_of(provider), None
    except Invalid as problem:
        return {}, problem.message


def source_lines(provider: str, day: date) -> tuple[tuple[SourceLine, ...], Text | None]:
    """All sources of a legal entity on a day, those that were stopped first."""
    listed, fault = list_of_sources(provider)
    known, kept = mappings(day), credentials.names()
    session = current_session()
    mine = select(SourceLoad).filter_by(provider=provider)
    loads = session.scalars(mine.filter_by(business_date=day).order_by(SourceLoad.at))
    today = {load.source: load for load in loads if load.state != "replaced"}
    newest = select(func.max(SourceLoad.id)).filter_by(provider=provider).where(SourceLoad.state.in_(TAKEN))
    newest = newest.group_by(SourceLoad.source)
    last = {load.source: load for load in session.scalars(select(SourceLoad).where(SourceLoad.id.in_(newest)))}
    lines = []
    for name in dict.fromkeys((*listed, *known)):
        entry = listed.get(name)
        lines.append(
            SourceLine(
                name,
                known[name].title if name in known else Text(name, name),
                PLACES[entry.kind if entry else ""],
                entry.address(day) if entry else "",
                today.get(name),
                last.get(name),
                bool(entry and entry.credential and entry.credential not in kept),
            )
        )
    order = ("stopped", "missing", "late", "awaited", "landed", "replaced")
    return tuple(sorted(lines, key=lambda line: order.index(line.state))), fault


def mapping_of(source: str) -> SourceMapping:
    """The mapping that is in force for a source. Raises NotFound."""
    found = mappings().get(source)
    if found is None:
        raise NotFound("submission.source", Text("没有这个来源的映射", "There is no mapping of this source"))
    return found


def loads_of(provider: str, source: str, state: str = "") -> Select[SourceLoad]:
    """The history of the loads of a legal entity's source."""
    query = select(SourceLoad).filter_by(provider=provider, source=source)
    return query.filter_by(state=state) if state else query


def newest_load(provider: str, source: str) -> SourceLoad | None:
    """The newest load that is in the lake."""
    query = loads_of(provider, source).where(SourceLoad.state.in_(TAKEN))
    return current_session().scalar(query.order_by(SourceLoad.business_date.desc(), SourceLoad.id.desc()).limit(1))


def columns_of(mapping: SourceMapping, load: SourceLoad | None) -> Mapping[str, tuple[ColumnUse, ...]]:
    """By table its columns as they came last, or else as the mapping names them."""
    found = {}
    for table in mapping.tables.values():
        uses = _uses(mapping, table.name)
        shape = [(str(name), str(kind)) for name, kind in (load.columns.get(table.name) or [])] if load else []
        shape = shape or [(name, "empty") for name in dict.fromkeys((*table.key, *uses))]
        found[table.name] = tuple(
            ColumnUse(name, KINDS[kind], tuple(uses.get(name, ())), name in table.key) for name, kind in shape
        )
    return found


def _uses(mapping: SourceMapping, table: str) -> dict[str, list[tuple[str, str, Text]]]:
    uses: dict[str, list[tuple[str, str, Text]]] = {}
    for target in mapping.targets:
        for item, column in target.columns.items():
            for name in column.source:
                place, dot, plain = name.rpartition(".")
                if (place if dot else target.table) == table:
                    uses.setdefault(plain, []).append((target.entity, item, item_title(item)))
    return uses


def unmapped_of(provider: str, mapping: SourceMapping, most: int = 200) -> tuple[Unmapped, ...]:
    """The codes of the newest mapped day that no table translates, the most frequent first."""
    mine = f"(SELECT * FROM {UNMAPPED.path} WHERE _provider = $provider AND source = $source)"
    rows = lake().rows(
        f"SELECT target, item, value, sum(rows) AS n FROM {mine}"
        f" WHERE business_date = (SELECT max(business_date) FROM {mine})"
        f" GROUP BY ALL ORDER BY n DESC, item, value LIMIT {most}",
        {"provider": provider, "source": mapping.source},
    )
    tables = {
        (target.entity, item): column.codes or ""
        for target in mapping.targets
        for item, column in target.columns.items()
    }
    return tuple(
        Unmapped(entity, item, item_title(item), value, int(number), tables.get((entity, item), ""))
        for entity, item, value, number in rows
    )


def drift_words(load: SourceLoad) -> tuple[tuple[str, Text, str, str, bool], ...]:
    """Drift as people read it: table, what, before, now, whether the mapping reads it."""
    return tuple(
        (each["table"], WORDS[each["what"]], each["before"], each["now"], bool(each["needed"])) for each in load.drift
    )


def reason_of(load: SourceLoad) -> Text | None:
    """Why a delivery was not taken."""
    given: Mapping[str, Any] = load.reason
    return Text(given["zh"], given["en"]) if given else None
