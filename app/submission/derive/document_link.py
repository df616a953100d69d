"""Record 140: another document that the same person carries; revoked by sending the link again with validity flag 0."""

from __future__ import annotations

from app.submission.derive.family import REVOCABLE_REASON
from app.submission.derive.flat import finished_flat
from app.submission.derive.scope import Scope


def document_links(scope: Scope) -> str:
    """Links never reported and valid, and those whose name or validity has changed since."""
    return finished_flat(
        "140",
        scope,
        {"InfSurcCode": f"coalesce(x.\"InfSurcCode\", '{scope.provider}')"},
        ("OthName", "OthAssFlg"),
        where="k.key IS NOT NULL OR n.\"OthAssFlg\" <> '0'",
        reason=REVOCABLE_REASON.format(flag="OthAssFlg"),
    )
