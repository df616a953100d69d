"""The Flask application of the product: one request is one actor, one permission asked, one unit of work."""

from __future__ import annotations

from typing import Final

from flask import Flask, has_request_context, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import acting
from app.core.db import unit_of_work
from app.core.entities import seeing
from app.core.errors import Invalid
from app.core.text import Text
from app.web.access import NOBODY, admit, sight_for, visitor
from app.web.entity import narrowed

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Console(Flask):
    """Flask with the edge of the product around every view.

    A request that only reads runs in a unit of work that cannot write; any other is committed when its view returns,
    whatever status the view gives, and rolled back when it raises.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        endpoint = request.endpoint
        if request.routing_exception is not None or endpoint is None or endpoint == "static":
            return super().dispatch_request()
        admit(endpoint)
        here = visitor()
        if here and here.confined_to and endpoint not in here.confined_to:
            return redirect(url_for(here.confined_to[0]))
        _refuse_nul()
        with (
            acting(here.actor if here else NOBODY),
            unit_of_work(reading=request.method in _READING),
            seeing(narrowed(sight_for(endpoint))),
        ):
            return super().dispatch_request()


def _refuse_nul() -> None:
    """No database keeps a NUL in a text, and PostgreSQL fails on one: what is sent in must have none, wherever it goes."""
    if request.method in _READING:
        return
    posted = request.form.items(multi=True)
    names = dict.fromkeys(name.replace("\x00", "�") for name, value in posted if "\x00" in name + value)
    if request.is_json and b"\\u0000" in request.get_data():
        names["JSON"] = None
    if names:
        raise Invalid(
            "web.nul",
            Text(
                "{names} 中有空字符（NUL），请删去后再提交", "{names} holds a NUL character; remove it and send again"
            ).format(names=", ".join(names)),
        )


def address() -> str:
    """Where the present request comes from; empty outside of requests."""
    return (request.remote_addr or "") if has_request_context() else ""
