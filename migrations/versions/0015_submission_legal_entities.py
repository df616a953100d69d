"""submission: several legal entities; whose a row is, whom a grant is limited to; early warnings"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CASES = ("workflow_instance", "workflow_task", "workflow_clock")


def upgrade() -> None:
    op.create_table(
        "submission_entity",
        sa.Column("id", _ID, nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", _JSON, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("open_mark", sa.String(length=14), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_entity")),
        sa.UniqueConstraint("open_mark", name=op.f("uq_submission_entity_open_mark")),
        sa.UniqueConstraint("provider", "number", name=op.f("uq_submission_entity_provider_number")),
    )
    op.create_index(op.f("ix_submission_entity_provider"), "submission_entity", ["provider"], unique=False)
    op.create_table(
        "submission_entity_turn",
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_submission_entity_turn")),
    )
    for table in ("submission_feedback_delivery", "submission_held_record"):
        op.add_column(table, sa.Column("provider", sa.String(length=14), nullable=True))
    # A feedback file is named after the report file that it answers, and that after the one who sent it.
    op.execute("UPDATE submission_feedback_delivery SET provider = substr(name, 1, 14)")
    op.execute(
        "UPDATE submission_held_record SET provider ="
        " (SELECT provider FROM submission_batch WHERE submission_batch.id = submission_held_record.batch_id)"
    )
    with op.batch_alter_table("submission_feedback_delivery", schema=None) as batch_op:
        batch_op.alter_column("provider", existing_type=sa.String(length=14), nullable=False)
    with op.batch_alter_table("submission_held_record", schema=None) as batch_op:
        batch_op.alter_column("provider", existing_type=sa.String(length=14), nullable=False)
        batch_op.drop_constraint("uq_submission_held_record_record_type_key_print_opened_on", type_="unique")
        batch_op.create_unique_constraint(
            "uq_submission_held_record_key",
            ["provider", "record_type", "key_print", "opened_on"],
        )
    for table in _CASES:
        op.add_column(table, sa.Column("provider", sa.String(length=14), nullable=True))
        op.execute(
            f"UPDATE {table} SET provider = (SELECT provider FROM submission_batch"
            f" WHERE submission_batch.id = {table}.business_key) WHERE process = 'submission.daily_batch'"
        )
    op.add_column("security_role_grant", sa.Column("entities", _JSON, nullable=True))
    op.create_table(
        "submission_warning",
        sa.Column("id", _ID, nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("thing", sa.String(length=80), nullable=False),
        sa.Column("severity", sa.String(length=5), nullable=False),
        sa.Column("title_zh", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("facts", _JSON, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("silenced_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", sa.String(length=80), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_mark", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_warning")),
        sa.UniqueConstraint("open_mark", name=op.f("uq_submission_warning_open_mark")),
    )
    op.create_index(
        "ix_submission_warning_provider_business_date",
        "submission_warning",
        ["provider", "business_date"],
        unique=False,
    )
    op.create_index(op.f("ix_submission_warning_state"), "submission_warning", ["state"], unique=False)


def downgrade() -> None:
    op.drop_table("submission_warning")
    op.drop_column("security_role_grant", "entities")
    for table in _CASES:
        op.drop_column(table, "provider")
    with op.batch_alter_table("submission_held_record", schema=None) as batch_op:
        batch_op.drop_constraint("uq_submission_held_record_key", type_="unique")
        batch_op.create_unique_constraint(
            "uq_submission_held_record_record_type_key_print_opened_on", ["record_type", "key_print", "opened_on"]
        )
        batch_op.drop_column("provider")
    op.drop_column("submission_feedback_delivery", "provider")
    op.drop_index(op.f("ix_submission_entity_provider"), "submission_entity")
    op.drop_table("submission_entity_turn")
    op.drop_table("submission_entity")
