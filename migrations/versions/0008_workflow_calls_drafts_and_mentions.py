"""workflow: instances that another one called, who saved a draft last, mentions that wait to be seen, and lists from an index"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("workflow_instance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("caller", sa.String(length=36), nullable=True))
        batch_op.create_index(batch_op.f("ix_workflow_instance_caller"), ["caller"], unique=False)
    with op.batch_alter_table("workflow_draft", schema=None) as batch_op:
        batch_op.add_column(sa.Column("updated_by", sa.String(length=80), nullable=False, server_default=""))
    with op.batch_alter_table("workflow_task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("words", sa.String(length=500), nullable=False, server_default=""))
        batch_op.drop_index("ix_workflow_task_counts")
    op.execute("UPDATE workflow_task SET words = lower(business_key || ' ' || title || ' ' || subject)")
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(
            "ix_workflow_task_inbox",
            "workflow_task",
            [
                "role",
                "permission",
                "assignee",
                "excluded",
                "due_at",
                "opened_at",
                "priority",
                "process",
                "words",
                "id",
                "status",
                "kind",
            ],
            sqlite_where=sa.text("status = 'open' AND kind = 'question'"),
        )
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "workflow_mention",
        sa.Column("id", number, nullable=False),
        sa.Column("comment_id", number, nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["comment_id"], ["workflow_comment.id"], name=op.f("fk_workflow_mention_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_mention")),
    )
    with op.batch_alter_table("workflow_mention", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_mention_person", ["person", "seen_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("workflow_mention")
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_workflow_task_inbox", "workflow_task")
    with op.batch_alter_table("workflow_task", schema=None) as batch_op:
        batch_op.create_index(
            "ix_workflow_task_counts", ["status", "kind", "role", "permission", "assignee", "excluded"], unique=False
        )
        batch_op.drop_column("words")
    with op.batch_alter_table("workflow_draft", schema=None) as batch_op:
        batch_op.drop_column("updated_by")
    with op.batch_alter_table("workflow_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_instance_caller"))
        batch_op.drop_column("caller")
