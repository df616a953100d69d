"""People's accounts: made, granted roles, locked, given new passwords. Every change is recorded with its maker."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from app.audit import Thing, record
from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.entities import all_entities
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.text import LANGUAGES, Text
from app.security import attempts, sessions
from app.security.models import PastPassword, RoleGrant, User
from app.security.passwords import (
    REMEMBERED,
    first_password,
    hash_password,
    password_matches,
    password_problems,
)
from app.security.roles import ADMINISTRATORS, Role, parse_roles, refuse_exclusive
from app.security.sign_in import find_user, normal_username
from app.web.console import address

THEMES: Final = ("auto", "light", "dark")
_USERNAME: Final = re.compile(r"[a-z][a-z0-9._-]{2,63}")


class PasswordRefused(Invalid):
    """A password does not keep the rules; `problems` are all of the reasons."""

    def __init__(self, problems: tuple[Text, ...]) -> None:
        super().__init__(
            "security.password_rules",
            Text("；".join(each.zh for each in problems), "; ".join(each.en for each in problems)),
        )
        self.problems = problems


def get_user(username: str) -> User:
    """The user of that name; raises NotFound (`security.user`)."""
    user = find_user(username)
    if user is None:
        raise NotFound("security.user", Text("没有这个用户", "there is no such user"))
    return user


def create_user(
    username: str, display_name: str, roles: Iterable[str], password: str | None = None, *, must_change: bool = True
) -> tuple[User, str]:
    """Make an account; the user and the first password, generated where none is given.

    Raises Invalid for a user name, display name, role or password that cannot be, Conflict (`security.username_taken`).
    """
    name, shown = normal_username(username), display_name.strip()
    if not _USERNAME.fullmatch(name):
        raise Invalid(
            "security.username",
            Text(
                "用户名须以字母开头，由 3–64 位小写字母、数字、点、横线或下划线组成",
                "a user name starts with a letter and has 3 to 64 small letters, digits, dots, hyphens or underscores",
            ),
        )
    if not shown or len(shown) > 100 or not shown.isprintable():
        raise Invalid("security.display_name", Text("请填写姓名，至多 100 字", "a name of at most 100 characters"))
    wanted = parse_roles(roles)
    refuse_exclusive(wanted)
    if find_user(name) is not None:
        raise Conflict("security.username_taken", Text("该用户名已被使用", "this user name is taken"))
    first = password if password is not None else first_password()
    if problems := password_problems(first, name):
        raise PasswordRefused(problems)
    now = clock.now()
    user = User(
        username=name,
        display_name=shown,
        password_hash=hash_password(first),
        password_changed_at=now,
        must_change_password=must_change,
        created_at=now,
    )
    user.grants = [_grant(role) for role in sorted(wanted)]
    current_session().add(user)
    current_session().flush()
    record("security.user_created", Thing("user", name), detail={"name": shown, "roles": sorted(wanted)})
    return user, first


def _grant(role: Role, entities: list[str] | None = None) -> RoleGrant:
    limit = None if role in ADMINISTRATORS else entities
    return RoleGrant(role=role.value, granted_by=current_actor().id, granted_at=clock.now(), entities=limit)


def _common_limit(user: User) -> list[str] | None:
    """To which entities a further role is limited: whoever had none for all of them does not get one by another role."""
    limits = [grant.entities for grant in user.grants]
    if not limits or None in limits:
        return None
    return sorted({entity for limit in limits for entity in limit or ()})


def limit_role(user: User, role: str, entities: Iterable[str]) -> None:
    """Let `user` hold a role for these legal entities only; for all of them where none is given. Open sessions end.

    Raises NotFound (`security.grant`), Invalid (`security.entity_unknown`, `security.administrators_unlimited`), and Refused
    (`security.own_account`).
    """
    grant = next((each for each in user.grants if each.role == role), None)
    if grant is None:
        raise NotFound("security.grant", Text("该用户没有这个岗位", "this person does not hold that role"))
    _refuse_oneself(user, Text("不能更改自己的岗位", "one cannot change one's own roles"))
    wanted = sorted(set(entities))
    if wanted and Role(role) in ADMINISTRATORS:
        raise Invalid(
            "security.administrators_unlimited",
            Text("管理员岗位面向整个平台，不按机构限定", "administrators' roles are for the whole installation"),
        )
    if unknown := sorted(set(wanted) - {each.provider for each in all_entities()}):
        listed = ", ".join(unknown)
        raise Invalid(
            "security.entity_unknown",
            Text(f"没有这些法人机构：{listed}", f"there are no such legal entities: {listed}"),
        )
    before, grant.entities = grant.entities, wanted or None
    if before == grant.entities:
        return
    sessions.end_all(user, "roles")
    current_session().flush()
    record(
        "security.entities_changed",
        Thing("user", user.username),
        detail={"role": role, "before": before, "entities": grant.entities},
    )


def set_roles(user: User, roles: Iterable[str]) -> None:
    """Let `user` hold exactly `roles`; open sessions end, so that nobody works on with rights of before.

    Raises Invalid for roles that exclude each other, Refused (`security.own_roles`) for one's own, and Conflict
    (`security.last_administrator`) where nobody would be left to administer security.
    """
    wanted = parse_roles(roles)
    refuse_exclusive(wanted)
    _refuse_oneself(user, Text("不能更改自己的岗位", "one cannot change one's own roles"))
    before = user.roles
    if wanted == before:
        return
    if Role.ADMIN_SECURITY in before - wanted:
        _refuse_last_administrator(user)
    kept = [grant for grant in user.grants if Role(grant.role) in wanted]
    inherited = _common_limit(user)
    user.grants = [*kept, *(_grant(role, inherited) for role in sorted(wanted - before))]
    sessions.end_all(user, "roles")
    current_session().flush()
    record(
        "security.roles_changed",
        Thing("user", user.username),
        detail={"added": sorted(wanted - before), "removed": sorted(before - wanted)},
    )


def _refuse_oneself(user: User, words: Text) -> None:
    actor = current_actor()
    if actor.kind == "person" and actor.id == user.username:
        raise Refused("security.own_account", words)


def _refuse_last_administrator(user: User) -> None:
    others = current_session().scalars(
        select(User)
        .join(RoleGrant)
        .where(RoleGrant.role == Role.ADMIN_SECURITY.value, User.id != user.id, User.locked.is_(False))
    )
    if others.first() is None:
        raise Conflict(
            "security.last_administrator",
            Text("这是最后一位安全管理员，须先另行指定", "this is the last security administrator; name another first"),
        )


def lock_user(user: User, reason: str) -> None:
    """Keep `user` out from this moment on; open sessions end. `reason` is recorded."""
    _refuse_oneself(user, Text("不能锁定自己", "one cannot lock oneself"))
    if Role.ADMIN_SECURITY in user.roles:
        _refuse_last_administrator(user)
    user.locked = True
    ended = sessions.end_all(user, "locked")
    current_session().flush()
    record("security.user_locked", Thing("user", user.username), detail={"reason": reason, "sessions_ended": ended})


def unlock_user(user: User) -> None:
    """Let `user` in again, after a lock by hand as after one by failed attempts."""
    user.locked = False
    attempts.forget(user.username)
    current_session().flush()
    record("security.user_unlocked", Thing("user", user.username))


def reset_password(user: User) -> str:
    """Give `user` a new first password, to be changed at the next sign-in; open sessions end."""
    _refuse_oneself(user, Text("请在“我的账户”中修改自己的密码", "change your own password on your account page"))
    password = first_password()
    _replace_password(user, password)
    user.must_change_password = True
    attempts.forget(user.username)
    sessions.end_all(user, "password")
    current_session().flush()
    record("security.password_reset", Thing("user", user.username))
    return password


def change_password(user: User, present: str, new: str, keep_session: str | None) -> None:
    """Change one's own password; other sessions end.

    Raises Invalid (`security.password_present`) when the present one is wrong, and PasswordRefused.
    """
    if attempts.name_locked(user.username) or not password_matches(user.password_hash, present):
        # Whoever finds a session open must not guess at its password for ever.
        attempts.note_failure(user.username, address())
        record("security.password_change_failed", Thing("user", user.username), "refused")
        raise Invalid("security.password_present", Text("当前密码不正确", "the present password is not right"))
    attempts.forget(user.username)
    problems = list(password_problems(new, user.username))
    if not problems and _was_used(user, new):
        problems.append(
            Text(f"不得与最近 {REMEMBERED} 次使用的密码相同", f"must differ from the last {REMEMBERED} passwords")
        )
    if problems:
        raise PasswordRefused(tuple(problems))
    _replace_password(user, new)
    user.must_change_password = False
    sessions.end_all(user, "password", but=keep_session)
    current_session().flush()
    record("security.password_changed", Thing("user", user.username))


def _was_used(user: User, password: str) -> bool:
    past = current_session().scalars(
        select(PastPassword.password_hash)
        .where(PastPassword.user_id == user.id)
        .order_by(PastPassword.id.desc())
        .limit(REMEMBERED - 1)
    )
    return any(password_matches(each, password) for each in (user.password_hash, *past))


def _replace_password(user: User, password: str) -> None:
    now = clock.now()
    current_session().add(PastPassword(user_id=user.id, password_hash=user.password_hash, replaced_at=now))
    user.password_hash, user.password_changed_at = hash_password(password), now


def keep_preference(user: User, name: str, value: str) -> None:
    """Remember a choice of language or look; raises Invalid (`security.preference`)."""
    allowed: dict[str, tuple[str, ...]] = {"language": LANGUAGES, "theme": THEMES}
    if value not in allowed.get(name, ()):
        raise Invalid("security.preference", Text("没有这个选项", "there is no such choice"))
    setattr(user, name, value)
    current_session().flush()
