"""What the web server takes from its surroundings."""

from pydantic import Field

from facility.people.directory import LdapSettings
from service.settings import Block, DatabaseSettings, Settings


class WebBlock(Block):
    """Where the server listens and who may see what."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public: bool = Field(default=True, description="live values, plan and wall without login, inside the lab")
    secure_cookies: bool = Field(default=False, description="cookies over https only, also behind a silent proxy")
    session_idle_hours: float = Field(default=12, gt=0, le=24 * 366)
    session_days: float = Field(default=7, gt=0, le=366)
    proxies: str = Field(default="127.0.0.1", description="addresses whose X-Forwarded-* headers are believed")


class WebSettings(Settings):
    """Settings of `python -m web`."""

    database: DatabaseSettings = DatabaseSettings()
    web: WebBlock = WebBlock()
    ldap: LdapSettings | None = None
