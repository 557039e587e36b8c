"""What the web server takes from its surroundings."""

import ipaddress
from pathlib import Path

from pydantic import Field, field_validator

from facility.people.ldap_settings import LdapSettings
from service.settings import Block, DatabaseSettings, Settings, SettingsError, read_secret

_USUAL_PORT = 8000
_SHORTEST_TOKEN = 32


class WebBlock(Block):
    """Where the server listens and who may see what."""

    host: str = "127.0.0.1"
    port: int = Field(default=_USUAL_PORT, ge=1, le=65535)
    address: str | None = Field(
        default=None, pattern=r"^https?://[^/\\?#@\s]+/?$", description="of the pages, as people type it: for links"
    )
    instance: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]{1,32}$", description="part of the cookies' names; the port without it"
    )
    public: bool = Field(default=True, description="live values, plan and wall without login, inside the lab")
    machine_token_file: Path | None = Field(
        default=None, description="a file with a token that opens /health, /metrics and /schema where `public` is off"
    )
    secure_cookies: bool = Field(default=False, description="cookies over https only, also behind a silent proxy")
    session_idle_hours: float = Field(default=12, gt=0, le=24 * 366)
    session_days: float = Field(default=7, gt=0, le=366)
    proxies: str = Field(default="127.0.0.1", description="addresses whose X-Forwarded-* headers are believed")
    streams_per_address: int = Field(default=50, ge=1, description="live streams of one address at a time")
    connections_per_address: int = Field(default=200, ge=1, description="connections of one address at a time")
    head_seconds: float = Field(default=15, gt=0, description="for the header of a request to arrive")
    request_seconds: float = Field(default=60, gt=0, description="for the whole request to arrive")
    connections: int = Field(default=10_000, ge=10, description="connections of all together")

    @field_validator("proxies")
    @classmethod
    def _addresses(cls, text: str) -> str:
        for part in text.split(","):
            if part.strip() not in {"", "*"}:
                ipaddress.ip_network(part.strip(), strict=False)
        return text

    @property
    def origin(self) -> str:
        """What absolute links begin with; nothing where no address is set, which makes them paths."""
        return (self.address or "").rstrip("/")

    @property
    def cookie_instance(self) -> str:
        """What tells our cookies from those of other instances on this host."""
        return self.instance or ("" if self.port == _USUAL_PORT else str(self.port))

    def machine_token(self) -> str:
        """Return the token of monitoring programs, or nothing; raise SettingsError for one of no use."""
        if self.machine_token_file is None:
            return ""
        token = read_secret("web.machine_token_file", self.machine_token_file)
        if len(token) < _SHORTEST_TOKEN:
            raise SettingsError(f"setting web.machine_token_file: fewer than {_SHORTEST_TOKEN} characters")
        return token


class WebSettings(Settings):
    """Settings of `python -m web`."""

    database: DatabaseSettings = DatabaseSettings()
    web: WebBlock = WebBlock()
    ldap: LdapSettings | None = None
