"""Every place over a real server: PostgreSQL by three readers, an SFTP server, moto's S3 as a process, HTTPS with its own CA."""

from __future__ import annotations

import asyncio
import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import duckdb
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto_server import moto_server
from sqlalchemy import create_engine, make_url, text

from app.core.config import settings
from app.core.db import Database, unit_of_work
from app.core.errors import Invalid, NotFound, Unavailable
from app.submission.mapping import Load, SourceMapping, SourceTable
from app.submission.sources import credentials
from app.submission.sources.credentials import Credential
from app.submission.sources.forms import FORMS
from app.submission.sources.listing import listed_sources
from app.submission.sources.places import Brought, Wanted
from app.submission.sources.places.database import READERS, DatabasePlace
from app.submission.sources.places.https import HttpsPlace
from app.submission.sources.places.s3 import S3Place
from app.submission.sources.places.sftp import SftpPlace

PROVIDER = "A1111111111111"
DAY = date(2026, 10, 31)
FILES = {"T.csv": "NO,NAME\n1,拟子癸\n", "control.json": json.dumps({"tables": {"T": {"rows": 1}}})}


def mapping(kind: Any = "csv", location: str = "T.csv", load: Load | None = None) -> SourceMapping:
    table = SourceTable("T", location, ("NO",), load)
    control = "control.json" if kind == "csv" else None
    return SourceMapping("core", kind, None, "utf-8", ",", control, {"T": table}, (), {}, "e")  # type: ignore[arg-type]


def names(brought: Brought) -> dict[str, str]:
    return {path.name: path.read_text() for path in brought.path.iterdir()}


# PostgreSQL


@pytest.fixture(scope="module")
def books(postgres_server: Any) -> str:
    """A bank's database with a table in a schema of its own."""
    postgres_server.command("CREATE DATABASE books")
    url = str(postgres_server.url("books"))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "core"'))
        connection.execute(
            text('CREATE TABLE core."T" ("NO" bigint, "NAME" text, "AMT" numeric(18,2), "DT" date, "UPD" timestamp)')
        )
        connection.execute(
            text(
                "INSERT INTO core.\"T\" SELECT n, '拟:子癸' || n, n + 0.10, date '2026-10-01', timestamp '2026-10-31 08:00:00'"
                " + n * interval '1 minute' FROM generate_series(1, 3) n"
            )
        )
    engine.dispose()
    return url


def read(brought: Brought, here: SourceMapping, columns: str) -> list[tuple[Any, ...]]:
    with FORMS["sql"](here, brought.path) as relations, duckdb.connect() as engine:
        return engine.execute(f"SELECT {columns} FROM {relations[here.tables['T']]} ORDER BY 1").fetchall()


@pytest.mark.parametrize("reader", sorted(READERS))
def test_a_database_is_read_in_bulk_by_each_reader(books: str, tmp_path: Path, reader: str) -> None:
    here = mapping("sql", "core.T", Load("watermark", "UPD"))
    place = DatabasePlace(books, reader=reader)

    brought = place.bring(Wanted(here, DAY), tmp_path)

    assert read(brought, here, '"NO", "NAME", "DT"')[0] == ("1", "拟:子癸1", "2026-10-01")
    assert read(brought, here, '"AMT"')[0][0] in ("1.10", "1.1")
    mark = brought.watermarks["T"]
    assert mark.startswith("2026-10-31 08:03:00")
    later = tmp_path / "later"
    later.mkdir()
    only = place.bring(Wanted(here, DAY, watermarks={"T": mark}), later)
    assert [row[0] for row in read(only, here, '"NO"')] == ["3"]
    none = tmp_path / "none"
    none.mkdir()
    nothing = place.bring(Wanted(here, DAY, watermarks={"T": "2027-01-01 00:00:00"}), none)
    assert read(nothing, here, '"NO"') == []
    assert nothing.watermarks == {"T": "2027-01-01 00:00:00"}


def test_a_database_tells_no_secret_when_it_cannot_be_had(books: str, tmp_path: Path) -> None:
    url = make_url(books).set(database="none").render_as_string()
    place = DatabasePlace(url, Credential("books", make_url(books).username or "", "s3cret-word"))

    with pytest.raises(Unavailable) as refused:
        place.bring(Wanted(mapping("sql", "core.T"), DAY), tmp_path)
    assert "s3cret-word" not in refused.value.message.en + repr(place)


@pytest.mark.parametrize("mark", ["x' OR '1'='1", "1; DROP TABLE T", ""])
def test_a_watermark_is_no_statement(books: str, tmp_path: Path, mark: str) -> None:
    place = DatabasePlace(books)
    wanted = Wanted(mapping("sql", "core.T", Load("watermark", "UPD")), DAY, watermarks={"T": mark})
    if mark:
        with pytest.raises(Invalid, match="watermark"):
            place.bring(wanted, tmp_path)
    else:
        assert place.bring(wanted, tmp_path).watermarks


def test_a_sqlite_database_by_its_address(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/b.sqlite")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE T (NO INTEGER, NAME TEXT)"))
        connection.execute(text("INSERT INTO T VALUES (1, '甲')"))
    engine.dispose()
    into = tmp_path / "into"
    into.mkdir()

    brought = DatabasePlace(f"sqlite:///{tmp_path}/b.sqlite").bring(Wanted(mapping("sql", "T"), DAY), into)

    assert read(brought, mapping("sql", "T"), "NO, NAME") == [("1", "甲")]
    with pytest.raises(Unavailable, match="has not come"):
        DatabasePlace(f"sqlite:///{tmp_path}/none.sqlite").bring(Wanted(mapping("sql", "T"), DAY), into)


# SFTP


@pytest.fixture(scope="module")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A server over a folder; its options for a place. Password `right` or the client's key opens it."""
    root, keys = tmp_path_factory.mktemp("sftp"), tmp_path_factory.mktemp("keys")
    host_key, client_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))

    class Server(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("bank", "right")

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    (keys / "authorized").write_text(client_key.export_public_key().decode())

    async def listen() -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Server,
            server_host_keys=[host_key],
            authorized_client_keys=str(keys / "authorized"),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root).encode()),
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(30)
    port = server.sockets[0].getsockname()[1]
    known = keys / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {host_key.export_public_key().decode()}")
    folder = root / "out" / "20261031"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_text(content)
    (folder / "sub").mkdir()
    secret = client_key.export_private_key().decode()
    yield (
        folder,
        {"host": "127.0.0.1", "port": port, "known_hosts": str(known), "path": "/out/{date:%Y%m%d}", "key": secret},
    )
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)


def sftp_place(options: dict[str, Any], secret: str = "right", **changes: Any) -> SftpPlace:
    given = {name: value for name, value in options.items() if name != "key"} | changes
    return SftpPlace(credential=Credential("c", "bank", secret), **given)


@pytest.mark.parametrize("by", ["password", "key"])
def test_sftp_brings_the_files_of_the_day(sftp: Any, tmp_path: Path, by: str) -> None:
    place = sftp_place(sftp[1], "right" if by == "password" else sftp[1]["key"])

    assert names(place.bring(Wanted(mapping(), DAY), tmp_path)) == FILES


def test_sftp_tells_what_is_not_there_from_what_cannot_be_reached(sftp: Any, tmp_path: Path) -> None:
    wanted = Wanted(mapping(), date(2026, 11, 1))
    for place, code in (
        (sftp_place(sftp[1]), "submission.delivery_missing"),
        (sftp_place(sftp[1], "wrong"), "submission.place"),
        (sftp_place(sftp[1], known_hosts=str(tmp_path / "nobody")), "submission.place"),
        (sftp_place(sftp[1], port=1), "submission.place"),
    ):
        (tmp_path / "nobody").touch()
        with pytest.raises(Unavailable) as refused:
            place.bring(wanted, tmp_path)
        assert refused.value.code == code
        assert "wrong" not in refused.value.message.en


def test_sftp_has_a_limit(sftp: Any, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        sftp_place(sftp[1], limit_bytes=10).bring(Wanted(mapping(), DAY), tmp_path)
    assert refused.value.code == "submission.delivery_size"


# S3


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """moto's server with a bucket; its address."""
    with moto_server("bank") as (endpoint, client):
        for name, content in FILES.items():
            client.put_object(Bucket="bank", Key=f"loans/20261031/{name}", Body=content.encode())
        client.put_object(Bucket="bank", Key="evil/20261031/../../escape.csv", Body=b"x")
        yield endpoint


@pytest.mark.whole
def test_s3_brings_the_files_of_the_day(bucket: str, tmp_path: Path) -> None:
    def place(prefix: str, **changes: Any) -> S3Place:
        return S3Place("bank", prefix, Credential("c", "k", "s"), endpoint=bucket, **changes)

    good = place("loans/{date:%Y%m%d}")
    assert names(good.bring(Wanted(mapping(), DAY), tmp_path)) == FILES
    for wrong, code in (
        (place("none/{date:%Y%m%d}"), "submission.delivery_missing"),
        (place("loans/{date:%Y%m%d}", limit_bytes=5), "submission.delivery_size"),
        (place("evil/{date:%Y%m%d}"), "submission.delivery_name"),
        (S3Place("other", "x", Credential("c", "k", "s"), endpoint=bucket), "submission.place"),
    ):
        with pytest.raises((Invalid, Unavailable)) as refused:
            wrong.bring(Wanted(mapping(), DAY), tmp_path)
        assert refused.value.code == code


# HTTPS


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A server with a certificate of its own: address, certificate file, and what it does (`files`, `seen`)."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
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
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    doing: dict[str, Any] = {"seen": []}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            doing["seen"].append((self.path, self.headers.get("Authorization"), self.headers.get("If-None-Match")))
            folder, _, file = self.path.strip("/").rpartition("/")
            if folder == "moved":
                self.send_response(302)
                self.send_header("Location", f"/20261031/{file}")
            elif folder == "away":
                self.send_response(302)
                self.send_header("Location", "https://127.0.0.2/steal")
            elif folder == "cut":
                self.send_response(200)
                self.send_header("Content-Length", "999")
                self.end_headers()
                self.wfile.write(b"half")
                return
            elif folder == "20261031" and file in FILES:
                if self.headers.get("If-None-Match") == '"v1"':
                    self.send_response(304)
                else:
                    self.send_response(200)
                    self.send_header("ETag", '"v1"')
                    self.end_headers()
                    self.wfile.write(FILES[file].encode())
                    return
            else:
                self.send_response(404)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}", str(folder / "cert.pem"), doing
    server.shutdown()
    server.server_close()


def https(web: Any, path: str, **changes: Any) -> HttpsPlace:
    given: dict[str, Any] = {"ca": web[1], "credential": Credential("c", "", "t0ken"), "timeout_seconds": 10}
    return HttpsPlace(f"{web[0]}/{path}", **(given | changes))


def test_https_brings_the_files_and_remembers_them(web: Any, tmp_path: Path) -> None:
    brought = https(web, "{date:%Y%m%d}").bring(Wanted(mapping(), DAY), tmp_path)

    assert names(brought) == FILES
    assert brought.stamps["control.json"] == '"v1"'
    assert web[2]["seen"][-1][1] == "Bearer t0ken"
    with pytest.raises(Unavailable, match="has not been renewed"):
        https(web, "{date:%Y%m%d}").bring(Wanted(mapping(), DAY, stamps=brought.stamps), tmp_path)


def test_https_follows_within_the_host_and_never_to_another(web: Any, tmp_path: Path) -> None:
    assert names(https(web, "moved").bring(Wanted(mapping(), DAY), tmp_path)) == FILES
    with pytest.raises(Unavailable, match=r"redirect to https://127\.0\.0\.2"):
        https(web, "away").bring(Wanted(mapping(), DAY), tmp_path)


@pytest.mark.parametrize(
    ("path", "changes", "code"),
    [
        ("nothing", {}, "submission.delivery_missing"),
        ("cut", {}, "submission.place"),
        ("{date:%Y%m%d}", {"limit_bytes": 3}, "submission.delivery_size"),
        ("{date:%Y%m%d}", {"ca": None}, "submission.place"),
    ],
)
def test_https_refuses_what_it_cannot_trust(
    web: Any, tmp_path: Path, path: str, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises((Invalid, Unavailable)) as refused:
        https(web, path, **changes).bring(Wanted(mapping(), DAY), tmp_path)
    assert refused.value.code == code


# the list of sources and its secrets


def test_the_list_names_credentials_and_holds_none(sqlite_database: Database, tmp_path: Path) -> None:
    listed = tmp_path / "sources.yaml"
    listed.write_text(
        "sources:\n  a:\n    place: {kind: database, url: 'postgresql://host/books', credential: books}\n"
        "  b: {place: {kind: push, limit_mb: 5}}\n"
    )
    found = listed_sources(listed, PROVIDER)
    with pytest.raises(NotFound, match="no credential named books"):
        found["a"].place()
    with unit_of_work():
        credentials.keep("books", "reader", "s3cret-word")

    place = found["a"].place()

    assert "s3cret-word" not in repr(place) + place.address(DAY) + found["a"].address(DAY)
    assert b"s3cret-word" not in (settings().data_dir / "creditlink.sqlite").read_bytes()
    assert found["b"].place().limit_bytes == 5 << 20


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("{kind: sftq}", "did you mean sftp?"),
        ("{kind: sftp, host: h, path: /p, known_hosts: k}", "credential is missing"),
        ("{kind: database, url: 'postgresql://u:pw@h/b'}", "must hold no password"),
        ("{kind: https, url: 'http://h/'}", "must begin with https://"),
        ("{kind: s3, bucket: b, prefix: '{day}', credential: c}", "the date in prefix"),
        ("{kind: folder, path: /p, pasword: x}", "no setting named pasword"),
        ("{kind: sftp, host: h, path: /p, known_hosts: k, credential: c, port: x}", "port must be a whole number"),
    ],
)
def test_what_is_wrong_with_a_place_is_told(tmp_path: Path, place: str, words: str) -> None:
    listed = tmp_path / "sources.yaml"
    listed.write_text(f"sources: {{a: {{place: {place}}}, b: {{path: 3}}}}")

    with pytest.raises(Invalid) as refused:
        listed_sources(listed, PROVIDER)
    assert words in refused.value.message.en
    assert "b: path must be a text" in refused.value.message.en
