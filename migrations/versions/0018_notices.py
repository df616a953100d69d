"""notices: how people are reached, what they are told, and the messages that tell it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notices_contact",
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("mail", sa.LargeBinary(), nullable=True),
        sa.Column("mobile", sa.LargeBinary(), nullable=True),
        sa.Column("quiet_from", sa.String(length=5), nullable=True),
        sa.Column("quiet_until", sa.String(length=5), nullable=True),
        sa.Column("unwanted", _JSON, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_notices_contact")),
    )
    op.create_table(
        "notices_cause",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("mark", sa.String(length=200), nullable=False),
        sa.Column("open_mark", sa.String(length=300), nullable=True),
        sa.Column("severity", sa.String(length=6), nullable=False),
        sa.Column("title_zh", sa.String(length=300), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ended_because", sa.String(length=12), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("escalate_at", _MOMENT, nullable=True),
        sa.Column("acknowledged_at", _MOMENT, nullable=True),
        sa.Column("acknowledged_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices_cause")),
        sa.UniqueConstraint("open_mark", name=op.f("uq_notices_cause_open_mark")),
    )
    op.create_index("ix_notices_cause_ended_at_kind", "notices_cause", ["ended_at", "kind"])
    op.create_index(op.f("ix_notices_cause_escalate_at"), "notices_cause", ["escalate_at"])
    op.create_table(
        "notices_message",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("severity", sa.String(length=6), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("receipt", sa.String(length=200), nullable=False),
        sa.Column("error_zh", sa.String(length=500), nullable=False),
        sa.Column("error_en", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices_message")),
    )
    op.create_index("ix_notices_message_due", "notices_message", ["state", "due_at"])
    op.create_index("ix_notices_message_created_at", "notices_message", ["created_at"])
    op.create_table(
        "notices_notice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("cause_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("told_at", _MOMENT, nullable=False),
        sa.Column("read_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["cause_id"], ["notices_cause.id"], name=op.f("fk_notices_notice_cause_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices_notice")),
        sa.UniqueConstraint("cause_id", "person", name=op.f("uq_notices_notice_cause_id_person")),
    )
    op.create_index("ix_notices_notice_person", "notices_notice", ["person", "read_at", "id"])
    op.create_table(
        "notices_delivery",
        sa.Column("id", _ID, nullable=False),
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("held_until", _MOMENT, nullable=True),
        sa.Column("message_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["notices_message.id"], name=op.f("fk_notices_delivery_message_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices_notice.id"], name=op.f("fk_notices_delivery_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices_delivery")),
        sa.UniqueConstraint("notice_id", "channel", name=op.f("uq_notices_delivery_notice_id_channel")),
    )
    op.create_index(op.f("ix_notices_delivery_message_id"), "notices_delivery", ["message_id"])
    op.create_index(op.f("ix_notices_delivery_state"), "notices_delivery", ["state"])


def downgrade() -> None:
    for table in ("delivery", "notice", "message", "cause", "contact"):
        op.drop_table(f"notices_{table}")
