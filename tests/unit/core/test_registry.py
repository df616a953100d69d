"""Rooms announce what they have; whatever does not fit together is told at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import click
import pytest

from app.core.capability import register as register_core
from app.core.errors import Invalid
from app.core.events import Event
from app.core.registry import EVERY_EVENT, Job, MenuEntry, Registry, Step, Task
from app.core.text import Text

TITLE = Text("名称", "title")


@dataclass(frozen=True)
class DoorOpened(Event):
    name: ClassVar[str] = "hall.door_opened"
    door: int

    @property
    def aggregate(self) -> str:
        return f"door:{self.door}"


@dataclass(frozen=True)
class Width:
    metres: int


def _hall(registry: Registry) -> None:
    registry.permission("hall.door.open", TITLE)
    registry.role("porter", TITLE)
    registry.grant("porter", "hall.door.open")
    registry.step(Step("hall.open", TITLE, print, Width))
    registry.task(Task("hall.sweep", TITLE, print))
    registry.job(Job("hall.lock", TITLE, print, cron="0 22 * * mon-fri"))
    registry.event(DoorOpened)
    registry.subscribe("hall.count", DoorOpened, print)
    registry.dataset("record.210", TITLE)
    registry.blueprint(click.Command("hall"))
    registry.menu_entry(MenuEntry("doors", TITLE, "hall.doors", "hall.door.open"))
    registry.command(click.Command("hall"))
    registry.models("app.hall.models", "app.hall.models")


def _problems(*rooms: tuple[str, object]) -> str:
    registry = Registry()
    for name, register in rooms:
        registry.room(name, register)  # type: ignore[arg-type]
    with pytest.raises(Invalid) as caught:
        registry.check()
    assert caught.value.code == "core.registry"
    assert caught.value.message.zh
    return caught.value.message.en


def test_what_fits_together_is_found_by_name_and_owner() -> None:
    registry = Registry()
    registry.room("hall", _hall)
    registry.check()
    assert registry.rooms == ["hall"]
    assert registry.owners[("permission", "hall.door.open")] == "hall"
    assert registry.steps["hall.open"].params is Width
    assert list(registry.tasks) == ["hall.sweep", "hall.lock"]
    assert registry.subscribers_of("hall.door_opened") == {"hall.count": print}
    assert registry.event_type("hall.door_opened") is DoorOpened
    assert registry.model_modules == ["app.hall.models"]
    assert registry.grants == {"porter": {"hall.door.open"}}


def test_the_ground_floor_s_own_announcement_fits() -> None:
    registry = Registry()
    registry.room("core", register_core)
    registry.check()
    assert set(registry.commands) == {"keys", "events"}
    assert set(registry.jobs) == {"core.forget_events", "core.forget_tasks", "core.statistics"}


def test_two_owners_of_a_name_are_refused() -> None:
    told = _problems(
        ("hall", _hall),
        ("yard", lambda registry: (registry.role("porter", TITLE), registry.dataset("record.210", TITLE))),
    )
    assert "role porter belongs to both hall and yard" in told
    assert "dataset record.210 belongs to both hall and yard" in told


def test_names_start_with_their_room() -> None:
    assert "must start with yard." in _problems(("yard", lambda registry: registry.permission("hall.door.open", TITLE)))


def test_every_reference_to_something_unknown_is_told_at_once() -> None:
    def register(registry: Registry) -> None:
        registry.grant("nobody", "yard.nothing")
        registry.subscribe("yard.ear", "yard.silence", print)
        registry.subscribe("yard.all", EVERY_EVENT, print)
        registry.menu_entry(MenuEntry("x", TITLE, "x", "yard.nothing"))
        registry.add_check(lambda _: [Text("图有误", "a diagram is wrong")])

    told = _problems(("yard", register))
    for part in (
        "unknown role nobody",
        "unknown permission yard.nothing",
        "unknown event yard.silence",
        "menu entry x",
        "a diagram is wrong",
    ):
        assert part in told
    assert "yard.all" not in told


@pytest.mark.parametrize(
    "timetable",
    [
        {},
        {"cron": "0 2 * * *", "every_seconds": 5},
        {"cron": "every night"},
        {"cron": "0 2 * * 1"},
        {"cron": "0 99 * * *"},
        {"every_seconds": 0},
    ],
)
def test_a_timetable_that_is_none_is_told(timetable: dict[str, object]) -> None:
    job = Job("yard.rake", TITLE, print, **timetable)  # type: ignore[arg-type]
    assert "timetable of job yard.rake" in _problems(("yard", lambda registry: registry.job(job)))


def test_parameters_of_a_step_have_types() -> None:
    step = Step("yard.rake", TITLE, print, dict)
    assert "must be a dataclass" in _problems(("yard", lambda registry: registry.step(step)))
