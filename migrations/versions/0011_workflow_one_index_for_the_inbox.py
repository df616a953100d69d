"""workflow: on SQLite the inbox is listed by one index; beside a second one its planner chose the slower"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_workflow_task_open", "workflow_task")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_workflow_task_open", "workflow_task", ["status", "kind", "role", "due_at"])
