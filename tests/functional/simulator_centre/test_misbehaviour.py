"""A centre that was told to misbehave, and one that is killed."""

from __future__ import annotations

import time

import asyncssh
import pytest

from app.core.errors import Invalid


def test_dropped_connection_leaves_no_file(lender, collection):
    lender.centre.ask("control", "--drop", "1")
    sent = lender.make("210", [collection(1)])
    with pytest.raises((asyncssh.Error, OSError)):
        lender.send(sent)
    inbox = lender.centre.root / "sftp" / "inbox"
    assert not (inbox / sent.name).exists()
    lender.send(sent)
    feedback, _ = lender.feedback(sent, "1")
    assert feedback.header.accepted == 1
    assert lender.centre.ask("control")["drop"] == 0


def test_slow_transfer(lender, collection):
    lender.centre.ask("control", "--slow", "1")
    sent = lender.make("210", [collection(1)])
    began = time.monotonic()
    lender.send(sent)
    assert time.monotonic() - began >= 1


def test_late_feedback(lender, collection):
    lender.centre.ask("control", "--feedback-delay", "2")
    sent = lender.make("210", [collection(1)])
    began = time.monotonic()
    lender.send(sent)
    lender.fetch(sent, "1")
    assert time.monotonic() - began >= 2


def test_feedback_twice(lender, collection):
    lender.centre.ask("control", "--feedback-twice")
    sent = lender.make("210", [collection(1)])
    lender.send(sent)
    first = lender.fetch(sent, "1")
    (lender.centre.root / "sftp" / "outbox" / f"{sent.name[:29]}1.enc").unlink()
    second = lender.fetch(sent, "1")
    assert first != second
    assert lender.open(second, f"{sent.name[:29]}1")[0].header.accepted == 1


def test_garbled_feedback_then_right(lender, collection):
    lender.centre.ask("control", "--garble")
    sent = lender.make("210", [collection(1)])
    lender.send(sent)
    garbled = lender.fetch(sent, "1")
    with pytest.raises(Invalid):
        lender.open(garbled, f"{sent.name[:29]}1")
    until = time.monotonic() + 10
    while (sealed := lender.fetch(sent, "1")) == garbled and time.monotonic() < until:
        time.sleep(0.2)
    assert lender.open(sealed, f"{sent.name[:29]}1")[0].header.accepted == 1


def test_a_stop_ends_it_in_order(lender, collection):
    sent = lender.make("210", [collection(1)])
    lender.send(sent)
    assert lender.centre.stop() == 0
    lender.centre.start()
    assert lender.feedback(sent, "1")[0].header.accepted == 1


@pytest.mark.slow
@pytest.mark.whole
def test_killed_while_judging_it_ends_as_if_undisturbed(lender, collection):
    files = [
        lender.make(
            "210",
            [collection(100_000 * part + n, AcctBal="x" if n % 50 == 0 else "5") for n in range(400)],
            f"{part:03}",
        )
        for part in range(4)
    ]
    for number, sent in enumerate(files):
        lender.send(sent)
        time.sleep(0.05 * number)
        lender.centre.kill()
        lender.centre.start()
    for sent in files:
        feedback, items = lender.feedback(sent, "3")
        assert (feedback.header.accepted, feedback.header.rejected, len(items)) == (392, 8, 8)
    state = lender.centre.ask("state", "--json")
    assert state["records"]["210"]["count"] == 4 * 392
    assert state["sent_twice"] == []
    assert [file["flag"] for file in state["files"]] == ["3"] * 4
