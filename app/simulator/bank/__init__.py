"""A synthetic bank: customers and accounts that live through real time, delivered as three unlike source systems.

    world = World(root, persons=5000, companies=500)
    world.build()
    world.export(date(2026, 10, 29), out, DefectPlan(seed=1))

Nobody in it exists. The state of every account on any date is arithmetic over its parameters, done set-wise in DuckDB.
"""

from __future__ import annotations

from app.simulator.bank.defects import DefectPlan
from app.simulator.bank.identity import INSTITUTIONS, PROVIDER
from app.simulator.bank.world import HORIZON_DAYS, World

__all__ = ["HORIZON_DAYS", "INSTITUTIONS", "PROVIDER", "DefectPlan", "World"]
