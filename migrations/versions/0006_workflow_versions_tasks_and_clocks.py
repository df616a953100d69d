"""workflow: versions, drafts, tasks of people and clocks; what people answered and processes know is sealed from here on"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from app.core.db import EncryptedJson, EncryptedText

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workflow_absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("substitute", sa.String(length=80), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_absence")),
    )
    with op.batch_alter_table("workflow_absence", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_absence_person", ["person", "last_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_workflow_absence_substitute"), ["substitute"], unique=False)

    op.create_table(
        "workflow_draft",
        sa.Column("process", sa.String(length=80), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=True),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.Column("description", JSON, nullable=False),
        sa.Column("forms", JSON, nullable=False),
        sa.Column("cases", JSON, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("authors", JSON, nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_workflow_draft")),
    )
    op.create_table(
        "workflow_process",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("live", sa.String(length=64), nullable=False),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workflow_process")),
    )
    op.create_table(
        "workflow_act",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("node", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["workflow_instance.id"], name=op.f("fk_workflow_act_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_act")),
    )
    with op.batch_alter_table("workflow_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_act_instance_id"), ["instance_id"], unique=False)

    op.create_table(
        "workflow_attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["workflow_instance.id"], name=op.f("fk_workflow_attachment_instance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_attachment")),
    )
    with op.batch_alter_table("workflow_attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_attachment_instance_id"), ["instance_id"], unique=False)

    op.create_table(
        "workflow_clock",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("process", sa.String(length=80), nullable=False),
        sa.Column("business_key", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("title_zh", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("basis", sa.String(length=80), nullable=False),
        sa.Column("node", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("days", sa.String(length=10), nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=500), nullable=False),
        sa.Column("escalate_to", sa.String(length=40), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["workflow_instance.id"], name=op.f("fk_workflow_clock_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_clock")),
        sa.UniqueConstraint("instance_id", "name", "turn", name=op.f("uq_workflow_clock_instance_id_name_turn")),
    )
    with op.batch_alter_table("workflow_clock", schema=None) as batch_op:
        batch_op.create_index(
            "ix_workflow_clock_open",
            ["due_at", "id", "state"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_workflow_clock_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index("ix_workflow_clock_next", ["state", "next_at"], unique=False)

    op.create_table(
        "workflow_comment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("mentions", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["workflow_instance.id"], name=op.f("fk_workflow_comment_instance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_comment")),
    )
    with op.batch_alter_table("workflow_comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_comment_instance_id"), ["instance_id"], unique=False)

    with op.batch_alter_table("workflow_instance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("started_by", sa.String(length=80), nullable=False, server_default="system"))
        batch_op.create_index("ix_workflow_instance_started", ["process", "started_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_workflow_instance_version"), ["version"], unique=False)

    with op.batch_alter_table("workflow_process_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("description", JSON, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("forms", JSON, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("cases", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("origin", sa.String(length=10), nullable=False, server_default="shipped"))
        batch_op.add_column(sa.Column("drawn_by", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("published_by", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("note", sa.String(length=500), nullable=False, server_default=""))
    _number_versions()
    with op.batch_alter_table("workflow_process_version", schema=None) as batch_op:
        batch_op.create_unique_constraint(
            batch_op.f("uq_workflow_process_version_process_number"), ["process", "number"]
        )

    with op.batch_alter_table("workflow_task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("process", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("business_key", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("subject", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="50"))
        batch_op.add_column(sa.Column("assignee", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("excluded", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("draft", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("lock", sa.Integer(), nullable=False, server_default="1"))
        batch_op.drop_index(batch_op.f("ix_workflow_task_open"))
        batch_op.create_index("ix_workflow_task_open", ["status", "kind", "role", "due_at"], unique=False)
        batch_op.create_index(
            "ix_workflow_task_history",
            ["process", "node", "status", "finished_at", "opened_at", "due_at", "role", "instance_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_workflow_task_counts", ["status", "kind", "role", "permission", "assignee", "excluded"], unique=False
        )
        batch_op.create_index("ix_workflow_task_message", ["name", "business_key", "status"], unique=False)
        batch_op.create_index("ix_workflow_task_mine", ["assignee", "status", "due_at"], unique=False)
    op.execute(
        "UPDATE workflow_task SET process = (SELECT i.process FROM workflow_instance i WHERE i.id = instance_id),"
        " business_key = (SELECT i.business_key FROM workflow_instance i WHERE i.id = instance_id)"
    )
    _replace("workflow_instance", "state", sa.Text(), EncryptedText("workflow_instance.state"), nullable=False)
    _replace("workflow_task", "params", JSON, EncryptedJson("workflow_task.params"), nullable=False)
    _replace("workflow_task", "result", JSON, EncryptedJson("workflow_task.result"), nullable=True)


def _number_versions() -> None:
    """Count the versions of each process from 1, the oldest first."""
    rows = sa.table(
        "workflow_process_version",
        sa.column("version"),
        sa.column("process"),
        sa.column("created_at"),
        sa.column("number"),
    )
    counted: dict[str, int] = {}
    found = op.get_bind().execute(sa.select(rows.c.version, rows.c.process).order_by(rows.c.created_at, rows.c.version))
    for version, process in found.all():
        counted[process] = counted.get(process, 0) + 1
        op.execute(sa.update(rows).where(rows.c.version == version).values(number=counted[process]))


def _replace(table: str, column: str, old: Any, new: Any, *, nullable: bool) -> None:
    """Keep the values of a column in another type: sealed, or opened again."""
    stored = new.impl_instance if isinstance(new, TypeDecorator) else new
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaced", stored, nullable=True))
    rows = sa.table(table, sa.column("id"), sa.column(column, old), sa.column("replaced", new))
    connection = op.get_bind()
    for identity, value in connection.execute(sa.select(rows.c.id, rows.c[column])).all():
        if value is not None:
            connection.execute(sa.update(rows).where(rows.c.id == identity).values(replaced=value))
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_column(column)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.alter_column("replaced", new_column_name=column, existing_type=stored, nullable=nullable)


def downgrade() -> None:
    _replace("workflow_task", "result", EncryptedJson("workflow_task.result"), JSON, nullable=True)
    _replace("workflow_task", "params", EncryptedJson("workflow_task.params"), JSON, nullable=False)
    _replace("workflow_instance", "state", EncryptedText("workflow_instance.state"), sa.Text(), nullable=False)
    with op.batch_alter_table("workflow_task", schema=None) as batch_op:
        batch_op.drop_index("ix_workflow_task_mine")
        batch_op.drop_index("ix_workflow_task_message")
        batch_op.drop_index("ix_workflow_task_counts")
        batch_op.drop_index("ix_workflow_task_history")
        batch_op.drop_index("ix_workflow_task_open")
        batch_op.create_index(batch_op.f("ix_workflow_task_open"), ["status", "kind", "role"], unique=False)
        batch_op.drop_column("lock")
        batch_op.drop_column("draft")
        batch_op.drop_column("excluded")
        batch_op.drop_column("due_at")
        batch_op.drop_column("assigned_at")
        batch_op.drop_column("assignee")
        batch_op.drop_column("priority")
        batch_op.drop_column("subject")
        batch_op.drop_column("business_key")
        batch_op.drop_column("process")

    with op.batch_alter_table("workflow_process_version", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_workflow_process_version_process_number"), type_="unique")
        batch_op.drop_column("note")
        batch_op.drop_column("published_by")
        batch_op.drop_column("drawn_by")
        batch_op.drop_column("origin")
        batch_op.drop_column("cases")
        batch_op.drop_column("forms")
        batch_op.drop_column("description")
        batch_op.drop_column("number")

    with op.batch_alter_table("workflow_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_instance_version"))
        batch_op.drop_index("ix_workflow_instance_started")
        batch_op.drop_column("started_by")
        batch_op.drop_column("subject")

    with op.batch_alter_table("workflow_comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_comment_instance_id"))

    op.drop_table("workflow_comment")
    with op.batch_alter_table("workflow_clock", schema=None) as batch_op:
        batch_op.drop_index("ix_workflow_clock_next")
        batch_op.drop_index(batch_op.f("ix_workflow_clock_instance_id"))
        batch_op.drop_index("ix_workflow_clock_open")

    op.drop_table("workflow_clock")
    with op.batch_alter_table("workflow_attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_attachment_instance_id"))

    op.drop_table("workflow_attachment")
    with op.batch_alter_table("workflow_act", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_act_instance_id"))

    op.drop_table("workflow_act")
    op.drop_table("workflow_process")
    op.drop_table("workflow_draft")
    with op.batch_alter_table("workflow_absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_absence_substitute"))
        batch_op.drop_index("ix_workflow_absence_person")

    op.drop_table("workflow_absence")
