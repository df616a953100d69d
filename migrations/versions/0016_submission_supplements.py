"""submission: supplements, the requests in which they are reviewed, and workbooks handed in"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "submission_supplement_request",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_supplement_request")),
    )
    with op.batch_alter_table("submission_supplement_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_supplement_request_state"), ["state"], unique=False)

    op.create_table(
        "submission_supplement",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("record_type", sa.String(length=3), nullable=False),
        sa.Column("key_print", sa.String(length=64), nullable=False),
        sa.Column("subject_print", sa.String(length=64), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=True),
        sa.Column("reviewer", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.LargeBinary(), nullable=False),
        sa.Column("findings", _JSON, nullable=False),
        sa.Column("blocks", sa.Integer(), nullable=False),
        sa.Column("conflict_on", sa.Date(), nullable=True),
        sa.Column("conflict", sa.LargeBinary(), nullable=True),
        sa.Column("open_mark", sa.String(length=64), nullable=True),
        sa.Column("force_mark", sa.String(length=64), nullable=True),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["submission_supplement_request.id"], name=op.f("fk_submission_supplement_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_supplement")),
        sa.UniqueConstraint("open_mark", name=op.f("uq_submission_supplement_open_mark")),
        sa.UniqueConstraint("force_mark", name=op.f("uq_submission_supplement_force_mark")),
    )
    with op.batch_alter_table("submission_supplement", schema=None) as batch_op:
        batch_op.create_index("ix_submission_supplement_state_valid_until", ["state", "valid_until"], unique=False)
        batch_op.create_index("ix_submission_supplement_form_state", ["form", "state"], unique=False)
        for name in ("author", "conflict_on", "key_print", "request_id", "subject_print"):
            batch_op.create_index(batch_op.f(f"ix_submission_supplement_{name}"), [name], unique=False)

    op.create_table(
        "submission_supplement_upload",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("faults", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_supplement_upload")),
    )
    with op.batch_alter_table("submission_supplement_upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_supplement_upload_author"), ["author"], unique=False)


def downgrade() -> None:
    op.drop_table("submission_supplement_upload")
    op.drop_table("submission_supplement")
    op.drop_table("submission_supplement_request")
