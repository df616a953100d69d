"""What can be supplemented: for each kind of standard row its key and its items, out of the standard's catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from app.core.errors import NotFound
from app.core.text import Text
from app.standard import catalogue
from app.standard.catalogue import Catalogue, Item, Segment
from app.submission.tables import BUSINESS_KEY, record_type, standard_tables

_AS_OF: Final = Item("as_of", Text("数据日期", "date of the data"), "D", 10, fixed=True, presence="M")


@dataclass(frozen=True, slots=True)
class EntryForm:
    """One kind of standard row as people enter it.

    `key` are the columns that tell its rows apart, the business key of `record` first; `fixed` are columns whose value makes
    the kind. `letters` are the segments of `record` whose items the row holds, `group` the one of whose repeated group a row
    is an occurrence, `base` the items of the base segment that it holds beside its key.
    """

    name: str
    entity: str
    title: Text
    record: str
    key: tuple[str, ...]
    letters: str = ""
    group: str = ""
    base: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    dated: bool = False

    @property
    def subject_key(self) -> tuple[str, ...]:
        """The part of the key that is the record's business key."""
        return self.key[: len(BUSINESS_KEY[self.record])]

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns by which a row is found, the fixed ones first."""
        return (*self.fixed, *self.key)

    def key_of(self, values: Mapping[str, str]) -> str:
        """The whole key of a row as one text, as `key_sql` makes it."""
        return "|".join([*self.fixed.values(), *(values.get(name, "") for name in self.key)])

    def key_sql(self, row: str) -> str:
        """`key_of` in SQL, over the columns of `row`."""
        parts = ", ".join(f"coalesce({row}.\"{name}\", '')" for name in self.key_columns)
        return f"concat_ws('|', {parts})"

    def values_in(self, key: str) -> dict[str, str]:
        """The values of the key's columns, out of the key as one text."""
        return dict(zip(self.key, key.split("|")[len(self.fixed) :], strict=False))

    def subject_of(self, values: Mapping[str, str]) -> str:
        """The business key of the record that the row belongs to."""
        return "|".join(values.get(name, "") for name in self.subject_key)


@dataclass(frozen=True, slots=True)
class Field:
    """One item of an entry form. `segment` is its letter; `path` names it in the record, where it stands there alone."""

    item: Item
    segment: str
    in_key: bool

    @property
    def tag(self) -> str:
        return self.item.tag


@dataclass(frozen=True, slots=True)
class Fieldset:
    """The fields of one segment."""

    letter: str
    title: Text
    fields: tuple[Field, ...]


_ACCOUNT: Final = ("AcctType", "Name", "IDType", "IDNum", "MngmtOrgCode")
_PERSONAL_PARTY: Final = ("AcctCode", "ArlpCertType", "ArlpCertNum", "ArlpType")
_DEED: Final = ("AcctCode", "ChanTranType", "TranDate")

FORMS: Final[Mapping[str, EntryForm]] = {
    form.name: form
    for form in (
        EntryForm("person", "person", Text("个人基本信息", "Person"), "110", ("IDType", "IDNum"), "DEFGHI",
                  base=("Name", "InfSurcCode", "Cimoc", "CustomerType")),
        EntryForm("personal_account", "personal_account", Text("个人借贷账户", "Personal account"), "210", ("AcctCode",),
                  "CFGI", base=_ACCOUNT),
        EntryForm("personal_daily", "personal_performance", Text("个人账户当日表现", "Personal account, state of the day"),
                  "210", ("AcctCode",), "HJ", fixed={"kind": "D"}, dated=True),
        EntryForm("personal_settled", "personal_performance",
                  Text("个人账户结算日表现", "Personal account, state of the settlement day"), "210", ("AcctCode",), "HJ",
                  fixed={"kind": "S"}, dated=True),
        EntryForm("personal_party", "repayment_party", Text("个人账户相关还款责任人", "Personal account, responsible party"),
                  "210", _PERSONAL_PARTY, group="D", fixed={"subject": "person"}),
        EntryForm("personal_collateral", "collateral_link", Text("个人账户抵质押合同", "Personal account, collateral contract"),
                  "210", ("AcctCode", "Ccc"), group="E", fixed={"subject": "person"}),
        EntryForm("personal_deed", "special_transaction", Text("个人账户特殊交易", "Personal account, special transaction"),
                  "210", _DEED, group="K", fixed={"subject": "person"}),
        EntryForm("organisation", "organisation", Text("企业基本信息", "Organisation"), "310", ("EntCertType", "EntCertNum"),
                  "DEFGHI", base=("EntName", "InfSurcCode", "Cimoc", "CustomerType", "EtpSts", "OrgType")),
        EntryForm("organisation_member", "organisation_member", Text("企业主要组成人员", "Organisation, principal member"),
                  "310", ("EntCertType", "EntCertNum", "MmbIDType", "MmbIDNum", "MmbPstn"), group="E"),
        EntryForm("organisation_shareholder", "organisation_shareholder",
                  Text("企业主要出资人", "Organisation, principal shareholder"), "310",
                  ("EntCertType", "EntCertNum", "SharHodIDType", "SharHodIDNum"), group="F"),
        EntryForm("corporate_account", "corporate_account", Text("企业借贷账户", "Corporate account"), "410", ("AcctCode",),
                  "CFG", base=_ACCOUNT),
        EntryForm("corporate_daily", "corporate_performance", Text("企业账户还款表现", "Corporate account, performance"), "410",
                  ("AcctCode",), "H", dated=True),
        EntryForm("corporate_party", "repayment_party", Text("企业账户相关还款责任人", "Corporate account, responsible party"),
                  "410", _PERSONAL_PARTY, group="D", fixed={"subject": "organisation"}),
        EntryForm("corporate_collateral", "collateral_link",
                  Text("企业账户抵质押合同", "Corporate account, collateral contract"), "410", ("AcctCode", "Ccc"), group="E",
                  fixed={"subject": "organisation"}),
        EntryForm("corporate_deed", "special_transaction", Text("企业账户特定交易", "Corporate account, special transaction"),
                  "410", _DEED, group="I", fixed={"subject": "organisation"}),
    )
}  # fmt: skip
"""By name. A new standard entity becomes one that can be supplemented by a line here."""


def entry_form(name: str) -> EntryForm:
    """Raises NotFound (`submission.entry_form`)."""
    found = FORMS.get(name)
    if found is None:
        raise NotFound("submission.entry_form", Text("没有这种补录表单", "there is no such entry form"))
    return found


def fieldsets(form: EntryForm) -> tuple[Fieldset, ...]:
    """The fields of a form by segment, in the standard's order; the key comes first."""
    return _fieldsets(catalogue.current(), form.name)


@lru_cache(maxsize=64)
def _fieldsets(edition: Catalogue, name: str) -> tuple[Fieldset, ...]:
    del edition
    form, record = FORMS[name], record_type(FORMS[name].record)
    known = standard_tables()[form.entity].columns
    # How often a group repeats is counted when the record is derived.
    seen = {group.count_tag for segment in record.segments for group in segment.groups}

    def taken(segment: Segment, items: Iterator[Item]) -> Iterator[Field]:
        for item in items:
            if item.tag in known and item.tag not in seen:
                seen.add(item.tag)
                yield Field(item, segment.code, item.tag in form.key)

    base = record.segment("B")
    wanted = {*form.subject_key, *form.base}
    first = [Field(_AS_OF, "B", False)] if form.dated else []
    sets = [Fieldset("B", base.title, (*taken(base, (i for i in base.plain if i.tag in wanted)), *first))]
    for segment in (record.segment(letter) for letter in (form.group or form.letters)):
        items = segment.groups[0].items if form.group else segment.plain
        sets.append(Fieldset(segment.code, segment.title, tuple(taken(segment, iter(items)))))
    return tuple(each for each in sets if each.fields)


def fields(form: EntryForm) -> tuple[Field, ...]:
    """All fields of a form, in order."""
    return tuple(each for group in fieldsets(form) for each in group.fields)


def field_titles(form: EntryForm) -> dict[str, Text]:
    """What the items of a form are called, by tag."""
    return {each.tag: each.item.title for each in fields(form)}
