"""Setting the stage: folders, keys on both sides, the bank's deliveries, and the credit centre as a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import asyncssh
import yaml

from app.core import config, crypto, schema
from app.core.config import Settings
from app.core.crypto.keyring import key_ring
from app.core.errors import Unavailable
from app.core.log import configure_logging
from app.core.text import Text
from app.simulator.bank import INSTITUTIONS, PROVIDER, DefectPlan, World

SOURCES = {
    "core_banking": "core_banking/core.sqlite",
    "card_system": "card_system",
    "corporate_loans": "corporate_loans",
    "general_ledger": "general_ledger",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything of a demonstration lies, all below `root`."""

    root: Path

    @property
    def bank(self) -> Path:
        return self.root / "bank"

    @property
    def centre(self) -> Path:
        return self.root / "centre"

    def deliveries(self, day: date) -> Path:
        """The three source systems' deliveries of a day."""
        return self.root / "deliveries" / f"{day:%Y%m%d}"

    def clear(self) -> None:
        """Remove what an earlier demonstration left."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)

    def settings(self, **changes: Any) -> Settings:
        """The platform's settings for this demonstration."""
        given: dict[str, Any] = {
            "data_dir": self.root / "data",
            "provider_code": PROVIDER,
            "sources_file": self.root / "sources.yaml",
            "institutions_file": self.root / "institutions.yaml",
            "memory_limit": "800MB",
            "log_level": "ERROR",
        }
        return Settings(**(given | changes))

    def write_sources(self) -> None:
        """Write what an installation would: where the sources deliver, and which institutions are its own."""
        base = self.root.resolve() / "deliveries" / "{date:%Y%m%d}"
        listed = {name: {"path": str(base / place)} for name, place in SOURCES.items()}
        (self.root / "sources.yaml").write_text(yaml.safe_dump({"sources": listed}), encoding="utf-8")
        registered = {"sections": [PROVIDER], "institutions": list(INSTITUTIONS)}
        (self.root / "institutions.yaml").write_text(yaml.safe_dump(registered), encoding="utf-8")


def build_world(stage: Stage, persons: int, companies: int, seed: int, start: date) -> World:
    """Make the bank and its customers."""
    world = World(stage.bank, persons=persons, companies=companies, seed=seed, start=start, happenings=True)
    world.build()
    return world


def deliver(stage: Stage, world: World, day: date, defects: DefectPlan | None) -> None:
    """Have the bank's systems deliver a day."""
    world.export(day, stage.deliveries(day), defects)


@contextmanager
def running_centre(stage: Stage, settings: Settings) -> Iterator[Settings]:
    """Run the credit centre while the block lasts; gives the settings with its address.

    Keys are exchanged as two institutions would: each side gets the other's public keys and nothing else.
    """
    ring = key_ring()
    suite = crypto.suite(settings.crypto_suite)
    lender = settings.keys_dir / "lender-public.pem"
    lender.parent.mkdir(parents=True, exist_ok=True)
    lender.write_bytes(ring.key_pair("lender", suite).public)
    assert settings.centre_key is not None  # noqa: S101 - filled by Settings
    assert settings.centre_known_hosts is not None  # noqa: S101 - filled by Settings
    if not settings.centre_key.exists():
        make_client_key(settings.centre_key)
    command = [sys.executable, "-m", "app.simulator.centre", "serve", "--state", str(stage.centre), "--json"]
    command += ["--suite", settings.crypto_suite, "--lender-key", str(lender)]
    command += ["--client-key", str(settings.centre_key.with_suffix(".pub"))]
    log = (stage.root / "centre.log").open("ab")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})  # noqa: S603 - our own command
    try:
        assert process.stdout is not None  # noqa: S101 - piped above
        line = process.stdout.readline()
        if not line:
            raise Unavailable(
                "demo.centre", Text("模拟征信中心未能启动", "The pretend credit centre did not start; see centre.log")
            )
        told = json.loads(line)
        ring.add_public_key("centre", suite, Path(told["public_key"]).read_bytes())
        host_key = Path(told["host_key"]).read_text(encoding="utf-8").strip()
        settings.centre_known_hosts.write_text(f"[{told['host']}]:{told['port']} {host_key}\n", encoding="utf-8")
        with config.override(centre_host=told["host"], centre_port=told["port"], centre_user=told["user"]) as reachable:
            yield reachable
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def make_client_key(path: Path) -> None:
    """Make an SSH key pair: the private key at `path`, the public one beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(path))
    path.chmod(0o600)
    key.write_public_key(str(path.with_suffix(".pub")))


@contextmanager
def platform(stage: Stage, **changes: Any) -> Iterator[Settings]:
    """The platform with settings of the demonstration, its database migrated, while the block lasts."""
    with config.override(stage.settings(**changes)) as settings:
        configure_logging()
        schema.migrate()
        yield settings
