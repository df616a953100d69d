"""What a derivation is asked for, and the SQL that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from app.standard.catalogue import Group, Item, RecordType
from app.standard.layout import column_types
from app.submission.at_hand import IN_LAKE, Rows
from app.submission.slots import key_text as key_text
from app.submission.slots import slot_keys, slot_of, slots_of
from app.submission.tables import (
    FILE_LINE,
    FINDING,
    accepted_table,
    of_day,
    of_provider,
    operations_on,
    record_table,
    record_type,
    standard_tables,
)

Condition = Callable[[str, str, str], str]
"""Turns (record type, expression, group) into SQL over the columns B, C, …; inside a group its occurrence is `p`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One bucket of one record type of one batch.

    `operations` are the operation types of which anything is due today or on its way, None where that is not known; `voided`
    tells whether a source has declared anything void. What is not there is not asked for.

    `explaining` asks a derivation not for the records that are due but why each subject is due or not (see `finished`);
    `only` for one business key alone. `rows` says where the rows of the lake are found.
    """

    batch: str
    business_date: date
    provider: str
    bucket: int
    buckets: int
    unanswered: tuple[str, ...]
    condition: Condition
    operations: tuple[str, ...] | None = None
    voided: bool = True
    explaining: bool = False
    only: str = ""
    rows: Rows = IN_LAKE

    @property
    def day(self) -> str:
        return f"DATE '{self.business_date.isoformat()}'"

    @property
    def day_text(self) -> str:
        return f"'{self.business_date.isoformat()}'"

    def entity(self, name: str, *key: str) -> str:
        """SELECT of the legal entity's rows of today of a standard entity; with a key, only those of this bucket."""
        bucket = f" WHERE {self.chosen(key_text(*key), slotted=slot_keys().get(name) == key)}" if key else ""
        mine = of_day(self.provider, self.business_date)
        return f"SELECT * FROM {self.rows(standard_tables()[name].path, mine)}{bucket}"

    def accepted(self, code: str) -> str:
        """SELECT of what the centre has taken of this bucket's keys from the legal entity."""
        return f"{self.every_accepted(code)} WHERE {self.chosen('key')}"

    def every_accepted(self, code: str) -> str:
        """SELECT of all that the centre has taken of a type from the legal entity, for one whose keys are not those of this record."""
        return f"SELECT * FROM {self.rows(accepted_table(code).path, of_provider('file', self.provider))}"

    def travelling(self, code: str) -> str:
        """SELECT of the keys that have a record or an operation on its way, sent and not yet answered."""
        files = ", ".join(f"'{name}'" for name in self.unanswered) or "''"
        types = ", ".join(f"'{each}'" for each in (code, *self.operations_on(code)))
        lines = f"SELECT {{}} FROM {self.rows(FILE_LINE.path, f'file IN ({files})')} WHERE record_type IN ({types})"
        renamed = "".join(
            f' UNION SELECT "NwBnesCode" FROM {self.rows(record_table(each).path, _RENAMED)}'
            f" WHERE record_id IN ({lines.format('record_id')})"
            for each in self._renaming(code)
        )
        return f"{lines.format('DISTINCT key')}{renamed}"

    def waiting(self, code: str) -> str:
        """SELECT of the keys of which no record is sent today: something is on its way, an operation goes first, or the source
        has declared them void.

        A correction that was blocked or refused before holds nothing back any more: it waits for people, the account does not.
        """
        parts = [self.travelling(code)]
        for each in self.operations_on(code):
            settled = ""
            if record_type(each).kind == "correct_segment":
                blocked = f"record_type = '{each}' AND severity = 'block' AND business_date < {self.day}"
                settled = f" WHERE key NOT IN (SELECT key FROM {self.rows(FINDING.path, blocked)})"
            mine = f"FROM {self.today(each)}"
            parts.append(f"SELECT key {mine}{settled}")
            if each in self._renaming(code):
                parts.append(f'SELECT "NwBnesCode" {mine} WHERE {_RENAMED}')
        if self.voided:
            parts.append(f"SELECT {VOIDED_KEY} FROM ({self.entity('voided')}) WHERE about = '{code}'")
        return " UNION ".join(parts)

    def today(self, code: str) -> str:
        """The relation of the records or operations of a type that the batch has so far."""
        return self.rows(record_table(code).path, f"batch = '{self.batch}'")

    def operations_on(self, code: str) -> tuple[str, ...]:
        """The operations on a record type of which there may be any."""
        return tuple(each for each in operations_on(code) if self.operations is None or each in self.operations)

    def _renaming(self, code: str) -> tuple[str, ...]:
        return tuple(each for each in self.operations_on(code) if record_type(each).kind == "change_identifier")

    def chosen(self, key: str, *, slotted: bool = False) -> str:
        """SQL that chooses the rows of this bucket by their key, or, of standard rows that are `slotted` by it, by their slot."""
        if self.only:
            asked = self.only.replace("'", "''")
            return f"{key} = '{asked}'"
        first, last = slots_of(self.bucket, self.buckets)
        return f"{'_slot' if slotted else slot_of(key)} BETWEEN {first} AND {last}" if self.buckets > 1 else "TRUE"


_RENAMED = '"NwBnesCode" IS NOT NULL'

VOIDED_KEY = "coalesce(nullif(code, ''), concat_ws('|', cert_type, cert_number))"
"""The business key of what a source has declared void."""


def segment(
    record: RecordType, letter: str, row: str, given: Mapping[str, str] | None = None, account: str = ""
) -> str:
    """A STRUCT of the segment's tags from the columns of `row`; `given` replaces single values.

    Tags that the account type does not have are absent (NULL), the others stand, empty where there is no value. Tags with a
    further condition are settled by `settled` when the whole record is there.
    """
    given = given or {}
    members = []
    for member in record.segment(letter).items:
        if isinstance(member, Group):
            members.append(f'"{member.tag}" := {given[member.tag]}')
            continue
        own = f'{row}."{member.tag}"'
        value = f"coalesce({given.get(member.tag, own)}, '')"
        if member.accounts is not None:
            # As a list, since the engine would make a join of every longer IN.
            accounts = ", ".join(f"'{name}'" for name in sorted(member.accounts))
            value = f"CASE WHEN list_contains([{accounts}], {account}) THEN {value} END"
        members.append(f'"{member.tag}" := {value}')
    return f"struct_pack({', '.join(members)})"


def occurrences(record: RecordType, letter: str, row: str) -> str:
    """A list of STRUCTs, one for each row of a group in an aggregation, in the order of their origin."""
    group = record.segment(letter).groups[0]
    members = ", ".join(f'"{item.tag}" := coalesce({row}."{item.tag}", \'\')' for item in group.items)
    kept = ", ".join(f'"{item.tag}" := o."{item.tag}"' for item in group.items)
    # Sorted when gathered: an ordered aggregate sorts every group by itself, at many times the cost.
    return f'list_transform(list_sort(list(struct_pack(_row := {row}."_row", {members}))), o -> struct_pack({kept}))'


def gathered(scope: Scope, code: str, letter: str, entity: str, key: str, where: str = "TRUE") -> str:
    """SELECT of `key` and `found`: the rows of an entity gathered into the occurrences of a segment's group."""
    found = occurrences(record_type(code), letter, "x")
    return f"SELECT {key} AS key, {found} AS found FROM ({scope.entity(entity, key)}) x WHERE {where} GROUP BY 1"


def settled(record: RecordType, condition: Condition) -> str:
    """The segment columns with every conditional tag present exactly when its condition holds, over `conditional`."""
    return ", ".join(_settled(record, each.code, condition) for each in record.segments)


def _settled(record: RecordType, letter: str, condition: Condition) -> str:
    column = f'"{letter}"'
    kind = column_types(record.code)[letter]
    conditional = any(item.present_when for member in record.segment(letter).items for item in _items(member))
    if not conditional:
        return f"CAST({column} AS {kind}) AS {column}"
    members = []
    for member in record.segment(letter).items:
        if isinstance(member, Item):
            value = f'"{letter}.{member.tag}"' if member.present_when else f'{column}."{member.tag}"'
            members.append(f'"{member.tag}" := {_present(record, member, value, "", condition)}')
        else:
            path = f"{letter}.{member.tag}"
            values = {item: f'p."{item.tag}"' for item in member.items}
            inner = ", ".join(
                f'"{item.tag}" := {_present(record, item, value, path, condition)}' for item, value in values.items()
            )
            members.append(f'"{member.tag}" := list_transform({column}."{member.tag}", p -> struct_pack({inner}))')
    packed = f"struct_pack({', '.join(members)})"
    return f"CAST(CASE WHEN {column} IS NOT NULL THEN {packed} END AS {kind}) AS {column}"


def conditional(record: RecordType) -> str:
    """The conditional items of the segments as columns `letter.tag`, for `settled`.

    Under a condition the engine takes a whole segment in hand for any one of its items, but not for a column.
    """
    columns = [
        f', "{segment.code}"."{item.tag}" AS "{segment.code}.{item.tag}"'
        for segment in record.segments
        for item in segment.plain
        if item.present_when
    ]
    return "".join(columns)


def _items(member: Item | Group) -> tuple[Item, ...]:
    return (member,) if isinstance(member, Item) else member.items


def _present(record: RecordType, item: Item, value: str, group: str, condition: Condition) -> str:
    if item.present_when is None:
        return value
    return f"CASE WHEN {condition(record.code, item.present_when, group)} THEN {value} END"


def origin(*rows: tuple[str, str]) -> str:
    """The lineage of a record: (entity, row alias) pairs as a list of STRUCTs."""
    parts = ", ".join(
        f"struct_pack(entity := '{entity}', source := {row}._source, load := {row}._load, \"row\" := {row}._row)"
        for entity, row in rows
    )
    return f"[{parts}]"


GENERAL_REASON = "CASE WHEN {due} THEN CASE WHEN k.key IS NULL THEN 'new' ELSE 'changed' END ELSE 'unchanged' END"
"""Why a record is due or not where its derivation does not say more."""


def finished(
    code: str,
    scope: Scope,
    fresh: str,
    known: str,
    keep: Mapping[str, str],
    where: str,
    base: Mapping[str, str],
    reason: str = GENERAL_REASON,
    others: str = "",
) -> str:
    """SELECT in the shape of the record table.

    `fresh` gives key, origin and a column for every segment as it would stand today; `known` gives by key what the centre has
    (alias `k`, the fresh side is `n`). `keep` says per segment letter when it is sent (those not named never are), `where`
    which records are due, `base` replaces items of the base segment.

    Asked for reasons instead, it selects for every subject key, reason (a word of `reasons`), changed (the segments that
    differ from what the centre has) and point. `reason` is the word as an expression, in which `{due}` stands for `where`;
    `others` selects key and reason of the subjects that `fresh` leaves out.
    """
    record = record_type(code)
    letters = [each.code for each in record.segments]
    rest = ", ".join(f'"{letter}"' for letter in letters if letter != "B")
    updates = ", ".join(f'"{tag}" := CAST({value} AS VARCHAR)' for tag, value in base.items())
    chosen = ", ".join(
        f'CASE WHEN {keep[letter]} THEN n."{letter}" END AS "{letter}"' if letter in keep else f'NULL AS "{letter}"'
        for letter in letters
        if letter != "B"
    )
    head = ", ".join(f'"{letter}"' for letter in letters)
    columns = ", ".join(f"CAST({letter} AS {kind}) AS {letter}" for letter, kind in _quoted_types(code).items())
    compared = f"""
        WITH fresh AS ({fresh}),
             settled AS (SELECT * REPLACE ({settled(record, scope.condition)})
                         FROM (SELECT *{conditional(record)} FROM fresh)),
             known AS ({known})"""
    if scope.explaining:
        differing = {letter: changed(letter) for letter in keep if f'AS "{letter}"' in known}
        return reasons(code, scope, compared, where, reason, differing, base.get("RptDateCode", "''"), others)
    return f"""{compared},
             chosen AS (
                 SELECT n.key, n.origin, struct_update(n."B", {updates}) AS "B", {chosen}
                 FROM settled n LEFT JOIN known k ON n.key = k.key
                 WHERE n.key NOT IN ({scope.waiting(code)}) AND ({where})),
             typed AS (SELECT key, origin, {columns} FROM chosen)
        SELECT md5(concat_ws('|', '{code}', '{scope.batch}', key, "B"."RptDate")) AS record_id,
               '{scope.batch}' AS batch, {scope.day} AS business_date, {scope.bucket} AS bucket,
               key, "B"."RptDate" AS "RptDate",
               CAST(hash(struct_update("B", "RptDate" := ''), {rest}) AS VARCHAR) AS content,
               origin, {head}
        FROM typed"""


def reasons(
    code: str,
    scope: Scope,
    compared: str,
    due: str,
    reason: str,
    differing: Mapping[str, str],
    point: str,
    others: str = "",
) -> str:
    """SELECT of key, reason, changed and point over the relations `settled` and `known` that `compared` makes."""
    found = ", ".join(f"CASE WHEN {condition} THEN '{name}' END" for name, condition in differing.items())
    word = reason.replace("{due}", f"({due})")
    rest = f" UNION ALL SELECT key, reason, [] AS changed, '' AS point FROM ({others})" if others else ""
    return f"""
        SELECT key, CASE WHEN key IN ({scope.travelling(code)}) THEN 'on_its_way'
                         WHEN key IN ({scope.waiting(code)}) THEN 'operation_first' ELSE reason END AS reason, changed, point
        FROM ({compared}
              SELECT n.key, {word} AS reason,
                     list_filter(CAST([{found}] AS VARCHAR[]), x -> x IS NOT NULL AND k.key IS NOT NULL) AS changed,
                     CASE WHEN {due} THEN {point} ELSE '' END AS point
              FROM settled n LEFT JOIN known k ON n.key = k.key{rest})"""


def _quoted_types(code: str) -> dict[str, str]:
    return {f'"{letter}"': kind for letter, kind in column_types(code).items()}


def latest(*letters: str) -> str:
    """Aggregates giving, by segment letter, the newest occurrence that the centre has."""
    return ", ".join(
        f'arg_max("{letter}", RptDate) FILTER ("{letter}" IS NOT NULL) AS "{letter}"' for letter in letters
    )


def changed(letter: str) -> str:
    """The segment is new to the centre or differs from what it has."""
    return f'(n."{letter}" IS NOT NULL AND n."{letter}" IS DISTINCT FROM k."{letter}")'


def lacking(code: str, *letters: str) -> str:
    """NULL columns for the segments that the source of fresh records does not give."""
    types = column_types(code)
    return "".join(f', CAST(NULL AS {types[letter]}) AS "{letter}"' for letter in letters)
