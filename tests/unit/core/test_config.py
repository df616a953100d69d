"""Settings come from the environment, every mistake is named at once, and production is strict."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.config import PREFIX, Settings, override, read_settings, setting_names, settings
from app.core.errors import Invalid
from app.core.settings_table import page_is_fresh, settings_page


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_anything_set_the_platform_runs_embedded() -> None:
    found = read_settings()
    assert found.database_url == "sqlite:///var/data/creditlink.sqlite"
    assert found.lake_catalog_url == "sqlite:var/data/lake/catalogue.sqlite"
    assert found.keys_dir == Path("var/data/keys")
    assert found.centre_key == Path("var/data/keys/centre_sftp")
    assert (found.language, found.crypto_suite, found.mode) == ("zh", "gm", "development")
    assert found.threads >= 1


def test_values_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "DATA_DIR": "/srv/creditlink",
        "CENTRE_PORT": "22",
        "BLOCKED_SHARE_LIMIT": "0.1",
        "CENTRE_PRETEND": "false",
        "LANGUAGE": "en",
        "STANDARD_EDITION_DIR": "/srv/edition",
        "PROVIDER_CODE": "A1111111111111",
    }
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)
    found = read_settings()
    assert found.data_dir == Path("/srv/creditlink")
    assert found.storage_url == "/srv/creditlink/storage"
    assert (found.centre_port, found.blocked_share_limit, found.centre_pretend) == (22, 0.1, False)
    assert found.standard_edition_dir == Path("/srv/edition")
    assert found.language == "en"


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CREDITLINK_THREADS=16\nCREDITLINK_LANGUAGE=en\n", encoding="utf-8")
    monkeypatch.setenv("CREDITLINK_LANGUAGE", "zh")
    # Reading the file writes to the environment: have it restored.
    monkeypatch.setenv("CREDITLINK_THREADS", "")
    monkeypatch.delenv("CREDITLINK_THREADS")
    found = read_settings()
    assert (found.threads, found.language) == (16, "zh")


def test_all_mistakes_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mistakes = {
        "CENTRE_PORT": "many",
        "BUCKETS": "0",
        "LANGUAGE": "fr",
        "MEMORY_LIMIT": "lots",
        "PROVIDER_CODE": "short",
        "DATABSE_URL": "x",
    }
    for name, value in mistakes.items():
        monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(Invalid) as caught:
        read_settings()
    assert caught.value.code == "core.settings"
    for name in mistakes:
        assert PREFIX + name in caught.value.message.zh
        assert PREFIX + name in caught.value.message.en
    assert "did you mean CREDITLINK_DATABASE_URL" in caught.value.message.en


def test_production_refuses_defaults_that_are_not_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITLINK_MODE", "production")
    with pytest.raises(Invalid) as caught:
        read_settings()
    assert caught.value.code == "core.settings_production"
    for name in ("SECRET_KEY", "CENTRE_PRETEND", "PROVIDER_CODE"):
        assert PREFIX + name in caught.value.message.en
    monkeypatch.setenv("CREDITLINK_SECRET_KEY", "too short")
    with pytest.raises(Invalid, match="fewer than 32"):
        read_settings()
    monkeypatch.setenv("CREDITLINK_SECRET_KEY", "x" * 32)
    monkeypatch.setenv("CREDITLINK_CENTRE_PRETEND", "false")
    monkeypatch.setenv("CREDITLINK_PROVIDER_CODE", "A1111111111111")
    assert read_settings().production


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings(secret_key="hush hush", database_url="postgresql://u:hush@host/db"))
    assert "hush" not in shown


def test_override_holds_for_the_block_and_derives_anew(tmp_path: Path) -> None:
    before = settings()
    with override(data_dir=tmp_path / "else") as inner:
        assert settings() is inner
        assert inner.database_url == f"sqlite:///{tmp_path}/else/creditlink.sqlite"
        assert inner.keys_dir == tmp_path / "else" / "keys"
        assert inner.centre_key == tmp_path / "else" / "keys" / "centre_sftp"
    assert settings() is before
    with override(database_url="sqlite:////x.sqlite"), override(data_dir=tmp_path / "third") as inner:
        assert inner.database_url == "sqlite:////x.sqlite"
    with override(keys_dir=tmp_path / "k") as inner:
        assert inner.centre_key == tmp_path / "k" / "centre_sftp"
        assert inner.changed(threads=3).keys_dir == tmp_path / "k"


def test_the_manual_page_names_every_setting_and_is_fresh() -> None:
    page = settings_page()
    for name in setting_names():
        assert f"`{PREFIX}{name.upper()}`" in page
    assert page_is_fresh(Path(__file__).parents[3] / "docs" / "settings.md"), (
        "run: creditlink docs settings --out docs/settings.md"
    )
