"""A cluster of our own on this machine for tests and benchmarks: scheduler and workers as processes, by the settings given."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.core.config import PREFIX, Settings
from app.core.errors import Unavailable
from app.core.text import Text

_PATIENCE_SECONDS: Final = 120


@dataclass(slots=True)
class LocalCluster:
    """The processes, in the order in which they were begun."""

    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def peak_rss_mb(self) -> list[int]:
        """The most memory that each living worker has held so far; where the system does not tell, nothing."""
        found = []
        for each in self.workers:
            told = Path(f"/proc/{each.pid}/status")
            lines = told.read_text().splitlines() if each.poll() is None and told.exists() else []
            found += [int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")]
        return found


@contextmanager
def running_cluster(settings: Settings, workers: int, folder: Path) -> Iterator[LocalCluster]:
    """Scheduler and workers while the block lasts, at `settings.cluster`; each worker has a data folder of its own in `folder`.

    Keys, lake and storage are those of the settings. Raises Unavailable (`demo.cluster`) when one of them does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    common = {name: getattr(settings, name) for name in ("keys_dir", "lake_data_path", "storage_url")}
    with ExitStack() as stack:
        cluster = LocalCluster(stack.enter_context(_running("scheduler", settings, folder / "scheduler")))
        _heard(cluster.scheduler)
        for number in range(workers):
            own = settings.changed(data_dir=folder / f"worker-{number}", **common)
            cluster.workers.append(stack.enter_context(_running("worker", own, folder / f"worker-{number}")))
        for each in cluster.workers:
            _heard(each)
        yield cluster


def free_address() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def _running(role: str, settings: Settings, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "app.cli", "cluster", role],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **environment(settings), "PYTHONUNBUFFERED": "1"},
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _heard(process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has said its address."""
    assert process.stdout is not None  # noqa: S101 - piped above
    overdue = threading.Timer(_PATIENCE_SECONDS, process.kill)
    overdue.start()
    try:
        if not process.stdout.readline():
            raise Unavailable("demo.cluster", Text("计算集群未能启动", "The cluster did not start; see its logs"))
    finally:
        overdue.cancel()


def environment(settings: Settings) -> dict[str, str]:
    """Settings as another process reads them."""
    given = {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}
    return {
        f"{PREFIX}{name.upper()}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in given.items()
        if value is not None
    }
