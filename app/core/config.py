"""Every setting of the product, declared once: type, default and meaning together; the manual is made from them.

Values come from the environment (prefix `CREDITLINK_`) and from a `.env` file in the working directory; the
environment wins.
"""

# ruff: noqa: RUF009 - `_setting` only wraps dataclasses.field

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_type_hints

import marshmallow
from environs import Env, EnvValidationError
from marshmallow import validate

from app.core.errors import Invalid
from app.core.setting import ScaleSettings
from app.core.setting import setting as _setting
from app.core.text import Language, Text

PREFIX: Final = "CREDITLINK_"
DEFAULT_SECRET: Final = "only-for-development-and-never-a-secret"  # noqa: S105 - refused in production

Mode = Literal["development", "production"]
SuiteName = Literal["gm", "intl"]
CentreKind = Literal["folder", "sftp"]
LogFormat = Literal["json", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ScaleSettings):
    """All settings with their values in force. Build it with keywords in tests, else by `settings()`."""

    mode: Mode = _setting(
        "development",
        Text(
            "运行方式；生产方式拒绝默认密钥与模拟网关",
            "how it runs; production refuses default secrets and pretend gateways",
        ),
    )
    data_dir: Path = _setting(
        Path("var/data"), Text("平台自有数据所在目录", "folder of all data that the platform keeps itself")
    )
    database_url: str = _setting(
        "",
        Text(
            "业务库地址（SQLAlchemy 写法：sqlite:/// 或 postgresql+psycopg://）",
            "operational database as an SQLAlchemy address (sqlite:/// or postgresql+psycopg://)",
        ),
        secret=True,
        derived=Text("数据目录下的 creditlink.sqlite", "creditlink.sqlite in the data folder"),
    )
    lake_catalog_url: str = _setting(
        "",
        Text(
            "数据湖目录库，DuckLake 写法（sqlite:文件 或 postgres:dbname=… host=…）",
            "catalogue of the lake as DuckLake writes it (sqlite:FILE or postgres:dbname=… host=…)",
        ),
        secret=True,
        derived=Text("数据目录下的 lake/catalogue.sqlite", "lake/catalogue.sqlite in the data folder"),
    )
    lake_data_path: str = _setting(
        "",
        Text("数据湖 Parquet 文件所在目录或 s3:// 地址", "folder or s3:// address of the lake's Parquet files"),
        derived=Text("数据目录下的 lake/files", "lake/files in the data folder"),
    )
    storage_url: str = _setting(
        "",
        Text(
            "文件存储地址（fsspec 写法：目录、s3://、memory://）",
            "file storage as fsspec writes it (a folder, s3://, memory://)",
        ),
        derived=Text("数据目录下的 storage", "storage in the data folder"),
    )
    keys_dir: Path = _setting(
        Path(),
        Text("密钥环所在目录，须单独备份", "folder of the key ring; back it up apart from the data"),
        derived=Text("数据目录下的 keys", "keys in the data folder"),
    )
    secret_key: str = _setting(
        DEFAULT_SECRET,
        Text(
            "主密钥：保护密钥环、会话与表单，生产须至少 32 个字符",
            "master secret that guards key ring, sessions and forms; at least 32 characters in production",
        ),
        secret=True,
    )
    language: Language = _setting("zh", Text("默认界面语言", "language shown where the user has chosen none"))
    crypto_suite: SuiteName = _setting(
        "gm",
        Text(
            "报送文件的密码套件：gm 国密，intl 国际",
            "crypto suite of report files: gm (national) or intl (international)",
        ),
    )
    standard_edition_dir: Path | None = _setting(
        None,
        Text("接口标准版本所在目录", "folder of the edition of the interface standard"),
        derived=Text("随产品附带的版本", "the edition that comes with the product"),
    )
    provider_code: str = _setting(
        "",
        Text("数据提供机构区段码，14 位", "section code of the data provider, 14 characters"),
        check=validate.Regexp(r"^([0-9A-Za-z]{14})?\Z", error="Must be 14 letters or digits."),
    )
    institutions_file: Path | None = _setting(
        None,
        Text(
            "本机构各网点代码清单（YAML），上报时据此核对机构代码",
            "list of the lender's own institution codes (YAML); reported codes are checked against it",
        ),
    )
    centre_kind: CentreKind = _setting(
        "sftp",
        Text(
            "与征信中心的传输方式：sftp 或前置机目录",
            "transport to the credit centre: sftp, or a folder of its own client",
        ),
    )
    centre_host: str = _setting("127.0.0.1", Text("征信中心 SFTP 主机", "host of the credit centre's SFTP server"))
    centre_port: int = _setting(
        2222, Text("征信中心 SFTP 端口", "port of the credit centre's SFTP server"), check=validate.Range(1, 65535)
    )
    centre_user: str = _setting("lender", Text("征信中心 SFTP 用户名", "user name at the credit centre's SFTP server"))
    centre_key: Path | None = _setting(
        None,
        Text("登录征信中心 SFTP 的私钥文件", "private key file for signing in at the credit centre's SFTP server"),
        derived=Text("密钥目录下的 centre_sftp", "centre_sftp in the key folder"),
    )
    centre_known_hosts: Path | None = _setting(
        None,
        Text(
            "征信中心 SFTP 主机公钥清单（known_hosts）",
            "known_hosts file with the host key of the credit centre's SFTP server",
        ),
        derived=Text("密钥目录下的 centre_known_hosts", "centre_known_hosts in the key folder"),
    )
    centre_folder: Path | None = _setting(
        None,
        Text(
            "传输方式为目录时，前置机交换目录（内有 inbox、outbox）",
            "exchange folder of the centre's own client (with inbox and outbox), for the transport folder",
        ),
        derived=Text("数据目录下的 centre", "centre in the data folder"),
    )
    centre_pretend: bool = _setting(
        True,
        Text(
            "对端是否为模拟征信中心；生产方式须为 false",
            "whether the far end is the pretend credit centre; must be false in production",
        ),
    )
    sources_file: Path = _setting(
        Path("sources.yaml"),
        Text(
            "来源清单（YAML）：各来源系统每日数据送达的位置，路径中可写 {date:%Y%m%d}",
            "list of sources (YAML): where each source system delivers its data; paths may hold {date:%Y%m%d}",
        ),
    )
    two_end_day: int = _setting(
        2,
        Text("每月几日发起两端核对，0 为不发起", "the day of the month on which the two-end check begins, 0 for never"),
        check=validate.Range(0, 28),
    )
    file_records: int = _setting(
        100_000,
        Text(
            "单个报文文件的记录数上限，超过即拆分", "most records in one report file; more are split over several files"
        ),
        check=validate.Range(1, 1_000_000),
    )
    blocked_share_limit: float = _setting(
        0.05,
        Text(
            "拦截记录占比上限，超过须由第二人复核放行",
            "share of blocked records above which a second person must release the batch",
        ),
        check=validate.Range(0, 1),
    )
    session_idle_minutes: int = _setting(
        15,
        Text("无操作自动退出的分钟数", "minutes without a request after which a session ends"),
        check=validate.Range(1, 1440),
    )
    bucket_records: int = _setting(
        100_000,
        Text(
            "一个桶的记录数；桶是内存、重启与分发的单位",
            "records in one hash bucket of a run; a bucket is the unit of memory, restart and distribution",
        ),
        check=validate.Range(1_000, 10_000_000),
    )
    threads: int = _setting(
        0,
        Text("计算线程数；0 为全部核", "threads for computing; 0 stands for all cores"),
        check=validate.Range(0, 1024),
    )
    memory_limit: str = _setting(
        "1GB",
        Text("计算引擎的内存上限，如 1GB、800MB", "memory bound of the computing engine, such as 1GB or 800MB"),
        check=validate.Regexp(r"^[1-9][0-9]*(MB|GB)\Z", error="Must be a whole number followed by MB or GB."),
    )
    workers: int = _setting(
        1,
        Text("后台任务并发数", "background tasks that one worker process runs at a time"),
        check=validate.Range(1, 64),
    )
    attachment_megabytes: int = _setting(
        10,
        Text("单个附件的大小上限（MB）", "largest attachment of a task, in megabytes"),
        check=validate.Range(1, 15),
    )
    virus_scan_command: str = _setting(
        "",
        Text(
            "查毒命令：文件从标准输入送入，退出码 0 无毒、1 有毒；空为不查毒",
            "virus scanner: a command that gets the file on its standard input, exit code 0 clean, 1 infected; empty for none",
        ),
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _setting(
        "INFO", Text("日志级别", "least level that is logged")
    )
    log_format: LogFormat = _setting(
        "json", Text("日志格式：json 或供人阅读的 text", "form of the log: json, or text for people")
    )

    def __post_init__(self) -> None:
        fill: dict[str, object] = {
            "database_url": self.database_url or f"sqlite:///{self.data_dir / 'creditlink.sqlite'}",
            "lake_catalog_url": self.lake_catalog_url or f"sqlite:{self.data_dir / 'lake' / 'catalogue.sqlite'}",
            "lake_data_path": self.lake_data_path or str(self.data_dir / "lake" / "files"),
            "storage_url": self.storage_url or str(self.data_dir / "storage"),
            "keys_dir": self.keys_dir if self.keys_dir != Path() else self.data_dir / "keys",
            "centre_folder": self.centre_folder or self.data_dir / "centre",
            "threads": self.threads or os.cpu_count() or 1,
        }
        for name, value in fill.items():
            object.__setattr__(self, name, value)
        # These lean on keys_dir, which has only now its final value.
        object.__setattr__(self, "cluster_tls", self.cluster_tls or self.keys_dir / "cluster")
        object.__setattr__(self, "centre_key", self.centre_key or self.keys_dir / "centre_sftp")
        object.__setattr__(self, "centre_known_hosts", self.centre_known_hosts or self.keys_dir / "centre_known_hosts")

    def changed(self, **changes: Any) -> Settings:
        """These settings with `changes`; what was derived from a changed setting is derived anew."""
        derived = Settings(data_dir=self.data_dir, keys_dir=self.keys_dir)
        given = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        for each in dataclasses.fields(self):
            if each.metadata["derived"] is not None and given[each.name] == getattr(derived, each.name):
                del given[each.name]
        if self.keys_dir != self.data_dir / "keys":
            given["keys_dir"] = self.keys_dir
        return Settings(**{**given, **changes})

    @property
    def production(self) -> bool:
        return self.mode == "production"

    def refusals(self) -> tuple[Text, ...]:
        """What forbids these settings in production; empty outside of it."""
        if not self.production:
            return ()
        found = []
        if self.secret_key == DEFAULT_SECRET:
            found.append(
                Text(
                    "生产方式不得使用默认主密钥（CREDITLINK_SECRET_KEY）",
                    "the default secret key is refused in production (CREDITLINK_SECRET_KEY)",
                )
            )
        elif len(self.secret_key) < 32:
            found.append(
                Text(
                    "主密钥不足 32 个字符（CREDITLINK_SECRET_KEY）",
                    "the secret key has fewer than 32 characters (CREDITLINK_SECRET_KEY)",
                )
            )
        if self.centre_pretend:
            found.append(
                Text(
                    "生产方式不得连接模拟征信中心（CREDITLINK_CENTRE_PRETEND）",
                    "the pretend credit centre is refused in production (CREDITLINK_CENTRE_PRETEND)",
                )
            )
        if not self.provider_code:
            found.append(
                Text(
                    "生产方式须填写数据提供机构区段码（CREDITLINK_PROVIDER_CODE）",
                    "the provider code must be set in production (CREDITLINK_PROVIDER_CODE)",
                )
            )
        return (*found, *self.refused_beyond_one_machine())


def setting_names() -> tuple[str, ...]:
    """The names of all settings, in the order in which they are declared."""
    return tuple(each.name for each in dataclasses.fields(Settings))


def _reader(env: Env, kind: Any) -> tuple[Callable[..., Any], validate.Validator | None]:
    """How environs reads a value of type `kind`, and which values the type itself allows."""
    options = get_args(kind)
    if options and all(isinstance(option, str) for option in options):
        return env.str, validate.OneOf(options)
    if kind in (Path, Path | None):
        return env.path, None
    readers: dict[Any, Callable[..., Any]] = {bool: env.bool, int: env.int, float: env.float, str: env.str}
    return readers[kind], None


def _unknown_names() -> dict[str, str]:
    known = {PREFIX + name.upper() for name in setting_names()}
    complaints = {}
    for given in sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known):
        near = difflib.get_close_matches(given, known, n=1)
        complaints[given] = f"no such setting; did you mean {near[0]}?" if near else "no such setting"
    return complaints


def read_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read settings from the environment and `env_file`.

    Raises Invalid (`core.settings`) naming every setting that is unknown or has an unusable value at once, and
    (`core.settings_production`) for what production mode refuses.
    """
    env = Env(eager=False, prefix=PREFIX)
    if env_file is not None and env_file.is_file():
        env.read_env(str(env_file), recurse=False)
    kinds = get_type_hints(Settings)
    values: dict[str, Any] = {}
    for each in dataclasses.fields(Settings):
        read, allowed = _reader(env, kinds[each.name])
        checks = [check for check in (allowed, each.metadata["check"]) if check is not None]
        values[each.name] = read(each.name.upper(), each.default, validate=checks or None)
    complaints = _unknown_names()
    try:
        env.seal()
    except (EnvValidationError, marshmallow.ValidationError) as error:
        for name, messages in getattr(error, "error_messages", {}).items():
            complaints[name] = " ".join(map(str, messages))
    if complaints:
        listed = "; ".join(f"{name}: {complaint}" for name, complaint in complaints.items())
        raise Invalid("core.settings", Text(f"设置有误：{listed}", f"settings cannot be used: {listed}"))
    result = Settings(**values)
    if refused := result.refusals():
        raise Invalid(
            "core.settings_production",
            Text("；".join(text.zh for text in refused), "; ".join(text.en for text in refused)),
        )
    return result


_current: Settings | None = None


def settings() -> Settings:
    """The settings in force, read once a process."""
    global _current
    if _current is None:
        _current = read_settings()
    return _current


@contextmanager
def override(replacement: Settings | None = None, **changes: Any) -> Iterator[Settings]:
    """Within the block other settings hold for the whole process: `replacement`, or the present ones changed."""
    global _current
    before = _current
    _current = replacement if replacement is not None else settings()
    if changes:
        _current = _current.changed(**changes)
    try:
        yield _current
    finally:
        _current = before
