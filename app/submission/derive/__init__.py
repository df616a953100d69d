"""Deriving the records that are due: one SELECT per record type, from standard entities and the accepted state.

What is due is decided by comparing what the lender's systems say today with what the centre has already taken; nobody marks
anything. Records that are on their way and unanswered are left alone until the centre has spoken.
"""

from __future__ import annotations

from app.submission.derive.collateral_contract import collateral_contracts
from app.submission.derive.corporate_account import corporate_accounts
from app.submission.derive.corporate_agreement import corporate_agreements
from app.submission.derive.corporate_guarantee import corporate_guarantees
from app.submission.derive.credit_agreement import credit_agreements
from app.submission.derive.document_link import document_links
from app.submission.derive.family import family_relations
from app.submission.derive.guarantee_account import guarantee_accounts
from app.submission.derive.identifier_link import identifier_links
from app.submission.derive.organisation import organisations
from app.submission.derive.person import persons
from app.submission.derive.person_document import person_documents
from app.submission.derive.personal_account import personal_accounts
from app.submission.derive.relation import relations
from app.submission.derive.scope import Scope
from app.submission.derive.special_event import special_events
from app.submission.derive.statement import statements
from app.submission.tables import STATEMENTS

DERIVATIONS = {
    "110": persons,
    "120": family_relations,
    "130": person_documents,
    "140": document_links,
    "210": personal_accounts,
    "215": special_events,
    "220": credit_agreements,
    "230": guarantee_accounts,
    "310": organisations,
    "340": identifier_links,
    "350": relations,
    "410": corporate_accounts,
    "420": corporate_agreements,
    "440": corporate_guarantees,
    "510": collateral_contracts,
    **{code: statements(code) for code in STATEMENTS},
}

__all__ = ["DERIVATIONS", "Scope"]
