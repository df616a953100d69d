"""`creditlink cluster …`: the processes of a Dask cluster, by the settings of the installation."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import click

from app.core import schema
from app.core.config import Settings, settings
from app.core.errors import Invalid
from app.core.log import configure_logging
from app.core.text import Text
from app.submission.rulings import make_ready
from app.submission.stages.cluster import not_installed, security

_QUIET: Final = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.admin.log-length": 0,
}
"""No pages are served beside the work, and nothing of it is kept for showing."""
_TALKING: Final = tuple(f"distributed.{name}" for name in ("client", "core", "scheduler", "worker"))
_NOBODY: Final = "127.0.0.1:0"
_GRACE_SECONDS: Final = 600


@click.group()
def cluster() -> None:
    """计算集群 The processes of a cluster that does the parts of the stages of a batch."""


@cluster.command("scheduler")
def scheduler() -> None:
    """运行调度进程 Run the scheduler at the address of the setting CREDITLINK_CLUSTER."""
    _begin()
    from distributed import Scheduler

    place = urlsplit(_address(settings()))

    async def run(stop: asyncio.Event) -> None:
        options: dict[str, Any] = {"host": f"{place.scheme}://{place.hostname}", "port": place.port}
        async with Scheduler(
            **options, security=security(settings()), dashboard=False, dashboard_address=_NOBODY
        ) as it:
            click.echo(f"调度进程 scheduler: {it.address}")
            await stop.wait()

    asyncio.run(_until_told(run))


@cluster.command("worker")
def worker() -> None:
    """运行工作进程 Run a worker for the scheduler at CREDITLINK_CLUSTER; it does one part at a time, with CREDITLINK_THREADS cores."""
    _begin()
    address, folder = _address(settings()), settings().data_dir / "cluster"
    schema.require_current()
    from distributed import Worker

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_ready()

    async def run(stop: asyncio.Event) -> None:
        # The engine keeps to its own bound of memory, and what it cannot hold goes through files of its own.
        options: dict[str, Any] = {"nthreads": 1, "memory_limit": 0, "local_directory": str(folder)}
        async with Worker(address, **options, security=security(settings()), dashboard_address=_NOBODY) as it:
            click.echo(f"工作进程 worker: {it.address}")
            gone = asyncio.create_task(it.finished())
            told = asyncio.create_task(stop.wait())
            await asyncio.wait((gone, told), return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            if not gone.done():
                # The part in hand is finished first.
                await asyncio.wait_for(it.close_gracefully(), _GRACE_SECONDS)

    asyncio.run(_until_told(run))


def _begin() -> None:
    configure_logging()
    try:
        import dask
        import distributed
    except ImportError as problem:
        raise not_installed() from problem
    dask.config.set(_QUIET)
    for each in (distributed.__name__, *_TALKING):
        logging.getLogger(each).setLevel(logging.ERROR)


def _address(given: Settings) -> str:
    if not given.cluster:
        raise Invalid(
            "submission.cluster_address",
            Text("未设置 CREDITLINK_CLUSTER", "CREDITLINK_CLUSTER is not set"),
        )
    return given.cluster


async def _until_told(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    await run(stop)
