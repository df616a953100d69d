"""Record 140: another document that the same person carries; revoked by sending the link again with validity flag 0."""

from __future__ import annotations

from app.submission.derive.flat import finished_link, from_provider
from app.submission.derive.scope import Scope


def document_links(scope: Scope) -> str:
    """Links never reported and valid, and those whose name or validity has changed since."""
    return finished_link("140", scope, "OthAssFlg", ("OthName",), from_provider(scope))
