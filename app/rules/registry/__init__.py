"""The registry of rulesets: editions, which of them is in force on which business day, and how a new one gets there.

Rulesets on disk are the shipped editions, published by being there. What is written in the console lives in the database:
one draft a ruleset, put in force from a business day by a request that a second person approves. A release of the console
supersedes what is shipped; both export to the same files.
"""

from app.rules.registry.editions import edition
from app.rules.registry.force import InForce, in_force, shipped_in_force

__all__ = ["InForce", "edition", "in_force", "shipped_in_force"]
