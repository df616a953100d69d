"""Files go in over SFTP and feedback comes out."""

from __future__ import annotations

import asyncio

import asyncssh
import pytest

from app.core.errors import Invalid


def test_all_records_taken(lender, collection):
    sent = lender.make("210", [collection(1), collection(2)])
    lender.send(sent)
    feedback, items = lender.feedback(sent, "1")
    assert items == []
    assert (feedback.header.accepted, feedback.header.rejected) == (2, 0)
    assert feedback.findings == ()
    state = lender.centre.ask("state", "--json")
    assert state["records"]["210"]["count"] == 2
    assert state["sent_twice"] == []


def test_some_records_refused_with_line_code_and_tag(lender, collection):
    wrong = collection(2, AcctBal="-5", RptDate="2025-06-30")
    sent = lender.make("210", [collection(1), wrong, collection(3)])
    lender.send(sent)
    feedback, items = lender.feedback(sent, "3")
    (item,) = items
    assert item.line == 3
    assert item.record == wrong
    told = {(error.code, error.tag) for error in item.errors}
    assert ("ABE001", "AcctBal") in told
    assert ("ABR001", "RptDate") in told
    assert (feedback.header.accepted, feedback.header.rejected) == (2, 1)


def test_records_with_one_key_are_all_refused(lender, collection):
    sent = lender.make("210", [collection(1), collection(1), collection(2)])
    lender.send(sent)
    _, items = lender.feedback(sent, "3")
    assert [(item.line, item.errors[0].code) for item in items] == [(2, "ABR002"), (3, "ABR002")]


def test_wrong_count_refuses_the_file(lender, collection):
    sent = lender.make("210", [collection(1)], count=2)
    lender.send(sent)
    _, items = lender.feedback(sent, "2")
    assert [error.code for error in items[0].errors] == ["ABH005"]
    assert items[0].line is None
    assert lender.centre.ask("state", "--json")["records"] == {}


def test_what_is_not_sealed_cannot_be_decrypted(lender, collection):
    sent = lender.make("210", [collection(1)])
    sent.write_bytes(b"not an envelope" * 20)
    lender.send(sent)
    _, items = lender.feedback(sent, "2")
    assert [error.code for error in items[0].errors] == ["ABF000"]


def test_a_name_used_before_is_refused_and_noted(lender, collection):
    sent = lender.make("210", [collection(1)])
    lender.send(sent)
    lender.feedback(sent, "1")
    with pytest.raises(asyncssh.SFTPError):
        lender.send(sent)
    lender.send(sent, replace=True)
    _, items = lender.feedback(sent, "2")
    assert [error.code for error in items[0].errors] == ["ABF009"]
    state = lender.centre.ask("state", "--json")
    assert state["sent_twice"] == [sent.name]
    assert state["records"]["210"]["count"] == 1


def test_a_file_written_directly_is_taken_when_it_rests(lender, collection):
    sent = lender.make("210", [collection(1)])

    async def put() -> None:
        async with lender.connect() as connection, connection.start_sftp_client() as sftp:
            await sftp.put(str(sent), f"/inbox/{sent.name}")

    asyncio.run(put())
    feedback, _ = lender.feedback(sent, "1")
    assert feedback.header.accepted == 1


@pytest.mark.parametrize(
    "path",
    ["/inbox/../../secret", "/../centre.sqlite", "/outbox/x.enc", "/inbox/sub/x.enc", "/inbox/x.txt", "x.enc"],
)
def test_nothing_can_be_written_elsewhere(lender, path):
    async def write() -> None:
        async with (
            lender.connect() as connection,
            connection.start_sftp_client() as sftp,
            sftp.open(path, "wb") as file,
        ):
            await file.write(b"x")

    with pytest.raises(asyncssh.SFTPError):
        asyncio.run(write())


def test_nothing_outside_can_be_read_or_linked(lender):
    async def look() -> None:
        async with lender.connect() as connection, connection.start_sftp_client() as sftp:
            for path in ("/../secret", "/inbox/../../secret", "/secret"):
                assert not await sftp.exists(path)
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await sftp.symlink("/etc", "/inbox/etc.enc")
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await sftp.mkdir("/inbox/new")
            assert sorted(await sftp.listdir("/")) == [".", "..", "inbox", "outbox"]

    asyncio.run(look())


def test_strangers_are_kept_out(lender):
    lender.ssh_key = asyncssh.generate_private_key("ssh-ed25519")

    async def knock() -> None:
        async with lender.connect():
            pass

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(knock())


def test_feedback_of_another_lender_cannot_be_opened(lender, collection):
    sent = lender.make("210", [collection(1)])
    lender.send(sent)
    sealed = lender.fetch(sent, "1")
    lender.keys = type(lender.keys)(lender.keys.public, (lender.centre.root / "secret").read_bytes())
    with pytest.raises(Invalid):
        lender.open(sealed, f"{sent.name[:29]}1")
