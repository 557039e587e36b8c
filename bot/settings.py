"""Settings of the bot: off without a token; also what may leave the site."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from schemas.messages import Code
from service.settings import Block, DatabaseSettings, Settings, SettingsError, read_secret

Choice = Literal["all", "none"] | tuple[Code, ...]


class ShowSettings(Block):
    """What Discord, a service outside the station, may be shown."""

    cells: Choice = Field(default="all", description='"all", "none" or a list of cells')
    parameters: Choice = Field(default="all", description='"all", "none" or a list of parameters')
    experiments: Choice = Field(default="none", description='"all", "none" or a list of experiment codes')
    names: bool = Field(default=False, description="people's names")


class BotSettings(Block):
    """One Discord server, one channel for alarms. Without a token the bot does not run."""

    token: SecretStr | None = None
    token_file: Path | None = Field(default=None, description="a file with the token, in place of it")
    guild: int | None = Field(default=None, gt=0, description="the one Discord server that the bot answers in")
    channel: int | None = Field(default=None, gt=0, description="channel for alarms; none are posted without it")
    fallback_channel: int | None = Field(
        default=None, gt=0, description="channel for alarms that the first one does not take"
    )
    mention_role: int | None = Field(default=None, gt=0, description="role that a major or critical alarm calls")
    prefix: str = Field(default="!", min_length=1, max_length=5)
    language: Literal["fr", "en"] = "fr"
    web_address: str | None = Field(
        default=None, pattern=r"^https?://[^\s/]+(/\S*)?$", description="address of the pages, for links"
    )
    proxy: str | None = Field(default=None, pattern=r"^https?://\S+$", description="HTTP proxy towards Discord")
    show: ShowSettings = ShowSettings()

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("give token or token_file, not both")
        if (self.token is not None or self.token_file is not None) and self.guild is None:
            raise ValueError("guild is needed: the number of the Discord server that the bot answers in")
        return self

    def secret(self) -> str:
        """Return the token; raise SettingsError where there is none or where others could read its file."""
        if self.token_file is None:
            if self.token is None:
                raise SettingsError("the bot is off: it has no token (OCTOPUS_BOT__TOKEN_FILE or OCTOPUS_BOT__TOKEN)")
            token = self.token.get_secret_value().strip()
        else:
            token = read_secret("bot.token_file", self.token_file, private=True)
        if not token or any(letter.isspace() for letter in token):
            raise SettingsError("setting bot.token: this is no token: it is empty or has spaces in it")
        return token


class ServiceSettings(Settings):
    """All that the bot's process reads."""

    database: DatabaseSettings = DatabaseSettings()
    bot: BotSettings = BotSettings()
