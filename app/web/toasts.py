"""Short notices to the user: in the answer to an htmx request at once, else on the page after the redirect."""

from __future__ import annotations

import json
from typing import Final, Literal

from flask import Response, g, request, session

from app.core.text import Text
from app.web.words import sentence

Tone = Literal["success", "info", "warning", "danger"]
_WAITING: Final = "toasts"
_MOST: Final = 5  # a session lives in a cookie: it must stay small


def toast(text: Text, tone: Tone = "success") -> None:
    """Tell the user `text` with the next thing that reaches the browser."""
    g.setdefault("toasts", []).append({"text": sentence(text), "tone": tone})


def waiting_toasts() -> str:
    """The notices to be shown on the page now being rendered, as JSON; they are shown once."""
    shown = [*session.pop(_WAITING, []), *g.pop("toasts", [])]
    # `<` must not end the script element in which the page carries them.
    return json.dumps(shown).replace("<", "\\u003c") if shown else ""


def deliver(response: Response) -> Response:
    """Send notices that no page has shown: by event to htmx, else kept for the page after this answer."""
    pending = g.pop("toasts", [])
    if not pending:
        return response
    if request.headers.get("HX-Request") and "HX-Redirect" not in response.headers and response.status_code != 302:
        events = json.loads(response.headers.get("HX-Trigger", "{}"))
        response.headers["HX-Trigger"] = json.dumps({**events, "toast": {"value": pending}})
    else:
        session[_WAITING] = [*session.get(_WAITING, []), *pending][-_MOST:]
    return response
