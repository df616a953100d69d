"""What messages say in both languages: kind, entity, day, counts and a link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import pytest

from app.core import entities
from app.core.config import override
from app.core.entities import EntityName, keep_entities
from app.core.text import Text
from app.notices.house_rules import house_rules
from app.notices.wording import Line, Words, words_of

DAY = date(2026, 11, 22)
OWN = "A1111111111111"
WARNINGS = Line("submission.warning", OWN, DAY, 12)
MENTION = Line("workflow.mention", None, None, 1)


class One:
    def entities(self) -> Sequence[EntityName]:
        return (EntityName(OWN, Text("南方消费金融公司", "Southern Consumer Finance")),)


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    before = entities._directory
    keep_entities(One())
    with override(public_url="https://credit.example.cn"):
        yield
    keep_entities(before)


def words(*lines: Line, language: str = "zh", channel: str = "mail", **given: bool) -> Words:
    chosen = {"urgent": False, "escalated": False, **given}
    return words_of(house_rules(), lines, language, channel, **chosen)  # type: ignore[arg-type]


def test_many_of_a_kind_are_said_as_a_number() -> None:
    assert words(WARNINGS).subject == "12 条预警，南方消费金融公司，2026-11-22"
    english = words(WARNINGS, language="en", urgent=True)
    assert english.subject == "Urgent: 12 early warnings, Southern Consumer Finance, 2026-11-22"
    assert f"https://credit.example.cn/notices?kind=submission.warning&entity={OWN}&day=2026-11-22" in english.body


def test_one_without_entity_or_day_says_no_more_than_there_is() -> None:
    assert words(MENTION, language="en").subject == "1 comment that mentions you"
    assert words(MENTION).link == "https://credit.example.cn/notices?kind=workflow.mention"


def test_what_has_escalated_says_so() -> None:
    assert words(WARNINGS, urgent=True, escalated=True).subject.startswith("【升级：无人确认】12 条预警")


def test_a_text_message_is_one_line_with_its_link() -> None:
    said = words(WARNINGS, channel="sms", urgent=True)
    assert said.body == f"{said.subject} {said.link}"
    assert "\n" not in said.body


def test_a_digest_has_a_line_for_each_kind_entity_and_day() -> None:
    said = words(WARNINGS, MENTION)
    assert said.subject == "每日汇总：13 条通知"
    assert said.body.splitlines()[:3] == [
        "12 条预警，南方消费金融公司，2026-11-22", "1 条提到您的备注", "https://credit.example.cn/notices",
    ]  # fmt: skip


def test_without_an_address_of_the_console_there_is_no_link() -> None:
    with override(public_url=""):
        assert words(WARNINGS, channel="sms").body == words(WARNINGS).subject
