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
from app.submission.corrections.events import ACTIONS as CORRECTIONS
from app.submission.entities.fields import ACTIONS as ENTITY_CHANGES
from app.submission.models import Batch, ReportFile
from app.submission.permissions import ENTITIES, RECORDS, SOURCES, SUPPLEMENTS, VIEW
from app.submission.supplement.events import ACTIONS as SUPPLEMENT_ACTIONS
from app.submission.views import (
    batches,
    calendar,
    corrections,
    day,
    entities,
    exceptions,
    files,
    findings,
    landing,
    mapping,
    quality,
    reasons,
    records,
    sources,
    supplements,
    two_end,
    volume,
)
from app.web.listing import like_pattern
from app.web.search import Hit, search_with

_MENU = (
    ("submission.day", Text("报送日", "Reporting day"), VIEW, "layout-dashboard"),
    ("submission.calendar", Text("报送日历", "Calendar"), VIEW, "calendar"),
    ("submission.batches", Text("批次", "Batches"), VIEW, "route"),
    ("submission.findings", Text("校验发现", "Findings"), VIEW, "checklist"),
    ("submission.exceptions", Text("例外处理", "Exceptions"), RECORDS, "alert-triangle"),
    ("submission.corrections", Text("更正台", "Corrections desk"), RECORDS, "clipboard-check"),
    ("submission.supplements", Text("补录", "Supplements"), SUPPLEMENTS, "edit"),
    ("submission.files", Text("报文与反馈", "Files and feedback"), VIEW, "files"),
    ("submission.checks", Text("两端核对", "Two-end check"), VIEW, "list-search"),
    ("submission.volume", Text("总量核对", "Volume check"), VIEW, "scale"),
    ("submission.quality", Text("质量看板", "Quality"), VIEW, "chart-bar"),
    ("submission.sources", Text("来源与映射", "Sources and mappings"), SOURCES, "database"),
    ("submission.entities", Text("法人机构", "Legal entities"), ENTITIES, "building-bank"),
)


def register_pages(registry: Registry) -> None:
    """Announce the pages, their menu entries, the programs' interface, and the words for what is recorded of rules."""
    name_actions({**ACTIONS, **CORRECTIONS, **ENTITY_CHANGES, **SUPPLEMENT_ACTIONS})
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

    for pages in (
        day,
        calendar,
        findings,
        records,
        exceptions,
        corrections,
        files,
        landing,
        reasons,
        two_end,
        volume,
        quality,
        sources,
        mapping,
        supplements,
        entities,
    ):
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
