"""Answers to the button beside a masked value."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.audit import looked_at
from app.core.registry import Registry
from app.security import permissions
from app.security.reveal import seal, unseal
from app.web.access import permission


@permission(permissions.REVEAL)
def reveal() -> ResponseReturnValue:
    """The value in the clear. It is recorded which value of what was seen, never the value."""
    veiled = unseal(request.form.get("token", ""))
    looked_at(veiled.thing, kind=veiled.kind, item=veiled.item)
    return render_template("security/revealed.html", veiled=veiled, token=seal(veiled))


@permission(permissions.REVEAL)
def reveal_end() -> ResponseReturnValue:
    """The value behind its mask again."""
    veiled = unseal(request.form.get("token", ""))
    return render_template("security/masked.html", veiled=veiled, token=seal(veiled))


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    blueprint.add_url_rule("/reveal", "reveal", reveal, methods=["POST"])
    blueprint.add_url_rule("/reveal/end", "reveal_end", reveal_end, methods=["POST"])
