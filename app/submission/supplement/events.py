"""What happens to supplements. Events name the supplement and its form, never whom it is about or what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from app.core.events import Event
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class _OfRequest(Event):
    name: ClassVar[str] = ""
    request: str
    form: str
    count: int

    @property
    def aggregate(self) -> str:
        return f"supplement_request:{self.request}"


@dataclass(frozen=True, slots=True)
class _OfSupplement(Event):
    name: ClassVar[str] = ""
    supplement: str
    form: str

    @property
    def aggregate(self) -> str:
        return f"supplement:{self.supplement}"


@dataclass(frozen=True, slots=True)
class SupplementsSubmitted(_OfRequest):
    """Supplements wait for a second person."""

    name: ClassVar[str] = "submission.supplements_submitted"


@dataclass(frozen=True, slots=True)
class SupplementsApproved(_OfRequest):
    """A second person has approved `count` of them: they apply from their first day on."""

    name: ClassVar[str] = "submission.supplements_approved"
    approved_by: str


@dataclass(frozen=True, slots=True)
class SupplementsReturned(_OfRequest):
    """`count` of them went back to their author."""

    name: ClassVar[str] = "submission.supplements_returned"
    returned_by: str


@dataclass(frozen=True, slots=True)
class SupplementEnded(_OfSupplement):
    """It was ended before its last day, or what nobody had decided was withdrawn."""

    name: ClassVar[str] = "submission.supplement_ended"


@dataclass(frozen=True, slots=True)
class SupplementMatched(_OfSupplement):
    """The source says the same by now: the supplement has ended by itself."""

    name: ClassVar[str] = "submission.supplement_matched"
    author: str


@dataclass(frozen=True, slots=True)
class SupplementConflicted(_OfSupplement):
    """The source has changed its own value, or its row is gone: somebody must decide which holds."""

    name: ClassVar[str] = "submission.supplement_conflicted"
    author: str


@dataclass(frozen=True, slots=True)
class ConflictDecided(_OfSupplement):
    """Somebody has decided which holds: `supplement` or `source`."""

    name: ClassVar[str] = "submission.supplement_conflict_decided"
    holds: str


EVENTS: Final = (
    SupplementsSubmitted,
    SupplementsApproved,
    SupplementsReturned,
    SupplementEnded,
    SupplementMatched,
    SupplementConflicted,
    ConflictDecided,
)
ACTIONS: Final = {
    SupplementsSubmitted.name: Text("提交补录", "Submitted supplements"),
    SupplementsApproved.name: Text("补录已批准", "Supplements were approved"),
    SupplementsReturned.name: Text("补录已退回", "Supplements were returned"),
    SupplementEnded.name: Text("终止补录", "Ended a supplement"),
    SupplementMatched.name: Text("来源已一致，补录结束", "A supplement ended: the source says the same"),
    SupplementConflicted.name: Text("补录与来源冲突", "A supplement and its source disagree"),
    ConflictDecided.name: Text("裁定补录冲突", "Decided between a supplement and its source"),
}
"""Their words in the audit record."""
