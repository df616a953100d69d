"""submission: sources, their loads and mappings"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submission_mapping_edition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("authors", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_mapping_edition")),
    )
    with op.batch_alter_table("submission_mapping_edition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_mapping_edition_source"), ["source"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_mapping_edition_state"), ["state"], unique=False)

    op.create_table(
        "submission_pushed_delivery",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("idempotency_key", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_pushed_delivery")),
        sa.UniqueConstraint("provider", "source", "idempotency_key", name=op.f("uq_submission_pushed_delivery_key")),
    )
    with op.batch_alter_table("submission_pushed_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_pushed_delivery_source"), ["source"], unique=False)

    op.create_table(
        "submission_source_credential",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_submission_source_credential")),
    )
    op.create_table(
        "submission_source_load",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("place", sa.String(length=500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("applied", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("columns", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("drift", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reconciled", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("watermarks", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("stamps", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reason_code", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("mapping", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_source_load")),
        sa.UniqueConstraint(
            "provider", "source", "business_date", "digest", name=op.f("uq_submission_source_load_delivery")
        ),
    )
    with op.batch_alter_table("submission_source_load", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_source_load_business_date"), ["business_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_source_load_source"), ["source"], unique=False)

    op.create_table(
        "submission_source_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("issued_by", sa.String(length=80), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_submission_source_token")),
    )
    with op.batch_alter_table("submission_source_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_source_token_source"), ["source"], unique=False)

    op.create_table(
        "submission_pushed_file",
        sa.Column("delivery_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["submission_pushed_delivery.id"], name=op.f("fk_submission_pushed_file_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "name", name=op.f("pk_submission_pushed_file")),
    )


def downgrade() -> None:
    op.drop_table("submission_pushed_file")
    with op.batch_alter_table("submission_source_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_source_token_source"))

    op.drop_table("submission_source_token")
    with op.batch_alter_table("submission_source_load", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_source_load_source"))
        batch_op.drop_index(batch_op.f("ix_submission_source_load_business_date"))

    op.drop_table("submission_source_load")
    op.drop_table("submission_source_credential")
    with op.batch_alter_table("submission_pushed_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_pushed_delivery_source"))

    op.drop_table("submission_pushed_delivery")
    with op.batch_alter_table("submission_mapping_edition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_mapping_edition_state"))
        batch_op.drop_index(batch_op.f("ix_submission_mapping_edition_source"))

    op.drop_table("submission_mapping_edition")
