"""What programs may ask of submission, as JSON under `/api/submission`. Personal values are masked here as everywhere."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at
from app.core.db import current_session
from app.submission.models import Batch
from app.submission.permissions import RECORDS, VIEW
from app.submission.reading import batches, findings
from app.submission.reading.files import selected_files
from app.submission.reading.personal import shown_key
from app.submission.reading.records import view_record
from app.submission.service import batch_data, current_batches, find_batch
from app.web.access import permission
from app.web.words import say

blueprint = Blueprint("submission_api", __name__, url_prefix="/api/submission")


@blueprint.get("/batches")
@permission(VIEW)
def batch_list() -> ResponseReturnValue:
    """The newest 60 batches."""
    return jsonify({"batches": [batch_data(batch) for batch in current_batches()]})


@blueprint.get("/batches/<batch_id>")
@permission(VIEW)
def batch(batch_id: str) -> ResponseReturnValue:
    """One batch with its stages, counts, identities, sources and deadline."""
    return jsonify(_batch(find_batch(batch_id)))


def _batch(found: Batch) -> dict[str, Any]:
    view = batches.view_batch(found)
    return {
        **batch_data(found),
        "status": view.status,
        "total": dict(view.total),
        "lost": view.total["lost"],
        "deadline": {"day": view.deadline.day.isoformat(), "missed": view.deadline.missed},
        "stages": [
            {
                "name": stage.name,
                "state": stage.state,
                "rows": stage.rows,
                "seconds": stage.seconds,
                "done": stage.done,
                "total": stage.total,
            }
            for stage in view.stages
        ],
        "sources": [
            {
                "name": source.name,
                "state": source.state,
                "rows": source.rows,
                "reason": say(source.reason) if source.reason else None,
            }
            for source in view.sources
        ],
    }


@blueprint.get("/batches/<batch_id>/findings")
@permission(VIEW)
def batch_findings(batch_id: str) -> ResponseReturnValue:
    """The findings of a batch by rule; narrowed by `type`, `rule`, `code`, `severity`, `tag`."""
    filters = {name: request.args.get(name, "") for name in ("type", "rule", "code", "severity", "tag")}
    groups = findings.group_by_rule(findings.selected_findings({**filters, "batch": find_batch(batch_id).id}))
    return jsonify({"rules": [{**asdict(group), "title": say(group.title)} for group in groups]})


@blueprint.get("/batches/<batch_id>/files")
@permission(VIEW)
def batch_files(batch_id: str) -> ResponseReturnValue:
    """The report files of a batch."""
    query = selected_files({"batch": find_batch(batch_id).id})
    return jsonify(
        {
            "files": [
                {
                    "prefix": file.prefix,
                    "record_type": file.record_type,
                    "records": file.records,
                    "status": file.status,
                    "flag": file.flag,
                    "accepted": file.accepted,
                    "rejected": file.rejected,
                    "sha256": file.sha256,
                }
                for file in current_session().scalars(query)
            ]
        }
    )


@blueprint.get("/records/<code>/<record_id>")
@permission(RECORDS)
def record(code: str, record_id: str) -> ResponseReturnValue:
    """What is said against one record and where it went; its key masked. That it was asked for is written down."""
    view = view_record(code, record_id, request.args.get("batch"))
    looked_at(Thing("record", f"{code}:{record_id}"), what="record", view="masked")
    return jsonify(
        {
            "record_type": code,
            "record_id": record_id,
            "batch": view.batch,
            "key": shown_key(code, view.key),
            "report_date": view.report_date,
            "file": view.file or None,
            "line": view.line,
            "findings": [
                {
                    "by": "centre" if blame.from_centre else "precheck",
                    "rule": blame.rule,
                    "code": blame.code,
                    "tag": blame.tag,
                    "severity": blame.severity,
                    "message": say(blame.title),
                }
                for blame in view.blames
            ],
            "origin": [asdict(origin) | {"row": origin.row.partition(":")[0]} for origin in view.origins],
        }
    )
