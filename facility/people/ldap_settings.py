"""The settings `[ldap]`: where the station's directory is and how people are found in it."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from facility.acting.permissions import Role
from service.settings import Block, read_secret


class LdapSettings(Block):
    """`user_dn` with `{login}` binds as the person; `search_base` and `search_filter` find the person first."""

    url: str = Field(pattern=r"^ldap[is]?://", description="ldaps://host, or ldap://host with start_tls")
    start_tls: bool = False
    ca: Path | None = Field(default=None, description="certificate authority; the system's without it")
    unencrypted: bool = Field(default=False, description="send passwords in clear: for tests on one machine only")
    timeout: float = Field(default=5, gt=0, le=60, description="seconds for each step")
    user_dn: str | None = None
    bind_dn: str | None = None
    bind_password: SecretStr | None = None
    bind_password_file: Path | None = None
    search_base: str | None = None
    search_filter: str = "(uid={login})"
    id_attribute: str = Field(
        default="entryUUID", description="what never changes and is never given again; Active Directory: objectGUID"
    )
    login_attribute: str = Field(default="uid", description="the login name; Active Directory: sAMAccountName")
    name_attribute: str = "cn"
    email_attribute: str = "mail"
    group_attribute: str = Field(default="memberOf", description="the person's groups, where the directory keeps them")
    group_base: str | None = Field(default=None, description="where groups are searched that name their members")
    group_filter: str = "(|(member={dn})(uniqueMember={dn}))"
    roles: dict[str, Role] = Field(default_factory=dict, description="a group's DN and the role of its members")
    default_role: Role | None = Field(default=None, description="without it a new person waits for an admin")
    check_minutes: float = Field(default=5, gt=0, le=1440, description="how often people are looked up (with bind_dn)")
    unchecked_hours: float = Field(
        default=12, gt=0, le=24 * 31, description="how long sessions and tokens last without the directory's word"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.user_dn is None and self.search_base is None:
            raise ValueError("give user_dn, or search_base (with bind_dn where the directory asks for it)")
        if self.user_dn is not None and "{login}" not in self.user_dn:
            raise ValueError("user_dn needs {login}, as in uid={login},ou=people,dc=example,dc=org")
        if "{login}" not in self.search_filter or "{dn}" not in self.group_filter:
            raise ValueError("search_filter needs {login}, group_filter needs {dn}")
        if self.url.startswith("ldap://") and not self.start_tls and not self.unencrypted:
            raise ValueError("passwords would travel in clear: use ldaps:// or start_tls")
        if self.bind_password is not None and self.bind_password_file is not None:
            raise ValueError("give bind_password or bind_password_file, not both")
        return self

    def secret(self) -> str:
        """Return the password of `bind_dn`, empty without one; raise SecretFileError."""
        if self.bind_password_file is not None:
            return read_secret("ldap.bind_password_file", self.bind_password_file)
        return "" if self.bind_password is None else self.bind_password.get_secret_value()
