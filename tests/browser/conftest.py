"""A real server in a process of its own, and Chromium to drive it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import reported_days
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.core.actor import SYSTEM, Actor, acting
from app.core.config import Settings, override
from app.core.db import database, unit_of_work
from app.security.accounts import create_user

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "Harbour-Lamp-72"
PEOPLE = {
    "zhou.min": ("周敏", "admin_security"),
    "he.lan": ("何岚", "admin_audit"),
    "lin.hai": ("林海", "operator"),
    "xu.wen": ("许文", "reviewer"),
    "tang.jun": ("唐军", "compliance"),
    "qiao.yu": ("乔羽", "analyst"),
    "song.ke": ("宋珂", "admin_system"),
    "gao.yi": ("高毅", "manager"),
}
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", default=None, help="keep pictures of the pages in this folder")


@dataclass(frozen=True)
class Server:
    """The console as it runs for the tests. `settings` are those of its process."""

    address: str
    environment: dict[str, str]
    settings: Settings

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            env=self.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    @contextmanager
    def inside(self, actor: Actor = SYSTEM) -> Iterator[None]:
        """A unit of work in the console's own database: much quicker than a command, which is a process of its own."""
        with override(self.settings), acting(actor):
            try:
                with unit_of_work():
                    yield
            finally:
                database().dispose()

    def employ(self, people: Mapping[str, tuple[str, str]] = PEOPLE) -> None:
        """Accounts for people: user name to name and role."""
        with self.inside():
            for username, (name, role) in people.items():
                create_user(username, name, [role], PASSWORD, must_change=False)

    @contextmanager
    def running(self, log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """`creditlink …` as a process that lasts as long as the block."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", *arguments],
                env=self.environment,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(300)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("console")
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CREDITLINK_")}
    environment = {**kept, "CREDITLINK_DATA_DIR": str(folder / "data"), "CREDITLINK_LOG_LEVEL": "ERROR"}
    made = Server(f"http://127.0.0.1:{port}", environment, Settings(data_dir=folder / "data", log_level="ERROR"))
    (folder / "data").mkdir()
    shutil.copy(migrated_sqlite, folder / "data" / "creditlink.sqlite")
    made.employ()
    log = folder / "log"
    with made.running(log, "serve", "--port", str(port)) as process:
        wait_for(made.address, process, log)
        yield made


@pytest.fixture(scope="module")
def reported_server(made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A console over a copy of the reported days, with accounts, in a process of its own."""
    root = tmp_path_factory.mktemp("lender")
    settings = reported_days.copied(made_once(reported_days.build), root).settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CREDITLINK_")}
    names = ("data_dir", "provider_code", "sources_file", "institutions_file", "log_level")
    environment = kept | {f"CREDITLINK_{name.upper()}": str(getattr(settings, name)) for name in names}
    port = free_port()
    made = Server(f"http://127.0.0.1:{port}", environment, settings)
    made.employ()
    log = root / "console.log"
    with made.running(log, "serve", "--port", str(port)) as process:
        wait_for(made.address, process, log)
        yield made


@pytest.fixture(scope="session")
def worker(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A worker beside the console: it runs the steps of processes and the batches of migrations."""
    with server.running(tmp_path_factory.mktemp("worker") / "log", "worker"):
        yield


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/sign-in", timeout=2).close()
            return
        except urllib.error.URLError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the console did not start: {log.read_text()[-3000:]}", pytrace=False)
            time.sleep(0.1)


@pytest.fixture(
    scope="module"
)  # its event loop must not outlive the browser tests: others in the process have loops of their own
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """One browser window on the console. `complaints` are what the browser said against a page."""

    page: Page
    server: Server
    pictures: Path | None
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.server.address + path, wait_until="load")

    def sign_in(self, username: str, password: str = PASSWORD) -> None:
        self.go("/sign-in")
        self.page.fill("#username", username)
        self.page.fill("#password", password)
        self.page.press("#password", "Enter")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def choose(self, language: str | None = None, theme: str | None = None) -> None:
        cookies = {"creditlink_language": language, "creditlink_theme": theme}
        self.page.context.add_cookies(
            [{"name": name, "value": value, "url": self.server.address} for name, value in cookies.items() if value]
        )

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page where pictures are wanted."""
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)

    def serious_findings(self) -> list[str]:
        """What axe finds serious or critical on the present page."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {json.dumps([node['html'][:160] for node in each['nodes'][:3]], ensure_ascii=False)}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]

    def fits(self) -> bool:
        """Whether nothing sticks out at the right of the page."""
        wide: bool = self.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
        return wide


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(server: Server, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Open a window: `visit()`, `visit(narrow=True, language="en", theme="dark", user="lin.hai")`."""
    chosen = request.config.getoption("--screenshots", default=None)
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def open_window(
        *, user: str | None = None, narrow: bool = False, language: str | None = None, theme: str | None = "light"
    ) -> Visit:
        context = chromium.new_context(viewport=NARROW if narrow else WIDE, device_scale_factor=1)
        contexts.append(context)
        page = context.new_page()
        opened = Visit(page, server, Path(chosen) if chosen else None)
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                opened.complaints.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        opened.choose(language, theme)
        if user:
            opened.sign_in(user)
        visits.append(opened)
        return opened

    yield open_window
    for context in contexts:
        context.close()
    assert [each for opened in visits for each in opened.complaints] == []
