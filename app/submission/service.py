"""Use cases of submission: begin a batch, release it, follow it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, NotFound, Refused
from app.core.lease import insert_or_ignore
from app.core.text import Text
from app.submission.entities.keeping import reporting_entity
from app.submission.models import Batch
from app.workflow import host
from app.workflow.definitions import definition
from app.workflow.forms import Form, FormErrors, read_form, validate
from app.workflow.models import ProcessInstance, ProcessTask, ProcessVersion

PROCESS = "submission.daily_batch"


def begin_batch(business_date: date, *, provider: str | None = None, precheck: bool = True) -> str:
    """Begin the batch of a business day for a legal entity, by default that of the settings; its id, also when it has been
    begun before.

    Raises Invalid (`submission.provider`), Refused (`submission.entity_inactive`, `submission.entity_not_granted`).
    """
    return begun_batch(business_date, provider=provider, precheck=precheck)[0]


def begun_batch(business_date: date, *, provider: str | None = None, precheck: bool = True) -> tuple[str, bool]:
    """As `begin_batch`, with whether it was begun by this very call: of several at once, by one."""
    session = current_session()
    provider = reporting_entity(provider, business_date).provider
    batch_id = batch_id_of(provider, business_date)
    fresh = {
        "id": batch_id,
        "provider": provider,
        "business_date": business_date,
        "precheck": precheck,
        "status": "running",
        "created_at": clock.now(),
        "begun_by": current_actor().id,
    }
    # Another who begins it at the same time is waited for here.
    new = session.get(Batch, batch_id) is None and insert_or_ignore(session, Batch, Batch.id, **fresh) is not None
    session.get_one(Batch, batch_id).instance_id = host.start(PROCESS, batch_id, {"batch": batch_id}, provider=provider)
    return batch_id, new


def batch_id_of(provider: str, business_date: date) -> str:
    """The one name of an institution's batch of a day."""
    return f"{provider}-{business_date:%Y%m%d}"


def provider_of(batch_id: str) -> str:
    """The section code of the legal entity whose batch it is."""
    return batch_id.partition("-")[0]


def find_batch(batch_id: str) -> Batch:
    """Raises NotFound."""
    batch = current_session().get(Batch, batch_id)
    if batch is None:
        raise NotFound("submission.batch", Text("没有这个批次", "There is no such batch"))
    return batch


def release_question(batch: Batch) -> ProcessTask | None:
    """The open question whether this batch may go, if there is one."""
    return current_session().scalar(
        select(ProcessTask).filter_by(instance_id=batch.instance_id, kind="question", status="open")
    )


def release_form(question: ProcessTask) -> Form:
    """The form of the version on which the batch runs; of one from before forms were kept, the shipped form."""
    session = current_session()
    version = session.get(ProcessVersion, session.get_one(ProcessInstance, question.instance_id).version)
    kept = version.forms.get(question.name) if version else None
    return read_form(question.name, kept or definition(PROCESS).content.forms[question.name])


def decide_release(batch_id: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """A second person's decision on a batch with too many blocked records; the answers as they are kept.

    Raises FormErrors (`submission.decision`), Refused, Conflict.
    """
    batch = find_batch(batch_id)
    question = release_question(batch)
    if question is None:
        asked = select(ProcessTask.id).filter_by(instance_id=batch.instance_id, kind="question", status="done")
        if current_session().scalar(asked.limit(1)) is not None:
            raise Conflict(
                "submission.decided", Text("该批次已由他人复核", "Somebody has decided on this batch already")
            )
        raise Conflict("submission.not_waiting", Text("该批次不在等待复核", "This batch is not waiting for a decision"))
    try:
        accepted = validate(release_form(question), answers)
    except FormErrors as wrong:
        raise wrong.called("submission.decision") from wrong
    if current_actor().id == batch.begun_by:
        raise Refused(
            "submission.four_eyes",
            Text("发起批次的人不能复核同一批次", "Whoever began the batch may not review it"),
        )
    host.answer(question.id, accepted)
    batch.status = "running"
    return accepted


def current_batches(limit: int = 60) -> list[Batch]:
    """The newest batches first."""
    return list(current_session().scalars(select(Batch).order_by(Batch.business_date.desc()).limit(limit)))


def standing(batch: Batch) -> str:
    """Where a batch stands: its own status, or `incident` where a step of its process has failed."""
    instance = current_session().get(ProcessInstance, batch.instance_id) if batch.instance_id else None
    return "incident" if instance is not None and instance.status == "incident" else batch.status


def batch_data(batch: Batch) -> dict[str, Any]:
    """A batch as programs read it."""
    return {
        "id": batch.id,
        "provider": batch.provider,
        "business_date": batch.business_date.isoformat(),
        "status": standing(batch),
        "counts": batch.counts,
    }
