"""A mail server and a text-message gateway as processes of their own, and a lender whose staff has addresses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from reached import PEOPLE, SECRETS, House, Outside, certified, employ, process, reachable, settle

from app.core.config import Settings, override
from app.core.crypto import key_ring
from app.core.db import database


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, with its key in the same file."""
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def mail_process(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[Outside]:
    with process("mail_server.py", tmp_path_factory.mktemp("mail") / "box", certificate) as running:
        yield running


@pytest.fixture(scope="session")
def sms_process(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[Outside]:
    with process("sms_gateway.py", tmp_path_factory.mktemp("sms") / "box", certificate) as running:
        yield running


@pytest.fixture(scope="session")
def staffed(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    """A data folder with the staff, their addresses and the secrets of the channels, to copy from."""
    folder = tmp_path_factory.mktemp("staffed") / "data"
    folder.mkdir()
    shutil.copy(migrated_sqlite, folder / "creditlink.sqlite")
    with override(Settings(data_dir=folder)):
        employ()
        for name, secret in SECRETS.items():
            key_ring().keep_secret(name, secret.encode())
        reachable(*PEOPLE)
        with database().engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database().dispose()
    return folder


@pytest.fixture
def staff(staffed: Path, settings_in_force: Settings) -> Iterator[None]:
    """The staff, in a console that has no channels."""
    shutil.copytree(staffed, settings_in_force.data_dir)
    yield
    database().dispose()


@pytest.fixture
def house(staff: None, mail_process: Outside, sms_process: Outside, certificate: Path) -> Iterator[House]:
    mail_process.forget()
    sms_process.forget()
    with override(settle(mail_process, sms_process, certificate)):
        yield House(mail_process, sms_process)
