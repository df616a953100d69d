"""Deriving the records that are due: one SELECT per record type, from standard entities and the accepted state.

What is due is decided by comparing what the lender's systems say today with what the centre has already taken; nobody marks
anything. Records that are on their way and unanswered are left alone until the centre has spoken.
"""

from __future__ import annotations

from app.submission.derive.corporate_account import corporate_accounts
from app.submission.derive.organisation import organisations
from app.submission.derive.person import persons
from app.submission.derive.personal_account import personal_accounts
from app.submission.derive.scope import Scope

DERIVATIONS = {"110": persons, "210": personal_accounts, "310": organisations, "410": corporate_accounts}

__all__ = ["DERIVATIONS", "Scope"]
