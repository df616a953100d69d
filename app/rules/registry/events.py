"""What happens to rulesets. Events name rulesets, editions and requests, never what a record says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from app.core.events import Event
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class _OfRuleset(Event):
    name: ClassVar[str] = ""
    ruleset: str

    @property
    def aggregate(self) -> str:
        return f"ruleset:{self.ruleset}"


@dataclass(frozen=True, slots=True)
class DraftChanged(_OfRuleset):
    """A draft was begun, imported or thrown away: `what` says which."""

    name: ClassVar[str] = "rules.draft_changed"
    what: str


@dataclass(frozen=True, slots=True)
class DraftSaved(_OfRuleset):
    """Somebody who had not written any of it before has changed a draft: from now on they may not approve it."""

    name: ClassVar[str] = "rules.draft_saved"
    author: str


@dataclass(frozen=True, slots=True)
class RequestMoved(_OfRuleset):
    """A request to put an edition in force or to retire a ruleset has come to a state: submitted, checked, tried, returned,
    withdrawn, approved."""

    name: ClassVar[str] = "rules.request_moved"
    request: str
    state: str


@dataclass(frozen=True, slots=True)
class EditionReleased(_OfRuleset):
    """An edition judges from a business day on."""

    name: ClassVar[str] = "rules.edition_released"
    request: str
    edition: str
    number: int
    effective_from: date
    approved_by: str


@dataclass(frozen=True, slots=True)
class RulesetRetired(_OfRuleset):
    """From a business day on the ruleset judges no more."""

    name: ClassVar[str] = "rules.ruleset_retired"
    request: str
    effective_from: date
    approved_by: str


@dataclass(frozen=True, slots=True)
class BacktestDone(_OfRuleset):
    """A candidate was tried on stored days."""

    name: ClassVar[str] = "rules.backtest_done"
    backtest: str
    candidate: str = ""


@dataclass(frozen=True, slots=True)
class EditionExported(_OfRuleset):
    """The texts of an edition were written to files."""

    name: ClassVar[str] = "rules.edition_exported"
    edition: str


@dataclass(frozen=True, slots=True)
class SamplesSeen(_OfRuleset):
    """Somebody has looked at the records that a trial shows, masked, with the values that were read."""

    name: ClassVar[str] = "rules.samples_seen"
    backtest: str


EVENTS: Final = (
    DraftChanged,
    DraftSaved,
    RequestMoved,
    EditionReleased,
    RulesetRetired,
    BacktestDone,
    EditionExported,
    SamplesSeen,
)

ACTIONS: Final = {
    DraftChanged.name: Text("规则集草稿新建、导入或丢弃", "A draft of a ruleset was begun, imported or thrown away"),
    DraftSaved.name: Text("参与编写规则集草稿", "Became an author of a draft of a ruleset"),
    RequestMoved.name: Text("规则集生效或停用申请有进展", "A request about a ruleset moved on"),
    EditionReleased.name: Text("规则集版本批准生效", "An edition of a ruleset was approved"),
    RulesetRetired.name: Text("规则集批准停用", "A ruleset was retired"),
    BacktestDone.name: Text("规则集历史试跑", "Tried a ruleset on stored days"),
    EditionExported.name: Text("导出规则集文件", "Exported the files of a ruleset"),
    SamplesSeen.name: Text("查看试跑样本（打码）", "Saw the records of a trial, masked"),
}
"""What these are called where they are recorded."""
