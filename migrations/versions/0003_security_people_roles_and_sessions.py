"""security: people, roles and sessions"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "security_failed_sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name_mark", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_failed_sign_in")),
    )
    with op.batch_alter_table("security_failed_sign_in", schema=None) as batch_op:
        batch_op.create_index("ix_security_failed_sign_in_address_at", ["address", "at"], unique=False)
        batch_op.create_index("ix_security_failed_sign_in_name_mark_at", ["name_mark", "at"], unique=False)

    op.create_table(
        "security_user",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("theme", sa.String(length=5), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_user")),
        sa.UniqueConstraint("username", name=op.f("uq_security_user_username")),
    )
    op.create_table(
        "security_past_password",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["security_user.id"], name=op.f("fk_security_past_password_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_past_password")),
    )
    with op.batch_alter_table("security_past_password", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_security_past_password_user_id"), ["user_id"], unique=False)

    op.create_table(
        "security_role_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("granted_by", sa.String(length=100), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["security_user.id"], name=op.f("fk_security_role_grant_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_role_grant")),
        sa.UniqueConstraint("user_id", "role", name=op.f("uq_security_role_grant_user_id_role")),
    )
    op.create_table(
        "security_session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["security_user.id"], name=op.f("fk_security_session_user_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_security_session")),
    )
    with op.batch_alter_table("security_session", schema=None) as batch_op:
        batch_op.create_index("ix_security_session_user_id_ended_at", ["user_id", "ended_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("security_session", schema=None) as batch_op:
        batch_op.drop_index("ix_security_session_user_id_ended_at")

    op.drop_table("security_session")
    op.drop_table("security_role_grant")
    with op.batch_alter_table("security_past_password", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_security_past_password_user_id"))

    op.drop_table("security_past_password")
    op.drop_table("security_user")
    with op.batch_alter_table("security_failed_sign_in", schema=None) as batch_op:
        batch_op.drop_index("ix_security_failed_sign_in_name_mark_at")
        batch_op.drop_index("ix_security_failed_sign_in_address_at")

    op.drop_table("security_failed_sign_in")
