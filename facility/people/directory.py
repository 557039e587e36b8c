"""Log in with the station's LDAP directory: bind as the person, or search for them and then bind.

Whatever the directory does, nothing here takes longer than its deadline; local accounts never come here.
"""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator

from facility.acting.permissions import Role
from service.settings import Block, SettingsError, read_secret

log = logging.getLogger(__name__)

# Directories that hang must not take every thread of the server with them.
AT_ONCE = 4


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
    name_attribute: str = "cn"
    email_attribute: str = "mail"
    group_attribute: str = Field(default="memberOf", description="the person's groups, where the directory keeps them")
    group_base: str | None = Field(default=None, description="where groups are searched that name their members")
    group_filter: str = "(|(member={dn})(uniqueMember={dn}))"
    roles: dict[str, Role] = Field(default_factory=dict, description="a group's DN and the role of its members")
    default_role: Role | None = Field(default=None, description="without it a new person waits for an admin")

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


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """What the directory says of a person whose password fits; `role` is None where no group has one."""

    dn: str
    login: str
    name: str
    email: str | None
    role: Role | None


class DirectoryAway(Exception):  # noqa: N818 - it says what is the matter
    """The directory did not answer in time, or not as it should; nobody's password was judged."""


class Directory:
    """A directory that is asked in threads of its own, few at once, each with a deadline."""

    def __init__(self, settings: LdapSettings) -> None:
        try:
            import ldap  # noqa: F401, PLC0415 - the extra that not every station installs
        except ImportError:
            raise SettingsError("settings ldap: install octopus-ecotron[ldap], it brings python-ldap") from None
        self._settings = settings
        self._room = BoundedSemaphore(AT_ONCE)
        self.default_role = settings.default_role
        self.gives_roles = bool(settings.roles)

    def authenticate(self, login: str, password: str) -> DirectoryPerson | None:
        """Return the person if the password fits, None if not; raise DirectoryAway within the deadline."""
        # An empty password asks for an anonymous bind, which succeeds for everybody.
        if not password or not login or "\0" in login + password:
            return None
        if not self._room.acquire(timeout=self._settings.timeout):
            raise DirectoryAway("too many logins wait for the directory")
        answers: SimpleQueue[DirectoryPerson | Exception | None] = SimpleQueue()
        Thread(target=self._ask, args=(login, password, answers), name="directory", daemon=True).start()
        try:
            answer = answers.get(timeout=self._settings.timeout * 3)
        except Empty:
            raise DirectoryAway("the directory hangs") from None
        if isinstance(answer, Exception):
            raise DirectoryAway(f"the directory failed: {answer.__class__.__name__}") from answer
        return answer

    def _ask(self, login: str, password: str, answers: "SimpleQueue[DirectoryPerson | Exception | None]") -> None:
        try:
            answers.put(_find(self._settings, login, password))
        except Exception as error:  # noqa: BLE001 - handed to the thread that asked
            answers.put(error)
        finally:
            self._room.release()


def _find(settings: LdapSettings, login: str, password: str) -> DirectoryPerson | None:
    import ldap  # noqa: PLC0415 - the extra that not every station installs
    from ldap.dn import escape_dn_chars  # noqa: PLC0415
    from ldap.filter import escape_filter_chars  # noqa: PLC0415

    wanted = settings.search_filter.replace("{login}", escape_filter_chars(login))
    with _connection(settings) as connection:
        try:
            if settings.user_dn is not None:
                dn = settings.user_dn.replace("{login}", escape_dn_chars(login))
                connection.simple_bind_s(dn, password)
                if settings.search_base is not None:
                    found = _search(connection, settings.search_base, wanted, ldap.SCOPE_SUBTREE)
                else:
                    found = _search(connection, dn, "(objectClass=*)", ldap.SCOPE_BASE)
            else:
                if settings.bind_dn is not None:
                    connection.simple_bind_s(settings.bind_dn, settings.secret())
                found = _search(connection, settings.search_base or "", wanted, ldap.SCOPE_SUBTREE)
        except ldap.INVALID_CREDENTIALS:
            if settings.user_dn is not None:
                return None
            raise
        if len(found) != 1:
            return None
        dn, entry = found[0]
        if settings.user_dn is None:
            with _connection(settings) as own:
                try:
                    own.simple_bind_s(dn, password)
                except (ldap.INVALID_CREDENTIALS, ldap.UNWILLING_TO_PERFORM):
                    return None
        role = _role(settings, dn, entry, connection)
    email = _first(entry, settings.email_attribute)
    return DirectoryPerson(dn, login.casefold(), _first(entry, settings.name_attribute) or login, email, role)


def _role(settings: LdapSettings, dn: str, entry: dict[str, list[bytes]], connection: Any) -> Role | None:
    """Return the highest role of the person's groups."""
    import ldap  # noqa: PLC0415 - the extra that not every station installs
    from ldap.filter import escape_filter_chars  # noqa: PLC0415

    groups = [_text(value) for value in entry.get(settings.group_attribute, [])]
    if settings.group_base is not None:
        wanted = settings.group_filter.replace("{dn}", escape_filter_chars(dn))
        groups += [name for name, _ in _search(connection, settings.group_base, wanted, ldap.SCOPE_SUBTREE)]
    known = {_comparable(name): role for name, role in settings.roles.items()}
    roles = [role for group in groups if (role := known.get(_comparable(group))) is not None]
    return max(roles, key=lambda role: role.rank, default=None)


@contextlib.contextmanager
def _connection(settings: LdapSettings) -> Iterator[Any]:
    import ldap  # noqa: PLC0415 - the extra that not every station installs

    connection = ldap.initialize(settings.url)
    connection.set_option(ldap.OPT_PROTOCOL_VERSION, 3)
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, settings.timeout)
    connection.set_option(ldap.OPT_TIMEOUT, settings.timeout)
    if settings.url.startswith("ldaps://") or settings.start_tls:
        if settings.ca is not None:
            connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(settings.ca))
        connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    try:
        if settings.start_tls:
            connection.start_tls_s()
        yield connection
    finally:
        with contextlib.suppress(ldap.LDAPError):
            connection.unbind_s()


def _search(connection: Any, base: str, wanted: str, scope: int) -> list[tuple[str, dict[str, list[bytes]]]]:
    """Return the entries found; what has no name is a referral to another server."""
    return [(name, entry) for name, entry in connection.search_s(base, scope, wanted) if name]


def _comparable(dn: str) -> object:
    """Return a DN in a form that compares as RFC 4518 has it: unescaped, case folded, spaces joined."""
    import ldap  # noqa: PLC0415 - the extra that not every station installs
    from ldap.dn import str2dn  # noqa: PLC0415

    try:
        parts = str2dn(dn)
    except ldap.DECODING_ERROR:
        return dn
    return tuple(
        frozenset((attribute.casefold(), " ".join(value.casefold().split())) for attribute, value, _ in part)
        for part in parts
    )


def _first(entry: dict[str, list[bytes]], attribute: str) -> str | None:
    values = entry.get(attribute, [])
    return _text(values[0]) if values else None


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
