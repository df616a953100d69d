"""The verbs of submission as diagrams call them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.core.db import Database
from app.core.errors import NotFound
from app.core.registry import Registry
from app.submission.steps import BatchParams, register_steps
from app.workflow.stepping import StepContext


def test_an_unknown_batch_is_told_at_once(database: Database) -> None:
    registry = Registry()
    registry.room("submission", register_steps)
    for step in registry.steps.values():
        with pytest.raises(NotFound) as told:
            step.run(StepContext(str(uuid4()), 0, None), BatchParams("B-none"))  # type: ignore[arg-type] # asks nothing of its task
        assert told.value.code == "submission.batch"
