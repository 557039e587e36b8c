"""Settings of the watchdog: what the station is held to, beyond the rules of its cells."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from schemas.messages import Code
from service.settings import Block, DatabaseSettings, Settings, read_secret


class MailBlock(Block):
    """`[watchdog.mail]`: the server that takes the station's e-mail, and who it is from."""

    server: str = Field(min_length=1, description="host name of the mail server")
    port: int | None = Field(default=None, ge=1, le=65535, description="its port; 587, 465 or 25 by the encryption")
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    sender: Annotated[str, StringConstraints(pattern=r"^[^@\s<>]+@[^@\s<>]+$")] = Field(
        description="address that messages come from"
    )
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = Field(default=None, description="a file with the password, in place of it")

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("give password or password_file, not both")
        if self.username is not None and self.password is None and self.password_file is None:
            raise ValueError("username needs password_file or password")
        return self

    def secret(self) -> str | None:
        """Return the password, read anew; raise SecretFileError."""
        if self.password_file is not None:
            return read_secret("watchdog.mail.password_file", self.password_file)
        return None if self.password is None else self.password.get_secret_value()


class WatchdogBlock(Block):
    """`[watchdog]`: defaults suit a station with one server."""

    services: tuple[Code, ...] = Field(
        default=("ingestor", "web"), description="services that must be there; an absent one raises an alarm"
    )
    disks: tuple[Path, ...] = Field(default=(), description="folders whose file systems must not fill up")
    certificates: tuple[Path, ...] = Field(default=(), description="certificates (PEM) that must not expire")
    rejected_per_hour: int = Field(
        default=100, ge=1, description="rejected messages within an hour that raise an alarm"
    )
    mail: MailBlock | None = Field(default=None, description="for e-mail about alarms; none goes out without it")
    secrets: Path | None = Field(
        default=None, description="folder with one file for the secret of each channel: tokens of Matrix, ntfy, …"
    )
    web_address: str | None = Field(
        default=None, pattern=r"^https?://[^\s/]+(/\S*)?$", description="address of the pages, for links in messages"
    )
    backlog: int = Field(default=10_000, ge=1, description="readings waiting in an outbox that raise an alarm")


class WatchdogSettings(Settings):
    database: DatabaseSettings = DatabaseSettings()
    watchdog: WatchdogBlock = WatchdogBlock()
