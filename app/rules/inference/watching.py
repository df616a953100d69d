"""Judges a stream of events by a watch: on the engine, and plainly by the definition.

The engine joins each event with the one so many places before it; times and conditions are the interpreter's. Nothing is kept:
given the same events, however often and by whichever process, the same alerts come of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.text import Text
from app.language import compile_node
from app.language.values import read_text
from app.rules.inference.facts import FactProblem, FactsInvalid, Record, read_facts
from app.rules.inference.supervision import Engine, engine
from app.rules.inference.watch import Watch, WatchRule
from app.rules.inference.world import MOST_FIRINGS, too_many


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its kind, its key, when it happened (aware), its fields."""

    kind: str
    key: str
    at: datetime
    content: Record


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule of a watch has counted enough: about whom, at which event, and the keys of all that were counted."""

    rule: str
    subject: str
    key: str
    at: datetime
    events: tuple[str, ...]


def read_events(watch: Watch, data: object) -> list[Event]:
    """The events in delivered data, in the order in which they happened. Raises FactsInvalid with all that is wrong."""
    problems: list[FactProblem] = []
    moments: dict[tuple[str, int], datetime] = {}
    bare: dict[object, object] = {}
    for kind, rows in data.items() if isinstance(data, dict) else ():
        bare[kind] = rows
        if isinstance(rows, list):
            bare[kind] = [{k: v for k, v in row.items() if k != "at"} if isinstance(row, dict) else row for row in rows]
            for number, row in enumerate(rows):
                moment = _moment(row.get("at")) if isinstance(row, dict) else None
                if moment is None:
                    message = Text(
                        "须是带时区的时间，如2026-11-23T09:00:00+08:00", "must be a time with its zone, ISO 8601"
                    )
                    problems.append(FactProblem(f"{kind}[{number + 1}].at", message))
                else:
                    moments[str(kind), number] = moment
    try:
        facts = read_facts(watch.shapes, bare if isinstance(data, dict) else data)
    except FactsInvalid as refused:
        raise FactsInvalid((*refused.problems, *problems)) from None
    if problems:
        raise FactsInvalid(tuple(problems))
    events = [
        Event(kind, key, moments[kind, number], record)
        for kind, rows in facts.items()
        for number, (key, record) in enumerate(rows.items())
    ]
    return sorted(events, key=_order)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _order(event: Event) -> tuple[datetime, str]:
    return event.at, event.key


def streams(rule: WatchRule, events: Sequence[Event]) -> dict[str, list[Event]]:
    """The events a rule counts, by whom it counts them, each list in order."""
    when = compile_node(rule.when.root) if rule.when else None
    found: dict[str, list[Event]] = {}
    for event in sorted(events, key=_order):
        if event.kind != rule.on or (when is not None and when({rule.on: event.content}, {}) is not True):
            continue
        subject = read_text(event.content.get(rule.by))
        if subject is not None and (not rule.distinct or read_text(event.content.get(rule.distinct)) is not None):
            found.setdefault(subject, []).append(event)
    return found


def watch_plainly(watch: Watch, events: Sequence[Event]) -> list[Alert]:
    """All alerts, by counting anew at every event."""
    alerts = [
        Alert(rule.id, subject, event.key, event.at, tuple(each.key for each in counted))
        for rule in watch.rules
        for subject, stream in streams(rule, events).items()
        for event in stream
        if _size(rule, counted := _so_far(rule, stream, event)) >= rule.count
    ]
    return quieted(watch, alerts, ())


def _so_far(rule: WatchRule, stream: Sequence[Event], last: Event) -> list[Event]:
    """By the definition: what happened up to the last event and less than the rule's time before it."""
    return [each for each in stream if _order(each) <= _order(last) and last.at - each.at < rule.within]


def _window(rule: WatchRule, stream: Sequence[Event], place: int) -> list[Event]:
    """The events up to one, no older than the time of the rule allows."""
    start, end = place, stream[place].at
    while start > 0 and end - stream[start - 1].at < rule.within:
        start -= 1
    return list(stream[start : place + 1])


def _size(rule: WatchRule, counted: Sequence[Event]) -> int:
    return len({read_text(each.content.get(rule.distinct)) for each in counted}) if rule.distinct else len(counted)


def watch_all(watch: Watch, events: Sequence[Event], on: Engine | None = None) -> list[Alert]:
    """All alerts, by the engine. Raises EngineFailed."""
    return quieted(watch, counted_enough(watch, events, on), ())


def counted_enough(watch: Watch, events: Sequence[Event], on: Engine | None = None) -> list[Alert]:
    """An alert for every event at which a rule has counted enough, before any quiet is kept. Raises EngineFailed."""
    cases, places = [], []
    for number, rule in enumerate(watch.rules):
        messages, where = _messages(number, rule, events)
        cases.append(messages)
        places.append(where)
    # Rule by rule, so that no more is alive in the engine at a time than there are events.
    rules = [_rule(number, rule) for number, rule in enumerate(watch.rules)]
    found = (on or engine()).match(watch.edition, rules, cases, MOST_FIRINGS)
    alerts = []
    for rule, matches, where in zip(watch.rules, found, places, strict=True):
        if matches is None:
            raise too_many()
        for _, keys, _ in matches:
            subject, stream, place = where[keys[0]]
            counted = _window(rule, stream, place)
            if _size(rule, counted) >= rule.count:
                event = stream[place]
                alerts.append(Alert(rule.id, subject, event.key, event.at, tuple(each.key for each in counted)))
    return alerts


def _messages(
    number: int, rule: WatchRule, events: Sequence[Event]
) -> tuple[list[dict[str, Any]], list[tuple[str, list[Event], int]]]:
    """The events a rule counts as messages, and for each its subject, its stream and its place there."""
    messages: list[dict[str, Any]] = []
    places: list[tuple[str, list[Event], int]] = []
    for subject, stream in streams(rule, events).items():
        start = len(messages)
        for place in range(len(stream)):
            earlier = place - rule.count + 1
            # Where none stands so far before: a number that no event has.
            message = {
                "t": f"e{number}",
                "k": start + place,
                "before": start + earlier if earlier >= 0 else -1 - len(messages),
            }
            if rule.distinct:
                message["enough"] = int(_size(rule, _window(rule, stream, place)) >= rule.count)
            messages.append(message)
            places.append((subject, stream, place))
    return messages, places


def _rule(number: int, rule: WatchRule) -> dict[str, Any]:
    """One event that is enough, or two of which one stands so many places before the other."""
    mine: list[dict[str, Any]] = [{"t": f"e{number}"}]
    if rule.distinct:
        patterns = [[*mine, {"enough": 1}]]
    elif rule.count == 1:
        patterns = [mine]
    else:
        patterns = [mine, [*mine, {"k": {"m0": "before"}}]]
    return {"patterns": patterns, "facts": len(patterns), "derives": -1, "rank": []}


def quieted(watch: Watch, alerts: Sequence[Alert], told: Sequence[Alert]) -> list[Alert]:
    """The alerts in order, without those about the same shortly after (or, for events that come late, before) another."""
    quiet = {rule.id: rule.quiet for rule in watch.rules}
    kept: list[Alert] = []
    known: dict[tuple[str, str], list[datetime]] = {}
    for each in told:
        known.setdefault((each.rule, each.subject), []).append(each.at)
    for alert in sorted(alerts, key=lambda one: (one.at, one.key, one.rule)):
        others = known.setdefault((alert.rule, alert.subject), [])
        if all(abs(alert.at - other) >= quiet[alert.rule] for other in others):
            others.append(alert.at)
            kept.append(alert)
    return kept
