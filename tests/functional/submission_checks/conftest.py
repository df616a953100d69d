"""A lender with two reported days and its centre's memory beside it, to be changed at will; check files come through a folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import reported_days

from app.core.actor import SYSTEM, acting
from app.core.config import Settings, override
from app.core.db import database, unit_of_work
from app.factory import assemble
from app.simulator.bank import PROVIDER
from app.simulator.centre.check_files import write_check_files
from app.submission.checking.models import EndCheck
from app.submission.checking.two_end import begin_check, do_check
from app.submission.lake import forget


@dataclass(frozen=True)
class World:
    """The installation and what it talks to."""

    days: reported_days.ReportedDays
    settings: Settings

    def state(self, most: int = 1_000_000) -> list[str]:
        """Have the centre state what it holds; the names of its check files."""
        for old in self.outbox.glob("*C*.enc"):
            old.unlink()
        return write_check_files(self.days.stage.centre, self.settings.crypto_suite, PROVIDER, most)

    @property
    def outbox(self) -> Path:
        return self.days.stage.centre / "sftp" / "outbox"

    @contextmanager
    def centre(self) -> Iterator[sqlite3.Connection]:
        """The centre's memory, to be changed."""
        with closing(sqlite3.connect(self.days.stage.centre / "centre.sqlite")) as memory, memory:
            yield memory

    def check(self, kind: str = "two_end", files: Any = ()) -> EndCheck:
        """Do a check; how it went."""
        with unit_of_work():
            name = begin_check(kind, files, asked=False)
        do_check(name, lambda done, total: None)
        with unit_of_work(reading=True) as session:
            found = session.get_one(EndCheck, name)
            session.expunge(found)
        return found


@pytest.fixture(scope="module")
def made_world(made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    days = reported_days.copied(made_once(reported_days.build), tmp_path_factory.mktemp("checked"))
    folder = days.settings.changed(centre_kind="folder", centre_folder=days.stage.centre / "sftp")
    assemble()
    with override(folder) as settings:
        yield World(days, settings)
        forget()
        database().dispose()


@pytest.fixture
def world(made_world: World, settings_in_force: Settings) -> Iterator[World]:
    with override(made_world.settings), acting(SYSTEM):
        yield made_world
