"""submission: batches and processes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submission_batch",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("precheck", sa.Boolean(), nullable=False),
        sa.Column("instance_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.String(length=80), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_batch")),
        sa.UniqueConstraint("provider", "business_date", name=op.f("uq_submission_batch_provider_business_date")),
    )
    with op.batch_alter_table("submission_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_batch_business_date"), ["business_date"], unique=False)

    op.create_table(
        "submission_feedback_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("prefix", sa.String(length=30), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stamp", sa.String(length=40), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("findings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_feedback_delivery")),
        sa.UniqueConstraint("sha256", name=op.f("uq_submission_feedback_delivery_sha256")),
    )
    with op.batch_alter_table("submission_feedback_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_feedback_delivery_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_feedback_delivery_prefix"), ["prefix"], unique=False)

    op.create_table(
        "workflow_process_version",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("process", sa.String(length=80), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_workflow_process_version")),
    )
    with op.batch_alter_table("workflow_process_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_process_version_process"), ["process"], unique=False)

    op.create_table(
        "submission_held_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("record_type", sa.String(length=3), nullable=False),
        sa.Column("key_print", sa.String(length=64), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("last_batch_id", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.String(length=32), nullable=False),
        sa.Column("findings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("resolution", sa.String(length=10), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["submission_batch.id"], name=op.f("fk_submission_held_record_batch_id")),
        sa.ForeignKeyConstraint(
            ["last_batch_id"], ["submission_batch.id"], name=op.f("fk_submission_held_record_last_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_held_record")),
        sa.UniqueConstraint(
            "record_type",
            "key_print",
            "opened_on",
            name=op.f("uq_submission_held_record_record_type_key_print_opened_on"),
        ),
    )
    with op.batch_alter_table("submission_held_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_held_record_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_held_record_key_print"), ["key_print"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_held_record_record_id"), ["record_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_held_record_status"), ["status"], unique=False)

    op.create_table(
        "submission_report_file",
        sa.Column("prefix", sa.String(length=30), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=14), nullable=False),
        sa.Column("file_date", sa.Date(), nullable=False),
        sa.Column("record_type", sa.String(length=3), nullable=False),
        sa.Column("serial", sa.String(length=3), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flag", sa.String(length=1), nullable=True),
        sa.Column("accepted", sa.BigInteger(), nullable=True),
        sa.Column("rejected", sa.BigInteger(), nullable=True),
        sa.Column("errors", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["submission_batch.id"], name=op.f("fk_submission_report_file_batch_id")),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_submission_report_file")),
        sa.UniqueConstraint(
            "provider",
            "file_date",
            "record_type",
            "serial",
            name=op.f("uq_submission_report_file_provider_file_date_record_type_serial"),
        ),
    )
    with op.batch_alter_table("submission_report_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_report_file_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_report_file_status"), ["status"], unique=False)

    op.create_table(
        "submission_stage_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["submission_batch.id"], name=op.f("fk_submission_stage_run_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_stage_run")),
        sa.UniqueConstraint("batch_id", "stage", "part", name=op.f("uq_submission_stage_run_batch_id_stage_part")),
    )
    with op.batch_alter_table("submission_stage_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_stage_run_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "workflow_instance",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("process", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("business_key", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("path", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["workflow_process_version.version"], name=op.f("fk_workflow_instance_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_instance")),
        sa.UniqueConstraint("process", "business_key", name=op.f("uq_workflow_instance_process_business_key")),
    )
    with op.batch_alter_table("workflow_instance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_instance_status"), ["status"], unique=False)

    op.create_table(
        "workflow_task",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("permission", sa.String(length=120), nullable=False),
        sa.Column("result_name", sa.String(length=80), nullable=False),
        sa.Column("params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["workflow_instance.id"], name=op.f("fk_workflow_task_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_task")),
    )
    with op.batch_alter_table("workflow_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_task_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index("ix_workflow_task_open", ["status", "kind", "role"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("workflow_task", schema=None) as batch_op:
        batch_op.drop_index("ix_workflow_task_open")
        batch_op.drop_index(batch_op.f("ix_workflow_task_instance_id"))

    op.drop_table("workflow_task")
    with op.batch_alter_table("workflow_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_instance_status"))

    op.drop_table("workflow_instance")
    with op.batch_alter_table("submission_stage_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_stage_run_batch_id"))

    op.drop_table("submission_stage_run")
    with op.batch_alter_table("submission_report_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_report_file_status"))
        batch_op.drop_index(batch_op.f("ix_submission_report_file_batch_id"))

    op.drop_table("submission_report_file")
    with op.batch_alter_table("submission_held_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_held_record_status"))
        batch_op.drop_index(batch_op.f("ix_submission_held_record_record_id"))
        batch_op.drop_index(batch_op.f("ix_submission_held_record_key_print"))
        batch_op.drop_index(batch_op.f("ix_submission_held_record_batch_id"))

    op.drop_table("submission_held_record")
    with op.batch_alter_table("workflow_process_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_process_version_process"))

    op.drop_table("workflow_process_version")
    with op.batch_alter_table("submission_feedback_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_feedback_delivery_prefix"))
        batch_op.drop_index(batch_op.f("ix_submission_feedback_delivery_name"))

    op.drop_table("submission_feedback_delivery")
    with op.batch_alter_table("submission_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_batch_business_date"))

    op.drop_table("submission_batch")
