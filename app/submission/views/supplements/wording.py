"""The words in which supplements are shown, and their values with what is personal masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.core.masking import Kind
from app.core.text import Text
from app.standard import catalogue
from app.submission.reading.personal import entity_subject, personal_kind, shown_key
from app.submission.reading.terms import Term
from app.submission.supplement.entry import EntryForm, Field, entry_form, fields
from app.submission.supplement.models import Supplement
from app.submission.tables import record_type

STATES: Final[Mapping[str, Term]] = {
    "draft": Term(Text("草稿", "Draft")),
    "submitted": Term(Text("待复核", "To be reviewed"), "warning"),
    "returned": Term(Text("已退回", "Returned"), "danger"),
    "waiting": Term(Text("已批准，未到起始日", "Approved, not begun"), "info"),
    "in_force": Term(Text("生效中", "In force"), "success"),
    "expired": Term(Text("已到期", "Expired")),
    "matched": Term(Text("来源已一致", "Source says the same"), "info"),
    "withdrawn": Term(Text("已终止", "Ended")),
    "replaced": Term(Text("已被后来的取代", "Replaced")),
}


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item of a supplement beside what the source says; `moved` is the source's new value where they disagree."""

    field: Field
    value: str
    meaning: Text | None
    seen: str | None
    kind: Kind | None
    moved: str | None
    findings: tuple[list[str], ...]


def kind_of(form: EntryForm, tag: str) -> Kind | None:
    """How an item must be masked."""
    return personal_kind(tag, entity_subject(form.entity))


def meaning(form: EntryForm, field: Field, value: str, table: str = "") -> Text | None:
    """What a code means."""
    known = catalogue.current().codes(record_type(form.record).subject)
    names = [table] if table in known else [name for name in field.item.codes if name in known]
    return next((known[name].values[value] for name in names if value in known[name].values), None)


def key_text(supplement: Supplement) -> str:
    """The business key as lists show it."""
    form = entry_form(supplement.form)
    return shown_key(form.record, form.subject_of(form.values_in(supplement.key)))


def key_parts(form: EntryForm, key: str) -> list[tuple[Text, str, Kind | None]]:
    """The key's items with their titles and how each is masked."""
    values, titles = form.values_in(key), {each.tag: each.item.title for each in fields(form)}
    return [(titles[name], values.get(name, ""), kind_of(form, name)) for name in form.key]


def shown_items(supplement: Supplement) -> list[ShownItem]:
    """What a supplement says, item by item, in the standard's order; the key is left out."""
    form = entry_form(supplement.form)
    return [
        ShownItem(
            field,
            str(supplement.items[field.tag] or ""),
            meaning(form, field, str(supplement.items[field.tag] or "")),
            supplement.seen.get(field.tag),
            kind_of(form, field.tag),
            (supplement.conflict or {}).get(field.tag),
            tuple(each for each in supplement.findings if each[2] == field.tag),
        )
        for field in fields(form)
        if field.tag in supplement.items and not field.in_key
    ]
