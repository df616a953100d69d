"""The desk: choosing a row, entering items with the pre-check beside them while one types, saving, handing in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at
from app.core.actor import current_actor
from app.core.entities import visible_entities
from app.core.errors import Conflict, Invalid, NotFound
from app.core.text import Text
from app.standard import catalogue
from app.submission.entities.keeping import meant_entity
from app.submission.permissions import RECORDS, SUPPLEMENTS, WRITE_SUPPLEMENT
from app.submission.reading.exceptions import find_exception
from app.submission.supplement import deciding, writing
from app.submission.supplement.entry import FORMS, EntryForm, entry_form, fields, fieldsets
from app.submission.supplement.given import form_text, tables_of
from app.submission.supplement.models import Supplement
from app.submission.supplement.verdict import Verdict, verdict
from app.submission.supplement.writing import Look, Wish, WishRefused
from app.submission.tables import BUSINESS_KEY, record_type
from app.submission.views.day import shown_entity
from app.submission.views.supplements import wording
from app.web.access import may, permission
from app.web.toasts import toast
from app.web.words import say, sentence

_LONGEST: Final = 1_000


@permission(WRITE_SUPPLEMENT)
def new() -> ResponseReturnValue:
    """Choose the form, then the row."""
    chosen = FORMS.get(request.args.get("form", ""))
    return _new(chosen, {}, {})


def _new(
    form: EntryForm | None, values: Mapping[str, str], errors: Mapping[str, Text], problem: Text | None = None
) -> str:
    held = request.values.get("exception", "")
    return render_template(
        "submission/supplement_new.html",
        forms=FORMS,
        chosen=form,
        key_fields=[each for each in fields(form) if each.in_key] if form else [],
        tables_of=tables_of,
        form_text=form_text,
        values=values,
        errors=errors,
        problem=problem,
        exception=held,
        provider=shown_entity(),
        entities=visible_entities(),
    )


@permission(WRITE_SUPPLEMENT)
def begin() -> ResponseReturnValue:
    """A draft about the row that was named, or about the subject of an exception; what is wrong with its key (422)."""
    form = entry_form(request.form.get("form", ""))
    values = {name: request.form.get(f"v.{name}", "")[:_LONGEST] for name in form.key}
    provider = meant_entity(request.form.get("entity") or shown_entity()).provider
    if (number := request.form.get("exception", "")).isdigit() and may(RECORDS):
        held = find_exception(int(number[:12]))
        if held.record_type == form.record:
            provider = held.provider
            values |= dict(zip(BUSINESS_KEY_NAMES[form.record], held.key.split("|"), strict=False))
    try:
        draft = writing.begin(provider, form, values)
    except WishRefused as refused:
        return _new(form, values, refused.errors), refused.status
    except Conflict as conflict:
        return _new(form, values, {}, conflict.message), conflict.status
    return redirect(url_for("submission.supplements_edit", number=draft.id))


BUSINESS_KEY_NAMES: Final = {code: tuple(name.strip('"') for name in names) for code, names in BUSINESS_KEY.items()}


@permission(WRITE_SUPPLEMENT)
def edit(number: str) -> ResponseReturnValue:
    """The entry form of one's own draft; what the source says stands beside it, masked."""
    draft = _own(number)
    looked_at(Thing("supplement", draft.id), what="supplement", view="entry")
    return _edit(draft, writing.wish_of(draft), {})


def _own(number: str) -> Supplement:
    draft = deciding.find(number)
    if draft.author != current_actor().id or draft.state not in ("draft", "returned"):
        raise NotFound("submission.supplement", Text("没有这份草稿", "there is no such draft of yours"))
    return draft


def _edit(draft: Supplement, wish: Wish, errors: Mapping[str, Text], problem: Text | None = None) -> str:
    form = entry_form(draft.form)
    seen = writing.look(wish)
    return render_template(
        "submission/supplement_edit.html",
        draft=draft,
        form=form,
        sets=fieldsets(form),
        wish=wish,
        seen=seen,
        source=seen.source or {},
        errors=errors,
        problem=problem,
        tables_of=tables_of,
        form_text=form_text,
        kind_of=wording.kind_of,
        meaning=wording.meaning,
        key_parts=wording.key_parts(form, draft.key),
        longest=deciding.LONGEST_REASON,
        shortest=deciding.SHORTEST_REASON,
    )


def _wish(draft: Supplement, given: Mapping[str, Any]) -> Wish:
    """What the form says; the row stays the one that the draft is about. Raises Invalid (`submission.supplement_given`)."""
    if len(given) > 1_000 or not all(isinstance(value, str) for value in given.values()):
        raise Invalid("submission.supplement_given", Text("请求内容不完整", "what was sent is incomplete"))
    form = entry_form(draft.form)
    values = {each.tag: given.get(f"v.{each.tag}", "")[:_LONGEST] for each in fields(form) if not each.in_key}
    emptied = frozenset(each.tag for each in fields(form) if given.get(f"e.{each.tag}"))
    return Wish(
        draft.provider,
        form.name,
        values | form.values_in(draft.key),
        emptied,
        given.get("reason", "")[: 4 * deciding.LONGEST_REASON],
        _day(given.get("valid_from", "")),
        _day(given.get("valid_until", "")),
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found and 2006 <= found.year <= 2099 else None


def _body() -> dict[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Invalid("submission.supplement_given", Text("请求内容不完整", "what was sent is incomplete"))
    return given


@permission(WRITE_SUPPLEMENT)
def check(number: str) -> ResponseReturnValue:
    """What is to be said of what stands in the form now: which items appear, what is wrong, and the pre-check's verdict."""
    draft = _own(number)
    seen = writing.look(_wish(draft, _body()))
    return jsonify(_checked(seen, verdict(seen.entry)))


def _checked(seen: Look, said: Verdict) -> dict[str, Any]:
    shown = {}
    for field in fields(seen.form):
        stand, value = seen.stands[field.tag], seen.values.get(field.tag, "")
        means = wording.meaning(seen.form, field, value, stand.table) if value and field.item.codes else None
        problem = seen.errors.get(field.tag)
        shown[field.tag] = {
            "shown": stand.shown,
            "needed": stand.needed and not (seen.source or {}).get(field.tag),
            "table": stand.table,
            "meaning": say(means) if means else "",
            "problem": sentence(problem) if problem else "",
        }
    tags = set(shown)
    return {
        "items": shown,
        "said": [
            {
                "rule": each.rule,
                "code": each.code,
                "tag": each.tag if each.tag in tags else "",
                "severity": each.severity,
                "title": say(each.title),
                "why": say(each.why),
            }
            for each in said.said
        ],
        "others": {name: sentence(text) for name, text in seen.errors.items() if name not in tags},
        "blocks": said.blocks,
        "faults": len([tag for tag in seen.errors if tag in tags]),
        "derived": said.derived,
        "due": said.due,
        "whole": seen.whole,
    }


@permission(WRITE_SUPPLEMENT)
def save(number: str) -> ResponseReturnValue:
    """Keep the draft as it stands."""
    draft = _own(number)
    given = _body()
    lock = given.pop("lock", "")
    writing.save(_wish(draft, given), number, int(lock) if str(lock).isdigit() else None)
    return jsonify({"lock": draft.lock})


@permission(WRITE_SUPPLEMENT)
def submit(number: str) -> ResponseReturnValue:
    """Keep it and hand it to review, or say everything that is wrong with it (422)."""
    draft = _own(number)
    wish = _wish(draft, request.form.to_dict())
    try:
        writing.save(wish, number)
        writing.submit(draft)
    except WishRefused as refused:
        return _edit(draft, wish, refused.errors), refused.status
    except Conflict as conflict:
        return _edit(draft, wish, {}, conflict.message), conflict.status
    toast(Text("已提交，待第二人复核", "It is on its way to a second person"))
    return redirect(url_for("submission.supplements_one", number=number))


@permission(WRITE_SUPPLEMENT)
def discard(number: str) -> ResponseReturnValue:
    """Throw the draft away."""
    deciding.discard(_own(number))
    toast(Text("草稿已删除", "The draft has been thrown away"))
    return redirect(url_for("submission.supplements"))


@permission(SUPPLEMENTS)
def codes(form: str, table: str) -> ResponseReturnValue:
    """A code table of a form, as pairs of code and title."""
    known = catalogue.current().codes(record_type(entry_form(form).record).subject)
    if table not in known:
        raise NotFound("submission.code_table", Text("没有这张代码表", "there is no such code table"))
    answer = jsonify([[code, say(title)] for code, title in known[table].values.items()])
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def add_to(blueprint: Blueprint) -> None:
    one = "/supplements/<number>"
    blueprint.add_url_rule("/supplements/new", "supplements_new", new)
    blueprint.add_url_rule("/supplements/new", "supplements_begin", begin, methods=["POST"])
    blueprint.add_url_rule("/supplements/codes/<form>/<table>", "supplements_codes", codes)
    blueprint.add_url_rule(f"{one}/edit", "supplements_edit", edit)
    blueprint.add_url_rule(f"{one}/check", "supplements_check", check, methods=["POST"])
    blueprint.add_url_rule(f"{one}/save", "supplements_save", save, methods=["POST"])
    blueprint.add_url_rule(f"{one}/submit", "supplements_submit", submit, methods=["POST"])
    blueprint.add_url_rule(f"{one}/discard", "supplements_discard", discard, methods=["POST"])
