"""Record 340: two identifiers of one enterprise, and whether they still belong together."""

from __future__ import annotations

from app.submission.derive.flat import finished_link
from app.submission.derive.scope import Scope


def identifier_links(scope: Scope) -> str:
    """Pairs of identifiers that are new to the centre, have come apart or together again, or whose enterprise has a new name."""
    return finished_link("340", scope, "CertAssFlg", ("EntName",), {})
