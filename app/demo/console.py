"""The web console over a finished demonstration: one account a post, the worker and the credit centre running beside it."""

from __future__ import annotations

import threading
from pathlib import Path

from waitress import create_server

from app.core import clock, config
from app.core.actor import SYSTEM, acting
from app.core.db import unit_of_work
from app.core.errors import NotFound
from app.core.jobs import Worker
from app.core.registry import Registry
from app.core.text import Text
from app.demo.stage import Stage, platform, running_centre
from app.factory import create_app
from app.security.accounts import create_user, reset_password
from app.security.roles import WORDS, Role
from app.security.sign_in import find_user
from app.web.commands import tell_error

Signs = list[tuple[str, str, Text]]
"""(user name, first password, post)"""


def open_console(root: Path, registry: Registry, host: str, port: int) -> None:
    """Serve the console until interrupted. Raises NotFound when there is no demonstration below `root`."""
    stage = Stage(root)
    if not (root / "summary.json").exists():
        raise NotFound(
            "demo.none",
            Text("尚无演示数据，请先运行 make demo", "There is no demonstration yet; run `make demo` first"),
        )
    with platform(stage) as settings, running_centre(stage, settings):
        signs = _accounts()
        app = create_app(config.settings())
        server = create_server(app, host=host, port=port, threads=8, ident=None)
        stop = threading.Event()
        worker = threading.Thread(target=Worker(registry).run, args=(stop,), name="worker")
        worker.start()
        _tell(signs, host, int(server.effective_port))
        try:
            server.run()
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
            worker.join()
            server.close()


def _accounts() -> Signs:
    """An account for every post, each with a new first password; they are asked to change it at the first sign-in."""
    signs: Signs = []
    with acting(SYSTEM), unit_of_work():
        for role in Role:
            name = role.value.replace("_", ".")
            user = find_user(name)
            if user is None:
                _, password = create_user(name, WORDS[role].title.zh, [role.value])
            else:
                password = reset_password(user)
            signs.append((name, password, WORDS[role].title))
    return signs


def _tell(signs: Signs, host: str, port: int) -> None:
    lines = [f"{name:16} {password:24} {title.zh} {title.en}" for name, password, title in signs]
    tell_error(
        f"控制台已打开（{clock.local_now():%H:%M}）：http://{host}:{port}/", "\n".join(["console is open:", *lines])
    )
