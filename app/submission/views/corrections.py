"""The corrections desk: groups, rows, one record from the feedback error back to the source row, and requests for operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at, record
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import CreditLinkError, Invalid, NotFound
from app.core.people import directory, name_of
from app.core.text import Text
from app.submission.corrections import desk
from app.submission.corrections.history import EVENTS, history_of
from app.submission.corrections.suggestions import FIXES, suggestion_for, table
from app.submission.models import HeldRecord
from app.submission.operations.requests import find_bundle, segments_of
from app.submission.permissions import APPROVE, CORRECT, RECORDS
from app.submission.reading import corrections as reading
from app.submission.reading import terms
from app.submission.reading.exceptions import age_days, find_exception
from app.submission.reading.files import days_of
from app.submission.reading.findings import rules_with_code, tag_title
from app.submission.reading.personal import personal_kind, shown_key
from app.submission.reading.records import RecordView, ShownGroup, view_record
from app.submission.tables import base_type, operations_on, record_type
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, csv_answer, database_page, database_stream
from app.web.parts import TimelineEntry, Tone
from app.web.toasts import toast
from app.web.words import say
from app.workflow.clocks.limits import due_text

COLUMNS: Final = (
    Column("opened_on", Text("发生日", "Opened"), sortable=True),
    Column("age", Text("天数", "Days"), number=True),
    Column("key", Text("业务标识", "Business key")),
    Column("findings", Text("规则或错误代码", "Rules or error codes")),
    Column("fix", Text("处理方式", "Way to mend")),
    Column("owner", Text("经办人", "Owner"), sortable=True),
    Column("house_due", Text("内部时限", "House limit"), sortable=True),
    Column("status", Text("状态", "State"), sortable=True),
)
_HANDLERS: Final = ("compliance", "operator")
_WHY_RULES: Final = 50


def listing() -> Listing:
    """The rows of a group, the oldest first."""
    return Listing(
        columns=COLUMNS,
        order="opened_on",
        filters=(
            Filter("type", Text("记录类型", "Record type"), options=terms.type_options()),
            Filter("kind", Text("类别", "Kind"), options=terms.options(terms.HELD_KIND)),
            Filter("status", Text("状态", "State"), options=terms.options(terms.HELD)[:2]),
            Filter("fix", Text("处理方式", "Way to mend"), options=tuple(FIXES.items())),
            Filter("age", Text("时长", "Age"), options=tuple((name, title) for name, _, _, title in reading.AGES)),
            Filter("rule", Text("规则", "Rule"), hint=Text("P210-050", "P210-050")),
            Filter("code", Text("错误代码", "Error code"), hint=Text("BLE001", "BLE001")),
            Filter("tag", Text("数据项", "Item"), hint=Text("CloseDate", "CloseDate")),
            Filter("owner", Text("经办人", "Owner"), options=_owner_options()),
        ),
    )


def _owner_options() -> tuple[tuple[str, Text], ...]:
    people = [(each.id, Text(each.name, each.name)) for each in _handlers()]
    return (("-", Text("未分派", "Nobody yet")), *people)


def _handlers() -> list[Any]:
    known = {person.id: person for role in _HANDLERS for person in directory().holders(role)}
    return sorted(known.values(), key=lambda person: person.name)


@permission(RECORDS)
def corrections() -> ResponseReturnValue:
    """Groups of held records of the same kind, ages, and what waits for a second person."""
    return render_template(
        "submission/corrections.html",
        groups=reading.groups({}),
        ages=reading.ages({}),
        buckets=reading.AGES,
        waiting=reading.bundles("asked"),
        returned=reading.bundles("returned"),
        terms=terms,
        fixes=FIXES,
        tag_title=tag_title,
        name_of=name_of,
    )


@permission(RECORDS)
def rows() -> ResponseReturnValue:
    """Held records, by default of one group, with what can be done with all of them at once."""
    query = listing().read()
    statement = reading.selected(query.filters)
    page = database_page(current_session(), statement, query, reading.SORTS, HeldRecord.id)
    return render_template("submission/corrections_rows.html", **_rows_context(query, page))


def _rows_context(query: Any, page: Any) -> dict[str, Any]:
    code = query.filters.get("type", "")
    group = next(iter(reading.groups(query.filters)), None) if query.filters.get("code") else None
    return {
        "page": page,
        "group": group,
        "terms": terms,
        "fixes": FIXES,
        "people": _handlers(),
        "operations": _operations(code) if code else (),
        "segments": dict(pair for _, _, listed in (_operations(code) if code else ()) for pair in listed),
        "due_text": due_text,
        "age_days": age_days,
        "shown_key": shown_key,
        "name_of": name_of,
        "suggested": lambda held: suggestion_for(held.record_type, *_cause(held)),
        "title_of": lambda held: reading.cause_title(held.record_type, held.cause_rule, held.cause_code),
        "export": query.at(url_for("submission.corrections_csv")),
        "bulk": query.at(url_for("submission.corrections_bulk")),
    }


def _cause(held: HeldRecord) -> tuple[str, str, str]:
    return held.cause_rule, held.cause_code, held.cause_tag


def _operations(code: str) -> tuple[tuple[str, Text, tuple[tuple[str, Text], ...]], ...]:
    """The operations that can be asked for on records of a type: code, title, segments."""
    kinds = ("correct_segment", "delete_segment", "delete_record")
    return tuple(
        (each, terms.type_title(each), tuple(segments_of(each).items()))
        for each in operations_on(base_type(code))
        if record_type(each).kind in kinds
    )


@permission(RECORDS)
def export() -> ResponseReturnValue:
    """The filtered rows, keys masked; the export is recorded."""
    query = listing().read()
    record("submission.correction.export", Thing("exception", "*"), detail=dict(query.filters))
    found = database_stream(reading.selected(query.filters), query, reading.SORTS, HeldRecord.id)
    return csv_answer("corrections", [column.title for column in COLUMNS], found, _cells)


def _cells(held: HeldRecord) -> tuple[object, ...]:
    fix = FIXES[held.fix] if held.fix else suggestion_for(held.record_type, *_cause(held)).fix
    return (
        held.opened_on.isoformat(),
        age_days(held),
        shown_key(held.record_type, held.key),
        " ".join(dict.fromkeys(rule or code for rule, code, *_ in held.findings)),
        say(fix if isinstance(fix, Text) else FIXES[fix]),
        name_of(held.owner),
        due_text(held.house_due),
        say(terms.HELD[held.status].title),
    )


@permission(RECORDS)
def one(number: int) -> ResponseReturnValue:
    """One held record: as sent, what is said against it, our rule, the source rows, the history, and what can be done."""
    return _one(find_exception(number))


def _one(held: HeldRecord, problem: Text | None = None, status: int = 200) -> ResponseReturnValue:
    looked_at(Thing("exception", str(held.id)), what="correction", view="masked")
    try:
        view: RecordView | None = view_record(held.record_type, held.record_id, held.last_batch_id)
    except NotFound:
        view = None
    page = render_template(
        "submission/correction.html",
        held=held,
        view=view,
        why=_why(view) if view else {},
        problem=problem,
        history=[_line(each) for each in history_of(held)],
        requests=reading.requests_for(held),
        request_states=terms.REQUEST,
        suggestion=suggestion_for(held.record_type, *_cause(held)),
        title=reading.cause_title(held.record_type, held.cause_rule, held.cause_code),
        fixes=FIXES,
        people=_handlers(),
        operations=_operations(held.record_type),
        items=_items(held),
        basis=table().bureau_basis,
        days=days_of([held.batch_id, held.last_batch_id]),
        terms=terms,
        age=age_days(held),
        due_text=due_text,
        shown_key=shown_key,
        tag_title=tag_title,
        name_of=name_of,
        me=current_actor().id,
        is_group=lambda entry: isinstance(entry, ShownGroup),
    )
    return page, status


def _items(held: HeldRecord) -> tuple[tuple[str, Text, tuple[tuple[str, Text], ...]], ...]:
    """What may be written anew by hand: the items of every segment that a correction may hold, personal ones left out."""
    code = next((each for each in operations_on(base_type(held.record_type)) if record_type(each).corrections), None)
    if code is None:
        return ()
    subject = record_type(code).subject
    return tuple(
        (each.code, each.title, tuple((i.tag, i.title) for i in each.plain if not personal_kind(i.tag, subject)))
        for each in record_type(code).corrections
    )


def _why(view: RecordView) -> dict[str, str]:
    centre = dict.fromkeys(
        rule for blame in view.blames if blame.from_centre for rule in rules_with_code(view.record_type, blame.code)
    )
    ours = dict.fromkeys(blame.rule for blame in view.blames if blame.rule)
    return {"rules": ",".join([*ours, *centre][:_WHY_RULES]), "centre": ",".join(centre)}


def _line(each: Any) -> TimelineEntry:
    tone: dict[str, Tone] = {
        "opened": "warning",
        "returned": "danger",
        "refused": "danger",
        "closed": "success",
        "approved": "success",
    }
    text = say(FIXES[each.text]) if each.what == "chosen" and each.text in FIXES else each.text
    text = say(terms.RESOLUTION[text]) if each.what == "closed" and text in terms.RESOLUTION else text
    return TimelineEntry(each.at, EVENTS[each.what], name_of(each.actor), text, tone.get(each.what, "neutral"))


def _done(act: str, held: Sequence[HeldRecord]) -> int:
    """Do what the form asks with these records; how many it was done with."""
    given = request.form
    if act == "assign":
        return desk.assign(held, given.get("owner", "") or current_actor().id)
    if act == "choose":
        return desk.choose(held, given.get("fix", ""))
    if act == "explain":
        return desk.explain(held, given.get("text", ""))
    if act == "release":
        return desk.release(held)
    if act == "request":
        operation = given.get("operation", "")
        chosen = list(held)
        if len(held) > 1:
            chosen = desk.deletable(held)
        asked = desk.request_operation(
            chosen,
            operation,
            given.get("reason", ""),
            segment=given.get("segment", ""),
            starts=given.get("starts", ""),
            ends=given.get("ends", ""),
        )
        return len(asked)
    raise Invalid("submission.act", Text("没有这种办理", "There is no such act"))


_SAID: Final = {
    "assign": Text("已分派 {n} 条", "{n} assigned"),
    "choose": Text("已为 {n} 条选定方式", "Way chosen for {n}"),
    "explain": Text("已为 {n} 条填写说明", "Explained {n}"),
    "release": Text("{n} 条将随下一批原样重报", "{n} go again with the next batch"),
    "request": Text("已申请 {n} 项操作，等待复核", "{n} operations asked for; a second person decides"),
}


def _note_act(act: str, thing: str, number: int, detail: dict[str, str]) -> None:
    if act != "request":
        record(f"submission.correction.{act}", Thing("exception", thing), detail={"records": number, **detail})


@permission(CORRECT)
def act(number: int) -> ResponseReturnValue:
    """Do one thing with one record."""
    held = find_exception(number)
    return _attempt(held, lambda: _done(request.form.get("do", ""), [held]), request.form.get("do", ""))


@permission(CORRECT)
def by_hand(number: int) -> ResponseReturnValue:
    """Ask for a correction with an item written anew."""
    held = find_exception(number)

    def asked() -> int:
        letter, dot, tag = request.form.get("item", "").partition(".")
        code = next((each for each in operations_on(base_type(held.record_type)) if record_type(each).corrections), "")
        if not (dot and code):
            raise Invalid("submission.request", Text("请选择要更正的数据项", "Choose the item to correct"))
        desk.correct_by_hand(
            held, code, letter, {tag: request.form.get("value", "").strip()}, request.form.get("reason", "")
        )
        return 1

    return _attempt(held, asked, "request")


def _attempt(held: HeldRecord, work: Callable[[], int], name: str) -> ResponseReturnValue:
    try:
        number = work()
    except CreditLinkError as problem:
        return _one(held, problem.message, problem.status)
    _note_act(name, str(held.id), number, {})
    toast(_SAID[name].format(n=number))
    return redirect(url_for("submission.corrections_one", number=held.id))


@permission(CORRECT)
def bulk() -> ResponseReturnValue:
    """Do one thing with all that fit the filters."""
    query = listing().read()
    name = request.form.get("do", "")
    statement = reading.selected(query.filters).where(HeldRecord.status == "open").order_by(HeldRecord.id)
    held = current_session().scalars(statement.limit(desk.MOST + 1)).all()
    number = _done(name, held)
    _note_act(name, "*", number, dict(query.filters))
    toast(_SAID[name].format(n=number))
    return redirect(query.at(url_for("submission.corrections_rows")))


@permission(RECORDS)
def request_page(bundle: str) -> ResponseReturnValue:
    """What was asked for in one go, for the second person."""
    return _request_page(bundle)


def _request_page(bundle: str, problem: Text | None = None, status: int = 200) -> ResponseReturnValue:
    found = find_bundle(bundle)
    looked_at(Thing("operation_request", bundle), what="request", view="masked")
    page = render_template(
        "submission/correction_request.html",
        bundle=bundle,
        found=found[:200],
        number=len(found),
        first=found[0],
        title=terms.type_title(found[0].record_type),
        states=terms.REQUEST,
        segments=segments_of(found[0].record_type),
        shown_key=lambda each: shown_key(base_type(each.record_type), each.key),
        name_of=name_of,
        own=found[0].asked_by == current_actor().id,
        problem=problem,
    )
    return page, status


@permission(APPROVE)
def decide(bundle: str) -> ResponseReturnValue:
    """The second person's word."""
    approve = request.form.get("decision") == "approve"
    try:
        decided = desk.decide_request(bundle, approve, request.form.get("why", ""))
    except CreditLinkError as problem:
        return _request_page(bundle, problem.message, problem.status)
    said = Text("已同意 {n} 项，随下一批报送", "{n} approved; they go with the next batch")
    toast((said if approve else Text("{n} 项未获同意", "{n} refused")).format(n=len(decided)))
    return redirect(url_for("submission.corrections"))


@permission(CORRECT)
def withdraw(bundle: str) -> ResponseReturnValue:
    """Take back what has not gone out."""
    try:
        taken = desk.withdraw_request(bundle)
    except CreditLinkError as problem:
        return _request_page(bundle, problem.message, problem.status)
    record("submission.correction.withdraw", Thing("operation_request", bundle))
    toast(Text("已撤回 {n} 项", "{n} taken back").format(n=len(taken)))
    return redirect(url_for("submission.corrections"))


def add_to(blueprint: Blueprint) -> None:
    add = blueprint.add_url_rule
    add("/corrections", "corrections", corrections)
    add("/corrections/rows", "corrections_rows", rows)
    add("/corrections/rows.csv", "corrections_csv", export)
    add("/corrections/rows", "corrections_bulk", bulk, methods=["POST"])
    add("/corrections/<int:number>", "corrections_one", one)
    add("/corrections/<int:number>", "corrections_act", act, methods=["POST"])
    add("/corrections/<int:number>/by-hand", "corrections_by_hand", by_hand, methods=["POST"])
    add("/corrections/requests/<bundle>", "corrections_request", request_page)
    add("/corrections/requests/<bundle>", "corrections_decide", decide, methods=["POST"])
    add("/corrections/requests/<bundle>/withdraw", "corrections_withdraw", withdraw, methods=["POST"])
