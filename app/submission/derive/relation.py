"""Record 350: how two enterprises are related, and whether they still are."""

from __future__ import annotations

from app.submission.derive.flat import finished_link
from app.submission.derive.scope import Scope


def relations(scope: Scope) -> str:
    """Pairs of enterprises that are new to the centre, related in another way or not any more, or under another name."""
    return finished_link("350", scope, "AssoSign", ("AssoType", "EntName", "AssoEntName"), {})
