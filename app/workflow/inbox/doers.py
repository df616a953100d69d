"""Who does tasks: a person with the roles and permissions they hold now, and for whom they stand in today."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from app.core.errors import NotFound
from app.core.people import Person, directory
from app.core.text import Text
from app.workflow.inbox.absence import covered_by
from app.workflow.models import ProcessTask
from app.workflow.permissions import ASSIGN, WORK

Grants = Mapping[str, Collection[str]]
"""The permissions of each role."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Somebody who does tasks. `covers` are the ids of colleagues who are away today and whose tasks are theirs."""

    id: str
    name: str
    roles: frozenset[str]
    permissions: frozenset[str]
    covers: tuple[str, ...] = ()
    limits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of roles held for some legal entities only, for which."""

    @property
    def hands(self) -> tuple[str, ...]:
        """Everybody whose tasks are this person's to do today, they themselves first."""
        return (self.id, *self.covers)

    @property
    def leads(self) -> bool:
        """Whether they may give tasks to others."""
        return ASSIGN in self.permissions

    def has(self, task: ProcessTask) -> bool:
        """Whether the task is theirs, or that of somebody for whom they stand in."""
        return task.assignee is not None and task.assignee in self.hands

    def is_candidate(self, task: ProcessTask) -> bool:
        """Whether they are in the role that the diagram names and hold its permission, where it names either."""
        return (
            WORK in self.permissions
            and (not task.role or task.role in self.roles)
            and (task.provider is None or task.role not in self.limits or task.provider in self.limits[task.role])
            and (not task.permission or task.permission in self.permissions)
        )

    def is_excluded(self, task: ProcessTask) -> bool:
        """Whether they had a hand in what the task is to check."""
        return self.id in task.excluded

    def may_do(self, task: ProcessTask) -> bool:
        return not self.is_excluded(task) and (self.has(task) or self.is_candidate(task))

    def may_see(self, task: ProcessTask) -> bool:
        return self.leads or self.has(task) or self.is_candidate(task) or task.finished_by == self.id


def made_of(person: Person, grants: Grants) -> Doer:
    """A person of the directory as somebody who does tasks."""
    held = frozenset[str]().union(*(grants.get(role, ()) for role in person.roles))
    return Doer(person.id, person.name, person.roles, held, limits=person.limits)


def somebody(person_id: str, grants: Grants) -> Doer:
    """By the id of their actor. Raises NotFound (`workflow.person`)."""
    person = directory().person(person_id)
    if person is None:
        raise NotFound(
            "workflow.person", Text("没有这个人，或其账户已锁定", "There is no such person, or they are locked")
        )
    return made_of(person, grants)


def present(person_id: str, name: str, permissions: frozenset[str]) -> Doer:
    """Whoever works now, with the permissions that the edge knows of."""
    person = directory().person(person_id)
    roles, limits = (person.roles, person.limits) if person else (frozenset(), {})
    return Doer(person_id, name, roles, permissions, tuple(covered_by(person_id)), limits)


def fit_for(task: ProcessTask, grants: Grants) -> list[Doer]:
    """Everybody to whom the task may be given, by name."""
    found = (made_of(person, grants) for person in directory().everyone())
    return [each for each in found if may_be_given(task, each)]


def may_be_given(task: ProcessTask, to: Doer) -> bool:
    """Whether `to` may do the task in their own right; being somebody's substitute is not enough."""
    return WORK in to.permissions and to.is_candidate(task) and not to.is_excluded(task)
