"""The shapes of the interface catalogue: records, segments, items, code tables, error codes.

How presence is read, for persons and organisations alike
---------------------------------------------------------
The two source tables use slightly different words; the catalogue folds them into one meaning:

* `M`: wherever its segment stands, the tag stands, and its value is filled.
* `O`: wherever its segment stands, the tag stands; the value may be empty (an empty element is written, never left
  out).
* `C`: the tag stands exactly when its conditions hold: `accounts` names the account types that have it,
  `present_when` says the rest in the rule language. With neither, the tag always stands and only its value is
  conditional. Where the tag stands, its value is filled unless `empty_tag` says otherwise.

`empty_tag` is true for every `O` item and for those `C` items whose value may be empty. `filled_when` and
`empty_when` then say when the value is mandatory and when it is forbidden; where neither holds both are right.
Expressions name items by segment letter (`H.CloseDate`); inside a repeated group `p` is the occurrence. They are our
reading of the official notes, which stay available in `note`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.core.text import Text

Subject = Literal["person", "organisation"]
ItemType = Literal["A", "N", "AN", "ANC", "D", "M", "T"]
Presence = Literal["M", "O", "C"]
RecordKind = Literal[
    "record", "change_identifier", "correct_segment", "delete_segment", "delete_record", "special_event"
]
Verdict = Literal["R", "O", "X"]
"""Of a segment at a reporting point: required, optional, forbidden."""


@dataclass(frozen=True, slots=True)
class Item:
    """One data item (an XML element with text).

    `type`: A amount, N number, AN letters and digits, ANC any characters, D date, M month, T time. `length` counts
    characters and is a maximum, or exact if `fixed`. `decimals` is the number of digits after the point that an
    amount may have. `codes` lists the code tables a value may come from; when there are several, `codes_when` gives
    (table, expression) pairs that choose among them.
    """

    tag: str
    title: Text
    type: ItemType
    length: int
    fixed: bool
    presence: Presence
    codes: tuple[str, ...] = ()
    accounts: frozenset[str] | None = None
    empty_tag: bool = False
    present_when: str | None = None
    filled_when: str | None = None
    empty_when: str | None = None
    codes_when: tuple[tuple[str, str], ...] = ()
    decimals: int = 0
    note: str = ""
    confidence: str = "high"


@dataclass(frozen=True, slots=True)
class Group:
    """A block of items that repeats; `count_tag` is the item before it that states how often. `most` bounds it, if
    the standard does.
    """

    tag: str
    count_tag: str
    items: tuple[Item, ...]
    title: Text
    least: int = 1
    most: int | None = None

    def item(self, tag: str) -> Item:
        return next(item for item in self.items if item.tag == tag)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; `items` are in writing order, a group after its count. Flat records have one segment whose `code`
    is ''.
    """

    code: str
    tag: str
    title: Text
    items: tuple[Item | Group, ...]
    required: bool
    when: str = ""

    @property
    def plain(self) -> tuple[Item, ...]:
        """The items outside groups."""
        return tuple(item for item in self.items if isinstance(item, Item))

    @property
    def groups(self) -> tuple[Group, ...]:
        return tuple(item for item in self.items if isinstance(item, Group))

    def item(self, tag: str) -> Item:
        """The item of that tag outside groups; KeyError if there is none."""
        for item in self.plain:
            if item.tag == tag:
                return item
        raise KeyError(tag)

    def group(self, tag: str) -> Group:
        for group in self.groups:
            if group.tag == tag:
                return group
        raise KeyError(tag)


@dataclass(frozen=True, slots=True)
class Appearance:
    """Which segments one reporting point asks for, for one account type ('' any) and loan flag ('' any).

    `usable` false: the point does not apply to that account type. `segments` gives per letter (condition, verdict)
    pairs, the first whose condition holds decides, '' being always; letters it does not name are optional.
    `stricter` holds letters that only the written rules forbid, not the programs seen.
    """

    point: str
    account: str
    flag: str
    usable: bool
    segments: Mapping[str, tuple[tuple[str, Verdict], ...]]
    stricter: frozenset[str] = frozenset()

    def required(self) -> frozenset[str]:
        """Letters of the segments that must stand unconditionally."""
        return frozenset(letter for letter, cases in self.segments.items() if cases == (("", "R"),))

    def forbidden(self) -> frozenset[str]:
        """Letters of the segments that must not stand, unconditionally."""
        return frozenset(letter for letter, cases in self.segments.items() if cases == (("", "X"),))


@dataclass(frozen=True, slots=True, eq=False)
class RecordType:
    """One kind of record line. `code` is its three digits, `root` the element below `<Document>`.

    `kind` tells normal records from operations on stored ones, `parent` is then the code of the record operated on.
    A correction carries in `<MdfcSgmt>` exactly one of `corrections`, its parent's segments (of the base segment
    only the part that may be corrected). `shared` marks records that serve persons and organisations alike. Two
    record types are equal only if they are the same one of the same edition.
    """

    code: str
    root: str
    title: Text
    subject: Subject
    key: tuple[str, ...]
    segments: tuple[Segment, ...]
    flat: bool
    kind: RecordKind
    parent: str | None = None
    template: str = "  "
    appearance: tuple[Appearance, ...] = ()
    corrections: tuple[Segment, ...] = ()
    confidence: str = "high"
    note: str = ""
    shared: bool = False

    def segment(self, letter: str) -> Segment:
        """The segment of that letter; KeyError if this record has none."""
        for segment in self.segments:
            if segment.code == letter:
                return segment
        raise KeyError(letter)

    def items(self) -> Iterator[tuple[Segment, Group | None, Item]]:
        """Every item with where it stands, in writing order."""
        for segment in self.segments:
            for entry in segment.items:
                if isinstance(entry, Item):
                    yield segment, None, entry
                else:
                    for item in entry.items:
                        yield segment, entry, item

    def appears(self, point: str, account: str = "", flag: str = "") -> Appearance | None:
        """The row for a reporting point, account type and flag; None where the standard lists none."""
        for row in self.appearance:
            if row.point == point and row.account in ("", account) and row.flag in ("", flag):
                return row
        return None


@dataclass(frozen=True, slots=True)
class CodeTable:
    """A list of allowed values. `parents` maps a value to the wider one it belongs to.

    `strict` false marks national tables that change over time: a value outside them deserves a warning, not a
    rejection.
    """

    name: str
    title: Text
    values: Mapping[str, Text]
    parents: Mapping[str, str] = field(default_factory=dict)
    strict: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error code says about some record types."""

    records: tuple[str, ...]
    rule_no: str
    level: str
    stage: str
    title: Text
    tags: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error code of the credit centre. A few codes mean different things for different records."""

    code: str
    meanings: tuple[Meaning, ...]

    @property
    def title(self) -> Text:
        return self.meanings[0].title

    def meaning(self, record: str) -> Meaning:
        """The meaning for that record type, else the first one."""
        return next((meaning for meaning in self.meanings if record in meaning.records), self.meanings[0])
