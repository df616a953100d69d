"""Defects put into the deliveries on purpose, and the truth about them.

A defect is made in the source rows of one delivery, as a clerk or a broken interface would make it; the next delivery
is whole again. For each one the truth names the record it spoils and every rule that has to find it there, no more
and no less, so that a pre-check can be held to both missed findings and false alarms.
"""

from __future__ import annotations

from app.simulator.bank.defects.kind import Kind, Occasion, Rule
from app.simulator.bank.defects.plan import KINDS, Defect, DefectPlan, inject, write_truth

__all__ = ["KINDS", "Defect", "DefectPlan", "Kind", "Occasion", "Rule", "inject", "write_truth"]
