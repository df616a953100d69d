"""The engine's process is killed, stopped and made to err: the answer is the same, or the failure is told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from app.rules.inference.supervision import Engine, EngineFailed

RULES = [{"patterns": [[{"t": "a"}, {"$gt": {"n": 1}}]], "facts": 1, "derives": -1, "rank": []}]
CASES = [[{"t": "a", "k": 0, "n": number % 3}] for number in range(6)]
ANSWERS = [[[0, [0], []]] if number % 3 > 1 else [] for number in range(6)]


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(seconds=2)
    yield made
    made.close()


def test_one_process_answers_request_after_request(engine: Engine) -> None:
    assert engine.match("set", RULES, CASES, 10) == ANSWERS
    assert engine.match("set", RULES, CASES, 10) == ANSWERS
    assert engine.restarts == 1


def test_a_killed_process_is_replaced(engine: Engine) -> None:
    engine.match("set", RULES, CASES, 10)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)

    assert engine.match("set", RULES, CASES, 10) == ANSWERS
    assert engine.restarts == 2


def test_a_process_that_hangs_is_replaced(engine: Engine) -> None:
    engine.match("set", RULES, CASES, 10)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)

    assert engine.match("set", RULES, CASES, 10) == ANSWERS
    assert engine.restarts == 2


def test_what_always_fails_is_told_after_three_tries(engine: Engine) -> None:
    broken = [{**RULES[0], "derives": 0, "rank": ["of", 9, "r"]}]

    with pytest.raises(EngineFailed, match="3 times: RuntimeError: IndexError"):
        engine.match("broken", broken, CASES, 10)

    assert engine.restarts == 3
    assert engine.match("set", RULES, CASES, 10) == ANSWERS


def test_a_case_that_matches_too_often_costs_the_others_nothing(engine: Engine) -> None:
    pair = [{"patterns": [[{"t": "a"}], [{"t": "a"}, {"c": {"m0": "c"}}]], "facts": 2, "derives": -1, "rank": []}]
    many = [{"t": "a", "k": number, "c": 1} for number in range(40)]

    first, second, third = engine.match("pairs", pair, [many[:2], many, many[:3]], 100)

    assert second is None
    assert first is not None
    assert third is not None
    assert (len(first), len(third)) == (2, 6)


def test_the_process_ends_with_its_parent(engine: Engine) -> None:
    engine.match("set", RULES, CASES, 10)
    pid = engine.pid
    assert pid is not None
    process = engine._process
    assert process is not None

    process.channel.close()

    assert process.child.wait(5) == 0


def test_threads_share_the_process(engine: Engine) -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(engine.match("set", RULES, CASES, 10))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert found == [ANSWERS] * 4
    assert engine.restarts == 1
