"""The log: one JSON object a line, with what could name a person struck out before it is written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from app.core.actor import actor_if_named
from app.core.config import settings

STRUCK: Final = "***"
_SECRET_FIELDS: Final = re.compile(
    r"(^|_)(name|names|full_name|id_num|id_number|idnum|phone|mobile|email|address|password|secret|token|cookie|authorization"
    r"|private_key|secret_key|session_key|otp|card)$",
    re.IGNORECASE,
)
# Names of things, not of persons, that a log is read for.
_OPEN_FIELDS: Final = frozenset({"logger_name", "file_name", "rule_name", "job_name", "task_name", "room_name"})
_PATTERNS: Final = (
    re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])"),  # identity card
    re.compile(r"(?<![0-9A-Za-z])[0-9]{15,19}(?![0-9A-Za-z])"),  # older identity card, bank card
    re.compile(r"(?<![0-9A-Za-z])1[3-9][0-9]{9}(?![0-9A-Za-z])"),  # mobile phone
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),  # mail address
    re.compile(r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"),  # user and password of an address
)


def struck(text: str) -> str:
    """The text without identity numbers, card numbers, phone numbers, mail addresses and passwords in addresses."""
    for pattern in _PATTERNS:
        text = pattern.sub(STRUCK, text)
    return text


def _redacted(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return struck(value)
    if depth > 6:
        return STRUCK
    if isinstance(value, Mapping):
        return {
            key: STRUCK if _is_secret(str(key)) and each else _redacted(each, depth + 1) for key, each in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(each, depth + 1) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**10:
        return struck(str(value))
    return value if value is None or isinstance(value, bool | int | float) else struck(str(value))


def _is_secret(field: str) -> bool:
    return field not in _OPEN_FIELDS and bool(_SECRET_FIELDS.search(field))


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Strike out fields that by their name hold a person's data or a secret, and such patterns in all other text."""
    return {
        key: STRUCK if _is_secret(key) and value else (value if key == "timestamp" else _redacted(value))
        for key, value in event.items()
    }


def _name_actor(_logger: object, _method: str, event: EventDict) -> EventDict:
    actor = actor_if_named()
    if actor is not None:
        event.setdefault("actor", f"{actor.kind}:{actor.id}")
    return event


def configure_logging(stream: TextIO | None = None) -> None:
    """Send all logging, that of libraries too, to `stream` (standard error) in the form the settings ask for."""
    chosen = settings()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_actor,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if chosen.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(chosen.log_level)
    # Libraries speak of each statement and each poll; only their worries are of interest.
    for noisy in ("apscheduler", "asyncssh", "alembic", "sqlalchemy", "spiff"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
