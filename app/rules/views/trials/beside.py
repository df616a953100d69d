"""What the pages of rulesets and rules say about shadows and exemptions; templates ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.core import clock
from app.rules.exemption.asking import exemptions_of, standing
from app.rules.shadow.models import Shadow
from app.rules.shadow.running import latest_end, shadow_running
from app.rules.statistics import reported_rulesets


@dataclass(frozen=True, slots=True)
class Beside:
    """Of a ruleset, or one rule of it: the shadow that runs, how many exemptions apply now, whether it judges what is reported
    (then it has statistics), and between which days a shadow may end."""

    shadow: Shadow | None
    exemptions: int
    reported: bool
    today: date
    latest: date


def trials_beside(ruleset: str, rule: str | None = None) -> Beside:
    """What there is beside a ruleset, or beside one of its rules."""
    applying = [each for each in exemptions_of(ruleset) if rule in (None, each.rule) and standing(each) == "granted"]
    reported = any(each.name == ruleset for each in reported_rulesets())
    return Beside(shadow_running(ruleset), len(applying), reported, clock.today(), latest_end())
