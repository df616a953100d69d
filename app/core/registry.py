"""Where rooms announce what they have, so that everything is known by one name and one owner before the first request.

The factory calls each room's `register(registry)` in order, then `check`. Names of permissions, steps, jobs, tasks,
events and subscribers start with their room: `submission.batch.release`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import click

from app.core import timetable
from app.core.errors import Invalid
from app.core.events import Event, Handler
from app.core.notices import NoticeKind
from app.core.text import Text

EVERY_EVENT: Final = "*"


class Named(Protocol):
    """Something that other libraries make and call by a name: a blueprint, a click command."""

    @property
    def name(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class NoParams:
    """The parameters of a verb that takes none."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Something an actor may be allowed to do; nobody may until a role grants it."""

    name: str
    title: Text


@dataclass(frozen=True, slots=True)
class Role:
    """A set of permissions that belongs to a post."""

    name: str
    title: Text


@dataclass(frozen=True, slots=True)
class Step:
    """A verb that process diagrams may call. `params` is a dataclass: its fields are the step's typed parameters."""

    name: str
    title: Text
    run: Callable[..., Any]
    params: type = NoParams


@dataclass(frozen=True, slots=True)
class Task:
    """Work done in the background on demand; see `app.core.jobs`.

    Without `own_commits` the whole run is one unit of work that also marks the task done: its effect in the database
    happens exactly once. With it the work commits as it goes, can show progress, and must bear being begun again.
    """

    name: str
    title: Text
    run: Callable[[Any], None]
    own_commits: bool = False
    max_attempts: int = 5


@dataclass(frozen=True, slots=True)
class Job:
    """A task with a timetable: `cron` (five fields, Chinese time, weekdays by name) or `every_seconds`."""

    name: str
    title: Text
    run: Callable[[Any], None]
    cron: str | None = None
    every_seconds: int | None = None
    own_commits: bool = False
    max_attempts: int = 3

    def task(self) -> Task:
        return Task(self.name, self.title, self.run, self.own_commits, self.max_attempts)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named body of rows in the lake that peers may read."""

    name: str
    title: Text


@dataclass(frozen=True, slots=True)
class FormRows:
    """Rows that forms may show beside their fields or offer as choices.

    `read(params, most)` gives at most `most` rows, each with the names of `columns`; `masked` says which columns hold
    personal data, and of what kind. Only those who hold `permission` see them.
    """

    name: str
    title: Text
    columns: Mapping[str, Text]
    read: Callable[[Mapping[str, Any], int], Iterable[Mapping[str, Any]]]
    permission: str
    masked: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    """columns that lead somewhere: the name under which a row then holds the address, which is one of the console"""


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A place in the console's menu; shown to those who hold the permission, sorted by `order`."""

    name: str
    title: Text
    endpoint: str
    permission: str
    order: int = 100
    icon: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    name: str
    event: str
    handler: Handler


Check = Callable[["Registry"], Iterable[Text]]


@dataclass(slots=True)
class Registry:
    """Everything the rooms have announced. Mappings are keyed by name, in the order of announcement."""

    permissions: dict[str, Permission] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    grants: dict[str, set[str]] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    events: dict[str, type[Event]] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    form_rows: dict[str, FormRows] = field(default_factory=dict)
    notice_kinds: dict[str, NoticeKind] = field(default_factory=dict)
    blueprints: dict[str, Any] = field(default_factory=dict)
    menu: dict[str, MenuEntry] = field(default_factory=dict)
    commands: dict[str, click.Command] = field(default_factory=dict)
    model_modules: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    preparations: dict[str, Callable[[], None]] = field(default_factory=dict)
    set_back: dict[str, Callable[[], object]] = field(default_factory=dict)
    _checks: list[Check] = field(default_factory=list)
    _problems: list[Text] = field(default_factory=list)
    _room: str = ""

    def room(self, name: str, register: Callable[[Registry], None]) -> None:
        """Let a room announce itself; what it adds meanwhile is owned by `name`."""
        self.rooms.append(name)
        self._room = name
        try:
            register(self)
        finally:
            self._room = ""

    def permission(self, name: str, title: Text) -> None:
        self._put("permission", self.permissions, name, Permission(name, title), prefixed=True)

    def role(self, name: str, title: Text) -> None:
        self._put("role", self.roles, name, Role(name, title))

    def grant(self, role: str, *permissions: str) -> None:
        """Let `role` have these permissions from the start; role and permissions may be announced later."""
        self.grants.setdefault(role, set()).update(permissions)

    def step(self, step: Step) -> None:
        if not dataclasses.is_dataclass(step.params):
            self._complain(
                f"步骤 {step.name} 的参数须为 dataclass", f"parameters of step {step.name} must be a dataclass"
            )
        self._put("step", self.steps, step.name, step, prefixed=True)

    def task(self, task: Task) -> None:
        self._put("task", self.tasks, task.name, task, prefixed=True)

    def job(self, job: Job) -> None:
        try:
            timetable.trigger(job.cron, job.every_seconds)
        except ValueError as error:
            self._complain(
                f"作业 {job.name} 的时间表有误：{error}", f"the timetable of job {job.name} is wrong: {error}"
            )
        self._put("job", self.jobs, job.name, job, prefixed=True)
        self._put("task", self.tasks, job.name, job.task(), prefixed=True)

    def event(self, kind: type[Event]) -> None:
        self._put("event", self.events, kind.name, kind, prefixed=True)

    def subscribe(self, name: str, event: type[Event] | str, handler: Handler) -> None:
        """Let `handler` hear an event (its type or name) or, with EVERY_EVENT, all; `name` is kept for ever."""
        heard = event if isinstance(event, str) else event.name
        self._put("subscriber", self.subscriptions, name, Subscription(name, heard, handler), prefixed=True)

    def dataset(self, name: str, title: Text) -> None:
        self._put("dataset", self.datasets, name, Dataset(name, title))

    def rows_for_forms(self, rows: FormRows) -> None:
        self._put("form rows", self.form_rows, rows.name, rows, prefixed=True)

    def notice_kind(self, kind: NoticeKind) -> None:
        """Announce what people may be told of; its events must be announced too."""
        self._put("notice kind", self.notice_kinds, kind.name, kind, prefixed=True)

    def blueprint(self, blueprint: Named) -> None:
        self._put("blueprint", self.blueprints, str(blueprint.name), blueprint)

    def menu_entry(self, entry: MenuEntry) -> None:
        self._put("menu entry", self.menu, entry.name, entry)

    def command(self, command: click.Command) -> None:
        self._put("command", self.commands, str(command.name), command)

    def models(self, *modules: str) -> None:
        """Name the modules that define models; they are imported when the schema is asked for."""
        self.model_modules.extend(module for module in modules if module not in self.model_modules)

    def prepare(self, name: str, act: Callable[[], None]) -> None:
        """Have a worker do this when it starts, before it takes work: what every process needs to do once."""
        self._put("preparation", self.preparations, name, act, prefixed=True)

    def when_set_back(self, name: str, act: Callable[[], object]) -> None:
        """Have the leading worker do this when the clock has been set back, and when it begins to lead.

        `act` makes good what was written down, to be done later, by a clock that ran ahead; it opens its own units of work.
        """
        self._put("set back", self.set_back, name, act, prefixed=True)

    def add_check(self, check: Check) -> None:
        """Have `check` run at start-up; each Text it gives stops the start."""
        self._checks.append(check)

    def event_type(self, name: str) -> type[Event] | None:
        return self.events.get(name)

    def subscriber(self, name: str) -> Handler | None:
        found = self.subscriptions.get(name)
        return found.handler if found else None

    def subscribers_of(self, event_name: str) -> dict[str, Handler]:
        """Who hears the event, by subscriber name."""
        return {
            each.name: each.handler for each in self.subscriptions.values() if each.event in (event_name, EVERY_EVENT)
        }

    def problems(self) -> tuple[Text, ...]:
        """Everything that does not fit together."""
        found = list(self._problems)
        for role, granted in self.grants.items():
            if role not in self.roles:
                found.append(Text(f"授权引用了未知角色 {role}", f"a grant names the unknown role {role}"))
            found += [
                Text(f"角色 {role} 被授予未知权限 {name}", f"role {role} is granted the unknown permission {name}")
                for name in sorted(granted - self.permissions.keys())
            ]
        found += [
            Text(
                f"{each.name} 订阅了未知事件 {each.event}", f"{each.name} subscribes to the unknown event {each.event}"
            )
            for each in self.subscriptions.values()
            if each.event != EVERY_EVENT and each.event not in self.events
        ]
        found += [
            Text(
                f"菜单 {each.name} 引用了未知权限 {each.permission}",
                f"menu entry {each.name} needs the unknown permission {each.permission}",
            )
            for each in self.menu.values()
            if each.permission not in self.permissions
        ]
        for check in self._checks:
            found += check(self)
        return tuple(found)

    def check(self) -> None:
        """Raise Invalid (`core.registry`) with all problems at once, or return."""
        if found := self.problems():
            raise Invalid(
                "core.registry", Text("；".join(each.zh for each in found), "; ".join(each.en for each in found))
            )

    def _complain(self, zh: str, en: str) -> None:
        self._problems.append(Text(zh, en))

    def _put(self, kind: str, shelf: dict[str, Any], name: str, thing: object, *, prefixed: bool = False) -> None:
        owner = self.owners.get((kind, name))
        if owner is not None:
            self._complain(
                f"{kind} {name} 同时属于 {owner} 与 {self._room}",
                f"{kind} {name} belongs to both {owner} and {self._room}",
            )
            return
        if prefixed and not name.startswith(f"{self._room}."):
            self._complain(
                f"{kind} {name} 的名称须以 {self._room}. 开头",
                f"the name of {kind} {name} must start with {self._room}.",
            )
        self.owners[(kind, name)] = self._room
        shelf[name] = thing
