"""What the sub-commands of `creditlink` share: exit codes, JSON for programs, one way to tell an error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

FINE: Final = 0
FINDINGS: Final = 1
BAD_USE: Final = 2

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Add `--json`, given to the command as `as_json_wanted`."""
    return click.option("--json", "as_json_wanted", is_flag=True, help="Print JSON for programs. 输出 JSON")(command)


def as_json(value: object) -> None:
    """Print `value` as one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def tell_error(zh: str, en: str, code: str = "") -> None:
    """Print an error for a person, to the error stream."""
    mark = f" [{code}]" if code else ""
    click.echo(f"{zh}\n{en}{mark}", file=sys.stderr)
