"""An installation's operational database taken over to PostgreSQL, row by row, so that its pages are seen on both kinds."""

from __future__ import annotations

from sqlalchemy import insert, select, text

from app.core.db import Base, Database
from app.core.schema import migrate


def moved(source: str, target: str) -> None:
    """Copy all rows of the database at the address `source` into the empty one at `target`, which is migrated first.

    The models are those of the program assembled before; what is sealed is opened and sealed again, by the keys in force.
    """
    old, new = Database(source), Database(target)
    migrate(new)
    with old.engine.connect() as reading, new.engine.begin() as writing:
        # neither the order of the tables nor the guards of the audit record matter to a copy
        writing.execute(text("SET session_replication_role = replica"))
        for table in Base.metadata.sorted_tables:
            writing.execute(table.delete())
            rows = [dict(row) for row in reading.execute(select(table)).mappings()]
            if rows:
                writing.execute(insert(table), rows)
            for column in table.primary_key:
                sequence = writing.scalar(text(f"SELECT pg_get_serial_sequence('{table.name}', '{column.name}')"))
                if sequence and rows:
                    most = max(row[column.name] for row in rows)
                    writing.execute(text(f"SELECT setval('{sequence}', {most})"))
    old.dispose()
    new.dispose()
