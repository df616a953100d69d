"""The process that owns the engine: takes requests from its parent, keeps nothing between them, ends with its parent.

Nothing but this file imports durable_rules. A request names a set of rules (with its patterns the first time) and cases of
facts; the answer holds for each case the matches. A case is asserted, matched and taken back before the next.
`python -m app.rules.inference.host FD SECONDS`
"""

from __future__ import annotations

import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from durable.engine import Host, MessageNotHandledException

from app.rules.inference.wire import receive, send


class _Engine(Host):  # type: ignore[misc] # durable_rules has no types
    """The host without its own threads: they would run actions beside ours."""

    def _run(self) -> None:
        pass


class TooMany(Exception):
    """A case matches more often than allowed."""


class Cases:
    """Judges case after case; what the actions of the running case find is gathered here."""

    def __init__(self) -> None:
        self._engine = _Engine({})
        self._known: set[str] = set()
        self._matches: list[list[Any]] = []
        self._derived: dict[tuple[int, int, int], dict[str, Any]] = {}
        self._errors: list[str] = []
        self._most = 0
        self._number = 0

    def register(self, name: str, rules: list[dict[str, Any]]) -> None:
        """Make a set of rules known under its name, once."""
        if name in self._known:
            return
        made = {f"r{number}": self._rule(number, rule) for number, rule in enumerate(rules)}
        self._engine.set_rulesets({name: made})
        self._known.add(name)

    def _rule(self, number: int, rule: dict[str, Any]) -> dict[str, Any]:
        patterns = [{f"m{at}": {"$and": terms}} for at, terms in enumerate(rule["patterns"])]
        return {"all": patterns, "run": self._action(number, rule)}

    def _action(self, number: int, rule: dict[str, Any]) -> Callable[[Any], None]:
        facts, target, rank = rule["facts"], rule["derives"], rule["rank"]
        count = len(rule["patterns"])

        def act(closure: Any) -> None:
            # The engine keeps what an action raises to itself, so it is kept here.
            try:
                found = [closure._m[f"m{at}"] for at in range(count)]
                self._match([number, [each["k"] for each in found[:facts]], [each["r"] for each in found[facts:]]])
                if target >= 0:
                    value = rank[1] if rank[0] == "is" else found[rank[1]][rank[2]]
                    self._derive(closure, target, found[0]["k"], value)
            except TooMany:
                pass
            except Exception as error:
                self._errors.append(f"{type(error).__name__}: {error}")

        return act

    def _match(self, match: list[Any]) -> None:
        if len(self._matches) > self._most:
            raise TooMany
        self._matches.append(match)

    def _derive(self, closure: Any, name: int, key: int, rank: int) -> None:
        point = (name, key, rank)
        if point in self._derived:
            return
        fact = {"id": f"{self._number}d{name}.{key}.{rank}", "t": "derived", "n": name, "k": key, "r": rank}
        self._derived[point] = fact
        try:
            closure.assert_fact(dict(fact))
        except MessageNotHandledException:
            pass  # nobody reads it

    def judge(self, name: str, facts: list[dict[str, Any]], most: int) -> list[list[Any]] | None:
        """The matches of one case, or None if there are more than `most`. Raises RuntimeError when the engine erred."""
        self._matches, self._derived, self._errors, self._most = [], {}, [], most
        self._number += 1
        asserted = [{**fact, "id": f"{self._number}f{index}"} for index, fact in enumerate(facts)]
        for fact in asserted:
            try:
                self._engine.assert_fact(name, dict(fact))
            except MessageNotHandledException:
                pass
            if self._errors:
                raise RuntimeError(self._errors[0])
        if len(self._matches) > most:
            return None
        for fact in [*asserted, *self._derived.values()]:
            self._engine.retract_fact(name, {**fact, "sid": "0"} if fact["t"] == "derived" else fact)
        return self._matches

    def left_over(self, name: str) -> int:
        """How many facts the engine still holds; none, if all went well."""
        return len(self._engine.get_facts(name))


def serve(channel: socket.socket, seconds: int) -> None:
    """Answer requests until the parent closes the channel; one that takes longer than `seconds` ends the process."""
    cases = Cases()
    while (request := receive(channel)) is not None:
        signal.alarm(seconds)
        try:
            answer = _answer(cases, request)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {getattr(error, 'message', error)}"}
        signal.alarm(0)
        send(channel, answer)
        if "error" in answer:
            return


def _answer(cases: Cases, request: dict[str, Any]) -> dict[str, Any]:
    name = request["name"]
    if "rules" in request:
        cases.register(name, request["rules"])
    matches = []
    for facts in request["cases"]:
        found = cases.judge(name, facts, request["most"])
        matches.append(found)
        if found is None:
            return {"matches": matches, "worn": True}
    if cases.left_over(name):
        raise RuntimeError("the engine holds facts of cases that are done")
    return {"matches": matches, "worn": False, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
