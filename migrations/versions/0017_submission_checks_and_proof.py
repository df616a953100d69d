"""submission: two-end checks, volumes by product and branch, rules proven by day"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
FIGURES = (
    "records",
    "findings",
    "held",
    "exempt",
    "confirmed",
    "accepted",
    "otherwise",
    "missed",
    "mended",
    "unchanged",
)


def upgrade() -> None:
    op.create_table(
        "submission_end_check",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("as_of", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("begun_by", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("problems", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_end_check")),
    )
    op.create_index("ix_submission_end_check_provider_created_at", "submission_end_check", ["provider", "created_at"])
    op.create_table(
        "submission_volume_verdict",
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("positions", sa.Integer(), nullable=False),
        sa.Column("beyond", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("judged_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["submission_batch.id"], name=op.f("fk_submission_volume_verdict_batch_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "side", name=op.f("pk_submission_volume_verdict")),
    )
    op.create_index(op.f("ix_submission_volume_verdict_business_date"), "submission_volume_verdict", ["business_date"])
    op.create_table(
        "submission_volume_position",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("product", sa.String(length=20), nullable=False),
        sa.Column("branch", sa.String(length=20), nullable=False),
        *(
            sa.Column(
                f"{end}_{measure}", sa.Numeric(20, 0) if measure == "balance" else sa.BigInteger(), nullable=False
            )
            for measure in ("accounts", "contracts", "balance")
            for end in ("ledger", "our")
        ),
        sa.Column("beyond", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["submission_batch.id"], name=op.f("fk_submission_volume_position_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_volume_position")),
    )
    op.create_index("ix_submission_volume_position_batch_side", "submission_volume_position", ["batch_id", "side"])
    op.create_table(
        "submission_proven_day",
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("record_type", sa.String(length=3), nullable=False),
        sa.Column("passed", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("provider", "day", "record_type", name=op.f("pk_submission_proven_day")),
    )
    op.create_table(
        "submission_proven_rule",
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("record_type", sa.String(length=3), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in FIGURES),
        sa.PrimaryKeyConstraint("provider", "day", "record_type", "rule", name=op.f("pk_submission_proven_rule")),
    )
    op.create_index(
        "ix_submission_proven_rule_rule_day", "submission_proven_rule", ["provider", "record_type", "rule", "day"]
    )


def downgrade() -> None:
    for table in ("proven_rule", "proven_day", "volume_position", "volume_verdict", "end_check"):
        op.drop_table(f"submission_{table}")
