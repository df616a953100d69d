"""What is recorded of rules, in words; the room above that keeps the record is told them by one that knows both."""

from __future__ import annotations

from typing import Final

from app.rules.exemption import events as exemption
from app.rules.registry import events as registry
from app.rules.shadow import events as shadow

ACTIONS: Final = {**registry.ACTIONS, **exemption.ACTIONS, **shadow.ACTIONS}
"""Events of rules by their code."""
