"""workflow: instances that another one called, who saved a draft last, and mentions that wait to be seen"""

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
    with op.batch_alter_table("workflow_draft", schema=None) as batch_op:
        batch_op.drop_column("updated_by")
    with op.batch_alter_table("workflow_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_instance_caller"))
        batch_op.drop_column("caller")
