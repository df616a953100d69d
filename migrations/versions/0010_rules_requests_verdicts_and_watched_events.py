"""rules: what was asked of policies, their verdicts, and the events that watches look at"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_event")),
        sa.UniqueConstraint("ruleset", "key", name=op.f("uq_rule_event_ruleset_key")),
    )
    with op.batch_alter_table("rule_event", schema=None) as batch_op:
        batch_op.create_index("ix_rule_event_at", ["ruleset", "at", "id"], unique=False)
        batch_op.create_index("ix_rule_event_waiting", ["ruleset", "judged_at", "at"], unique=False)

    op.create_table(
        "rule_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("batch", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_request")),
        sa.UniqueConstraint("ruleset", "edition", "key", name=op.f("uq_rule_request_ruleset_edition_key")),
    )
    with op.batch_alter_table("rule_request", schema=None) as batch_op:
        batch_op.create_index("ix_rule_request_batch", ["ruleset", "edition", "batch", "judged_at", "id"], unique=False)

    op.create_table(
        "rule_verdict",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ruleset", sa.String(length=100), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("subject_mark", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=400), nullable=True),
        sa.Column("rules", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["rule_request.id"], name=op.f("fk_rule_verdict_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_verdict")),
        sa.UniqueConstraint(
            "ruleset", "edition", "key", "subject_mark", name=op.f("uq_rule_verdict_ruleset_edition_key_subject_mark")
        ),
    )
    with op.batch_alter_table("rule_verdict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rule_verdict_request_id"), ["request_id"], unique=False)
        batch_op.create_index("ix_rule_verdict_subject", ["subject_mark", "made_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("rule_verdict", schema=None) as batch_op:
        batch_op.drop_index("ix_rule_verdict_subject")
        batch_op.drop_index(batch_op.f("ix_rule_verdict_request_id"))

    op.drop_table("rule_verdict")
    with op.batch_alter_table("rule_request", schema=None) as batch_op:
        batch_op.drop_index("ix_rule_request_batch")

    op.drop_table("rule_request")
    with op.batch_alter_table("rule_event", schema=None) as batch_op:
        batch_op.drop_index("ix_rule_event_waiting")
        batch_op.drop_index("ix_rule_event_at")

    op.drop_table("rule_event")
