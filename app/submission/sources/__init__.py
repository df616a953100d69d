"""Sources: where the bank's systems deliver (`places`), in which form (`forms`), and how that comes into landing.

`listing` reads the list of sources, `taking` takes a delivery, `loads` is the ledger of all that came, `push` lets a system send.
"""

from __future__ import annotations

from app.submission.sources.landing import Base, Delivery, Landed, land, landing_name
from app.submission.sources.listing import Listed, listed_sources, sources_of
from app.submission.sources.taking import take

__all__ = ["Base", "Delivery", "Landed", "Listed", "land", "landing_name", "listed_sources", "sources_of", "take"]
