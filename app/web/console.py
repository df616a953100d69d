"""The Flask application of the product: one request is one actor, one permission asked, one unit of work."""

from __future__ import annotations

from typing import Final

from flask import Flask, has_request_context, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import acting
from app.core.db import unit_of_work
from app.core.entities import seeing
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
        with (
            acting(here.actor if here else NOBODY),
            unit_of_work(reading=request.method in _READING),
            seeing(narrowed(sight_for(endpoint))),
        ):
            return super().dispatch_request()


def address() -> str:
    """Where the present request comes from; empty outside of requests."""
    return (request.remote_addr or "") if has_request_context() else ""
