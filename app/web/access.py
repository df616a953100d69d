"""Denied by default: an endpoint that neither names its permission nor says that it is public stops the start.

Who the visitor is and what they may do is told by a higher room, through `Recognition`; here it is only enforced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from flask import Flask, current_app, g, has_request_context

from app.core.actor import Actor
from app.core.entities import Sight, sight
from app.core.errors import Refused
from app.core.registry import Registry
from app.core.text import Text

View = TypeVar("View", bound=Callable[..., Any])

_MARK: Final = "needs_permission"
_PUBLIC: Final = ""
_OPEN_ENDPOINTS: Final = frozenset({"static"})
NOBODY: Final = Actor("visitor", "未登录访客", "client")


def permission(name: str) -> Callable[[View], View]:
    """Let only those call the view who hold the permission. Write it nearest to the function."""

    def mark(view: View) -> View:
        setattr(view, _MARK, name)
        return view

    return mark


def public(view: View) -> View:
    """Let anyone call the view, signed in or not."""
    setattr(view, _MARK, _PUBLIC)
    return view


class SignInNeeded(Refused):
    """Nobody is signed in where somebody must be."""

    status = 401

    def __init__(self) -> None:
        super().__init__("web.sign_in_needed", Text("请先登录", "please sign in first"))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone who is signed in. `confined_to`: where set, the only endpoints open now, the first being where to go.

    `limits` says of permissions that are held for some legal entities only, for which; the others are held for all.
    """

    actor: Actor
    permissions: frozenset[str]
    detail: Text
    confined_to: tuple[str, ...] = ()
    limits: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def may(self, name: str) -> bool:
        return name in self.permissions

    def sight(self, name: str) -> Sight:
        """For which legal entities the permission is held."""
        return self.limits.get(name) if self.may(name) else frozenset()


class Recognition(Protocol):
    """What the web room asks of the room that knows people."""

    def visitor(self) -> Visitor | None:
        """Who makes the present request; None for nobody."""

    def note_refusal(self, actor: Actor, permission: str) -> None:
        """Someone asked for what they may not have."""


class Nobody:
    """Recognition where no room knows people: nobody is ever signed in."""

    def visitor(self) -> Visitor | None:
        return None

    def note_refusal(self, actor: Actor, permission: str) -> None:
        return None


def recognise_with(app: Flask, recognition: Recognition) -> None:
    """Set who recognises visitors."""
    app.extensions["creditlink.recognition"] = recognition


def recognition() -> Recognition:
    found: Recognition = current_app.extensions.get("creditlink.recognition", Nobody())
    return found


def visitor() -> Visitor | None:
    """Who makes the present request; asked once a request."""
    if not has_request_context():
        return None
    if "visitor" not in g:
        g.visitor = recognition().visitor()
    found: Visitor | None = g.visitor
    return found


def forget_visitor() -> None:
    """After signing in or out: ask anew."""
    g.pop("visitor", None)


def signed_in() -> bool:
    return visitor() is not None


def may(name: str) -> bool:
    """Whether the present visitor holds the permission for every legal entity that is looked at; for what a page offers.

    Doors are guarded by `permission`.
    """
    here = visitor()
    if here is None or not here.may(name):
        return False
    mine, seen = here.sight(name), sight()
    return mine is None or (seen is not None and seen <= mine)


def sight_for(endpoint: str) -> Sight:
    """Whose rows the visitor may see at an endpoint: those of the entities for which its permission is held."""
    here, needed = visitor(), required_permission(current_app, endpoint)
    return here.sight(needed) if here is not None and needed else None


def required_permission(app: Flask, endpoint: str) -> str | None:
    """The permission an endpoint needs; empty for a public one, None where it says nothing."""
    if endpoint in _OPEN_ENDPOINTS:
        return _PUBLIC
    view = app.view_functions.get(endpoint)
    found: str | None = getattr(view, _MARK, None)
    return found


def admit(endpoint: str) -> None:
    """Raise SignInNeeded or Refused (`web.forbidden`) unless the visitor may call the endpoint."""
    needed = required_permission(current_app, endpoint)
    if needed == _PUBLIC:
        return
    here = visitor()
    if here is None:
        raise SignInNeeded
    if needed is None or not here.may(needed):
        recognition().note_refusal(here.actor, needed or endpoint)
        raise Refused(
            "web.forbidden",
            Text("您的岗位没有办理此项的权限", "your roles do not include the permission for this"),
        )


def access_problems(app: Flask, registry: Registry) -> Iterable[Text]:
    """Endpoints that say nothing about access or name an unknown permission, and menu entries that lead nowhere."""
    for endpoint in app.view_functions:
        needed = required_permission(app, endpoint)
        if needed is None:
            yield Text(f"端点 {endpoint} 未声明权限", f"endpoint {endpoint} declares no permission and is not public")
        elif needed != _PUBLIC and needed not in registry.permissions:
            yield Text(
                f"端点 {endpoint} 需要未知权限 {needed}", f"endpoint {endpoint} needs the unknown permission {needed}"
            )
    for entry in registry.menu.values():
        if entry.endpoint not in app.view_functions:
            yield Text(
                f"菜单 {entry.name} 指向不存在的端点 {entry.endpoint}",
                f"menu entry {entry.name} leads to {entry.endpoint}, which does not exist",
            )
