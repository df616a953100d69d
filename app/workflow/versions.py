"""Published versions in the database: which one new instances start on, and any of them ready to run.

Shipped definitions are published by being there: a new one takes effect when it is first asked for, unless the process
has been published from the console since; then it waits in `shipped_anew` until somebody takes it over into a draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from app.core import clock
from app.core.db import current_session
from app.core.errors import NotFound
from app.core.text import Text
from app.workflow.content import Content, Definition, compiled
from app.workflow.definitions import definitions
from app.workflow.models import Process, ProcessVersion


def live(process: str) -> Definition:
    """The definition on which a new instance of the process starts. Raises NotFound (`workflow.process`)."""
    session = current_session()
    shipped = definitions().get(process)
    name = session.scalar(_LIVE, {"process": process})
    if name is None:
        if shipped is None:
            raise no_process(process)
        session.add(Process(name=process, live=remember(shipped.content, "shipped").version))
        session.flush()
        return shipped
    if shipped is not None and name != shipped.version and _is_shipped(name):
        session.get_one(Process, process).live = name = remember(shipped.content, "shipped").version
        session.flush()
    return version(name)


_process: Final = Process.__table__.c
_LIVE: Final = select(_process.live).where(_process.name == bindparam("process"))


def live_descriptions() -> dict[str, Mapping[str, Any]]:
    """What the live versions say of themselves, by process; of all that have been used or published."""
    query = select(Process.name, ProcessVersion.description)
    query = query.join(ProcessVersion, ProcessVersion.version == Process.live)
    return {row.name: row.description for row in current_session().execute(query)}


def version(name: str) -> Definition:
    """A published version by its hash, ready to run. Raises NotFound (`workflow.version`)."""
    found = _known.get(name)
    if found is None:
        row = current_session().get(ProcessVersion, name)
        if row is None:
            raise NotFound("workflow.version", Text("没有这个流程版本", "There is no such version of a process"))
        found = _known[name] = compiled(content_of(row))
    return found


_known: dict[str, Definition] = {}
"""Compiled versions by hash; what a hash names never changes."""


def content_of(row: ProcessVersion) -> Content:
    return Content(row.process, row.description, bytes(row.xml), row.forms, tuple(row.cases))


def remember(
    content: Content, origin: str, *, drawn_by: str | None = None, published_by: str | None = None, note: str = ""
) -> ProcessVersion:
    """The row of a version, made if it is new: the next number of its process."""
    session = current_session()
    found = session.get(ProcessVersion, content.version)
    if found is None:
        last = session.scalar(select(func.max(ProcessVersion.number)).filter_by(process=content.process))
        found = ProcessVersion(
            version=content.version,
            process=content.process,
            number=(last or 0) + 1,
            xml=content.xml,
            description=dict(content.description),
            forms={name: dict(schema) for name, schema in content.forms.items()},
            cases=list(content.cases),
            origin=origin,
            created_at=clock.now(),
            drawn_by=drawn_by,
            published_by=published_by,
            note=note,
        )
        session.add(found)
        session.flush()
    return found


def shipped_anew(process: str) -> Content | None:
    """The shipped definition where it is neither live nor the base of what is: there to be taken over by hand."""
    shipped = definitions().get(process)
    if shipped is None or current_session().get(ProcessVersion, shipped.version) is not None:
        return None
    return shipped.content


def _is_shipped(name: str) -> bool:
    row = current_session().get(ProcessVersion, name)
    return row is None or row.origin == "shipped"


def no_process(process: str) -> NotFound:
    return NotFound("workflow.process", Text("没有流程 {name}", "There is no process {name}").format(name=process))
