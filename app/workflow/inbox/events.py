"""What happens to tasks in people's hands. Events name tasks, cases and colleagues, never what a case says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from app.core.events import Event


@dataclass(frozen=True, slots=True)
class _OfTask(Event):
    name: ClassVar[str] = ""
    task: str
    process: str

    @property
    def aggregate(self) -> str:
        return f"task:{self.task}"


@dataclass(frozen=True, slots=True)
class TaskSeen(_OfTask):
    """Somebody has opened the page of a task, which shows what the case knows."""

    name: ClassVar[str] = "workflow.task_seen"


@dataclass(frozen=True, slots=True)
class TaskClaimed(_OfTask):
    """Somebody has taken a task that was nobody's."""

    name: ClassVar[str] = "workflow.task_claimed"


@dataclass(frozen=True, slots=True)
class TaskReleased(_OfTask):
    """A task is nobody's again; `before` had it."""

    name: ClassVar[str] = "workflow.task_released"
    before: str = ""


@dataclass(frozen=True, slots=True)
class TaskDelegated(_OfTask):
    """Who was to do a task has handed it to `to`."""

    name: ClassVar[str] = "workflow.task_delegated"
    to: str = ""


@dataclass(frozen=True, slots=True)
class TaskReassigned(_OfTask):
    """Somebody who leads others has given a task to `to`; `before` had it, if anybody."""

    name: ClassVar[str] = "workflow.task_reassigned"
    to: str = ""
    before: str | None = None


@dataclass(frozen=True, slots=True)
class TaskDrafted(_OfTask):
    """The first answers to a task were kept without being given."""

    name: ClassVar[str] = "workflow.task_drafted"


@dataclass(frozen=True, slots=True)
class TaskAnswered(_OfTask):
    """Somebody has dealt with a task, `instead_of` a colleague who is away where that is set."""

    name: ClassVar[str] = "workflow.task_answered"
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class _OfInstance(Event):
    name: ClassVar[str] = ""
    instance: str

    @property
    def aggregate(self) -> str:
        return f"instance:{self.instance}"


@dataclass(frozen=True, slots=True)
class CommentMade(_OfInstance):
    """Something was said about a case; `mentioned` are the people it was said to."""

    name: ClassVar[str] = "workflow.comment_made"
    comment: int = 0
    task: str | None = None
    mentioned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachmentAdded(_OfInstance):
    """A file was filed with a case."""

    name: ClassVar[str] = "workflow.attachment_added"
    attachment: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentRefused(_OfInstance):
    """A file was not taken; `why` is the code of the error."""

    name: ClassVar[str] = "workflow.attachment_refused"
    why: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentSeen(_OfInstance):
    """A file of a case was downloaded."""

    name: ClassVar[str] = "workflow.attachment_seen"
    attachment: int = 0


@dataclass(frozen=True, slots=True)
class AbsenceEntered(Event):
    """From now on it is known when `person` is away and that `substitute` does their tasks."""

    name: ClassVar[str] = "workflow.absence_entered"
    absence: int
    person: str
    substitute: str

    @property
    def aggregate(self) -> str:
        return f"person:{self.person}"


@dataclass(frozen=True, slots=True)
class AbsenceEnded(Event):
    """An absence was taken back, or ended before its last day."""

    name: ClassVar[str] = "workflow.absence_ended"
    absence: int
    person: str

    @property
    def aggregate(self) -> str:
        return f"person:{self.person}"


EVENTS: Final = (
    TaskSeen,
    TaskClaimed,
    TaskReleased,
    TaskDelegated,
    TaskReassigned,
    TaskDrafted,
    TaskAnswered,
    CommentMade,
    AttachmentAdded,
    AttachmentRefused,
    AttachmentSeen,
    AbsenceEntered,
    AbsenceEnded,
)
