"""What the pages tell of processes, read without writing anything: a page that is looked at publishes nothing."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import yaml
from sqlalchemy import func, select

from app.core.db import current_session
from app.core.errors import NotFound
from app.core.text import Text
from app.workflow import drafts
from app.workflow.content import Content
from app.workflow.definitions import definitions
from app.workflow.models import ENDED, Draft, Process, ProcessInstance, ProcessVersion
from app.workflow.versions import content_of, no_process, shipped_anew

LATEST: Final = "live"
DRAFT: Final = "draft"
SHIPPED: Final = "shipped"


@dataclass(frozen=True, slots=True)
class ProcessLine:
    """One process as the list shows it. `number` is None where no version has been used or published yet."""

    process: str
    title: Text
    owner: Text
    number: int | None
    published_at: datetime | None
    published_by: str | None
    draft: str
    """editing, submitted, or empty"""
    running: int
    live: bool


def lines() -> list[ProcessLine]:
    """Every process there is: in use, shipped, or only drawn so far."""
    session = current_session()
    found = {row.name: row for row in session.scalars(select(Process))}
    drawn = {row.process: row for row in session.scalars(select(Draft))}
    counts = select(ProcessInstance.process, func.count()).where(ProcessInstance.status.not_in(ENDED))
    running = {each[0]: each[1] for each in session.execute(counts.group_by(ProcessInstance.process))}
    versions = select(ProcessVersion).where(ProcessVersion.version.in_([row.live for row in found.values()]))
    live = {row.process: row for row in session.scalars(versions)}
    result = []
    for name in sorted({*found, *drawn, *definitions()}):
        row, draft = live.get(name), drawn.get(name)
        shipped = definitions().get(name)
        said = (
            row.description if row else shipped.content.description if shipped else draft.description if draft else {}
        )
        result.append(
            ProcessLine(
                name,
                worded(said, "title", name),
                worded(said, "owner", "–"),
                row.number if row else None,
                row.created_at if row else None,
                row.published_by if row else None,
                draft.status if draft else "",
                running.get(name, 0),
                row is not None or shipped is not None,
            )
        )
    return result


def worded(description: Mapping[str, Any], key: str, otherwise: str) -> Text:
    """A title, owner or purpose, whatever a draft may hold there."""
    given = description.get(key)
    if not isinstance(given, Mapping):
        return Text(otherwise, otherwise)
    zh, en = (str(given.get(each) or "").strip() for each in ("zh", "en"))
    return Text(zh or en or otherwise, en or zh or otherwise)


def live_row(process: str) -> ProcessVersion | None:
    """The version on which instances start, where it has been used or published."""
    session = current_session()
    known = session.get(Process, process)
    return session.get(ProcessVersion, known.live) if known else None


def live_content(process: str) -> Content | None:
    """What is live: published, else shipped; None where the process has only been drawn so far."""
    row = live_row(process)
    if row is not None:
        return content_of(row)
    shipped = definitions().get(process)
    return shipped.content if shipped else None


def draft_of(process: str) -> Draft | None:
    return current_session().get(Draft, process)


def versions_of(process: str) -> list[ProcessVersion]:
    """All versions, the newest first."""
    statement = select(ProcessVersion).filter_by(process=process).order_by(ProcessVersion.number.desc())
    return list(current_session().scalars(statement))


def require(process: str) -> None:
    """Raises NotFound (`workflow.process`) where nothing is known of the process."""
    if draft_of(process) is None and live_content(process) is None:
        raise no_process(process)


def content_named(process: str, reference: str) -> Content:
    """What `live`, `draft`, `shipped` or the number of a version stands for. Raises NotFound (`workflow.version`)."""
    found: Content | None = None
    if reference == DRAFT:
        found = drafts.content(drafts.find(process))
    elif reference == SHIPPED:
        found = shipped_anew(process)
    elif reference == LATEST:
        found = live_content(process)
    elif reference.isascii() and reference.isdigit() and len(reference) < 7:
        statement = select(ProcessVersion).filter_by(process=process, number=int(reference))
        row = current_session().scalar(statement)
        found = content_of(row) if row else None
    if found is None:
        raise NotFound("workflow.version", Text("没有这个流程版本", "There is no such version of a process"))
    return found


@dataclass(frozen=True, slots=True)
class PartChange:
    """How one part beside the diagram differs: `lines` start with `+`, `-` or a blank."""

    title: Text
    lines: tuple[str, ...]


def changes(before: Content, after: Content) -> tuple[PartChange, ...]:
    """What differs beside the diagrams: description, forms and cases, as readable lines."""
    parts = [
        (Text("说明", "Description"), _yaml(_plain(before.description)), _yaml(_plain(after.description))),
        *(
            (
                Text(f"表单 {name}", f"Form {name}"),
                _json(before.forms.get(name)),
                _json(after.forms.get(name)),
            )
            for name in sorted({*before.forms, *after.forms})
        ),
        (Text("用例", "Cases"), cases_text(before.cases), cases_text(after.cases)),
    ]
    return tuple(PartChange(title, tuple(_difference(old, new))) for title, old, new in parts if old != new)


def _difference(old: str, new: str) -> list[str]:
    found = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2))[2:]
    return ["…" if line.startswith("@@") else line for line in found][:400]


def _json(schema: Any) -> str:
    return "" if schema is None else json.dumps(schema, ensure_ascii=False, indent=2)


def _plain(given: Any) -> Any:
    return json.loads(json.dumps(given, default=str))


def _yaml(given: Any) -> str:
    return str(yaml.safe_dump(given, allow_unicode=True, sort_keys=False, width=100)) if given else ""


def cases_text(cases: Any) -> str:
    """Cases as analysts write them."""
    return _yaml([_plain(case) for case in cases])
