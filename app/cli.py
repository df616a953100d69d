"""The `creditlink` command. Each room brings its own sub-commands; here are those of the whole.

Exit codes: 0 fine, 1 findings that block, 2 bad use or unreadable input, 70 a fault of ours.
"""

from __future__ import annotations

import dataclasses
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

import click
import structlog
from rich.console import Console
from rich.table import Table

from app.core import schema
from app.core.config import PREFIX, settings
from app.core.errors import CreditLinkError
from app.core.jobs.worker import Worker
from app.core.log import configure_logging
from app.core.settings_table import page_is_fresh, settings_page
from app.demo.commands import commands as demonstrations
from app.factory import assemble, create_app
from app.house import house_faults
from app.house_reference import reference_is_fresh, reference_page
from app.simulator.centre.command import centre
from app.web.assets import built
from app.web.commands import BAD_USE, FINDINGS, as_json, json_option, tell_error
from app.web.shell import product_version

OUR_FAULT: Final = 70
_HIDDEN: Final = "••••••"

log = structlog.get_logger(__name__)


class FullHelp(click.Group):
    """A group whose help lists the sub-commands of all depths, so that `--help` shows everything there is."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [row for name in self.list_commands(ctx) for row in _rows(name, self.get_command(ctx, name))]
        with formatter.section("Commands 命令"):
            formatter.write_dl(rows)


def _rows(path: str, command: click.Command | None) -> list[tuple[str, str]]:
    if command is None or command.hidden:
        return []
    rows = [(path, command.get_short_help_str(limit=100))]
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            rows += _rows(f"{path} {name}", command.commands[name])
    return rows


@click.group(cls=FullHelp, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(product_version(), prog_name="creditlink")
def cli() -> None:
    """CreditLink 智能征信全链路管理平台: a lender's credit reporting, end to end.

    Settings come from the environment (CREDITLINK_…) and from a .env file; `creditlink settings` lists them.

    Exit codes: 0 fine, 1 findings that block, 2 bad use or unreadable input, 70 a fault of the program.
    """


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on. 监听地址")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port. 端口")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 256), help="Requests at a time. 并发数")
@click.option(
    "--trusted-proxy",
    help="Address of the proxy in front, whose X-Forwarded-For and -Proto are believed. 前置代理的地址",
)
def serve(host: str, port: int, threads: int, trusted_proxy: str | None) -> None:
    """启动控制台 Serve the web console."""
    from waitress import serve as listen

    configure_logging()
    schema.require_current()
    app = create_app()
    if not built():
        tell_error("前端尚未构建：npm ci && npm run build", "the front end is not built: npm ci && npm run build")
    options: dict[str, Any] = {}
    if trusted_proxy:
        options = {
            "trusted_proxy": trusted_proxy,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
            "clear_untrusted_proxy_headers": True,
        }
    click.echo(f"CreditLink: http://{host}:{port}/")
    listen(app, host=host, port=port, threads=threads, ident=None, **options)


@cli.command()
@click.option("--until-idle", is_flag=True, help="Stop when nothing is due any more. 处理完到期任务即退出")
@json_option
def worker(until_idle: bool, as_json_wanted: bool) -> None:
    """运行后台任务 Run background tasks, deliver events, keep the timetable."""
    configure_logging()
    schema.require_current()
    running = Worker(assembled())
    if until_idle:
        made = running.run_until_idle()
        if as_json_wanted:
            as_json({"attempted": made})
        else:
            click.echo(f"已处理 attempted: {made}")
        return
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    running.run(stop)


@cli.group()
def db() -> None:
    """业务数据库 The operational database."""


@db.command("upgrade")
@click.option("--to", "revision", default="head", show_default=True, help="Revision to go to. 目标版本")
def db_upgrade(revision: str) -> None:
    """升级到最新版本 Bring the schema up to date."""
    schema.migrate(revision=revision)
    click.echo(f"数据库版本 database is at: {schema.current_revision()}")


db.add_command(click.Command("migrate", callback=lambda: db_upgrade.callback("head"), hidden=True))  # type: ignore[misc]


@db.command("check")
@json_option
def db_check(as_json_wanted: bool) -> None:
    """核对库表与模型 Compare the database with migrations and models; 1 when they differ."""
    present, newest = schema.current_revision(), schema.newest_revision()
    found = schema.differences(assembled().model_modules) if present == newest else []
    if as_json_wanted:
        as_json({"revision": present, "newest": newest, "differences": found})
    else:
        click.echo(f"数据库 database: {present}    最新 newest: {newest}")
        for each in found:
            click.echo(each)
    if present != newest or found:
        raise click.exceptions.Exit(FINDINGS)


@db.command("revision")
@click.argument("message")
def db_revision(message: str) -> None:
    """生成迁移 Write the migration that takes the database to the models; MESSAGE is `room: change`."""
    click.echo(schema.new_revision(message, assembled().model_modules))


@cli.command("settings")
@json_option
def settings_command(as_json_wanted: bool) -> None:
    """列出设置及当前值 Show every setting and its value in force; secrets stay hidden."""
    current = settings()
    shown = [
        (each, _HIDDEN if each.metadata["secret"] else getattr(current, each.name))
        for each in dataclasses.fields(current)
    ]
    if as_json_wanted:
        as_json({each.name: value for each, value in shown})
        return
    table = Table("变量 variable", "当前值 value", "含义 meaning")
    for each, value in shown:
        doc = each.metadata["doc"]
        table.add_row(f"{PREFIX}{each.name.upper()}", "" if value is None else str(value), f"{doc.zh}\n{doc.en}")
    Console().print(table)


@cli.command("check-house")
def check_house() -> None:
    """自检 Check models against migrations, content with its cases, both languages, documents; 1 when anything is out of order."""
    faults = list(house_faults(assembled(), cli))
    for fault in faults:
        click.echo(fault)
    click.echo(f"自检问题 faults: {len(faults)}")
    if faults:
        raise click.exceptions.Exit(FINDINGS)


@cli.group()
def docs() -> None:
    """由程序生成的手册页 Pages of the manual that are made from the program."""


@docs.command("settings")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the page here. 写入文件")
@click.option("--check", type=click.Path(dir_okay=False, path_type=Path), help="Exit with 1 unless this page is fresh.")
def docs_settings(out: Path | None, check: Path | None) -> None:
    """设置一览 The table of settings, as Markdown."""
    if check is not None:
        _require_fresh(check, page_is_fresh(check), "settings")
    else:
        _put_page(settings_page(), out)


@docs.command("reference")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the page here. 写入文件")
@click.option("--check", type=click.Path(dir_okay=False, path_type=Path), help="Exit with 1 unless this page is fresh.")
def docs_reference(out: Path | None, check: Path | None) -> None:
    """参考手册 Roles, permissions, steps, processes, rulesets and commands, as Markdown."""
    if check is not None:
        _require_fresh(check, reference_is_fresh(check, assembled(), cli), "reference")
    else:
        _put_page(reference_page(assembled(), cli), out)


def _require_fresh(page: Path, fresh: bool, command: str) -> None:
    if not fresh:
        again = f"creditlink docs {command} --out {page}"
        tell_error(f"{page} 已过时：{again}", f"{page} is stale: {again}")
        raise click.exceptions.Exit(FINDINGS)


def _put_page(page: str, out: Path | None) -> None:
    if out is None:
        click.echo(page, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")


_registry = assemble()
for _command in (*_registry.commands.values(), *demonstrations(_registry), centre):
    cli.add_command(_command)


def assembled() -> Any:
    """What all rooms have announced; raises Invalid where it does not fit together."""
    _registry.check()
    return _registry


def main() -> None:
    """Run the command and turn every error into words and an exit code."""
    try:
        # First of all: an error told before this would print the values of local variables, records among them.
        configure_logging()
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_USE)
    except click.exceptions.Abort:
        sys.exit(130)
    except CreditLinkError as error:
        tell_error(error.message.zh, error.message.en, error.code)
        sys.exit(BAD_USE)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:
        log.error("command_failed", exc_info=error)
        tell_error("程序出错，详情见日志", "the program failed; the log tells more")
        sys.exit(OUR_FAULT)


if __name__ == "__main__":
    main()
