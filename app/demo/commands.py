"""`creditlink demo …` and `creditlink bench …`.

What they run is imported when it is run: the synthetic bank and its world take as long to load as all the rest.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.core.registry import Registry
from app.core.text import Text
from app.standard import catalogue
from app.web.commands import FINDINGS, as_json, json_option

_COLUMNS = {
    "landed": "落地",
    "standardised": "标准化",
    "due": "应报",
    "blocked": "拦截",
    "sent": "报送",
    "accepted": "入库",
    "rejected": "退回",
    "corrected": "更正",
    "files": "文件",
    "lost": "丢失",
}


def commands(registry: Registry) -> tuple[click.Command, ...]:
    """The commands, over what the rooms have announced."""

    @click.group()
    def demo() -> None:
        """演示 Demonstrations with a synthetic bank and a pretend credit centre."""

    @demo.command("day")
    @click.option(
        "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo"), show_default=True
    )
    @click.option("--persons", type=click.IntRange(50), default=5_000, show_default=True, help="Persons. 个人客户数")
    @click.option("--companies", type=click.IntRange(10), default=500, show_default=True, help="Companies. 企业客户数")
    @click.option("--seed", type=int, default=20_261_031, show_default=True, help="Seed of the bank. 随机种子")
    @click.option(
        "--limit",
        type=click.FloatRange(0, 1),
        default=0.05,
        show_default=True,
        help="Share of blocked records above which a person must release. 拦截比例上限",
    )
    @json_option
    def day(root: Path, persons: int, companies: int, seed: int, limit: float, as_json_wanted: bool) -> None:
        """三个报送日全流程 Three reporting days: a first load, an ordinary day, a month end.

        Exit code 1 when a record was lost, a defect missed, a good record blocked, or the centre judged otherwise than we did.
        """
        from app.demo.day import STEPS, Scale, run_days

        console = Console(stderr=as_json_wanted, highlight=False, width=None if sys.stdout.isatty() else 140)
        started = time.monotonic()

        with _progress(console) as bar:
            whole = bar.add_task("三个报送日 three reporting days", total=STEPS)

            def tell(text: Text) -> None:
                console.print(f"[dim]{time.monotonic() - started:6.1f}s[/dim]  {text.zh}  [dim]{text.en}[/dim]")
                bar.advance(whole)

            summary = run_days(root, registry, Scale(persons, companies, seed, blocked_share_limit=limit), tell)
            bar.update(whole, completed=STEPS)
        if as_json_wanted:
            as_json(summary)
        else:
            _account(console, summary, root)
        if summary["lost"] or summary["missed"] or summary["false_alarms"] or summary["disagreements"]:
            raise click.exceptions.Exit(FINDINGS)

    @demo.command("month")
    @click.option(
        "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("var/month"), show_default=True
    )
    @click.option("--days", type=click.IntRange(7, 120), default=31, show_default=True, help="Business days. 业务日数")
    @click.option(
        "--persons",
        type=click.IntRange(50),
        default=300,
        show_default=True,
        help="Persons of each bank. 每家个人客户数",
    )
    @click.option(
        "--companies", type=click.IntRange(10), default=60, show_default=True, help="Companies of each. 每家企业客户数"
    )
    @click.option("--seed", type=int, default=20_261_101, show_default=True, help="Seed of the banks. 随机种子")
    @json_option
    def month(root: Path, days: int, persons: int, companies: int, seed: int, as_json_wanted: bool) -> None:
        """两家机构一个月 A month of two legal entities, with late and spoiled deliveries and a centre that is away for two days.

        Exit code 1 when in the end the centre does not hold what the banks know, or somebody had to lend a hand. Each customer has
        two accounts: --persons 13500 --companies 1500 are 60,000 accounts of both banks.
        """
        from app.demo.month import Month, clean, run_month

        console = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 140)
        started = time.monotonic()

        with _progress(console) as bar:
            whole = bar.add_task("一个月 a month", total=days + 2)

            def tell(text: Text) -> None:
                console.print(f"[dim]{time.monotonic() - started:6.1f}s[/dim]  {text.zh}  [dim]{text.en}[/dim]")
                bar.advance(whole)

            summary = run_month(root, registry, Month(days, persons, companies, seed), tell)
        if as_json_wanted:
            as_json(summary)
        else:
            _month_account(summary, root)
        if not clean(summary):
            raise click.exceptions.Exit(FINDINGS)

    @demo.command("console")
    @click.option(
        "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo"), show_default=True
    )
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address. 监听地址")
    @click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port. 端口")
    def console(root: Path, host: str, port: int) -> None:
        """打开演示的控制台 Open the web console over the demonstration's data."""
        from app.demo.console import open_console

        open_console(root, registry, host, port)

    @click.group()
    def bench() -> None:
        """性能基准 Benchmarks, each racing an alternative in the same run."""

    @bench.command("submission")
    @click.option("--accounts", type=click.IntRange(1_000), default=200_000, show_default=True, help="Accounts. 账户数")
    @click.option(
        "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("var/bench"), show_default=True
    )
    @click.option(
        "--cluster", type=click.Choice(["dask"]), help="Report the same day once more on a cluster. 再以集群执行并比对"
    )
    @click.option(
        "--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Workers of the cluster. 工作进程数"
    )
    @json_option
    def submission(accounts: int, root: Path, cluster: str | None, workers: int, as_json_wanted: bool) -> None:
        """从落地到加密报文 From landing to encrypted files, with all pre-checks. Exit code 1 when a cluster makes other files."""
        from app.demo.bench import bench_submission

        console = Console(stderr=True, highlight=False)
        told = workers if cluster else 0
        result = bench_submission(
            root, accounts, lambda words: console.print(f"[dim]{words}[/dim]"), cluster_workers=told
        )
        if as_json_wanted:
            as_json(result)
        else:
            _bench_table(result)
        if cluster and not result["cluster"]["identical"]:
            raise click.exceptions.Exit(FINDINGS)

    @bench.command("workflow")
    @click.option("--instances", type=click.IntRange(1), default=300, show_default=True, help="Instances. 流程实例数")
    @click.option(
        "--tasks", type=click.IntRange(1_000), default=100_000, show_default=True, help="Open tasks. 待办任务数"
    )
    @click.option("--clocks", type=click.IntRange(1_000), default=1_000_000, show_default=True, help="Clocks. 时限数")
    @click.option(
        "--root",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("var/bench-workflow"),
        show_default=True,
    )
    @json_option
    def workflow(instances: int, tasks: int, clocks: int, root: Path, as_json_wanted: bool) -> None:
        """流程平台 The workflow host against the bare engine, the inbox's lists, the sweep of clocks."""
        from app.demo.bench_workflow import bench_workflow

        console = Console(stderr=True, highlight=False)
        root.mkdir(parents=True, exist_ok=True)
        result = bench_workflow(root, instances, tasks, clocks, lambda words: console.print(f"[dim]{words}[/dim]"))
        if as_json_wanted:
            as_json(result)
        else:
            Console().print_json(data=result)

    @bench.command("rules")
    @click.option("--records", type=click.IntRange(100), default=1_000_000, show_default=True, help="Records. 记录数")
    @json_option
    def rules(records: int, as_json_wanted: bool) -> None:
        """规则平台 The sweep of many records, one record explained, and the same rules on other engines."""
        from app.demo.bench_rules import bench_rules

        console = Console(stderr=True, highlight=False)
        result = bench_rules(records, lambda words: console.print(f"[dim]{words}[/dim]"))
        if as_json_wanted:
            as_json(result)
        else:
            Console().print_json(data=result)

    return demo, bench


def _progress(console: Console) -> Progress:
    """A bar for long work; without a terminal it draws nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _account(console: Console, summary: dict[str, Any], root: Path) -> None:
    for day in summary["days"]:
        table = Table(title=f"{day['business_date']}  {day['seconds']} s", title_justify="left")
        table.add_column("记录类型\nrecord", no_wrap=True)
        for name, zh in _COLUMNS.items():
            table.add_column(f"{zh}\n{name}", justify="right", no_wrap=True)
        for code, counts in day["records"].items():
            table.add_row(_short_title(code), *(f"{counts[name]:,}" for name in _COLUMNS))
        console.print(table)
        agreement = day["agreement"]
        console.print(
            f"  预校验对照真相 pre-check against the truth: 注入 injected {day['injected']}, 发现 found {day['found']}, "
            f"漏报 missed {day['missed']}, 误报 false alarms {day['false_alarms']}"
        )
        console.print(
            f"  预校验关闭时中心的判断 the centre with the pre-check off: 一致 agreed {agreement['agreed']}, "
            f"不一致 disagreements {agreement['disagreements']}, 仅中心登记可知 known to its register only "
            f"{sum(agreement['centre_only'].values())}"
        )
        for side in ("centre_only", "ours_only"):
            if agreement[side]:
                console.print(f"    {side}: {agreement[side]}")
    console.print(
        f"\n丢失 lost: {summary['lost']}    漏报 missed: {summary['missed']}    误报 false alarms: {summary['false_alarms']}"
        f"\n明细 details: {root / 'summary.json'}"
        f"\n打开控制台 open the console: creditlink demo console --root {root}"
    )


def _month_account(summary: dict[str, Any], root: Path) -> None:
    console = Console(highlight=False)
    table = Table(title=f"{summary['from']} – {summary['to']}", title_justify="left")
    table.add_column("记录类型\nrecord", no_wrap=True)
    columns = {"expected": "应有", "held": "中心持有", "equal": "一致", "missing": "缺失", "beyond": "多出"}
    for name, zh in columns.items():
        table.add_column(f"{zh}\n{name}", justify="right", no_wrap=True)
    for code, counts in summary["by_type"].items():
        table.add_row(_short_title(code), *(f"{counts[name]:,}" for name in columns))
    console.print(table)
    for trouble in summary["troubles"]:
        console.print(f"  {trouble['kind']} {trouble.get('day', '')} [dim]{trouble['handled']}[/dim]")
    told = ("lost", "different", "beyond", "sent_twice", "hand_interventions", "exceptions", "standing", "seconds")
    console.print("\n".join(f"{name}: {summary[name]}" for name in told), f"\n明细 details: {root / 'month.json'}")


def _bench_table(result: dict[str, Any]) -> None:
    table = Table("阶段 stage", "秒 seconds", "记录/秒 records per second")
    for name, each in result["stages"].items():
        table.add_row(name, f"{each['seconds']:.2f}", f"{each['records_per_second']:,}")
    table.add_row("合计 all", f"{result['seconds']:.2f}", f"{result['records_per_second']:,}")
    console = Console()
    console.print(table)
    console.print(
        f"记录 records {result['records']:,}, 内存峰值 peak memory {result['peak_rss_mb']:,} MB, "
        f"渲染对逐行 rendering against row-wise: {result['rowwise']['ratio']} times"
    )
    if cluster := result.get("cluster"):
        console.print(
            f"集群 cluster of {cluster['workers']}: {cluster['seconds']:.2f} s, "
            f"文件内容一致 files identical: {'是 yes' if cluster['identical'] else '否 NO'}"
        )


def _short_title(code: str) -> str:
    title = catalogue.current().record(code).title.zh
    return f"{code} {title.removesuffix('信息记录').removesuffix('记录')}"
