"""Settings: read once, typed. A bad or missing one stops the start and is named in one line."""

from __future__ import annotations

import os
import secrets
import tomllib
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

HERE = Path(__file__).resolve().parent
# A checkout keeps templates and static files beside the package, a wheel inside it.
ROOT = HERE if (HERE / "templates").is_dir() else HERE.parent

KEY_FILE = "secret.key"
WEAKEST_KEY = 32
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAIL_SCHEMES = ("file", "smtp", "smtps", "smtp+starttls")


class SettingsError(Exception):
    """A setting is missing or bad; the text is one line that names it."""


def _default_instance() -> Path:
    named = os.environ.get("PDCA_INSTANCE")
    if named:
        return Path(named).expanduser().resolve()
    # From a checkout always the same folder, whatever the working directory: cron starts elsewhere.
    home = ROOT if (ROOT / "pyproject.toml").is_file() else Path.cwd()
    return home / "instance"


def _whole_path(path: Path) -> Path:
    return path.expanduser().resolve()


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone such as Europe/Amsterdam") from None
    return name


def _database_url(url: str) -> str:
    # Bare names mean "whatever driver is the default"; ours is psycopg 3, always.
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            url = "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("use sqlite:///FILE or postgresql+psycopg://…")
    if url == "sqlite:///" or ":memory:" in url:
        raise ValueError("a database in memory forgets everything; name a file")
    return url


def _mail_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in MAIL_SCHEMES:
        raise ValueError("use file:, smtp://…, smtps://… or smtp+starttls://…")
    if parts.scheme != "file" and not parts.hostname:
        raise ValueError("the mail server's host is missing")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("the port is not a number between 0 and 65535") from None
    return url


def _imap_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username or not parts.password:
        raise ValueError("use imaps://USER:PASSWORD@HOST/INBOX")
    if parts.scheme == "imap" and parts.hostname not in LOOPBACK:
        raise ValueError("imap:// shows the password to everybody on the way; use imaps://")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("the port is not a number between 0 and 65535") from None
    return url


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("use https://HOST, the address people type")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("only scheme, host and port; the product does not live under a path")
    return url.rstrip("/")


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("use https://HOST/PATH")
    return url


def _address(value: str) -> str:
    _, address = parseaddr(value)
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(c in value for c in "\r\n\0"):
        raise ValueError("is not an e-mail address")
    return value


def _strong_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if len(text) < WEAKEST_KEY or len(set(text)) < WEAKEST_KEY // 4:
        raise ValueError(f"is too weak: at least {WEAKEST_KEY} random characters; `pdca setup` makes one")
    return key


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


TimeZone = Annotated[str, AfterValidator(_time_zone)]
Address = Annotated[str, AfterValidator(_address)]
Key = Annotated[SecretStr, AfterValidator(_strong_key)]


class Settings(BaseSettings):
    """Everything an operator can set, as `PDCA_…` in the environment or a key in `instance/config.toml`."""

    model_config = SettingsConfigDict(
        env_prefix="PDCA_", extra="forbid", frozen=True, env_ignore_empty=True, enable_decoding=False
    )

    # The folder of this installation: database, uploads, key, mail written to files.
    instance: Annotated[Path, AfterValidator(_whole_path)] = Field(default_factory=_default_instance)
    # SQLite in the instance, or postgresql+psycopg://user:pass@host/name.
    database_url: Annotated[str, AfterValidator(_database_url)] | None = None
    # file:, smtp://user:pass@host:port, smtps://…, smtp+starttls://…
    mail_url: Annotated[str, AfterValidator(_mail_url)] = "file:"
    # The sender of every mail; never changed by anybody's name.
    mail_from: Address = "pdca@localhost"
    # Seconds that a whole conversation with the mail server may take.
    mail_budget: int = Field(default=90, ge=1, le=3600)
    # Seconds that a message is claimed for, at least twice the budget; if a conversation outlived it, two processes
    # would mail the same.
    mail_lease: int = Field(default=180, ge=2, le=7200, validate_default=True)
    # Where answers by mail go, when somebody presses Reply.
    reply_to: Address | None = None
    # The mailbox in which answers by mail arrive: imaps://user:pass@host/INBOX. Nobody reads it when it is not set.
    imap_url: Annotated[str, AfterValidator(_imap_url)] | None = None
    # The name of this installation; a copy that is given another one mails nobody until an administrator says so.
    instance_id: str | None = Field(default=None, min_length=1, max_length=80)
    # The address people type; required as soon as it listens beyond this machine.
    base_url: Annotated[str, AfterValidator(_base_url)] | None = None
    # The port of `pdca serve`.
    port: int = Field(default=5000, ge=1, le=65535)
    # Name on mails and on the customer's page.
    organisation: str = Field(default="Beterbord", min_length=1, max_length=80)
    # Asked for after every healthy pass of the follow-up; who listens there warns when it stops.
    ping_url: Annotated[str, AfterValidator(_web_address)] | None = None
    # Days after the end of a matter that its customers' addresses and the mails to them are kept.
    keep_addresses_days: int = Field(default=365, ge=212, le=3650)
    # Signs sessions and links; made once by `pdca setup` when it is not given.
    secret_key: Key | None = None
    # Keys of before a rotation, separated by commas: still read, never used to sign.
    secret_key_fallbacks: Annotated[list[Key], BeforeValidator(_words)] = []
    # The zone of teams and people that chose none.
    timezone: TimeZone = "Europe/Amsterdam"
    # nl or en for everybody who chose none; else the browser's.
    locale: Literal["nl", "en"] | None = None
    # How many proxies in front of us set X-Forwarded-*; 0 believes none.
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    # The largest file somebody may add to an item, in megabytes.
    upload_megabytes: int = Field(default=10, ge=1, le=100)

    @field_validator("mail_lease")
    @classmethod
    def _outlives_a_conversation(cls, seconds: int, info: ValidationInfo) -> int:
        # Half of it is for what comes after the conversation: the journal, the settlement, a machine that is busy.
        if seconds < 2 * info.data.get("mail_budget", 0):
            raise ValueError("must be at least twice PDCA_MAIL_BUDGET, or people get the same mail again and again")
        return seconds

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then `config.toml` in the instance."""
        instance = Path(init_settings().get("instance") or _default_instance())
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, instance / "config.toml")

    @cached_property
    def database(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.instance / 'pdca.db'}"

    @cached_property
    def links(self) -> str:
        """What every link in a mail begins with; never taken from a request."""
        return self.base_url or f"http://127.0.0.1:{self.port}"

    @cached_property
    def hosts(self) -> list[str]:
        """The Host headers we answer to: our own, and this machine's for health checks."""
        own = urlsplit(self.base_url).hostname if self.base_url else None
        return [*([own] if own else []), "127.0.0.1", "localhost"]

    @property
    def secure(self) -> bool:
        """Whether cookies may travel over https only."""
        return self.links.startswith("https://")

    @property
    def beyond_loopback(self) -> bool:
        """Whether people reach this installation from other machines."""
        return urlsplit(self.links).hostname not in LOOPBACK


def load_settings(**given: Any) -> Settings:
    """Read the settings; `SettingsError` names the first bad one in one line."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(_in_one_line(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"config.toml: {error}") from None


def _in_one_line(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    reason = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        reason = "no such setting"
    return f"PDCA_{name.upper()}: {reason}"


def secret_key(settings: Settings) -> str:
    """The key that is set; else the instance's own, made once and readable by its owner only."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    path = settings.instance / KEY_FILE
    try:
        settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_once(path)
        key = path.read_text(encoding="ascii").strip()
        return _strong_key(SecretStr(key)).get_secret_value()
    except OSError as error:
        raise SettingsError(f"PDCA_INSTANCE: {path}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"PDCA_SECRET_KEY: {path} {error}") from None


def _make_once(path: Path) -> None:
    # Written aside and linked, so that two processes starting together agree on one whole key.
    if path.exists():
        return
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # somebody else was first; theirs counts
    finally:
        aside.unlink()
