"""submission: parts of stages that have been begun"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submission_stage_try",
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["submission_batch.id"], name=op.f("fk_submission_stage_try_batch_id")),
        sa.PrimaryKeyConstraint("stage", "part", "batch_id", name=op.f("pk_submission_stage_try")),
    )


def downgrade() -> None:
    op.drop_table("submission_stage_try")
