"""submission: operations asked for, and the corrections loop"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TEXTS = {"cause_rule": 40, "cause_code": 40, "cause_tag": 60, "owner": 80, "fix": 20}
_CAUSE = "ix_submission_held_record_cause"


def upgrade() -> None:
    with op.batch_alter_table("submission_held_record", schema=None) as batch_op:
        for name, length in _TEXTS.items():
            batch_op.add_column(sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("house_due", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("bureau_due", sa.DateTime(timezone=True), nullable=True))
    _name_causes()
    with op.batch_alter_table("submission_held_record", schema=None) as batch_op:
        for name, length in _TEXTS.items():
            batch_op.alter_column(
                name, server_default=None, existing_type=sa.String(length=length), existing_nullable=False
            )
        batch_op.create_index(_CAUSE, ["status", "record_type", "cause_rule", "cause_code", "cause_tag"], unique=False)

    op.create_table(
        "submission_held_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["held_id"], ["submission_held_record.id"], name=op.f("fk_submission_held_note_held_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_held_note")),
    )
    op.create_index(op.f("ix_submission_held_note_held_id"), "submission_held_note", ["held_id"], unique=False)

    op.create_table(
        "submission_operation_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("bundle", sa.String(length=32), nullable=False),
        sa.Column("record_type", sa.String(length=3), nullable=False),
        sa.Column("key_print", sa.String(length=64), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("new_key", sa.LargeBinary(), nullable=False),
        sa.Column("segment", sa.String(length=1), nullable=False),
        sa.Column("report_date", sa.String(length=10), nullable=False),
        sa.Column("starts", sa.String(length=10), nullable=False),
        sa.Column("ends", sa.String(length=10), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("source_record", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("held_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.LargeBinary(), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=True),
        sa.Column("findings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["held_id"], ["submission_held_record.id"], name=op.f("fk_submission_operation_request_held_id")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["submission_batch.id"], name=op.f("fk_submission_operation_request_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_operation_request")),
    )
    with op.batch_alter_table("submission_operation_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_operation_request_bundle"), ["bundle"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_operation_request_held_id"), ["held_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_operation_request_status"), ["status"], unique=False)
        batch_op.create_index(
            "ix_submission_operation_request_open",
            ["provider", "record_type", "key_print", "status"],
            unique=False,
        )


def _name_causes() -> None:
    """The first finding of every record that is held already."""
    held = sa.table(
        "submission_held_record",
        sa.column("id", sa.Integer()),
        sa.column("findings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
        *(sa.column(name, sa.String()) for name in ("cause_rule", "cause_code", "cause_tag")),
    )
    connection = op.get_bind()
    for number, findings in connection.execute(sa.select(held.c.id, held.c.findings)).fetchall():
        if findings:
            rule, code, tag = (*findings[0], "", "", "")[:3]
            values = {"cause_rule": rule or "", "cause_code": code or "", "cause_tag": tag or ""}
            connection.execute(sa.update(held).where(held.c.id == number).values(**values))


def downgrade() -> None:
    op.drop_table("submission_operation_request")
    op.drop_table("submission_held_note")
    with op.batch_alter_table("submission_held_record", schema=None) as batch_op:
        batch_op.drop_index(_CAUSE)
        for name in ("bureau_due", "house_due", *_TEXTS):
            batch_op.drop_column(name)
