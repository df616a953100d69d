"""Mappings written in the console: drafts, approved by a second person, in force from a business day, and then never changed.

A mapping is about a source and its columns, not about facts: the registry of rulesets keeps parsed rulesets with their trials,
shadows and exemptions, none of which a mapping has. So editions of mappings have a life cycle of their own, with the same walls:
checked before it is submitted, approved by somebody who wrote none of it, never in force on a day that has been reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from sqlalchemy import select

from app.audit import Thing, record
from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.events import publish
from app.core.text import Text
from app.submission.mapping import SourceMapping, parse_mapping
from app.submission.mapping_checks import Fault
from app.submission.sources.events import MappingApproved
from app.submission.sources.models import MappingEdition

OPEN = ("draft", "submitted")
_LARGEST = 1 << 20


def approved_mappings(day: date) -> Mapping[str, SourceMapping]:
    """By source the newest approved edition that is in force on a business day."""
    query = (
        select(MappingEdition.source, MappingEdition.content)
        .where(MappingEdition.state == "approved", MappingEdition.effective_from <= day)
        .order_by(MappingEdition.effective_from, MappingEdition.id)
    )
    with unit_of_work(reading=True) as session:
        found = session.execute(query).all()
    # In the order of their days: of each source the newest comes last and stays.
    return {source: _parsed(content) for source, content in found}


@lru_cache(maxsize=64)
def _parsed(content: str) -> SourceMapping:
    mapping, faults = parse_mapping(content.encode())
    if mapping is None:
        words = [fault.words for fault in faults]
        raise Invalid(
            "submission.mapping", Text("；".join(each.zh for each in words), "; ".join(each.en for each in words))
        )
    return mapping


def editions_of(source: str) -> list[MappingEdition]:
    """All editions of a source's mapping that were written in the console, newest first."""
    query = select(MappingEdition).filter_by(source=source).where(MappingEdition.state != "thrown_away")
    return list(current_session().scalars(query.order_by(MappingEdition.id.desc())))


def open_draft(source: str) -> MappingEdition | None:
    """The edition that is being written or waits for approval."""
    query = select(MappingEdition).where(MappingEdition.source == source, MappingEdition.state.in_(OPEN))
    return current_session().scalar(query)


def find_draft(source: str) -> MappingEdition:
    """Raises NotFound."""
    found = open_draft(source)
    if found is None:
        raise NotFound("submission.mapping_draft", Text("没有草稿", "There is no draft"))
    return found


def begin(source: str, content: str, base: str) -> MappingEdition:
    """Begin a draft from the text in force. Raises Conflict where one is open already."""
    if open_draft(source) is not None:
        raise Conflict("submission.mapping_open", Text("已有草稿", "There is a draft already"))
    draft = MappingEdition(
        source=source,
        state="draft",
        content=content,
        edition=digest(content),
        base=base,
        authors=[current_actor().id],
        changed_at=clock.now(),
    )
    current_session().add(draft)
    current_session().flush()
    record("submission.mapping_begun", Thing("mapping", source))
    return draft


def keep(source: str, content: str, version: int) -> tuple[MappingEdition, tuple[Fault, ...]]:
    """Keep a draft's text, faulty or not; its faults. Raises Conflict where somebody has changed it since `version`."""
    draft = find_draft(source)
    if draft.state != "draft":
        raise Conflict(
            "submission.mapping_submitted",
            Text("草稿已提交，撤回后才能修改", "The draft has been submitted; withdraw it before changing it"),
        )
    if draft.version != version:
        raise Conflict(
            "submission.mapping_changed", Text("草稿已被他人修改，请刷新", "Somebody has changed the draft; reload it")
        )
    if len(content.encode()) > _LARGEST or "\0" in content:
        raise Invalid("submission.mapping", Text("内容过大或含空字符", "The text is too large or holds a NUL"))
    faults = faults_of(source, content)
    if content != draft.content:
        draft.content, draft.edition, draft.changed_at = content, digest(content), clock.now()
        if current_actor().id not in draft.authors:
            draft.authors = [*draft.authors, current_actor().id]
        current_session().flush()
        record("submission.mapping_changed", Thing("mapping", source), detail={"edition": draft.edition})
    return draft, faults


def faults_of(source: str, content: str) -> tuple[Fault, ...]:
    """What is wrong with a text as the mapping of a source."""
    mapping, faults = parse_mapping(content.encode())
    if mapping is not None and mapping.source != source:
        words = Text(f"来源名须为 {source}", f"the source must be named {source}")
        return (*faults, Fault(words, 0, ("source",)))
    return faults


def submit(source: str, note: str) -> None:
    """Lay a draft before a second person. Raises Invalid where it is faulty or changes nothing."""
    draft = find_draft(source)
    if draft.state != "draft":
        raise Conflict("submission.mapping_submitted", Text("草稿已提交", "The draft has been submitted already"))
    if faults_of(source, draft.content):
        raise Invalid("submission.mapping_faulty", Text("草稿还有错误", "The draft still has faults"))
    if draft.edition == draft.base:
        raise Invalid("submission.mapping_same", Text("草稿没有改动", "The draft changes nothing"))
    draft.state, draft.note, draft.changed_at = "submitted", note.strip()[:500], clock.now()
    current_session().flush()
    record("submission.mapping_submitted", Thing("mapping", source), detail={"edition": draft.edition})


def take_back(source: str) -> None:
    """Make a submitted edition a draft again: its author withdraws it, or the second person sends it back."""
    draft = find_draft(source)
    if draft.state != "submitted":
        raise Conflict("submission.mapping_not_submitted", Text("草稿没有提交", "The draft has not been submitted"))
    draft.state, draft.changed_at = "draft", clock.now()
    current_session().flush()
    record("submission.mapping_returned", Thing("mapping", source), detail={"edition": draft.edition})


def approve(source: str, effective_from: date, version: int) -> MappingEdition:
    """Put a submitted edition in force from a business day on.

    Raises Refused for who wrote any of it, Conflict where it has changed since `version`, Invalid for a day that has gone.
    """
    draft = find_draft(source)
    if draft.state != "submitted" or draft.version != version:
        raise Conflict(
            "submission.mapping_changed", Text("草稿已有变化，请重新查看", "The draft has changed; look at it again")
        )
    if current_actor().id in draft.authors:
        raise Refused(
            "submission.four_eyes",
            Text("编写人不能批准自己的映射", "Whoever wrote a mapping may not approve it"),
        )
    if effective_from < clock.today():
        raise Invalid(
            "submission.mapping_day",
            Text("生效业务日不得早于今天", "It cannot be in force on a business day before today"),
        )
    if faults_of(source, draft.content):
        raise Invalid("submission.mapping_faulty", Text("草稿还有错误", "The draft still has faults"))
    draft.state, draft.effective_from = "approved", effective_from
    draft.decided_by, draft.decided_at = current_actor().id, clock.now()
    current_session().flush()
    detail = {"edition": draft.edition, "effective_from": effective_from.isoformat()}
    record("submission.mapping_approved", Thing("mapping", source), detail=detail)
    publish(MappingApproved(source, draft.edition, effective_from))
    return draft


def throw_away(source: str) -> None:
    """Give a draft up."""
    draft = find_draft(source)
    draft.state, draft.changed_at = "thrown_away", clock.now()
    current_session().flush()
    record("submission.mapping_thrown_away", Thing("mapping", source))


def digest(content: str) -> str:
    """The edition of a text."""
    return hashlib.sha256(content.encode()).hexdigest()
