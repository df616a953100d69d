"""Batches: the list, one batch with its process diagram, the release by a second person, and the retry of a failed step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select

from app.audit import Thing, record
from app.core.actor import current_actor
from app.core.config import settings
from app.core.db import current_session, unit_of_work
from app.core.errors import Invalid, NotFound, Refused
from app.core.registry import Registry
from app.core.text import Text
from app.submission.lake import lake
from app.submission.models import Batch
from app.submission.permissions import RECORDS, RELEASE, RETRY, VIEW
from app.submission.reading import batches, diagram, terms
from app.submission.reading.lake_rows import Row, lake_page, lake_stream
from app.submission.reading.personal import shown_key
from app.submission.reading.record_list import SORTS, STATES, records_in_state, with_details
from app.submission.reading.records import checked_type, point_title
from app.submission.service import decide_release, find_batch, release_form, release_question
from app.submission.views.day import parse_day
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, csv_answer, database_page
from app.web.toasts import toast
from app.web.words import datetime_text, language, say
from app.workflow import stepping
from app.workflow.forms import FormErrors, answers_from
from app.workflow.models import ProcessTask

_COUNTED: Final = ("due", "blocked", "exempt", "sent", "accepted", "rejected", "awaiting", "files")
LISTING: Final = Listing(
    columns=(
        Column("business_date", Text("业务日", "Business day"), sortable=True),
        Column("status", Text("状态", "State")),
        *(Column(name, batches.COLUMNS[name], number=True) for name in _COUNTED),
        Column("created_at", Text("发起", "Begun"), sortable=True),
        Column("finished_at", Text("结束", "Ended"), sortable=True),
    ),
    order="-business_date",
    filters=(
        Filter(
            "status",
            Text("状态", "State"),
            options=tuple((name, terms.BATCH[name].title) for name in ("running", "done", "stopped")),
        ),
        Filter("from", Text("业务日从", "Days from"), kind="date"),
        Filter("until", Text("至", "Until"), kind="date"),
    ),
)
_SORTS: Final = {
    "business_date": Batch.business_date,
    "created_at": Batch.created_at,
    "finished_at": Batch.finished_at,
}
RECORDS_LISTING: Final = Listing(
    columns=(
        Column("key", Text("业务标识", "Business key"), sortable=True),
        Column("report_date", Text("信息报告日期", "Report date")),
        Column("point", Text("报告时点", "Reporting point")),
        Column("findings", Text("发现", "Findings"), number=True),
        Column("line", Text("报文与行", "File and line"), sortable=True),
    ),
    order="key",
)


@permission(VIEW)
def batch_list() -> ResponseReturnValue:
    """All batches, the newest business day first."""
    query = LISTING.read()
    page = database_page(current_session(), _selected(query.filters), query, _SORTS, Batch.id)
    return render_template(
        "submission/batches.html",
        page=page,
        terms=terms,
        counted=_COUNTED,
        statuses=batches.statuses_of(page.rows),
        totals={batch.id: batches.totals_of(batch) for batch in page.rows},
        export=query.at(url_for("submission.batches_csv")),
    )


def _selected(filters: Mapping[str, str]) -> Select[Batch]:
    statement = select(Batch)
    if value := filters.get("status"):
        statement = statement.where(Batch.status == value)
    if first := parse_day(filters.get("from")):
        statement = statement.where(Batch.business_date >= first)
    if last := parse_day(filters.get("until")):
        statement = statement.where(Batch.business_date <= last)
    return statement


@permission(VIEW)
def batches_csv() -> ResponseReturnValue:
    """The filtered batches with their counts."""
    query = LISTING.read()
    with unit_of_work(reading=True) as session:
        rows = list(session.scalars(_selected(query.filters).order_by(Batch.business_date.desc())))
    titles = [Text("批次", "Batch"), *(column.title for column in LISTING.columns)]
    return csv_answer("batches", titles, rows, _batch_cells)


def _batch_cells(batch: Batch) -> list[object]:
    totals = batches.totals_of(batch)
    counted = [totals[name] for name in _COUNTED]
    status = say(terms.BATCH[batch.status].title)
    return [
        batch.id,
        batch.business_date.isoformat(),
        status,
        *counted,
        datetime_text(batch.created_at),
        datetime_text(batch.finished_at),
    ]


@permission(RECORDS)
def records(batch_id: str, code: str, state: str) -> ResponseReturnValue:
    """The records behind one number of a batch's counts."""
    batch = _known(batch_id, code, state)
    query = RECORDS_LISTING.read()
    found = records_in_state(batch.id, code, state)
    total = int(batch.counts.get(code, {}).get(state, 0)) if batch.finished_at else None
    page = lake_page(query, found.select, found.parameters, SORTS, "key, record_id", total)
    page = type(page)(query, _detailed(batch, code, page.rows), page.total)
    return render_template(
        "submission/batch_records.html",
        batch=batch,
        code=code,
        state=state,
        states=STATES,
        page=page,
        terms=terms,
        shown_key=shown_key,
        point_title=point_title,
        export=url_for("submission.batches_records_csv", batch_id=batch.id, code=code, state=state),
    )


def _detailed(batch: Batch, code: str, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Report date, reporting point and findings of the rows of a page, in their order."""
    if not rows:
        return rows
    ids = ", ".join(f"'{row['record_id']}'" for row in rows)
    page = f"SELECT unnest([{ids}]) AS record_id"
    known = {row["record_id"]: row for row in lake().records(with_details(batch.id, code, page))}
    return tuple({**known.get(row["record_id"], {}), **row} for row in rows)


def _known(batch_id: str, code: str, state: str) -> Batch:
    if state not in STATES:
        raise NotFound("submission.record_state", Text("没有这种状态", "There is no such state"))
    checked_type(code)
    return find_batch(batch_id)


@permission(RECORDS)
def records_csv(batch_id: str, code: str, state: str) -> ResponseReturnValue:
    """The same records as CSV, keys masked; the export is recorded."""
    batch = _known(batch_id, code, state)
    found = records_in_state(batch.id, code, state)
    record("submission.record.export", Thing("batch", batch.id), detail={"record_type": code, "state": state})
    titles = (
        Text("业务标识", "Business key"),
        Text("记录编号", "Record"),
        Text("报文", "File"),
        Text("行", "Line"),
    )
    rows = lake_stream(f"{found.select} ORDER BY key", found.parameters)
    return csv_answer(
        f"records-{code}-{state}",
        titles,
        rows,
        lambda row: (shown_key(code, row["key"]), row["record_id"], row["file"], row["line"]),
    )


class BatchPages:
    """The pages of one batch, which name its steps by the words that their owners announced."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def _context(self, batch_id: str) -> dict[str, Any]:
        view = batches.view_batch(find_batch(batch_id))
        xml = diagram.stored_diagram(view.instance.version) if view.instance else None
        marks = diagram.marks_of(view.instance, view.tasks, xml) if view.instance and xml else {}
        titles = {task.id: diagram.task_title(task, self.registry) for task in view.tasks}
        return {
            "view": view,
            "batch": view.batch,
            "terms": terms,
            "columns": batches.COLUMNS,
            "marks": marks,
            "titles": titles,
            "own": current_actor().id == view.batch.begun_by,
            "limit": settings().blocked_share_limit,
            "form": release_form(view.question) if view.question else None,
            "problem": None,
            "typed": None,
            "errors": {},
        }

    def one(self, batch_id: str) -> ResponseReturnValue:
        """One batch: where its process stands, what was done, and what is asked of people."""
        return render_template("submission/batch.html", **self._context(batch_id))

    def live(self, batch_id: str) -> ResponseReturnValue:
        """The moving part; when the process has moved on, the page is told to load anew."""
        context = self._context(batch_id)
        response = make_response(render_template("submission/batch_live.html", **context))
        if request.args.get("at") != context["view"].mark:
            response.headers["HX-Refresh"] = "true"
        return response

    def drawing(self, batch_id: str) -> ResponseReturnValue:
        """The diagram's XML."""
        view = batches.view_batch(find_batch(batch_id))
        xml = diagram.stored_diagram(view.instance.version) if view.instance else None
        if xml is None:
            raise NotFound("submission.diagram", Text("该批次还没有流程图", "This batch has no diagram yet"))
        return Response(diagram.worded_diagram(xml, language(), self.registry), mimetype="application/xml")

    def release(self, batch_id: str) -> ResponseReturnValue:
        """The second person's decision. What cannot be taken comes back with the form and what was typed."""
        question = release_question(find_batch(batch_id))
        typed = answers_from(release_form(question), request.form) if question else {}
        try:
            accepted = decide_release(batch_id, typed)
        except (Invalid, Refused) as problem:
            record("submission.batch.release", Thing("batch", batch_id), "refused", {"code": problem.code})
            errors = problem.errors if isinstance(problem, FormErrors) else {}
            told = {"problem": None if errors else problem.message, "typed": typed, "errors": errors}
            return render_template("submission/batch.html", **{**self._context(batch_id), **told}), problem.status
        record("submission.batch.release", Thing("batch", batch_id), detail=accepted)
        released = accepted.get("decision") == "release"
        toast(
            Text("已放行，批次继续", "Released; the batch goes on")
            if released
            else Text("批次将中止", "The batch stops")
        )
        return redirect(url_for("submission.batches_one", batch_id=batch_id))


@permission(RETRY)
def retry(batch_id: str, task_id: str) -> ResponseReturnValue:
    """Run a failed step of this batch again."""
    batch = find_batch(batch_id)
    task = current_session().get(ProcessTask, task_id)
    if task is None or task.instance_id != batch.instance_id:
        raise NotFound("workflow.task", Text("没有这个任务", "There is no such task"))
    stepping.retry(task_id)
    record("submission.batch.retry", Thing("batch", batch_id), detail={"step": task.name})
    toast(Text("已重新排入执行", "Queued to run again"))
    return redirect(url_for("submission.batches_one", batch_id=batch_id))


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    pages = BatchPages(registry)

    @permission(VIEW)
    def one(batch_id: str) -> ResponseReturnValue:
        return pages.one(batch_id)

    @permission(VIEW)
    def live(batch_id: str) -> ResponseReturnValue:
        return pages.live(batch_id)

    @permission(VIEW)
    def drawing(batch_id: str) -> ResponseReturnValue:
        return pages.drawing(batch_id)

    @permission(RELEASE)
    def release(batch_id: str) -> ResponseReturnValue:
        return pages.release(batch_id)

    blueprint.add_url_rule("/batches", "batches", batch_list)
    blueprint.add_url_rule("/batches.csv", "batches_csv", batches_csv)
    blueprint.add_url_rule("/batches/<batch_id>", "batches_one", one)
    blueprint.add_url_rule("/batches/<batch_id>/live", "batches_live", live)
    blueprint.add_url_rule("/batches/<batch_id>/diagram.bpmn", "batches_diagram", drawing)
    blueprint.add_url_rule("/batches/<batch_id>/release", "batches_release", release, methods=["POST"])
    blueprint.add_url_rule("/batches/<batch_id>/tasks/<task_id>/retry", "batches_retry", retry, methods=["POST"])
    address = "/batches/<batch_id>/records/<code>/<state>"
    blueprint.add_url_rule(address, "batches_records", records)
    blueprint.add_url_rule(f"{address}.csv", "batches_records_csv", records_csv)
