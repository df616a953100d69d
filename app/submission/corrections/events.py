"""What happens at the corrections desk. Events name requests and record types, never whom they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from app.core.events import Event
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class OperationAsked(Event):
    """Somebody has asked for operations on what the centre holds; a second person decides."""

    name: ClassVar[str] = "submission.operation_asked"
    bundle: str
    record_type: str
    records: int

    @property
    def aggregate(self) -> str:
        return f"operation_request:{self.bundle}"


@dataclass(frozen=True, slots=True)
class OperationDecided(Event):
    """A second person has let them go, or not."""

    name: ClassVar[str] = "submission.operation_decided"
    bundle: str
    record_type: str
    approved: bool
    decided_by: str

    @property
    def aggregate(self) -> str:
        return f"operation_request:{self.bundle}"


ACTIONS: Final = {
    OperationAsked.name: Text("申请更正或删除操作", "Operation asked for"),
    OperationDecided.name: Text("复核更正或删除操作", "Operation approved or refused"),
    "submission.correction.assign": Text("分派更正", "Correction assigned"),
    "submission.correction.choose": Text("选定更正方式", "Way to mend chosen"),
    "submission.correction.explain": Text("填写更正说明", "Correction explained"),
    "submission.correction.release": Text("允许原样重报", "Let go again unchanged"),
    "submission.correction.withdraw": Text("撤回操作申请", "Request for an operation taken back"),
    "submission.correction.export": Text("导出更正清单", "Corrections exported"),
}
"""What the audit record says of it."""
