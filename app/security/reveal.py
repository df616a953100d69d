"""Showing one masked value in the clear: to who holds the grant, for a minute, with an audit entry each time.

A page carries the value sealed, for this person and a quarter of an hour; so any list can offer it without an address
of its own for each value, and nobody can read it out of the page.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from flask import render_template
from markupsafe import Markup

from app.audit import Thing
from app.core import clock
from app.core.crypto import key_ring
from app.core.errors import CreditLinkError, Invalid
from app.core.masking import Kind, mask
from app.core.text import Text
from app.security import permissions
from app.web.access import may, visitor
from app.web.words import NOTHING

_CONTEXT: Final = "security.reveal"
_LIFE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Veiled:
    """One value behind its mask; `item` names it within the thing (`IDNum`)."""

    value: str
    kind: Kind
    thing: Thing
    item: str

    @property
    def masked(self) -> str:
        return mask(self.kind, self.value)


def seal(veiled: Veiled) -> str:
    """The value for the page of the present visitor, to be given back by `unseal`."""
    here = visitor()
    content = {
        "value": veiled.value,
        "kind": veiled.kind,
        "thing": [veiled.thing.kind, veiled.thing.id],
        "item": veiled.item,
        "for": here.actor.id if here else "",
        "until": int((clock.now() + _LIFE).timestamp()),
    }
    return base64.urlsafe_b64encode(key_ring().encrypt(_CONTEXT, json.dumps(content).encode())).decode()


def unseal(token: str) -> Veiled:
    """The value again; raises Invalid (`security.reveal`) for another person, after its time, or if it was changed."""
    here = visitor()
    try:
        content = json.loads(key_ring().decrypt(_CONTEXT, base64.urlsafe_b64decode(token)))
        fresh = clock.now().timestamp() <= content["until"] and here is not None and content["for"] == here.actor.id
    except (CreditLinkError, binascii.Error, ValueError, KeyError):
        fresh = False
    if not fresh:
        raise Invalid(
            "security.reveal",
            Text("页面已过期，请刷新后再查看", "this page is too old for that; reload it and look again"),
        )
    kind, identity = content["thing"]
    return Veiled(content["value"], cast(Kind, content["kind"]), Thing(kind, identity), content["item"])


def masked(value: str | None, kind: Kind, thing_kind: str, thing_id: object, item: str = "") -> Markup:
    """For templates: the value masked, with a button to reveal it where the visitor may."""
    if not value:
        return Markup(NOTHING)  # noqa: S704 - a constant
    veiled = Veiled(value, kind, Thing(thing_kind, str(thing_id)), item)
    token = seal(veiled) if may(permissions.REVEAL) else None
    return Markup(render_template("security/masked.html", veiled=veiled, token=token))  # noqa: S704 - escaped by Jinja
