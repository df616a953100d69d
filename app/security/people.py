"""The directory of people, for rooms below that hand work to them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.core.db import unit_of_work
from app.core.people import Person
from app.security.models import RoleGrant, User


class Users:
    """Everyone with an account that is not locked."""

    def person(self, person_id: str) -> Person | None:
        with unit_of_work(reading=True) as session:
            user = session.scalar(select(User).where(User.username == person_id, User.locked.is_(False)))
            return _person(user) if user else None

    def holders(self, role: str) -> Sequence[Person]:
        with unit_of_work(reading=True) as session:
            query = select(User).join(RoleGrant).where(RoleGrant.role == role, User.locked.is_(False))
            return [_person(user) for user in session.scalars(query.order_by(User.display_name))]

    def everyone(self) -> Sequence[Person]:
        with unit_of_work(reading=True) as session:
            query = select(User).where(User.locked.is_(False)).order_by(User.display_name)
            return [_person(user) for user in session.scalars(query)]


def _person(user: User) -> Person:
    return Person(user.username, user.display_name, frozenset(role.value for role in user.roles), user.limits)
