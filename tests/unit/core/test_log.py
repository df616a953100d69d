"""The log tells what happened and not to whom."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from app.core.config import override
from app.core.log import configure_logging, struck

NUMBER = "110101199003070011"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    configure_logging(stream)
    yield stream
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def _only(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_a_line_is_json_with_time_level_and_actor(lines: io.StringIO) -> None:
    structlog.get_logger("app.x").info("batch_sent", batch=12, rule_name="P210-050")
    line = _only(lines)
    assert (line["event"], line["batch"], line["level"], line["logger"]) == ("batch_sent", 12, "info", "app.x")
    assert line["actor"] == "person:tester"
    assert line["timestamp"].endswith("Z")
    assert line["rule_name"] == "P210-050"


def test_personal_data_and_secrets_are_struck_wherever_they_stand(lines: io.StringIO) -> None:
    structlog.get_logger("app.x").warning(
        f"person {NUMBER} called",
        name="张三",
        id_number=NUMBER,
        note="打 13800138000 或写信 a.b@example.com",
        nested={"customer_name": "李四", "list": [NUMBER, 6222021234567890123], "password": "p"},
        number=int(NUMBER),
        url="postgresql://user:pass@host/db",
        secret_key="abc",
        odd=object,
    )
    text = lines.getvalue()
    for hidden in (NUMBER, "张三", "李四", "13800138000", "a.b@example.com", "6222021234567890123", "pass@", "abc"):
        assert hidden not in text
    assert _only(lines)["nested"]["password"] == "***"


def test_exceptions_and_other_libraries_are_struck_too(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"no account of {NUMBER}")
    except ValueError:
        structlog.get_logger("app.x").exception("failed")
    logging.getLogger("somebody").error("cannot find %s", NUMBER)
    assert NUMBER not in lines.getvalue()
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert "ValueError" in first["exception"]
    assert second["event"] == "cannot find ***"


def test_numbers_that_name_nobody_stay() -> None:
    for text in ("20241122101010", "A11111111111112024013121000010", "batch 12345", "2024-01-31"):
        assert struck(text) == text


def test_the_text_form_is_for_people() -> None:
    root = logging.getLogger()
    before = root.handlers[:]
    stream = io.StringIO()
    with override(log_format="text"):
        configure_logging(stream)
    structlog.get_logger("app.x").info("batch_sent", name="张三")
    root.handlers[:] = before
    structlog.reset_defaults()
    assert "batch_sent" in stream.getvalue()
    assert "张三" not in stream.getvalue()
