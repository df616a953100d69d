"""What an operation that the centre has accepted does to the accepted state, statement by statement and set-wise.

Run within the transaction that notes the file as applied, so that it is done once however often it is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.lake.connection import Connection
from app.standard.catalogue import RecordType
from app.standard.layout import column_types
from app.submission.tables import (
    PROVIDER_LENGTH,
    RELEASED,
    REPLACED,
    accepted_table,
    base_item,
    base_type,
    identity_of,
    of_provider,
    record_type,
)


def apply_operations(connection: Connection, code: str, taken: str, file: str, day: str) -> None:
    """Change the accepted state by the operations of the relation `taken`, which has their columns and `key`, `line`, `record_id`.

    `day` is a date literal, `file` the name under which they were sent: it begins with the legal entity, of whose records alone
    something becomes otherwise.
    """
    record, base = record_type(code), record_type(base_type(code))
    # What was refused on the state as it was may be right on the state as it is now.
    connection.execute(
        f"INSERT INTO {RELEASED.path} BY NAME SELECT DISTINCT '{_entity(file)}' AS provider, '{base.code}' AS record_type, key,"
        f" '{code}' AS why, {day} AS released_on FROM {taken}"
    )
    _APPLIED[record.kind](connection, record, base, taken, file, day)


def _entity(file: str) -> str:
    return file[:PROVIDER_LENGTH]


def _mine(file: str) -> str:
    """A condition on accepted rows `a`: they are of the legal entity that sent the file."""
    return of_provider("a.file", _entity(file))


def _rename(connection: Connection, _record: RecordType, base: RecordType, taken: str, file: str, day: str) -> None:
    """All that was held under the old number is held under the new one, what an earlier change led to it included."""
    accepted, tag = accepted_table(base.code).path, base.key[0]
    changes = f'(SELECT "OdBnesCode" AS old, "NwBnesCode" AS new FROM {taken})'
    renamed = _base(base, 'a."B"', {tag: "c.new"})
    connection.execute(
        f'UPDATE {accepted} AS a SET key = c.new, "B" = {renamed} FROM {changes} c WHERE a.key = c.old AND {_mine(file)}'
    )
    if base.code == "210":
        events = accepted_table("215").path
        connection.execute(
            f'UPDATE {events} AS a SET key = c.new || substr(a.key, length(c.old) + 1), "AcctCode" = c.new'
            f' FROM {changes} c WHERE a."AcctCode" = c.old AND {_mine(file)}'
        )
    mine = f"record_type = '{base.code}' AND {of_provider('file', _entity(file))}"
    connection.execute(f"UPDATE {REPLACED.path} AS r SET new = c.new FROM {changes} c WHERE {mine} AND r.new = c.old")
    connection.execute(f"DELETE FROM {REPLACED.path} WHERE {mine} AND old IN (SELECT new FROM {changes})")
    connection.execute(
        f"INSERT INTO {REPLACED.path} BY NAME SELECT '{base.code}' AS record_type, old, new, '{file}' AS file, {day} AS accepted_on"
        f" FROM {changes}"
    )


def _base(base: RecordType, segment: str, changes: Mapping[str, str]) -> str:
    """The base segment with some items changed; written out, since DuckDB 1.5.5 dies of `struct_update` here."""
    tags = [member.tag for member in base.segment("B").items]
    members = ", ".join(f'"{tag}" := ' + changes.get(tag, f'{segment}."{tag}"') for tag in tags)
    return f"struct_pack({members})"


def _delete(connection: Connection, record: RecordType, base: RecordType, taken: str, file: str, _day: str) -> None:
    identity = identity_of(record.code)
    same = " AND ".join(f'{base_item(base.code, theirs, "a")} = t."{own}"' for own, theirs in identity.items())
    connection.execute(
        f"DELETE FROM {accepted_table(base.code).path} AS a WHERE {_mine(file)}"
        f" AND EXISTS (SELECT 1 FROM {taken} t WHERE t.key = a.key AND {same})"
    )


def _delete_segment(
    connection: Connection, _record: RecordType, base: RecordType, taken: str, file: str, _day: str
) -> None:
    """Segments go, and with the last of them the point at which they were reported."""
    accepted = accepted_table(base.code).path
    letters = _letters(connection, f'SELECT DISTINCT "DelSgmtCode" FROM {taken}', base)
    for letter in letters:
        within = (
            '(coalesce(t."DelStartDate", \'\') = \'\' OR a."RptDate" >= t."DelStartDate")'
            ' AND (coalesce(t."DelEndDate", \'\') = \'\' OR a."RptDate" <= t."DelEndDate")'
        )
        connection.execute(
            f'UPDATE {accepted} AS a SET "{letter}" = NULL WHERE {_mine(file)} AND EXISTS (SELECT 1 FROM {taken} t'
            f" WHERE t.\"DelSgmtCode\" = '{letter}' AND t.key = a.key AND {within})"
        )
    empty = " AND ".join(f'a."{each.code}" IS NULL' for each in base.segments if each.code != "B")
    connection.execute(
        f"DELETE FROM {accepted} AS a WHERE {_mine(file)} AND a.key IN (SELECT key FROM {taken}) AND {empty}"
    )


def _correct(connection: Connection, record: RecordType, base: RecordType, taken: str, file: str, day: str) -> None:
    """The segment of that report date is replaced; at a date of which nothing is held it stands by itself."""
    accepted = accepted_table(base.code).path
    types = column_types(base.code)
    for letter in _letters(connection, f'SELECT DISTINCT "BsSgmt"."MdfcSgmtCode" FROM {taken}', base):
        mine = f'(SELECT * FROM {taken} WHERE "BsSgmt"."MdfcSgmtCode" = \'{letter}\')'
        corrected = next(each for each in record.corrections if each.code == letter)
        content = f't."MdfcSgmt"."{letter}"'
        if letter == "B":
            value = _base(base, 'a."B"', {item.tag: f'{content}."{item.tag}"' for item in corrected.plain})
        else:
            value = f"CAST({content} AS {types[letter]})"
        same = f'a.key = t.key AND a."RptDate" = t."BsSgmt"."RptDate" AND {_mine(file)}'
        if letter != "B":
            dated = _base(base, "n.b", {"RptDate": 't."BsSgmt"."RptDate"'})
            newest = f'(SELECT key, arg_max("B", "RptDate") AS b FROM {accepted} a WHERE {_mine(file)} GROUP BY key)'
            connection.execute(
                f'INSERT INTO {accepted} BY NAME SELECT t.record_id, t.key, t."BsSgmt"."RptDate" AS "RptDate", t.content,'
                f" '{file}' AS file, t.line, {day} AS accepted_on,"
                f' {dated} AS "B", {value} AS "{letter}"'
                f" FROM {mine} t JOIN {newest} n ON n.key = t.key"
                f" WHERE NOT EXISTS (SELECT 1 FROM {accepted} a WHERE {same})"
            )
        connection.execute(f'UPDATE {accepted} AS a SET "{letter}" = {value} FROM {mine} t WHERE {same}')


def _letters(connection: Connection, query: str, base: RecordType) -> list[str]:
    """The segments that operations name, of those that there are."""
    named = {letter for (letter,) in connection.execute(query).fetchall()}
    return [each.code for each in base.segments if each.code in named]


_APPLIED: Mapping[str, Callable[[Connection, RecordType, RecordType, str, str, str], None]] = {
    "change_identifier": _rename,
    "delete_record": _delete,
    "delete_segment": _delete_segment,
    "correct_segment": _correct,
}
