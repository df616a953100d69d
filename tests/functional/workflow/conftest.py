"""The daily batch with verbs of the test's own: real engine, real database, real executor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from other_rooms import announce

from app.core.db import Database, unit_of_work
from app.core.jobs import Worker
from app.core.registry import Registry, Step
from app.core.text import Text
from app.submission.permissions import PERMISSIONS
from app.workflow import capability, host
from app.workflow.stepping import StepContext

PROCESS = "submission.daily_batch"
VERBS = ("collect", "standardise", "volume", "derive", "judge", "hold", "build", "send", "receive", "stop")
OF_SUPPLEMENTS = ("approve_supplements", "return_supplements", "withdraw_supplements")


@dataclass(frozen=True)
class BatchParams:
    """As the diagram gives them."""

    batch: str


@dataclass
class Desk:
    """Steps that note their calls; what each gives back or raises is said by the test."""

    registry: Registry = field(default_factory=Registry)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    """(verb, batch, key of the call)"""
    acts: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.registry.room("workflow", capability.register)
        announce(self.registry)
        self.registry.room("submission", self._register)
        self.registry.check()

    def _register(self, registry: Registry) -> None:
        for name, title in PERMISSIONS.items():
            registry.permission(name, title)
        for verb in (*VERBS, *OF_SUPPLEMENTS):
            registry.step(Step(f"submission.{verb}", Text(verb, verb), self._step(verb), BatchParams))

    def _step(self, verb: str) -> Callable[[StepContext, BatchParams], Any]:
        def run(context: StepContext, params: BatchParams) -> Any:
            self.calls.append((verb, params.batch, context.key))
            act = self.acts.get(verb)
            return act() if act else {"share_above_limit": False}

        return run

    def start(self, key: str = "B1") -> str:
        with unit_of_work():
            return host.start(PROCESS, key, {"batch": key})

    def work(self) -> None:
        """A worker, new every time, does all that is due."""
        Worker(self.registry).run_until_idle()

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, _, _ in self.calls]


@pytest.fixture
def desk(database: Database) -> Desk:
    """On each kind of database in turn."""
    return Desk()
