"""`creditlink centre …`: run the pretend credit centre, look into it, make it misbehave, ask its judgement.

Its server is imported where it is run: the SFTP library takes as long to load as all the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from app.core.crypto import SUITES, suite
from app.core.errors import CreditLinkError
from app.simulator.centre.check_files import write_check_files
from app.simulator.centre.control import Control, read_control, write_control
from app.simulator.centre.dump import dump
from app.simulator.centre.inspection import Inspector
from app.simulator.centre.judge.values import Fault
from app.simulator.centre.ledger import Ledger
from app.simulator.centre.office import CENTRE_KEY, LENDER_KEY, Folders, centre_keys, own_key
from app.simulator.centre.registry import load_registry
from app.simulator.centre.report import Line
from app.simulator.centre.store import Store

NOTICE = "模拟征信中心，非真实机构 · A PRETEND credit centre, not a real one"
_STATE = click.option(
    "--state", "root", type=click.Path(path_type=Path, file_okay=False), required=True, help="状态目录 · State folder"
)
_SUITE = click.option(
    "--suite",
    "suite_name",
    type=click.Choice(sorted(SUITES)),
    default="gm",
    show_default=True,
    help="密码套件 · Crypto suite",
)


@click.group("centre")
def centre() -> None:
    """模拟征信中心 · The pretend credit centre."""


class _Unusable(click.ClickException):
    """Bad use or unreadable input, in both languages."""

    exit_code = 2

    def __init__(self, error: CreditLinkError) -> None:
        super().__init__(f"{error.message.zh} · {error.message.en}")


@centre.command("prepare")
@_STATE
@_SUITE
@click.option("--json", "as_json", is_flag=True, help="JSON")
def prepare_command(root: Path, suite_name: str, as_json: bool) -> None:
    """建立密钥与登记表 · Make keys and registry, so that both sides can exchange public keys before the centre runs."""
    from app.simulator.centre.server import host_key

    folders = Folders(root)
    folders.make()
    try:
        keys = centre_keys(folders)
        chosen = suite(suite_name)
        keys.key_pair(CENTRE_KEY, chosen)
        load_registry(root)
        host_key(root)
    except CreditLinkError as error:
        raise _Unusable(error) from error
    told = {
        "public_key": str(keys.folder / f"{CENTRE_KEY}.{chosen.name}.public.pem"),
        "host_key": str(root / "ssh_host_key.pub"),
        "suite": chosen.name,
    }
    click.echo(json.dumps(told) if as_json else "\n".join(f"{name}: {value}" for name, value in told.items()))


@centre.command("serve")
@_STATE
@_SUITE
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 · Address to listen at")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="端口，0为任选 · Port, 0 = any free"
)
@click.option(
    "--lender-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="报送机构公钥，用于加密反馈 · The lender's public key, which feedback is sealed for",
)
@click.option(
    "--client-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="允许登录的SSH公钥 · SSH public key that may sign in (repeatable)",
)
@click.option(
    "--lender",
    "lenders",
    type=(str, click.Path(path_type=Path, exists=True, dir_okay=False), click.Path(path_type=Path, exists=True)),
    metavar="SECTION KEY CLIENT",
    multiple=True,
    help="有自己目录的报送机构：区段码、公钥、SSH公钥 · A lender with a place of its own (repeatable)",
)
@click.option("--json", "as_json", is_flag=True, help="就绪时输出一行JSON · Print one line of JSON when ready")
@click.option("--verbose", is_flag=True, help="输出日志 · Log to standard error")
def serve_command(
    root: Path,
    suite_name: str,
    host: str,
    port: int,
    lender_key: Path | None,
    client_key: tuple[Path, ...],
    lenders: tuple[tuple[str, Path, Path], ...],
    as_json: bool,
    verbose: bool,
) -> None:
    """运行模拟征信中心 · Run the pretend credit centre until it is stopped."""
    from app.simulator.centre.server import USER, Address, clients_file

    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    folders = Folders(root)
    folders.make()
    click.echo(NOTICE, err=True)

    def ready(address: Address) -> None:
        if as_json:
            click.echo(json.dumps({name: getattr(address, name) for name in Address.__slots__}))
        else:
            click.echo(f"sftp://{address.user}@{address.host}:{address.port}")
        sys.stdout.flush()

    try:
        if lender_key is not None:
            centre_keys(folders).add_public_key(LENDER_KEY, suite(suite_name), lender_key.read_bytes())
        _allow_clients(clients_file(root, USER), client_key)
        for section, key, client in lenders:
            folders.give_door(section)
            centre_keys(folders).add_public_key(own_key(section), suite(suite_name), key.read_bytes())
            _allow_clients(clients_file(root, section), (client,))
        asyncio.run(_until_stopped(root, host, port, suite_name, ready))
    except CreditLinkError as error:
        raise _Unusable(error) from error
    except OSError as error:
        raise click.ClickException(str(error)) from error


async def _until_stopped(root: Path, host: str, port: int, suite_name: str, ready: Any) -> None:
    from app.simulator.centre.server import run

    task = asyncio.ensure_future(run(root, host, port, suite_name, ready))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _allow_clients(path: Path, keys: tuple[Path, ...]) -> None:
    known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for key in keys:
        line = key.read_text(encoding="utf-8").strip()
        if line not in known:
            known.append(line)
    path.write_text("".join(f"{line}\n" for line in known), encoding="utf-8")


@centre.command("state")
@_STATE
@click.option("--json", "as_json", is_flag=True, help="JSON")
@click.option("--full", is_flag=True, help="列出全部标识 · List every key")
def state_command(root: Path, as_json: bool, full: bool) -> None:
    """已入库的状态 · What the centre has accepted and received."""
    told = dump(root, full)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True))
        return
    for record_type, kept in told["records"].items():
        click.echo(f"{record_type}: {kept['count']:>10,}  {kept['digest'][:16]}")
        for entry in kept.get("keys", ()):
            click.echo(f"  {' '.join(entry['subject'])} {entry['report_date']} {entry['digest']}")
    click.echo(f"文件 files: {len(told['files'])}, 重复 sent twice: {len(told['sent_twice'])}")


@centre.command("check-files")
@_STATE
@_SUITE
@click.option("--provider", required=True, help="数据提供机构区段码 · Section code of the provider")
@click.option("--json", "as_json", is_flag=True, help="JSON")
def check_files_command(root: Path, suite_name: str, provider: str, as_json: bool) -> None:
    """出具核对文件 · State what is held of a provider, as check files in the outbox."""
    try:
        names = write_check_files(root, suite_name, provider)
    except CreditLinkError as error:
        raise _Unusable(error) from error
    except KeyError as error:
        raise click.BadParameter(f"没有登记的区段码 · not registered: {provider}", param_hint="--provider") from error
    click.echo(json.dumps({"files": names}) if as_json else "\n".join(names))


@centre.command("control")
@_STATE
@click.option("--slow", type=click.FloatRange(0), help="每次传输增加的秒数 · Seconds added to every transfer")
@click.option("--drop", type=click.IntRange(0), help="中断多少次上传 · Number of uploads to cut off")
@click.option("--feedback-delay", type=click.FloatRange(0), help="反馈延迟秒数 · Seconds before feedback appears")
@click.option("--feedback-twice/--feedback-once", default=None, help="反馈发两次 · Send feedback twice")
@click.option("--garble/--no-garble", default=None, help="反馈先损坏后正确 · Feedback garbled first, right later")
@click.option("--reset", is_flag=True, help="恢复正常 · Behave well again")
def control_command(root: Path, reset: bool, **changes: Any) -> None:
    """让中心出故障 · Make the centre misbehave; without options tell how it behaves."""
    try:
        current = Control() if reset else read_control(root)
    except CreditLinkError as error:
        raise _Unusable(error) from error
    wanted = {name: value for name, value in changes.items() if value is not None}
    values = {name: wanted.get(name, getattr(current, name)) for name in Control.__slots__}
    if wanted or reset:
        write_control(root, Control(**values))
    click.echo(json.dumps(values))


@centre.command("judge")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--state",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    help="以其登记表和已入库状态判断 · Judge by its registry and state",
)
def judge_command(files: tuple[Path, ...], root: Path | None) -> None:
    """判断明文报文，不入库 · Judge plain report files, in the order given, without keeping anything; prints JSON."""
    try:
        with tempfile.TemporaryDirectory() as scratch:
            told = judge_files(files, Path(scratch), root)
    except CreditLinkError as error:
        raise _Unusable(error) from error
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    if any(file["faults"] or file["rejected"] for file in told):
        raise SystemExit(1)


class _Undo(Exception):
    """Ends a trial transaction."""


def judge_files(files: tuple[Path, ...], scratch: Path, root: Path | None) -> list[dict[str, Any]]:
    """The judgement of plain files one after the other, each seeing what was accepted of those before, on top of
    the state in `root`. Nothing is kept."""
    store = Store(root or scratch)
    registry = load_registry(root or scratch)
    told: list[dict[str, Any]] = []
    try:
        with contextlib.suppress(_Undo), store.transaction():
            told.extend(_judged(file, Inspector(registry, Ledger(store)), store) for file in files)
            raise _Undo
    finally:
        store.close()
    return told


def _judged(file: Path, inspector: Inspector, store: Store) -> dict[str, Any]:
    records: list[dict[str, Any]] = []

    def refuse(line: Line, faults: list[Fault]) -> None:
        records.append({"line": line.number, "faults": [{"code": code, "tag": tag} for code, tag in faults]})

    prefix = file.name.removesuffix(".txt")
    arrival = store.arrive(f"{prefix}.enc", "", "", "", 0, "")
    known = store.connection.execute(
        "SELECT 1 FROM arrival WHERE name = ? AND id < ?", (f"{prefix}.enc", arrival)
    ).fetchone()
    outcome = inspector.inspect(file, prefix, arrival, known is not None, refuse)
    return {
        "file": file.name,
        "flag": outcome.flag,
        "faults": [{"code": code, "tag": tag} for code, tag in outcome.faults],
        "accepted": outcome.accepted,
        "rejected": outcome.rejected,
        "records": records,
    }
