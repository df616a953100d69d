"""What happens to exemptions. Events name the exemption, its ruleset and its rule, never whom it is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from app.core.events import Event
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class _OfExemption(Event):
    name: ClassVar[str] = ""
    exemption: str
    ruleset: str
    rule: str

    @property
    def aggregate(self) -> str:
        return f"exemption:{self.exemption}"


@dataclass(frozen=True, slots=True)
class ExemptionAsked(_OfExemption):
    """Somebody has asked that a subject, an account or a branch be let off a rule."""

    name: ClassVar[str] = "rules.exemption_asked"
    until: date


@dataclass(frozen=True, slots=True)
class ExemptionGranted(_OfExemption):
    """A second person has granted it: it applies to what is judged from now on."""

    name: ClassVar[str] = "rules.exemption_granted"
    until: date
    granted_by: str


@dataclass(frozen=True, slots=True)
class ExemptionRefused(_OfExemption):
    """It was not granted."""

    name: ClassVar[str] = "rules.exemption_refused"


@dataclass(frozen=True, slots=True)
class ExemptionWithdrawn(_OfExemption):
    """It was taken back before it was decided."""

    name: ClassVar[str] = "rules.exemption_withdrawn"


@dataclass(frozen=True, slots=True)
class ExemptionEnded(_OfExemption):
    """It was ended before its day."""

    name: ClassVar[str] = "rules.exemption_ended"


EVENTS: Final = (ExemptionAsked, ExemptionGranted, ExemptionRefused, ExemptionWithdrawn, ExemptionEnded)
ACTIONS: Final = {
    ExemptionAsked.name: Text("申请豁免", "Asked for an exemption"),
    ExemptionGranted.name: Text("豁免已批准", "An exemption was granted"),
    ExemptionRefused.name: Text("豁免未批准", "An exemption was refused"),
    ExemptionWithdrawn.name: Text("撤回豁免申请", "Withdrew the request for an exemption"),
    ExemptionEnded.name: Text("提前终止豁免", "Ended an exemption early"),
}
"""Their words in the audit record."""
