"""When what is told goes out, and what goes out together: pure, from what waits and what time it is.

Of one person, channel, kind, legal entity and day everything that waits goes out as one message, once the first of it has waited
for the window. What is not urgent is held in quiet hours until they end; what is of low severity waits for the day's digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from app.core.clock import CHINA
from app.core.notices import Severity

HoldReason = Literal["window", "quiet", "digest"]
DIGEST: Final = "digest"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From a time of the Chinese day until another, over midnight where that is the earlier; none where they are the same."""

    start: time
    end: time

    def end_of(self, moment: datetime) -> datetime | None:
        """When the quiet hours that hold at `moment` end; None where none do."""
        local = moment.astimezone(CHINA)
        at = local.time()
        if self.start == self.end:
            return None
        if self.start < self.end:
            within, day = self.start <= at < self.end, local.date()
        else:
            within = at >= self.start or at < self.end
            day = local.date() + timedelta(days=1) if at >= self.start else local.date()
        return datetime.combine(day, self.end, CHINA) if within else None


@dataclass(frozen=True, slots=True)
class Timing:
    """How long messages of a severity wait for more, and when the digest goes out."""

    windows: Mapping[Severity, timedelta]
    digest_at: time

    def digest_after(self, moment: datetime) -> datetime:
        """The first digest after a moment."""
        local = moment.astimezone(CHINA)
        found = datetime.combine(local.date(), self.digest_at, CHINA)
        return found if found > local else found + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One notice to one person by one channel that has not gone out."""

    id: int
    person: str
    channel: str
    kind: str
    provider: str | None
    day: date | None
    severity: Severity
    since: datetime


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes out as one message; `kind` is DIGEST for the day's summary, which is of no single entity or day."""

    person: str
    channel: str
    kind: str
    provider: str | None
    day: date | None
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What does not go out yet, why, and until when at least."""

    id: int
    reason: HoldReason
    until: datetime


_Key = tuple[str, str, str, str | None, date | None]


def plan(
    waiting: Iterable[Waiting], now: datetime, timing: Timing, quiet_of: Callable[[str], QuietHours | None]
) -> tuple[list[Bundle], list[Held]]:
    """Every one that waits is in exactly one bundle or held."""
    groups: dict[_Key, list[tuple[Waiting, datetime]]] = {}
    held: list[Held] = []
    for each in waiting:
        low = each.severity == "low"
        due = timing.digest_after(each.since) if low else each.since + timing.windows[each.severity]
        quiet = quiet_of(each.person)
        ends = quiet.end_of(now) if quiet and each.severity != "high" else None
        if low and due > now:
            held.append(Held(each.id, "digest", due))
        elif ends is not None:
            held.append(Held(each.id, "quiet", ends))
        else:
            place = (DIGEST, None, None) if low else (each.kind, each.provider, each.day)
            groups.setdefault((each.person, each.channel, *place), []).append((each, due))
    bundles = []
    for key, members in groups.items():
        first = min(due for _, due in members)
        if first <= now:
            bundles.append(Bundle(*key, tuple(each.id for each, _ in members)))
        else:
            held += [Held(each.id, "window", first) for each, _ in members]
    return bundles, held
