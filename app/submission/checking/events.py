"""What checks tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from app.core.events import Event
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class DifferenceFound(Event):
    """A check has found differences of one kind that no earlier check had: `found` rows of the dataset `submission.difference`
    whose `first_check` is this one. Told once for a check, record type and outcome, however many they are."""

    name: ClassVar[str] = "submission.difference_found"
    check: str
    record_type: str
    outcome: str
    found: int

    @property
    def aggregate(self) -> str:
        return f"check:{self.check}"


@dataclass(frozen=True, slots=True)
class CheckEnded(Event):
    """A check is over: `state` is done or failed."""

    name: ClassVar[str] = "submission.check_ended"
    check: str
    state: str

    @property
    def aggregate(self) -> str:
        return f"check:{self.check}"


@dataclass(frozen=True, slots=True)
class FeedbackApplied(Event):
    """The centre's answer to a file has been applied."""

    name: ClassVar[str] = "submission.feedback_applied"
    batch: str
    file: str
    day: date

    @property
    def aggregate(self) -> str:
        return f"batch:{self.batch}"


@dataclass(frozen=True, slots=True)
class VolumeJudged(Event):
    """The volumes of a batch have been held against the ledger, on one side."""

    name: ClassVar[str] = "submission.volume_judged"
    batch: str
    side: str
    verdict: str
    beyond: int

    @property
    def aggregate(self) -> str:
        return f"batch:{self.batch}"


EVENTS: Final = (DifferenceFound, CheckEnded, FeedbackApplied, VolumeJudged)
ACTIONS: Final = {
    DifferenceFound.name: Text("两端核对发现差异", "The two ends differ"),
    CheckEnded.name: Text("两端核对结束", "A two-end check ended"),
    FeedbackApplied.name: Text("反馈已入账", "Feedback was applied"),
    VolumeJudged.name: Text("总量核对完毕", "Volumes were held against the ledger"),
    "submission.check.begin": Text("发起两端核对", "Began a two-end check"),
    "submission.check.export": Text("导出两端核对差异", "Exported differences of the two ends"),
    "submission.difference.correct": Text("差异转更正", "Sent differences to correction"),
    "submission.volume.export": Text("导出总量核对", "Exported the volume check"),
    "submission.quality.export": Text("导出质量看板", "Exported the quality dashboard"),
}
"""Their words in the audit record."""
