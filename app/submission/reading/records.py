"""One record in full: its segments with official labels and code meanings, what is blamed in it, its line and its lineage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from app.core.errors import Invalid, NotFound
from app.core.masking import Kind
from app.core.text import Text
from app.language import Field, ListOf, evaluate, parse
from app.rules.vocabulary import record_vocabulary
from app.standard import catalogue
from app.standard.catalogue import Group, Item, RecordType, Segment
from app.standard.files import render_record
from app.submission.lake import lake
from app.submission.reading.findings import error_title, rule_of, rule_title, rules_with_code
from app.submission.reading.lake_rows import seen
from app.submission.reading.personal import personal_kind
from app.submission.tables import (
    FEEDBACK,
    FILE_LINE,
    FINDING,
    record_columns,
    record_table,
    record_type,
    reported_types,
)

WHOLE: Final = ("", "0000")


@dataclass(frozen=True, slots=True)
class Blame:
    """One thing said against a record: by our rule (`rule`), or by the centre (`rule` empty, `file` and `line` set).

    `path` is the blamed item as far as it is known (`H.CloseDate`), else its tag.
    """

    rule: str
    code: str
    tag: str
    severity: str
    title: Text
    path: str
    edition: str = ""
    file: str = ""
    line: int = 0

    @property
    def from_centre(self) -> bool:
        return not self.rule


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item of a record. `value` None: the tag is absent; '': it stands empty."""

    tag: str
    title: Text
    value: str | None
    meaning: Text | None
    kind: Kind | None
    blames: tuple[Blame, ...]
    form: str


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A repeated group with its occurrences."""

    tag: str
    title: Text
    rows: tuple[tuple[ShownItem, ...], ...]
    blames: tuple[Blame, ...]


@dataclass(frozen=True, slots=True)
class ShownSegment:
    """One segment; `present` false where only its absence is blamed."""

    code: str
    tag: str
    title: Text
    present: bool
    items: tuple[ShownItem | ShownGroup, ...]
    absent: int
    blames: tuple[Blame, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A source row that a record was made of."""

    entity: str
    source: str
    load: str
    row: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as its page shows it."""

    record_type: str
    record_id: str
    batch: str
    business_date: date
    key: str
    report_date: str
    content: str
    segments: tuple[ShownSegment, ...]
    blames: tuple[Blame, ...]
    line_text: str
    origins: tuple[Origin, ...]
    file: str
    line: int | None

    @property
    def record(self) -> RecordType:
        return record_type(self.record_type)

    @property
    def of_whole(self) -> tuple[Blame, ...]:
        return tuple(blame for blame in self.blames if blame.tag in WHOLE)


def checked_type(code: str) -> str:
    """Raises NotFound for a type that the daily batch does not derive."""
    if code not in reported_types():
        raise NotFound("submission.record", Text("没有这条记录", "There is no such record"))
    return code


def stored_record(code: str, record_id: str, batch: str | None = None) -> dict[str, Any]:
    """The row of a record as it was derived. Raises NotFound; a batch makes the search short."""
    where, values = f"record_id = ? AND {seen('batch')}", [record_id]
    if batch:
        where, values = f"batch = ? AND {where}", [batch, record_id]
    rows = lake().records(f"SELECT * FROM {record_table(checked_type(code)).path} WHERE {where} LIMIT 1", values)
    if not rows:
        raise NotFound("submission.record", Text("没有这条记录", "There is no such record"))
    return rows[0]


def line_of(code: str, row: Mapping[str, Any]) -> str:
    """The record's line as it stands, or would stand, in a report file; empty where a value cannot stand in a line."""
    record = record_type(code)
    try:
        return render_record(record, fact_of(record, row))
    except Invalid:
        return ""


def fact_of(record: RecordType, row: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a stored record as the standard reads it: its segments, or the items of one without segments."""
    return {name: _present(row[name]) for name in record_columns(record.code) if row[name] is not None}


def _by_segment(record: RecordType, row: Mapping[str, Any]) -> dict[str, Any]:
    """The segments of a stored record by letter; a flat record is one, and of a correction the corrected ones stand beside its
    head."""
    if record.flat:
        return {record.segments[0].code: row}
    fact = dict(row)
    for holder in record.segments if record.corrections else ():
        if not holder.items:
            fact |= fact.get(holder.code) or {}
    return fact


def _present(value: Any) -> Any:
    """A segment without the tags that are absent."""
    if isinstance(value, Mapping):
        return {name: _present(inner) for name, inner in value.items() if inner is not None}
    return [_present(each) for each in value] if isinstance(value, list) else value


def view_record(code: str, record_id: str, batch: str | None = None) -> RecordView:
    """Read a record, in three queries of the lake. Raises NotFound."""
    row = stored_record(code, record_id, batch)
    file, line, theirs = _sent(code, row["batch"], record_id)
    blames = (*_our_blames(code, row["batch"], record_id), *theirs)
    return RecordView(
        record_type=code,
        record_id=record_id,
        batch=row["batch"],
        business_date=row["business_date"],
        key=row["key"],
        report_date=row["RptDate"],
        content=row["content"],
        segments=tuple(shown_segments(code, _by_segment(record_type(code), row), blames)),
        blames=blames,
        line_text=line_of(code, row),
        origins=origins_of(row),
        file=file,
        line=line,
    )


def _our_blames(code: str, batch: str, record_id: str) -> tuple[Blame, ...]:
    rows = lake().rows(
        f"SELECT rule, code, tag, severity, edition FROM {FINDING.path} WHERE batch = ? AND record_id = ?"
        " ORDER BY severity = 'block' DESC, rule, tag",
        [batch, record_id],
    )
    return tuple(
        Blame(rule, error, tag, severity, rule_title(code, rule, error), _path(code, rule, tag), edition)
        for rule, error, tag, severity, edition in rows
    )


def origins_of(row: Mapping[str, Any]) -> tuple[Origin, ...]:
    """The source rows that a stored record names."""
    return tuple(Origin(each["entity"], each["source"], each["load"], each["row"]) for each in row["origin"] or ())


def _sent(code: str, batch: str, record_id: str) -> tuple[str, int | None, tuple[Blame, ...]]:
    """In which file and line the record was sent, and what the centre said against it."""
    rows = lake().rows(
        f"SELECT DISTINCT l.file, l.line, e.code, e.tag FROM {FILE_LINE.path} l"
        f" LEFT JOIN {FEEDBACK.path} e ON e.file = l.file AND e.record_id = l.record_id"
        " WHERE l.batch = ? AND l.record_id = ? ORDER BY e.code, e.tag",
        [batch, record_id],
    )
    if not rows:
        return "", None, ()
    file, line = rows[0][0], int(rows[0][1])
    blames = tuple(
        Blame("", error, tag, "block", error_title(code, error), _their_path(code, error, tag), "", file, line)
        for _, _, error, tag in rows
        if error
    )
    return file, line, blames


def _path(code: str, rule: str, tag: str) -> str:
    """Where the blamed item stands, by the rule's own checks; its tag where the rule is gone or blames elsewhere."""
    found = rule_of(code, rule)
    checks = found.checks if found else ()
    return next((check.blame for check in checks if check.tag == tag and check.blame), tag)


def _their_path(code: str, error: str, tag: str) -> str:
    """The centre names a tag alone; our rule for the same code knows the segment."""
    paths = {_path(code, rule, tag) for rule in rules_with_code(code, error)} - {tag}
    return paths.pop() if len(paths) == 1 else tag


def shown_segments(code: str, fact: Mapping[str, Any], blames: Sequence[Blame]) -> Iterator[ShownSegment]:
    """The segments that are there, and those whose absence is blamed."""
    record = record_type(code)
    for segment in (*(each for each in record.segments if each.items), *record.corrections):
        given = fact.get(segment.code)
        mine = _blames_of(segment, blames, given is not None)
        if given is None:
            if mine:
                yield ShownSegment(segment.code, segment.tag, segment.title, False, (), 0, tuple(mine))
            continue
        items: list[ShownItem | ShownGroup] = []
        absent = 0
        for member in segment.items:
            blamed = tuple(blame for blame in mine if blame.path.rpartition(".")[2] == member.tag)
            if isinstance(member, Group):
                items.append(_shown_group(record, segment, member, fact, given, mine))
            elif given.get(member.tag) is None and not blamed:
                absent += 1
            else:
                items.append(_shown_item(record, member, given.get(member.tag), blamed, fact))
        whole = tuple(blame for blame in mine if blame.path in (segment.code, segment.tag))
        yield ShownSegment(segment.code, segment.tag, segment.title, True, tuple(items), absent, whole)


def _blames_of(segment: Segment, blames: Sequence[Blame], present: bool) -> list[Blame]:
    tags = {segment.tag, *(member.tag for member in segment.items)}
    tags |= {item.tag for group in segment.groups for item in group.items}
    mine = []
    for blame in blames:
        letter, dot, rest = blame.path.partition(".")
        placed = bool(dot) and letter == segment.code and rest.split(".")[-1] in tags
        unplaced = not dot and present and blame.path in tags and blame.tag not in WHOLE
        if placed or unplaced or blame.path in (segment.code, segment.tag):
            mine.append(blame)
    return mine


def _shown_group(
    record: RecordType,
    segment: Segment,
    group: Group,
    fact: Mapping[str, Any],
    given: Mapping[str, Any],
    mine: Sequence[Blame],
) -> ShownGroup:
    rows = []
    for element in given.get(group.tag) or ():
        row = []
        for item in group.items:
            blamed = tuple(blame for blame in mine if blame.path.rpartition(".")[2] == item.tag)
            if element.get(item.tag) is not None or blamed:
                path = f"{segment.code}.{group.tag}"
                row.append(_shown_item(record, item, element.get(item.tag), blamed, fact, (path, element)))
        rows.append(tuple(row))
    whole = tuple(blame for blame in mine if blame.path.rpartition(".")[2] == group.tag)
    return ShownGroup(group.tag, group.title, tuple(rows), whole)


def _shown_item(
    record: RecordType,
    item: Item,
    value: str | None,
    blames: tuple[Blame, ...],
    fact: Mapping[str, Any],
    element: tuple[str, Mapping[str, Any]] | None = None,
) -> ShownItem:
    sign = "" if item.fixed else ".."
    return ShownItem(
        tag=item.tag,
        title=item.title,
        value=value,
        meaning=_meaning(record, item, value, fact, element) if value else None,
        kind=personal_kind(item.tag, record.subject),
        blames=blames,
        form=f"{item.type}{sign}{item.length}",
    )


def _meaning(
    record: RecordType,
    item: Item,
    value: str,
    fact: Mapping[str, Any],
    element: tuple[str, Mapping[str, Any]] | None,
) -> Text | None:
    tables = catalogue.current().codes(record.subject)
    names = [name for name in item.codes if name in tables]
    for name, condition in () if record.corrections else item.codes_when:
        if name in tables and _holds(record.code, condition, fact, element):
            names = [name]
            break
    return next((tables[name].values[value] for name in names if value in tables[name].values), None)


def _holds(code: str, condition: str, fact: Mapping[str, Any], element: tuple[str, Mapping[str, Any]] | None) -> bool:
    path = element[0] if element else ""
    variables = {"p": element[1]} if element else {}
    return evaluate(_condition(code, condition, path), fact, variables).state == "true"


@lru_cache(maxsize=512)
def _condition(code: str, condition: str, path: str) -> Any:
    vocabulary = record_vocabulary(code)
    field = vocabulary.find(path) if path else None
    variables = {}
    if field is not None and isinstance(field.type, ListOf):
        variables["p"] = Field("p", field.type.element, field.label)
    return parse(condition, vocabulary, variables=variables)


def point_title(code: str, point: str | None) -> Text | None:
    """What a reporting point code means for a record type."""
    record = record_type(code)
    if not point:
        return None
    item = next((item for item in record.segments[0].plain if item.tag == "RptDateCode"), None)
    if item is None:
        return None
    tables = catalogue.current().codes(record.subject)
    return next((tables[name].values[point] for name in item.codes if point in tables[name].values), None)
