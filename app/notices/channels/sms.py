"""Text messages by a gateway that takes JSON over HTTPS.

Every request carries the message's id as its idempotency key: the gateway sends a message once, however often it is asked.
It is signed: HMAC-SHA256 of `X-Timestamp`, a line feed and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from app.core import clock
from app.core.config import settings
from app.core.crypto import key_ring
from app.core.text import Text
from app.notices.channels.channel import TIMEOUT_SECONDS, NotKnown, NotNow, NotTaken, Parcel, missing, secret_missing

_LONGEST_ANSWER = 1 << 16


class Sms:
    """The gateway of the settings."""

    name = "sms"
    repeatable = True

    def wanted(self) -> bool:
        return bool(settings().sms_url)

    def faults(self) -> tuple[Text, ...]:
        here = settings()
        if not self.wanted():
            return (missing("CREDITLINK_SMS_URL"),)
        found = [] if here.sms_template else [missing("CREDITLINK_SMS_TEMPLATE")]
        if here.sms_ca and not here.sms_ca.is_file():
            found.append(Text(f"没有文件 {here.sms_ca}", f"there is no file {here.sms_ca}"))
        found += [lacking for name in (here.sms_credential, here.sms_signing) if (lacking := secret_missing(name))]
        return tuple(found)

    def hand_over(self, parcel: Parcel, about_to: Callable[[], None]) -> str:
        here = settings()
        parts = urlsplit(here.sms_url)
        body = json.dumps(
            {
                "id": parcel.id,
                "to": parcel.address,
                "template": here.sms_template,
                "params": {"text": parcel.body, "count": parcel.count, "link": parcel.link},
            },
            ensure_ascii=False,
        ).encode()
        context = ssl.create_default_context(cafile=str(here.sms_ca) if here.sms_ca else None)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port or 443, timeout=TIMEOUT_SECONDS, context=context
        )
        try:
            return _asked(
                connection, parts.path + (f"?{parts.query}" if parts.query else ""), parcel.id, body, about_to
            )
        finally:
            connection.close()


def _asked(
    connection: http.client.HTTPSConnection, path: str, key: str, body: bytes, about_to: Callable[[], None]
) -> str:
    try:
        connection.connect()
    except OSError as problem:
        kind = type(problem).__name__
        raise NotNow(
            "notices.sms_gateway", Text(f"连接短信网关时出错：{kind}", f"reaching the gateway failed: {kind}")
        ) from problem
    about_to()
    try:
        connection.request("POST", path or "/", body, _headers(key, body))
        answer = connection.getresponse()
        status, said = answer.status, answer.read(_LONGEST_ANSWER)
    except (OSError, http.client.HTTPException) as problem:
        raise NotKnown(
            "notices.sms_unknown",
            Text("短信已交出，未收到网关答复", "the text message was handed over and the gateway gave no answer"),
        ) from problem
    words = Text(f"短信网关答复 {status}", f"the gateway answered {status}")
    if 200 <= status < 300:
        return _receipt(said)
    if status in (408, 425, 429) or status >= 500:
        raise NotNow("notices.sms_later", words)
    raise NotTaken("notices.sms_refused", words)


def _headers(key: str, body: bytes) -> dict[str, str]:
    here, moment = settings(), str(int(clock.now().timestamp()))
    signing = key_ring().secret(here.sms_signing)
    return {
        "Authorization": "Bearer " + key_ring().secret(here.sms_credential).decode(),
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": key,
        "X-Timestamp": moment,
        "X-Signature": hmac.new(signing, moment.encode() + b"\n" + body, hashlib.sha256).hexdigest(),
        "User-Agent": "CreditLink",
    }


def _receipt(said: bytes) -> str:
    try:
        told = json.loads(said)
    except ValueError:
        return ""
    return str(told.get("id", ""))[:200] if isinstance(told, dict) else ""
