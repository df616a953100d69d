"""The sweep: a ruleset as one SQL statement that judges every record of a relation, with the interpreter's verdict."""

from app.rules.sweep.compiling import Compiled, compile_sweep
from app.rules.sweep.relation import facts_to_relation
from app.rules.sweep.statement import Sweep

DIALECTS = ("duckdb", "postgres", "spark")
"""For what `dialects` can write a sweep; importing that takes long."""

__all__ = ["DIALECTS", "Compiled", "Sweep", "compile_sweep", "facts_to_relation"]
