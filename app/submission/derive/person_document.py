"""Record 130: from when until when a person's identity document is valid, and who issued it."""

from __future__ import annotations

from app.submission.derive.flat import finished_flat, from_provider
from app.submission.derive.scope import Scope


def person_documents(scope: Scope) -> str:
    """Documents never reported, and those that were renewed or corrected since."""
    return finished_flat(
        "130",
        scope,
        from_provider(scope),
        ("IDEfctDate", "IDDueDate", "IDOrgName", "IDDist", "Cimoc"),
    )
