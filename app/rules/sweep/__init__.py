"""The sweep: a ruleset as one SQL statement that judges every record of a relation, with the interpreter's verdict."""

from app.rules.sweep.compiling import compile_sweep
from app.rules.sweep.relation import facts_to_relation
from app.rules.sweep.statement import Sweep

__all__ = ["Sweep", "compile_sweep", "facts_to_relation"]
