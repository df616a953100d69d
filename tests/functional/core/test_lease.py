"""One holder at a time, tokens that only grow, and nothing written by a holder that was overtaken."""

from __future__ import annotations

import threading
import time

import pytest

from app.core.db import Database, unit_of_work
from app.core.errors import Conflict, Unavailable
from app.core.lease import LeaseKeeper, acquire, guard, holding, release, renew


def test_only_one_holder_at_a_time(database: Database) -> None:
    first = acquire("lead", "a", 30)
    assert first is not None
    assert acquire("lead", "b", 30) is None
    assert acquire("other", "b", 30) is not None
    release(first)
    second = acquire("lead", "b", 30)
    assert second is not None
    assert second.token > first.token


def test_a_lease_that_ran_out_can_be_taken_and_the_first_holder_learns_of_it(database: Database) -> None:
    first = acquire("lead", "a", 0.05)
    assert first is not None
    time.sleep(0.1)
    second = acquire("lead", "b", 30)
    assert second is not None
    assert not renew(first, 30)
    assert renew(second, 30)
    with unit_of_work():
        guard(second)
    with pytest.raises(Conflict) as caught, unit_of_work():
        guard(first)
    assert caught.value.code == "core.lease_lost"
    release(first)
    assert acquire("lead", "c", 30) is None


def test_of_many_that_try_at_once_one_gets_it(database: Database) -> None:
    won: list[str] = []

    def attempt(name: str) -> None:
        if acquire("lead", name, 30):
            won.append(name)

    threads = [threading.Thread(target=attempt, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_holding_renews_and_gives_back(database: Database) -> None:
    with holding("writer", seconds=0.6) as held:
        time.sleep(1.2)
        assert not held.lost.is_set()
        with pytest.raises(Unavailable), holding("writer", seconds=1, wait=0.1):
            pass
        with unit_of_work():
            guard(held.lease)
    with holding("writer", seconds=1, wait=0):
        pass


def test_a_keeper_that_was_overtaken_says_so(database: Database) -> None:
    first = acquire("lead", "a", 0.4)
    assert first is not None
    release(first)
    keeper = LeaseKeeper(first, 0.4)
    assert acquire("lead", "b", 30) is not None
    assert keeper.lost.wait(5)
    keeper.stop()
    assert acquire("lead", "c", 30) is None
