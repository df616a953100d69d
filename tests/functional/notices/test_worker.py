"""The whole way with the worker as it runs in production: its timetable, its events, a kill in the middle, on PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from reached import OWN, PEOPLE, SECRETS, Outside, employ, settle

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.config import override, settings
from app.core.crypto import key_ring
from app.core.db import Database, unit_of_work
from app.core.events import publish
from app.factory import assemble
from app.notices.contacts import Wishes, keep_wishes
from app.notices.models import Delivery, Message, Notice
from app.submission.sources.events import SourceStopped

pytestmark = [pytest.mark.slow, pytest.mark.whole]

ROOT = Path(__file__).resolve().parents[3]
GIVEN = (
    "data_dir", "database_url", "provider_code", "public_url", "smtp_host", "smtp_port", "smtp_ca", "smtp_user", "mail_from",
    "sms_url", "sms_template", "sms_ca",
)  # fmt: skip


def wait_until(met: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "it never came to it"
        time.sleep(0.2)


def worker() -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CREDITLINK_")}
    given = {f"CREDITLINK_{name.upper()}": str(getattr(settings(), name)) for name in GIVEN}
    command = [sys.executable, "-m", "app.cli", "worker"]
    return subprocess.Popen(command, env=kept | given, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def states() -> list[str]:
    with unit_of_work(reading=True) as session:
        return sorted(each.state for each in session.query(Message))


def test_the_worker_sends_by_its_timetable_and_survives_a_kill(
    postgres_database: Database, mail_process: Outside, sms_process: Outside, certificate: Path
) -> None:
    assemble()
    mail_process.forget()
    employ()
    for name, secret in SECRETS.items():
        key_ring().keep_secret(name, secret.encode())
    with acting(SYSTEM), unit_of_work():
        for person in PEOPLE:
            keep_wishes(person, Wishes(f"{person}@example.cn", quiet="none"))  # whatever time it is
    mail_process.behave("hold")
    with override(settle(mail_process, sms_process, certificate)):
        first = worker()
        try:
            with acting(SYSTEM), unit_of_work():
                publish(SourceStopped(OWN, "core_banking", clock.today(), "x", "缺文件", "a file is missing"))
            wait_until(lambda: _held() > 0)
            _let_go()
            wait_until(lambda: len(mail_process.mails()) == 1)
        finally:
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        assert "sending" in states()
        mail_process.behave("")
        second = worker()
        try:
            wait_until(lambda: states() == ["sent", "unknown"])
        finally:
            second.terminate()
            second.wait(30)
    assert len(mail_process.mails()) == 2, "one for each of two people, none twice"


def _held() -> int:
    with unit_of_work(reading=True) as session:
        return session.query(Delivery).filter_by(state="waiting").count()


def _let_go() -> None:
    """As if the window were over."""
    with unit_of_work() as session:
        for each in session.query(Notice):
            each.told_at -= timedelta(hours=1)
