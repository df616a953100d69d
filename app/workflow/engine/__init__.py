"""SpiffWorkflow behind one wall: diagrams in, state in and out as JSON, conditions in our own language.

Nothing of a diagram is ever run as Python: conditions are read by `app.language`, script tasks are refused when a diagram is
read, and service tasks are only named here; the job executor runs them. What a diagram's timers wait for is told from
outside as well: time limits are clocks of ours.
"""

from __future__ import annotations

from app.workflow.engine.diagram import Diagram, Node
from app.workflow.engine.run import Awaited, Question, Run, StepCall, Token, Visit
from app.workflow.engine.xml import safe_root

__all__ = ["Awaited", "Diagram", "Node", "Question", "Run", "StepCall", "Token", "Visit", "safe_root"]
