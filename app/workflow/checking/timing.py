"""Time within a case: it stands still until the case lets it pass, and then timers fall due and clocks run out in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from app.core.clock import CHINA
from app.core.errors import Invalid
from app.workflow.checking.graph import Graph
from app.workflow.clocks import Declared, Limit, declared, parse_limit
from app.workflow.clocks.moments import timer_limit
from app.workflow.engine import Run

_BEGINNING: Final = datetime(2026, 3, 2, 9, tzinfo=CHINA)
"""A Monday, so that limits of working days are easy to follow."""
_CLOCK: Final = "clock:"


def beginning(given: Any) -> datetime:
    """When a case begins: `at:` as a date, a moment or text of one. Raises ValueError."""
    if given is None:
        return _BEGINNING
    if isinstance(given, str):
        given = datetime.fromisoformat(given)
    if not isinstance(given, datetime):
        if not isinstance(given, date):
            raise ValueError(f"at: {given}")
        given = datetime.combine(given, time(9))
    moment: datetime = given
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


@dataclass(slots=True)
class _Running:
    due: datetime
    state: str = "running"


class Times:
    """The declared clocks and the diagram's timers of one run, at the moment `now`."""

    def __init__(self, graph: Graph, description: Mapping[str, Any], now: datetime) -> None:
        self.now = now
        self._graph = graph
        self._declared = declared(description)
        self._clocks: dict[str, _Running] = {}
        self._timers: dict[str, datetime] = {}
        self._entered("start")

    def notice(self, run: Run, entered: Iterable[str], left: Iterable[str]) -> None:
        """Elements were entered and left since; then the end, if it has come."""
        for node in entered:
            self._entered(node)
        for node in left:
            for each in self._declared:
                if node in each.until:
                    self._end(each, "met")
        waiting = {each.task_id: each.node for each in run.messages() if each.message.startswith(_CLOCK)}
        self._timers = {task: due for task, due in self._timers.items() if task in waiting}
        for task, node in waiting.items():
            if task not in self._timers:
                limit = timer_limit(self._graph.nodes[node].reference, run.data)
                self._timers[task] = limit.due(self.now).moment
        if run.finished:
            for each in self._declared:
                self._end(each, "cancelled" if each.until else "met")

    def after(self, limit: Limit) -> datetime:
        """The end of a span of time that begins now."""
        return limit.due(self.now).moment

    def next_timer(self, run: Run, until: datetime) -> str | None:
        """Move to the first timer that falls due by then and give its message; else to `until`, and None."""
        waiting = {each.task_id: each.message for each in run.messages()}
        due = sorted((due, task) for task, due in self._timers.items() if due <= until and task in waiting)
        self._move_to(max(due[0][0], self.now) if due else until)
        if not due:
            return None
        task = due[0][1]
        del self._timers[task]
        return waiting[task]

    def states(self) -> dict[str, str]:
        """How each clock that was ever started stands: running, met, missed or cancelled."""
        return {name: each.state for name, each in self._clocks.items()}

    def _move_to(self, moment: datetime) -> None:
        self.now = max(self.now, moment)
        for each in self._clocks.values():
            if each.state == "running" and each.due <= self.now:
                each.state = "missed"

    def _entered(self, node: str) -> None:
        for each in self._declared:
            if each.begins == node and self._state(each) != "running":
                self._clocks[each.name] = _Running(each.within.due(self.now).moment)

    def _end(self, clock: Declared, state: str) -> None:
        if self._state(clock) == "running":
            self._clocks[clock.name].state = state

    def _state(self, clock: Declared) -> str:
        found = self._clocks.get(clock.name)
        return found.state if found else ""


def span(given: Any) -> Limit:
    """A span of time in a case. Raises ValueError."""
    try:
        return parse_limit(str(given))
    except Invalid as wrong:
        raise ValueError(wrong.message.en) from wrong
