"""A mail server of a few lines: STARTTLS or TLS, sign-in, one file for each mail that it takes. Knows nothing of CreditLink.

`python mail_server.py FOLDER CERTIFICATE_WITH_KEY [--tls]` prints its port. What lies in FOLDER/behaviour says what it does:
`refuse` (550 to recipients), `later` (451 to the mail), `hold` (takes the mail and never answers), `hang` (takes it and hangs up);
else all is well.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import sys
from pathlib import Path

FOLDER, CERTIFICATE = Path(sys.argv[1]), sys.argv[2]
AT_ONCE = "--tls" in sys.argv
USER, PASSWORD = "lender", "Mail-Secret-1"


def behaviour() -> str:
    path = FOLDER / "behaviour"
    return path.read_text() if path.exists() else ""


class Talk:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.safe, self.known = AT_ONCE, False
        self.envelope: list[str] = []

    async def say(self, words: str) -> None:
        self.writer.write(words.encode() + b"\r\n")
        await self.writer.drain()

    async def run(self) -> None:
        await self.say("220 mail.example.cn")
        while line := await self.reader.readline():
            words = line.decode().strip()
            if not await self.answer(words.split(" ")[0].upper(), words):
                break
        self.writer.close()

    async def answer(self, verb: str, words: str) -> bool:
        if verb == "EHLO":
            await self.say(
                "250-mail.example.cn\r\n250-" + ("AUTH PLAIN" if self.safe else "STARTTLS") + "\r\n250 8BITMIME"
            )
        elif verb == "STARTTLS":
            await self.say("220 go ahead")
            await self.writer.start_tls(CONTEXT)
            self.safe = True
        elif verb == "AUTH":
            _, user, password = base64.b64decode(words.split(" ")[2]).decode().split("\0")
            self.known = (user, password) == (USER, PASSWORD)
            await self.say("235 welcome" if self.known else "535 no")
        elif not (self.safe and self.known) and verb in ("MAIL", "RCPT", "DATA"):
            await self.say("530 sign in first")
        elif verb == "MAIL":
            self.envelope = [words]
            await self.say("250 ok")
        elif verb == "RCPT":
            self.envelope.append(words)
            await self.say("550 no such person" if behaviour() == "refuse" else "250 ok")
        elif verb == "DATA":
            return await self.take()
        else:
            await self.say("221 bye" if verb == "QUIT" else "250 ok")
            return verb != "QUIT"
        return True

    async def take(self) -> bool:
        await self.say("354 give it")
        lines = []
        while (line := await self.reader.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if behaviour() == "later":
            await self.say("451 later")
            return True
        number = len(list(FOLDER.glob("*.eml"))) + 1
        head = "".join(f"X-Envelope: {each}\r\n" for each in self.envelope)
        (FOLDER / "part").write_bytes(head.encode() + b"".join(lines))
        (FOLDER / "part").rename(FOLDER / f"{number}.eml")
        if behaviour() == "hold":
            await self.reader.read()
        if behaviour() in ("hold", "hang"):
            return False
        await self.say("250 taken")
        return True


async def serve() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Talk(reader, writer).run()
        except (ConnectionError, ssl.SSLError):
            pass

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=CONTEXT if AT_ONCE else None)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
CONTEXT.load_cert_chain(CERTIFICATE)
asyncio.run(serve())
