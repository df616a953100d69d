"""The `creditlink` command as a shell sees it: exit codes, words, JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import cli

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.whole

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("command")


@pytest.fixture(scope="module")
def creditlink(folder: Path) -> Run:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CREDITLINK_")}

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {**kept, "CREDITLINK_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT), **settings}
        command = [sys.executable, "-m", "app.cli", *arguments]
        return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def migrated(creditlink: Run) -> Run:
    assert creditlink("db", "upgrade").returncode == 0
    return creditlink


def test_help_lists_every_command_of_every_depth() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    for name in ("audit verify", "db upgrade", "serve", "settings", "user create", "worker"):
        assert re.search(rf"^  {name} ", shown, re.MULTILINE), name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["db", "chek"], "No such command"),
        (["serve", "--port", "0"], "0 is not in the range"),
        (["user", "lock", "nobody"], "there is no such user [security.user]"),
        (["user", "create", "x", "--name", "甲", "--role", "operator"], "a user name starts with a letter"),
        (["db", "revision", "no room"], "the message must be"),
    ],
)
def test_bad_use_is_2_and_told_without_a_traceback(migrated: Run, arguments: list[str], words: str) -> None:
    done = migrated(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_unusable_settings_are_2_and_named(creditlink: Run) -> None:
    done = creditlink("settings", CREDITLINK_BUCKETS="many")
    assert done.returncode == 2
    assert "CREDITLINK_BUCKETS" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_behind_is_refused(creditlink: Run, tmp_path: Path) -> None:
    elsewhere = {"CREDITLINK_DATA_DIR": str(tmp_path)}
    done = creditlink("serve", **elsewhere)
    assert done.returncode == 2
    assert "core.schema" in done.stderr
    check = creditlink("db", "check", "--json", **elsewhere)
    assert check.returncode == 1
    assert json.loads(check.stdout)["revision"] is None


def test_settings_are_shown_without_secrets(creditlink: Run) -> None:
    shown = json.loads(creditlink("settings", "--json", CREDITLINK_SECRET_KEY="s" * 40).stdout)
    assert shown["mode"] == "development"
    assert "s" * 40 not in json.dumps(shown)


def test_the_settings_page_is_written_and_checked(creditlink: Run, tmp_path: Path) -> None:
    page = str(tmp_path / "docs" / "settings.md")
    assert creditlink("docs", "settings", "--out", page).returncode == 0
    assert creditlink("docs", "settings", "--check", page).returncode == 0
    Path(page).write_text("old", encoding="utf-8")
    assert creditlink("docs", "settings", "--check", page).returncode == 1


def test_an_account_from_the_command_line_and_a_whole_record(migrated: Run) -> None:
    made = json.loads(
        migrated("user", "create", "zhou.min", "--name", "周敏", "--role", "admin_security", "--json").stdout
    )
    assert len(made["password"]) >= 12
    (listed,) = json.loads(migrated("user", "list", "--json").stdout)
    assert (listed["username"], listed["roles"], listed["locked"]) == ("zhou.min", ["admin_security"], False)
    again = migrated("user", "reset", "zhou.min")
    assert again.returncode == 0
    assert made["password"] not in again.stdout
    verdict = json.loads(migrated("audit", "verify", "--json").stdout)
    assert (verdict["whole"], verdict["entries"]) == (True, 2)
    assert migrated("audit", "verify").returncode == 0


def test_a_broken_record_is_1(migrated: Run, folder: Path) -> None:
    import sqlite3

    migrated("user", "create", "lin.hai", "--name", "林海", "--role", "operator")
    with sqlite3.connect(folder / "data" / "creditlink.sqlite") as intruder:
        intruder.execute("DROP TRIGGER audit_entry_no_update")
        intruder.execute("UPDATE audit_entry SET actor_id = 'other' WHERE number = 1")
    done = migrated("audit", "verify", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["breaks"][0]["number"] == 1
