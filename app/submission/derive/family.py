"""Record 120: a family relation between two persons; revoked by sending it again with validity flag 0.

The centre knows no request that deletes it.
"""

from __future__ import annotations

from app.submission.derive.flat import finished_link, from_provider
from app.submission.derive.scope import Scope


def family_relations(scope: Scope) -> str:
    """Relations never reported and valid, and those whose kind or validity has changed since."""
    return finished_link("120", scope, "FamRelaAssFlag", ("FamRel",), from_provider(scope))
