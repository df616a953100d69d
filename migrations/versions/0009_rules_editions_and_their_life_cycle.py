"""rules: editions and their life cycle"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rules_backtest",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("ruleset", sa.String(length=120), nullable=False),
        sa.Column("candidate", sa.String(length=64), nullable=True),
        sa.Column("days", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_backtest")),
    )
    with op.batch_alter_table("rules_backtest", schema=None) as batch_op:
        batch_op.create_index("ix_rules_backtest_ruleset_created_at", ["ruleset", "created_at"], unique=False)

    op.create_table(
        "rules_draft",
        sa.Column("ruleset", sa.String(length=120), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=True),
        sa.Column("folder", sa.String(length=120), nullable=False),
        sa.Column("texts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("authors", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("answer", sa.String(length=4000), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=False),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ruleset", name=op.f("pk_rules_draft")),
    )
    op.create_table(
        "rules_edition",
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("ruleset", sa.String(length=120), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("facts", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=12), nullable=True),
        sa.Column("folder", sa.String(length=120), nullable=False),
        sa.Column("texts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("authors", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("edition", name=op.f("pk_rules_edition")),
        sa.UniqueConstraint("ruleset", "number", name=op.f("uq_rules_edition_ruleset_number")),
    )
    op.create_table(
        "rules_request",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("ruleset", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("authors", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("checked", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("backtest", sa.String(length=40), nullable=True),
        sa.Column("answer", sa.String(length=4000), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_mark", sa.String(length=120), nullable=True),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_request")),
        sa.UniqueConstraint("open_mark", name=op.f("uq_rules_request_open_mark")),
    )
    with op.batch_alter_table("rules_request", schema=None) as batch_op:
        batch_op.create_index("ix_rules_request_ruleset_asked_at", ["ruleset", "asked_at"], unique=False)

    op.create_table(
        "rules_release",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ruleset", sa.String(length=120), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("request", sa.String(length=40), nullable=False),
        sa.Column("approved_by", sa.String(length=80), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["rules_edition.edition"], name=op.f("fk_rules_release_edition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_release")),
        sa.UniqueConstraint("request", name=op.f("uq_rules_release_request")),
    )
    with op.batch_alter_table("rules_release", schema=None) as batch_op:
        batch_op.create_index("ix_rules_release_effective", ["ruleset", "effective_from", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("rules_release", schema=None) as batch_op:
        batch_op.drop_index("ix_rules_release_effective")

    op.drop_table("rules_release")
    with op.batch_alter_table("rules_request", schema=None) as batch_op:
        batch_op.drop_index("ix_rules_request_ruleset_asked_at")

    op.drop_table("rules_request")
    op.drop_table("rules_edition")
    op.drop_table("rules_draft")
    with op.batch_alter_table("rules_backtest", schema=None) as batch_op:
        batch_op.drop_index("ix_rules_backtest_ruleset_created_at")

    op.drop_table("rules_backtest")
