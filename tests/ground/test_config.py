"""Settings: a bad one stops the start and is named in one line."""

from __future__ import annotations

import stat

import pytest

from pdca import create_app
from pdca.config import Settings, SettingsError, load_settings, secret_key

KEY = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Mars/Base"),
        ("MAIL_URL", "ftp://mail"),
        ("MAIL_URL", "smtp://"),
        ("MAIL_URL", "smtp://host:port"),
        ("MAIL_FROM", "nobody"),
        ("REPLY_TO", "a@b\r\nBcc: c@d"),
        ("BASE_URL", "example.org"),
        ("BASE_URL", "https://example.org/below"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY_FALLBACKS", f"{KEY},dev"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("LOCALE", "de"),
        ("DATABASE_URL", "mysql://host/name"),
        ("DATABASE_URL", "sqlite://"),
        ("TRUSTED_PROXIES", "-1"),
        ("UPLOAD_MEGABYTES", "many"),
    ],
)
def test_a_bad_value_is_named(tmp_path, monkeypatch, name, value):
    monkeypatch.setenv(f"PDCA_{name}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings(instance=tmp_path)
    assert str(refused.value).startswith(f"PDCA_{name}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "MAIL_URL", "DATABASE_URL"])
def test_a_secret_is_not_repeated(tmp_path, monkeypatch, name):
    monkeypatch.setenv(f"PDCA_{name}", "hunter2")
    with pytest.raises(SettingsError) as refused:
        load_settings(instance=tmp_path)
    assert "hunter2" not in str(refused.value)


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text('timezone = "Europe/London"\nport = 5001\n')
    monkeypatch.setenv("PDCA_INSTANCE", str(tmp_path))
    monkeypatch.setenv("PDCA_PORT", "5002")
    settings = load_settings()
    assert (settings.timezone, settings.port) == ("Europe/London", 5002)


@pytest.mark.parametrize("text", ['colour = "red"', "port = ", "\xff"])
def test_a_bad_file_is_named(tmp_path, text):
    (tmp_path / "config.toml").write_text(text, encoding="latin-1")
    with pytest.raises(SettingsError, match=r"PDCA_COLOUR: no such setting|config\.toml"):
        load_settings(instance=tmp_path)


def test_a_bare_postgresql_url_means_our_driver(tmp_path):
    settings = load_settings(instance=tmp_path, database_url="postgres://u:p@h/n")
    assert settings.database == "postgresql+psycopg://u:p@h/n"


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path):
    first = secret_key(load_settings(instance=tmp_path))
    assert secret_key(load_settings(instance=tmp_path)) == first
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_a_weak_key_file_stops_the_start(tmp_path):
    (tmp_path / "secret.key").write_text("dev")
    with pytest.raises(SettingsError, match="PDCA_SECRET_KEY"):
        create_app(load_settings(instance=tmp_path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="PDCA_INSTANCE"):
        create_app(load_settings(instance=tmp_path / "file" / "below"))


def test_cookies_travel_over_https_only_when_people_come_by_https(tmp_path):
    given = {"instance": tmp_path, "secret_key": KEY}
    plain = create_app(load_settings(**given))
    safe = create_app(load_settings(**given, base_url="https://pdca.example.org/"))
    assert (plain.config["SESSION_COOKIE_SECURE"], safe.config["SESSION_COOKIE_SECURE"]) == (False, True)
    assert safe.config["SESSION_COOKIE_NAME"] == "__Host-pdca"
    assert safe.config["TRUSTED_HOSTS"][0] == "pdca.example.org"


def test_every_setting_has_a_default(tmp_path):
    assert isinstance(load_settings(instance=tmp_path), Settings)
