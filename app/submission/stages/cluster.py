"""Parts of a stage on a Dask cluster: the same parts as in one process, done by whichever worker is free.

A worker process has settings, database and lake of its own; a part goes to it as what it is to do, not as data. A worker that
is lost loses nothing: the scheduler gives its parts to another, which finds by the marks in the database how far they have come.
"""

from __future__ import annotations

import pickle
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import text

from app.core.actor import Actor, acting, current_actor
from app.core.config import Settings
from app.core.db import database
from app.core.errors import Invalid, Unavailable
from app.core.text import Text

if TYPE_CHECKING:
    from distributed import Client, Future
    from distributed.security import Security

T = TypeVar("T")
_CONNECT_SECONDS: float = 10
_LOOK_SECONDS: Final = 5
_ALONE_SECONDS: Final = 60
_KEEPALIVE: Final = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}


@dataclass(frozen=True, slots=True)
class Errand:
    """A part on its way to a worker. Only its name may be seen on the way: the rest can hold business keys."""

    name: str
    actor: Actor = field(repr=False)
    act: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Failure:
    """What went wrong with a part, as a result: the cluster itself would write the problem into its logs."""

    problem: Exception = field(repr=False)


def spread(settings: Settings, name: str, acts: Mapping[str, Callable[[], T]]) -> Iterator[tuple[str, T | Exception]]:
    """Have the cluster do all of it; what came of each, by name, in the order of completion. They are begun in the order given.

    Raises Unavailable (`submission.cluster`) when the scheduler cannot be reached or no worker is left, and Invalid
    (`submission.cluster_database`) where database or catalogue are files, which other machines cannot share.
    """
    if database().kind != "postgresql" or not settings.lake_catalog_url.startswith("postgres:"):
        raise Invalid(
            "submission.cluster_database",
            Text(
                "使用集群须将业务库与数据湖目录库放在 PostgreSQL",
                "A cluster needs the database and the catalogue of the lake to be in PostgreSQL",
            ),
        )
    actor, try_ = current_actor(), secrets.token_hex(4)
    with _client(settings) as client:
        running: dict[Future, str] = {}
        try:
            for number, (part, act) in enumerate(acts.items()):
                errand = Errand(f"{name}/{part}", actor, pickle.dumps(act))
                running[
                    client.submit(run_errand, errand, key=f"{name}/{part}/{try_}", pure=False, priority=-number)
                ] = part
            while running:
                for future in _finished(client, list(running)):
                    yield running.pop(future), _outcome(future)
        finally:
            if running:
                client.cancel(list(running))


def run_errand(errand: Errand) -> Any:
    """Do a part here, in a worker, unless it is marked as done; what came of it, or what went wrong."""
    with acting(errand.actor):
        try:
            with _alone(errand.name):
                return pickle.loads(errand.act)()  # noqa: S301 - from our own process, over TLS in production
        except Exception as problem:
            return _Failure(_told(problem))


def security(settings: Settings) -> Security | None:
    """The certificates by which the processes of a cluster know each other; None where they speak in the open."""
    from distributed.security import Security

    if not settings.cluster.startswith("tls://"):
        return None
    folder = settings.cluster_tls
    assert folder is not None  # noqa: S101 - filled by Settings
    given = {f"tls_{role}_{what}": str(folder / f"{what}.pem") for role in _ROLES for what in ("cert", "key")}
    return Security(tls_ca_file=str(folder / "ca.pem"), require_encryption=True, **given)


_ROLES: Final = ("client", "scheduler", "worker")


@contextmanager
def _client(settings: Settings) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError as problem:
        raise not_installed() from problem
    try:
        client = Client(settings.cluster, security=security(settings), timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as problem:
        raise _away() from problem
    with client:
        yield client


def _finished(client: Client, futures: list[Future]) -> list[Future]:
    """Those of them that are done, at least one."""
    from distributed import CancelledError, wait

    waited = 0
    while True:
        try:
            with client.as_current():
                return list(wait(futures, timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            waited = 0 if client.scheduler_info(n_workers=-1)["workers"] else waited + _LOOK_SECONDS
            if waited >= _ALONE_SECONDS or client.status != "running":
                raise _away() from None
        except (CancelledError, OSError) as problem:  # the scheduler is gone, or has lost us
            raise _away() from problem


def _outcome(future: Future) -> Any:
    problem = future.exception()
    if problem is not None:
        # No part raises by itself: this one has cost several workers their lives, or could not be brought to one.
        return Unavailable(
            "submission.cluster_part",
            Text("集群未能完成该部分：{what}", "The cluster could not do this part: {what}").format(
                what=type(problem).__name__
            ),
        )
    found = future.result()
    return found.problem if isinstance(found, _Failure) else found


def not_installed() -> Unavailable:
    """What is said where the packages of a cluster are missing."""
    return Unavailable(
        "submission.cluster_extra",
        Text("使用集群须安装 creditlink[cluster]", "A cluster needs creditlink[cluster] to be installed"),
    )


def _away() -> Unavailable:
    return Unavailable(
        "submission.cluster",
        Text("计算集群不可用，请稍后重试", "The cluster is not to be had; try again in a moment"),
    )


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Nobody else does this part meanwhile. A worker that was given up may still be alive: the next waits until it is done or
    the database has lost sight of it, with which it cannot commit any more."""
    with database().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for option, value in _KEEPALIVE.items():
            connection.execute(text(f"SET {option} = {value}"))
        key = {"name": name}
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), key)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), key)


def _told(problem: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(problem))  # noqa: S301 - what has just been written
    except Exception:
        return RuntimeError(f"{type(problem).__name__}: {problem}")
    return problem
