"""The console pages of submission, on one blueprint, and their places in the menu."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, url_for
from flask.blueprints import BlueprintSetupState
from sqlalchemy import or_, select

from app.audit import name_actions
from app.core.db import current_session
from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.rules.wording import ACTIONS
from app.submission.api import blueprint as api
from app.submission.models import Batch, ReportFile
from app.submission.permissions import RECORDS, SOURCES, SUPPLEMENTS, VIEW
from app.submission.supplement.events import ACTIONS as SUPPLEMENT_ACTIONS
from app.submission.views import (
    batches,
    day,
    exceptions,
    files,
    findings,
    landing,
    mapping,
    records,
    sources,
    supplements,
)
from app.web.listing import like_pattern
from app.web.search import Hit, search_with

_MENU = (
    ("submission.day", Text("报送日", "Reporting day"), VIEW, "layout-dashboard"),
    ("submission.batches", Text("批次", "Batches"), VIEW, "route"),
    ("submission.findings", Text("校验发现", "Findings"), VIEW, "checklist"),
    ("submission.exceptions", Text("例外处理", "Exceptions"), RECORDS, "alert-triangle"),
    ("submission.supplements", Text("补录", "Supplements"), SUPPLEMENTS, "edit"),
    ("submission.files", Text("报文与反馈", "Files and feedback"), VIEW, "files"),
    ("submission.sources", Text("来源与映射", "Sources and mappings"), SOURCES, "database"),
)


def register_pages(registry: Registry) -> None:
    """Announce the pages, their menu entries, the programs' interface, and the words for what is recorded of rules."""
    name_actions(ACTIONS)
    name_actions(SUPPLEMENT_ACTIONS)
    registry.blueprint(_make_blueprint(registry))
    registry.blueprint(api)
    for number, (endpoint, title, permission, icon) in enumerate(_MENU):
        registry.menu_entry(
            MenuEntry(endpoint, title, endpoint, permission, order=100 + number, icon=icon, group="reporting")
        )


def _make_blueprint(registry: Registry) -> Blueprint:
    blueprint = Blueprint("submission", __name__, url_prefix="/submission", template_folder="../templates")

    @blueprint.record_once
    def fit(state: BlueprintSetupState) -> None:
        search_with(cast(Flask, state.app), VIEW, find)

    for pages in (day, findings, records, exceptions, files, landing, sources, mapping, supplements):
        pages.add_to(blueprint)
    batches.add_to(blueprint, registry)
    return blueprint


def find(text: str, most: int) -> list[Hit]:
    """Batches by id or business day and report files by name, for the search field."""
    session = current_session()
    pattern = like_pattern(text)
    compact = like_pattern(text.replace("-", ""))
    query = select(Batch).where(or_(Batch.id.ilike(pattern, escape="\\"), Batch.id.ilike(compact, escape="\\")))
    hits = [
        Hit(
            f"{batch.business_date.isoformat()} · {batch.id}",
            url_for("submission.batches_one", batch_id=batch.id),
            Text("批次", "Batch"),
            "route",
        )
        for batch in session.scalars(query.order_by(Batch.business_date.desc()).limit(most))
    ]
    found = select(ReportFile).where(ReportFile.prefix.ilike(pattern, escape="\\"))
    hits += [
        Hit(file.prefix, url_for("submission.files_one", prefix=file.prefix), Text("报文", "Report file"), "file-text")
        for file in session.scalars(found.order_by(ReportFile.prefix.desc()).limit(most))
    ]
    return hits[:most]
