"""Drafts: one of each process at a time, saved as it is drawn, published by somebody who has not drawn it.

A draft may be wrong in any way; only publication asks that it passes every check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.events import Event, publish
from app.core.registry import Registry
from app.core.text import Text
from app.workflow.checking import check_content
from app.workflow.content import Content
from app.workflow.models import Draft, Process, ProcessVersion
from app.workflow.versions import content_of, live, remember

LARGEST: Final = 4_000_000
"""Bytes of a diagram; more than a thousand times what a readable one has."""
_NAME: Final = re.compile(r"[a-z][a-z_]{1,30}\.[a-z][a-z0-9_]{1,40}")


@dataclass(frozen=True, slots=True)
class DraftChanged(Event):
    """A draft was begun, submitted, withdrawn or thrown away: `what` says which."""

    name: ClassVar[str] = "workflow.draft_changed"
    process: str
    what: str

    @property
    def aggregate(self) -> str:
        return f"process:{self.process}"


@dataclass(frozen=True, slots=True)
class VersionPublished(Event):
    """A version was published; new instances start on it."""

    name: ClassVar[str] = "workflow.version_published"
    process: str
    version: str
    number: int

    @property
    def aggregate(self) -> str:
        return f"process:{self.process}"


def begin(process: str, description: Mapping[str, Any], xml: bytes) -> Draft:
    """A draft of a process that does not exist yet. Raises Invalid (`workflow.process_name`) and Conflict."""
    if not _NAME.fullmatch(process):
        raise Invalid(
            "workflow.process_name",
            Text(
                "流程代码须形如 area.name：小写字母、数字与下划线",
                "The code of a process must be like area.name: small letters, digits and underscores",
            ),
        )
    session = current_session()
    if session.get(Draft, process) or session.get(Process, process) or _exists(process):
        raise Conflict(
            "workflow.process_exists",
            Text("流程 {name} 已存在", "The process {name} exists already").format(name=process),
        )
    return _new(Content(process, {**description, "process": process}, xml), None)


def open_draft(process: str) -> Draft:
    """The draft of a process, begun from the live version where there is none. Raises NotFound."""
    found = current_session().get(Draft, process)
    if found is not None:
        return found
    present = live(process)
    return _new(present.content, present.version)


def _new(content: Content, base: str | None) -> Draft:
    draft = Draft(
        process=content.process,
        base=base,
        xml=content.xml,
        description=dict(content.description),
        forms={name: dict(schema) for name, schema in content.forms.items()},
        cases=list(content.cases),
        status="editing",
        authors=[current_actor().id],
        updated_at=clock.now(),
        updated_by=current_actor().id,
    )
    current_session().add(draft)
    current_session().flush()
    publish(DraftChanged(content.process, "begun"))
    return draft


def save(
    process: str,
    lock: int,
    *,
    xml: bytes | None = None,
    description: Mapping[str, Any] | None = None,
    forms: Mapping[str, Any] | None = None,
    cases: Sequence[Mapping[str, Any]] | None = None,
) -> int:
    """Keep what has been drawn, right or wrong; the new lock. What is None stays.

    `lock` is the one that the writer last saw. Raises NotFound, Invalid (`workflow.diagram` where it is too large), and
    Conflict (`workflow.draft_changed` when somebody else has saved since, `workflow.draft_submitted` when it waits).
    """
    draft = find(process)
    if draft.status != "editing":
        raise Conflict(
            "workflow.draft_submitted",
            Text(
                "草稿已提交复核，请先撤回再修改",
                "The draft has been submitted for review; withdraw it before changing it",
            ),
        )
    if draft.lock != lock:
        raise Conflict(
            "workflow.draft_changed",
            Text(
                "草稿已被他人修改，请刷新后再改", "Someone else has changed this draft; reload it and change it again"
            ),
        )
    if xml is not None and len(xml) > LARGEST:
        raise Invalid("workflow.diagram", Text("流程图过大", "The diagram is too large"))
    if xml is not None:
        draft.xml = xml
    if description is not None:
        draft.description = {**description, "process": process}
    if forms is not None:
        draft.forms = dict(forms)
    if cases is not None:
        draft.cases = [dict(case) for case in cases]
    me = current_actor().id
    if me not in draft.authors:
        draft.authors = [*draft.authors, me]
    draft.updated_at, draft.updated_by = clock.now(), me
    current_session().flush()
    return draft.lock


def submit(registry: Registry, process: str, lock: int, note: str) -> None:
    """Ask for publication. Raises as `save`, and Invalid (`workflow.unfit`) when a check fails or nothing was changed."""
    save(process, lock)
    draft = find(process)
    _require_fit(registry, draft)
    draft.status, draft.note = "submitted", note.strip()[:500]
    publish(DraftChanged(process, "submitted"))


def withdraw(process: str, why: str = "withdrawn") -> None:
    """Back to editing, by an author or (`why` is `returned`) by who was to publish it."""
    draft = find(process)
    if draft.status == "submitted":
        draft.status = "editing"
        publish(DraftChanged(process, why))


def discard(process: str) -> None:
    """Throw the draft away; published versions stay."""
    current_session().delete(find(process))
    publish(DraftChanged(process, "discarded"))


def publish_draft(registry: Registry, process: str) -> ProcessVersion:
    """Make a submitted draft the live version; who has drawn any of it may not.

    Raises NotFound, Conflict (`workflow.not_submitted`, or `workflow.base_moved` when another version was published since the
    draft began), Refused (`workflow.four_eyes`), and Invalid (`workflow.unfit`).
    """
    session = current_session()
    draft = find(process)
    if draft.status != "submitted":
        raise Conflict("workflow.not_submitted", Text("草稿尚未提交复核", "The draft has not been submitted"))
    me = current_actor().id
    if me in draft.authors:
        raise Refused(
            "workflow.four_eyes",
            Text("绘制过本草稿的人不能发布它", "Whoever has drawn any of this draft may not publish it"),
        )
    known = session.get(Process, process)
    if known is not None and known.live != draft.base:
        raise Conflict(
            "workflow.base_moved",
            Text(
                "草稿开始后该流程已有新版本发布，请退回草稿重新对照",
                "Another version was published since this draft began; return it to be compared anew",
            ),
        )
    _require_fit(registry, draft)
    version = remember(content(draft), "console", drawn_by=draft.authors[0], published_by=me, note=draft.note)
    if known is None:
        session.add(Process(name=process, live=version.version))
    else:
        known.live = version.version
    session.delete(draft)
    session.flush()
    publish(VersionPublished(process, version.version, version.number))
    return version


def content(draft: Draft) -> Content:
    """What the draft says."""
    return Content(draft.process, draft.description, bytes(draft.xml), draft.forms, tuple(draft.cases))


def find(process: str) -> Draft:
    """Raises NotFound (`workflow.draft`)."""
    found = current_session().get(Draft, process)
    if found is None:
        raise NotFound("workflow.draft", Text("该流程没有草稿", "There is no draft of this process"))
    return found


def _exists(process: str) -> bool:
    try:
        live(process)
    except NotFound:
        return False
    return True


def _require_fit(registry: Registry, draft: Draft) -> None:
    if draft.base is not None:
        base = current_session().get(ProcessVersion, draft.base)
        if base is not None and content_of(base).version == content(draft).version:
            raise Invalid(
                "workflow.unchanged", Text("草稿与现行版本没有差别", "The draft does not differ from the live version")
            )
    known = current_session().scalars(select(Process.name))
    report = check_content(content(draft), registry, tuple(known))
    if report.errors:
        raise Invalid(
            "workflow.unfit",
            Text(
                "；".join(each.message.zh for each in report.errors),
                "; ".join(each.message.en for each in report.errors),
            ),
        )
