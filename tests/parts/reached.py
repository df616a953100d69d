"""A lender whose staff can be reached: people with addresses, servers outside as processes, rounds of sending."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.config import settings
from app.core.db import unit_of_work
from app.core.notices import Cause
from app.core.outbox import Dispatcher
from app.core.registry import Registry
from app.core.text import Text
from app.factory import assemble
from app.notices.contacts import Wishes, keep_wishes
from app.notices.models import Delivery, Message
from app.notices.rounds import look_after
from app.notices.sending import Sent
from app.notices.telling import open_cause
from app.security.accounts import create_user, get_user

PARTS = Path(__file__).resolve().parent
OWN, OTHER = "A1111111111111", "B2222222222222"
DAY = date(2026, 11, 22)
PEOPLE = {
    "lin.hai": ("林海", "operator", ""),
    "xu.wen": ("许文", "operator", OTHER),
    "tang.jun": ("唐军", "compliance", ""),
    "gao.yi": ("高毅", "manager", ""),
    "song.ke": ("宋珂", "admin_system", ""),
}
MOBILE = "13800000001"
SECRETS = {"smtp": "Mail-Secret-1", "sms-token": "Gateway-Token-1", "sms-signing": "Signing-Key-1"}


@lru_cache
def registry() -> Registry:
    return assemble()


@contextmanager
def at(text: str) -> Iterator[None]:
    """At a moment of the Chinese clock the system acts."""
    with clock.frozen(datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=clock.CHINA)), acting(SYSTEM):
        yield


@dataclass
class Outside:
    """A process of the world outside; `folder` holds what it has seen and what it is to do."""

    port: int
    folder: Path

    def behave(self, how: str) -> None:
        (self.folder / "behaviour").write_text(how)

    def forget(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()

    def mails(self) -> list[EmailMessage]:
        found = sorted(self.folder.glob("*.eml"), key=lambda path: int(path.stem))
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]  # type: ignore[misc]

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def texts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines("sent")]


@contextmanager
def process(script: str, folder: Path, certificate: Path, *options: str) -> Iterator[Outside]:
    folder.mkdir()
    command = [sys.executable, "-I", str(PARTS / script), str(folder), str(certificate), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            yield Outside(int(running.stdout.readline()), folder)
        finally:
            running.kill()


@dataclass
class House:
    """A lender whose staff can be reached."""

    mail: Outside
    sms: Outside
    events: Dispatcher = field(default_factory=lambda: Dispatcher(registry()))

    def round(self, moment: str) -> Sent:
        """Events are heard and one round is made."""
        with at(moment):
            self.events.run_until_idle()
            return look_after(registry().notice_kinds)

    def tell(self, moment: str, mark: str = "1", kind: str = "submission.delivery", **given: Any) -> None:
        values = {"severity": "normal", "title": Text("某事", "Something"), "provider": OWN, "day": DAY}
        with at(moment), unit_of_work():
            open_cause(kind, Cause(mark, **{**values, **given}))

    def messages(self) -> list[tuple[str, str, str, int]]:
        with unit_of_work(reading=True) as session:
            rows = session.query(Message).order_by(Message.created_at, Message.channel, Message.person)
            return [(each.channel, each.person, each.state, each.count) for each in rows]

    def deliveries(self) -> list[tuple[str, str]]:
        with unit_of_work(reading=True) as session:
            return [(each.state, each.reason) for each in session.query(Delivery).order_by(Delivery.id)]


def settle(mail: Outside, sms: Outside, certificate: Path) -> Any:
    """The settings by which the lender reaches the two."""
    return settings().changed(
        public_url="https://credit.example.cn",
        smtp_host="localhost",
        smtp_port=mail.port,
        smtp_ca=certificate,
        smtp_user="lender",
        mail_from="CreditLink <credit@example.cn>",
        sms_url=f"https://localhost:{sms.port}/send?v=1",
        sms_template="T-17",
        sms_ca=certificate,
    )


def employ() -> None:
    with acting(SYSTEM), unit_of_work():
        for username, (name, role, entity) in PEOPLE.items():
            create_user(username, name, [role], "Harbour-Lamp-72", must_change=False)
            if entity:
                get_user(username).grants[0].entities = [entity]


def reachable(*people: str) -> None:
    with acting(SYSTEM), unit_of_work():
        for person in people:
            keep_wishes(person, Wishes(f"{person}@example.cn", MOBILE))


def certified(folder: Path) -> Path:
    """A certificate for localhost, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path
