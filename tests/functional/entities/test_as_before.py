"""An installation from before there were several legal entities goes on: its lake, its rows, its settings."""

from __future__ import annotations

import asyncssh
import pytest
from sqlalchemy import text

from app.core.config import override, settings
from app.core.db import Database, unit_of_work
from app.core.schema import migrate
from app.lake.connection import Connection
from app.submission.entities.entity import Entity
from app.submission.entities.keeping import all_entities, entity_of, make_by_settings
from app.submission.entities.models import EntityEdition
from app.submission.lake import forget, lake
from app.submission.sftp import SftpTransport
from app.submission.sources import landing_name
from app.submission.tables import standard_tables

pytestmark = pytest.mark.whole

OWN = "A1111111111111"
BATCH = f"{OWN}-20261030"


def test_the_rows_of_an_old_lake_belong_to_the_one_entity_of_then(settings_in_force: object) -> None:
    person = standard_tables()["person"].path
    landing = landing_name("core_banking", "t_cust")

    def grow_old(connection: Connection) -> None:
        connection.execute(f"ALTER TABLE {person} DROP COLUMN _provider")
        connection.execute(f"INSERT INTO {person} (\"IDNum\", business_date) VALUES ('1', DATE '2026-10-30')")
        connection.execute("CREATE SCHEMA IF NOT EXISTS lake.landing")
        connection.execute(f"CREATE TABLE {landing} (no VARCHAR, business_date DATE)")
        connection.execute(f"INSERT INTO {landing} VALUES ('1', DATE '2026-10-30')")

    lake().write(grow_old)
    forget()
    try:
        for table in (person, landing):
            assert lake().rows(f"SELECT _provider, count(*) FROM {table} GROUP BY 1") == [(OWN, 1)]
        forget()
        assert lake().value(f"SELECT count(*) FROM {landing} WHERE _provider = '{OWN}'") == 1, "and once only"
    finally:
        forget()


def test_rows_are_given_their_entity_by_the_migration(database: Database) -> None:
    migrate(revision="0012")
    with database.engine.begin() as connection:
        for statement in (
            "INSERT INTO submission_batch (id, provider, business_date, status, precheck, created_at, begun_by, counts)"
            f" VALUES ('{BATCH}', '{OWN}', '2026-10-30', 'done', TRUE, '2026-10-31 00:00:00', 'system', '{{}}')",
            "INSERT INTO submission_feedback_delivery (name, sha256, stamp, received_at, outcome, findings)"
            f" VALUES ('{OWN}20261031210001001.enc', 'x', '', '2026-10-31 00:00:00', 'applied', '[]')",
            "INSERT INTO workflow_process_version (version, process, number, xml, description, forms, cases, origin,"
            " created_at, note) VALUES ('v', 'submission.daily_batch', 1, '', '{}', '{}', '[]', 'shipped',"
            " '2026-10-31 00:00:00', '')",
            "INSERT INTO workflow_instance (id, process, version, business_key, subject, status, state, path, started_by,"
            f" started_at, lock) VALUES ('i', 'submission.daily_batch', 'v', '{BATCH}', '', 'done', '', '[]', 'system',"
            " '2026-10-31 00:00:00', 1)",
        ):
            connection.execute(text(statement))
    migrate()
    with database.engine.begin() as connection:
        for table in ("submission_feedback_delivery", "workflow_instance"):
            assert connection.execute(text(f"SELECT provider FROM {table}")).scalars().all() == [OWN], table


def test_the_entity_of_the_settings_is_made_once_and_follows_them(sqlite_database: Database) -> None:
    assert [each.provider for each in all_entities()] == [OWN]
    make_by_settings()
    make_by_settings()
    with unit_of_work(reading=True) as session:
        made = session.query(EntityEdition).one()
        assert (made.number, made.state, made.asked_by) == (1, "approved", "system")
    with override(blocked_share_limit=0.5) as chosen:
        assert entity_of(OWN).settings(settings()) == chosen
    with override(provider_code=""):
        make_by_settings()
        assert [each.provider for each in all_entities()] == [OWN]


def test_an_entity_signs_in_with_a_key_of_its_own() -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    known = f"[127.0.0.1]:22 {key.export_public_key().decode()}"
    way = SftpTransport("127.0.0.1", 22, "south", key.export_private_key(), known)
    assert way._options["client_keys"][0].public_data == key.public_data
    with pytest.raises(asyncssh.KeyImportError):
        SftpTransport("127.0.0.1", 22, "south", b"no key", known)


def test_what_an_entity_leaves_open_is_as_the_settings_say() -> None:
    own = Entity(provider=OWN, centre_port=2022, centre_folder="/exchange/own", blocked_share_limit=0.0)
    chosen = own.settings(settings())
    assert (chosen.centre_port, str(chosen.centre_folder), chosen.blocked_share_limit) == (2022, "/exchange/own", 0.0)
    assert chosen.sources_file == settings().sources_file
