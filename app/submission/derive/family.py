"""Record 120: a family relation between two persons; revoked by sending it again with validity flag 0.

The centre knows no request that deletes it.
"""

from __future__ import annotations

from app.submission.derive.flat import finished_flat
from app.submission.derive.scope import Scope


def family_relations(scope: Scope) -> str:
    """Relations never reported and valid, and those whose kind or validity has changed since."""
    return finished_flat(
        "120",
        scope,
        {"InfSurcCode": f"coalesce(x.\"InfSurcCode\", '{scope.provider}')"},
        ("FamRel", "FamRelaAssFlag"),
        where="k.key IS NOT NULL OR n.\"FamRelaAssFlag\" <> '0'",
        reason=REVOCABLE_REASON.format(flag="FamRelaAssFlag"),
    )


REVOCABLE_REASON = """CASE WHEN k.key IS NULL AND n."{flag}" = '0' THEN 'never_valid' WHEN NOT {{due}} THEN 'unchanged'
    WHEN k.key IS NULL THEN 'new' WHEN n."{flag}" = '0' AND k."{flag}" <> '0' THEN 'revoked' ELSE 'changed' END"""
"""Why a relation that is revoked by a flag is due or not."""
