"""rules: exemptions and what of them applied, shadows and their days"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rules_exemption",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("ruleset", sa.String(length=120), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("ended_because", sa.LargeBinary(), nullable=False),
        sa.Column("open_mark", sa.String(length=64), nullable=True),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_exemption")),
        sa.UniqueConstraint("open_mark", name=op.f("uq_rules_exemption_open_mark")),
    )
    with op.batch_alter_table("rules_exemption", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rules_exemption_ruleset"), ["ruleset"], unique=False)
        batch_op.create_index("ix_rules_exemption_state_until", ["state", "until"], unique=False)

    op.create_table(
        "rules_exemption_set",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ruleset", sa.String(length=120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rules_exemption_set")),
    )
    op.create_table(
        "rules_shadow",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("ruleset", sa.String(length=120), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=True),
        sa.Column("record_type", sa.String(length=3), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_by", sa.String(length=80), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_mark", sa.String(length=120), nullable=True),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["rules_edition.edition"], name=op.f("fk_rules_shadow_edition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_shadow")),
        sa.UniqueConstraint("open_mark", name=op.f("uq_rules_shadow_open_mark")),
    )
    with op.batch_alter_table("rules_shadow", schema=None) as batch_op:
        batch_op.create_index("ix_rules_shadow_ruleset_started_at", ["ruleset", "started_at"], unique=False)

    op.create_table(
        "rules_shadow_day",
        sa.Column("shadow", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("newly", sa.BigInteger(), nullable=False),
        sa.Column("no_longer", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("samples", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("error", sa.String(length=1000), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shadow"], ["rules_shadow.id"], name=op.f("fk_rules_shadow_day_shadow")),
        sa.PrimaryKeyConstraint("shadow", "day", name=op.f("pk_rules_shadow_day")),
    )


def downgrade() -> None:
    op.drop_table("rules_shadow_day")
    with op.batch_alter_table("rules_shadow", schema=None) as batch_op:
        batch_op.drop_index("ix_rules_shadow_ruleset_started_at")

    op.drop_table("rules_shadow")
    op.drop_table("rules_exemption_set")
    with op.batch_alter_table("rules_exemption", schema=None) as batch_op:
        batch_op.drop_index("ix_rules_exemption_state_until")
        batch_op.drop_index(batch_op.f("ix_rules_exemption_ruleset"))

    op.drop_table("rules_exemption")
