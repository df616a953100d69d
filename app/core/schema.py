"""The schema of the operational database: brought up to date by migrations, and checked against the models.

All rooms share one linear history in `migrations/versions`, one file a change and room.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, make_url
from sqlalchemy.types import TypeDecorator

from app.core.config import settings
from app.core.db import Base, Database, database
from app.core.errors import Invalid, Unavailable
from app.core.text import Text

MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "migrations"
_FORMAT: Final = "format --quiet REVISION_SCRIPT_FILENAME"
OWN_MODELS: Final = ("app.core.outbox", "app.core.lease", "app.core.jobs.models")


def load_models(modules: Iterable[str] = ()) -> None:
    """Import the modules that define models: the ground floor's own and those given (`registry.model_modules`)."""
    for module in (*OWN_MODELS, *modules):
        importlib.import_module(module)


def render_type(kind: str, thing: Any, context: Any) -> str | Literal[False]:
    """How a column type of ours is written in a migration: by what it is in the database, so that it stays readable."""
    if kind == "type" and isinstance(thing, JSON):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "type" and isinstance(thing, TypeDecorator):
        return f"sa.{thing.impl_instance!r}"
    return False


def _config(connection: Connection | None = None) -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("truncate_slug_length", "60")
    if importlib.util.find_spec("ruff") is not None:
        hook = {"hooks": "ruff", "ruff.type": "module", "ruff.module": "ruff", "ruff.options": _FORMAT}
        for name, value in hook.items():
            config.set_section_option("post_write_hooks", name, value)
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def migrate(on: Database | None = None, revision: str = "head") -> None:
    """Bring the database up (or, for an older `revision`, down) to `revision`. Safe to call in several processes."""
    target = on or database()
    with target.engine.connect() as connection:
        # SQLite rebuilds tables to alter them, which must not run into its own foreign keys. Within a transaction, and the
        # engine begins one for every statement, the switch would be passed over; so the driver is told.
        driver: Any = connection.connection.driver_connection
        if target.kind == "sqlite":
            driver.execute("PRAGMA foreign_keys=OFF").close()
        try:
            with connection.begin():
                if target.kind == "postgresql":
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20221001)")
                go = command.downgrade if _is_older(connection, revision) else command.upgrade
                go(_config(connection), revision)
        finally:
            if target.kind == "sqlite":
                driver.execute("PRAGMA foreign_keys=ON").close()


def _is_older(connection: Connection, revision: str) -> bool:
    if revision in ("head", "heads"):
        return False
    present = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(_config())
    passed = {each.revision for each in scripts.iterate_revisions(present, "base")} if present else set()
    return revision == "base" or (revision in passed and revision != present)


def current_revision(on: Database | None = None) -> str | None:
    """The revision the database is at; None before the first migration."""
    with (on or database()).engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def database_exists() -> bool:
    """Whether there can be anything in the database of the settings in force: a SQLite file may not have been made yet."""
    url = make_url(settings().database_url)
    return not url.drivername.startswith("sqlite") or bool(url.database and Path(url.database).is_file())


def newest_revision() -> str | None:
    """The newest revision there is; raises Invalid (`core.migrations`) when the history has branched."""
    heads = ScriptDirectory.from_config(_config()).get_heads()
    if len(heads) > 1:
        listed = ", ".join(heads)
        raise Invalid(
            "core.migrations", Text(f"迁移历史出现分叉：{listed}", f"the history of migrations has branched: {listed}")
        )
    return heads[0] if heads else None


def require_current(on: Database | None = None) -> None:
    """Raise Unavailable (`core.schema`) unless the database is at the newest revision."""
    present, newest = current_revision(on), newest_revision()
    if present != newest:
        raise Unavailable(
            "core.schema",
            Text(
                f"数据库版本为 {present}，程序需要 {newest}：请先执行 creditlink db upgrade",
                f"the database is at {present} and {newest} is needed: run creditlink db upgrade",
            ),
        )


def differences(modules: Iterable[str] = (), on: Database | None = None) -> list[str]:
    """What the models have that a migrated database has not, and the other way round; empty when they agree."""
    load_models(modules)
    with (on or database()).engine.connect() as connection:
        kind = connection.dialect.name

        def belongs(item: Any, _name: str | None, _what: str, reflected: bool, _other: object) -> bool:
            # Alembic does not ask for which database an index is said to be.
            condition = getattr(item, "_ddl_if", None)
            return reflected or condition is None or condition.dialect in (None, kind)

        opts = {"compare_type": True, "render_item": render_type, "include_object": belongs}
        context = MigrationContext.configure(connection, opts=opts)
        return [str(each) for each in compare_metadata(context, Base.metadata)]


def check_models_match_migrations(modules: Iterable[str] = (), on: Database | None = None) -> None:
    """Migrate the database, then raise Invalid (`core.models`) naming every difference from the models."""
    migrate(on)
    if found := differences(modules, on):
        listed = "; ".join(found)
        raise Invalid(
            "core.models", Text(f"模型与迁移不一致：{listed}", f"models and migrations do not agree: {listed}")
        )


def new_revision(message: str, modules: Iterable[str] = (), on: Database | None = None) -> Path:
    """Write the migration that takes a migrated database to the models, numbered next; the file's path.

    `message` is `room: what changes`. Raises Invalid (`core.migration_message`) for any other form.
    """
    if not re.fullmatch(r"[a-z_]+: .{3,80}", message):
        raise Invalid(
            "core.migration_message",
            Text("说明须为「房间: 改动」", "the message must be `room: what changes`, such as `audit: entries`"),
        )
    load_models(modules)
    migrate(on)
    newest = newest_revision()
    number = f"{int(newest or 0) + 1:04d}"
    with (on or database()).engine.connect() as connection:
        script = command.revision(_config(connection), message=message, autogenerate=True, rev_id=number)
        connection.rollback()
    if script is None or isinstance(script, list):
        raise Invalid("core.migrations", Text("没有生成迁移", "no migration was written"))
    path = Path(script.path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.strip().startswith("# ###")), encoding="utf-8")
    return path
