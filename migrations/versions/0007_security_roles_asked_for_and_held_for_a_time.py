"""security: roles that are asked for, and held for a time"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "security_access_request",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_mark", sa.String(length=60), nullable=True),
        sa.Column("extended_by", sa.String(length=36), nullable=True),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["security_user.id"], name=op.f("fk_security_access_request_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_access_request")),
        sa.UniqueConstraint("open_mark", name=op.f("uq_security_access_request_open_mark")),
    )
    with op.batch_alter_table("security_access_request", schema=None) as batch_op:
        batch_op.create_index("ix_security_access_request_user_id_asked_at", ["user_id", "asked_at"], unique=False)
    with op.batch_alter_table("security_role_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("request", sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("security_role_grant", schema=None) as batch_op:
        batch_op.drop_column("request")
        batch_op.drop_column("until")
    op.drop_table("security_access_request")
