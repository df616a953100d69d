"""Mail by SMTP, over TLS only. A mail server knows no repeats: what was handed over without an answer is not sent again."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from app.core import clock
from app.core.config import settings
from app.core.crypto import key_ring
from app.core.text import Text
from app.notices.channels.channel import TIMEOUT_SECONDS, NotKnown, NotNow, NotTaken, Parcel, missing, secret_missing


class Mail:
    """The mail server of the settings."""

    name = "mail"
    repeatable = False

    def wanted(self) -> bool:
        return bool(settings().smtp_host)

    def faults(self) -> tuple[Text, ...]:
        here = settings()
        if not self.wanted():
            return (missing("CREDITLINK_SMTP_HOST"),)
        found = [] if here.mail_from else [missing("CREDITLINK_MAIL_FROM")]
        if here.smtp_ca and not here.smtp_ca.is_file():
            found.append(Text(f"没有文件 {here.smtp_ca}", f"there is no file {here.smtp_ca}"))
        if here.smtp_user and (lacking := secret_missing(here.smtp_credential)):
            found.append(lacking)
        return tuple(found)

    def hand_over(self, parcel: Parcel, about_to: Callable[[], None]) -> str:
        with _connected() as server:
            about_to()
            return _given(server, parcel)


@contextmanager
def _connected() -> Iterator[smtplib.SMTP]:
    """A connection that is encrypted and signed in; what goes wrong before the message is given is surely not taken."""
    here = settings()
    context = ssl.create_default_context(cafile=str(here.smtp_ca) if here.smtp_ca else None)
    server: smtplib.SMTP | None = None
    try:
        if here.smtp_security == "tls":
            server = smtplib.SMTP_SSL(here.smtp_host, here.smtp_port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(here.smtp_host, here.smtp_port, timeout=TIMEOUT_SECONDS)
            server.starttls(context=context)
        if here.smtp_user:
            server.login(here.smtp_user, key_ring().secret(here.smtp_credential).decode())
    except (OSError, smtplib.SMTPException) as problem:
        if server is not None:
            server.close()
        raise NotNow("notices.mail_server", _words("连接邮件服务器", "reaching the mail server", problem)) from problem
    try:
        yield server
    finally:
        server.close()


def _given(server: smtplib.SMTP, parcel: Parcel) -> str:
    mail = _written(parcel)
    try:
        _accepted(server.mail(parseaddr(settings().mail_from)[1]), "MAIL")
        _accepted(server.rcpt(parcel.address), "RCPT")
    except (OSError, smtplib.SMTPServerDisconnected) as problem:
        raise NotNow("notices.mail_server", _words("交付邮件", "handing the mail over", problem)) from problem
    try:
        reply = server.data(mail.as_bytes())
    except smtplib.SMTPDataError as problem:
        reply = (problem.smtp_code, problem.smtp_error if isinstance(problem.smtp_error, bytes) else b"")
    except (OSError, smtplib.SMTPServerDisconnected) as problem:
        raise NotKnown(
            "notices.mail_unknown",
            Text("邮件已交出，未收到服务器答复", "the mail was handed over and the server gave no answer"),
        ) from problem
    _accepted(reply, "DATA")
    return str(mail["Message-ID"])


def _accepted(reply: tuple[int, bytes], command: str) -> None:
    code = reply[0]
    # The server's own words may hold the address; its number says enough.
    words = Text(f"邮件服务器对 {command} 答复 {code}", f"the mail server answered {code} to {command}")
    if 400 <= code < 500:
        raise NotNow("notices.mail_later", words)
    if code >= 500 or code < 200:
        raise NotTaken("notices.mail_refused", words)


def _words(zh: str, en: str, problem: Exception) -> Text:
    kind = type(problem).__name__
    code = getattr(problem, "smtp_code", "")
    return Text(f"{zh}时出错：{kind} {code}".strip(), f"{en} failed: {kind} {code}".strip())


def _written(parcel: Parcel) -> EmailMessage:
    sender = settings().mail_from
    mail = EmailMessage()
    mail["Subject"] = " ".join(parcel.subject.split())
    mail["From"] = sender
    mail["To"] = parcel.address
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{parcel.id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(parcel.body)
    return mail
