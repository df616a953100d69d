"""The words for actions."""

from __future__ import annotations

from app.audit.wording import actions_matching, name_actions, title_of
from app.core.text import Text


def test_actions_have_words_and_are_found_by_them() -> None:
    name_actions({"submission.batch_released": Text("放行批次", "Released a batch")})
    assert title_of("submission.batch_released").zh == "放行批次"
    assert title_of("no.such") == Text("no.such", "no.such")
    assert actions_matching("放行") == ("submission.batch_released",)
    assert "submission.batch_released" in actions_matching("released")
