"""Log in with the station's LDAP directory: bind as the person, or search for them and then bind.

Whatever the directory does, nothing here takes longer than its deadline; local accounts never come here.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any, TypeVar

from facility.acting.permissions import Role
from facility.people.ldap_settings import LdapSettings
from service.settings import SettingsError

log = logging.getLogger(__name__)

# Directories that hang must not take every thread of the server with them.
AT_ONCE = 4
T = TypeVar("T")
# An entry's values by attribute in small letters, and with its DN.
Values = dict[str, list[bytes]]
Entry = tuple[str, Values]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person of the tables is in the directory: what never changes, and where they were last found."""

    key: str
    dn: str


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """What the directory says of a person; `role` is None where no group has one.

    `key` is made from the attribute that never changes (entryUUID, objectGUID): a name or DN may be given again.
    """

    key: str
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
        # Without an account of its own the directory may hide people: not finding them would mean nothing.
        self.checks_people = settings.bind_dn is not None

    def authenticate(self, login: str, password: str, known: Identity | None = None) -> DirectoryPerson | None:
        """Return the person if the password fits, None if not; raise DirectoryAway within the deadline.

        Somebody who is `known` is found by their identity first, whatever they typed as their name.
        """
        # An empty password asks for an anonymous bind, which succeeds for everybody.
        if not password or not login or "\0" in login + password:
            return None
        return self._in_time(lambda: _authenticate(self._settings, login, password, known))

    def look_up(self, identities: Mapping[int, Identity]) -> dict[int, DirectoryPerson | None]:
        """Return what the directory says of each, None of whom it does not have any more; raise DirectoryAway."""
        return self._in_time(lambda: _look_up(self._settings, identities))

    def _in_time(self, ask: Callable[[], T]) -> T:
        if not self._room.acquire(timeout=self._settings.timeout):
            raise DirectoryAway("too many logins wait for the directory")
        answers: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()
        Thread(target=self._ask, args=(ask, answers), name="directory", daemon=True).start()
        try:
            answer, error = answers.get(timeout=self._settings.timeout * 3)
        except Empty:
            raise DirectoryAway("the directory hangs") from None
        if isinstance(error, DirectoryAway):
            raise error
        if error is not None:
            raise DirectoryAway(f"the directory failed: {error.__class__.__name__}") from error
        return answer  # type: ignore[return-value] # what `ask` returned

    def _ask(self, ask: Callable[[], T], answers: "SimpleQueue[tuple[T | None, Exception | None]]") -> None:
        try:
            answers.put((ask(), None))
        except Exception as error:  # noqa: BLE001 - handed to the thread that asked
            answers.put((None, error))
        finally:
            self._room.release()


def _authenticate(settings: LdapSettings, login: str, password: str, known: Identity | None) -> DirectoryPerson | None:
    found = _as_the_person if settings.user_dn is not None else _searched
    with _connection(settings) as connection:
        entry = found(settings, connection, login, password, known)
        return None if entry is None else _person(settings, connection, *entry, login)


def _as_the_person(
    settings: LdapSettings, connection: Any, login: str, password: str, known: Identity | None
) -> Entry | None:
    """Bind with the name that the person's login makes, and read what they may read of themselves."""
    import ldap  # noqa: PLC0415 - the extra that not every station installs
    from ldap.dn import escape_dn_chars  # noqa: PLC0415

    # Who typed their mail address is known by it; their own name is the one to bind with.
    dn = known.dn if known is not None else (settings.user_dn or "").replace("{login}", escape_dn_chars(login))
    try:
        connection.simple_bind_s(dn, password)
    except (ldap.INVALID_CREDENTIALS, ldap.INVALID_DN_SYNTAX):
        return None
    if settings.search_base is None or known is not None:
        entries = _search(settings, connection, dn, "(objectClass=*)", ldap.SCOPE_BASE)
    else:
        entries = _search(settings, connection, settings.search_base, _login_filter(settings, login))
    return entries[0] if len(entries) == 1 else None


def _searched(
    settings: LdapSettings, connection: Any, login: str, password: str, known: Identity | None
) -> Entry | None:
    """Find the person with the server's own account, then try their password on a connection of its own."""
    import ldap  # noqa: PLC0415 - the extra that not every station installs

    _bind_own_account(settings, connection)
    entry = None if known is None else _find_again(settings, connection, known)
    if entry is None:
        entries = _search(settings, connection, settings.search_base or "", _login_filter(settings, login))
        if len(entries) != 1:
            return None
        entry = entries[0]
    with _connection(settings) as own:
        try:
            own.simple_bind_s(entry[0], password)
        except (ldap.INVALID_CREDENTIALS, ldap.UNWILLING_TO_PERFORM):
            return None
    return entry


def _look_up(settings: LdapSettings, identities: Mapping[int, Identity]) -> dict[int, DirectoryPerson | None]:
    with _connection(settings) as connection:
        _bind_own_account(settings, connection)
        people: dict[int, DirectoryPerson | None] = {}
        if strangers := [one.key for one in identities.values() if not _comparable_key(settings, one)]:
            raise DirectoryAway(f"ldap.id_attribute was changed: it was {strangers[0].partition(':')[0]}")
        for number, identity in identities.items():
            entry = _find_again(settings, connection, identity)
            people[number] = None if entry is None else _person(settings, connection, *entry, "")
        return people


def _find_again(settings: LdapSettings, connection: Any, known: Identity) -> Entry | None:
    """Return the entry of a known person, by what never changes; None where they may not log in any more."""
    import ldap  # noqa: PLC0415 - the extra that not every station installs
    from ldap.filter import escape_filter_chars  # noqa: PLC0415

    attribute, _, text = known.key.partition(":")
    if not _comparable_key(settings, known):
        return None
    if settings.search_base is not None and attribute == settings.id_attribute.casefold():
        hexadecimal = text.removeprefix("0x")
        value = escape_filter_chars(text)
        if text.startswith("0x"):
            value = "".join(f"\\{hexadecimal[at : at + 2]}" for at in range(0, len(hexadecimal), 2))
        entries = _search(settings, connection, settings.search_base, f"({settings.id_attribute}={value})")
    else:
        # Kept by an older Octopus, which knew people by their DN, or no place is known to search in.
        try:
            entries = _search(settings, connection, known.dn, "(objectClass=*)", ldap.SCOPE_BASE)
        except ldap.NO_SUCH_OBJECT:
            return None
    if len(entries) != 1:
        return None
    dn, values = entries[0]
    if settings.search_base is None:
        return entries[0] if known.key in {_key(settings, values), dn} else None
    # The filter may also say who may log in (disabled accounts, a group): it must still hold.
    names = {_first(values, one) for one in (settings.login_attribute, settings.email_attribute)} - {None}
    wanted = "".join(_login_filter(settings, name) for name in names if name)
    still = bool(names) and _search(settings, connection, dn, f"(|{wanted})", ldap.SCOPE_BASE)
    return entries[0] if still else None


def _comparable_key(settings: LdapSettings, known: Identity) -> bool:
    """Tell whether a person is known by the attribute of today's settings, or by the DN that an older Octopus kept."""
    attribute = known.key.partition(":")[0]
    return "=" in attribute or attribute == settings.id_attribute.casefold()


def _bind_own_account(settings: LdapSettings, connection: Any) -> None:
    if settings.bind_dn is not None:
        connection.simple_bind_s(settings.bind_dn, settings.secret())


def _login_filter(settings: LdapSettings, login: str) -> str:
    from ldap.filter import escape_filter_chars  # noqa: PLC0415 - the extra that not every station installs

    text = settings.search_filter.replace("{login}", escape_filter_chars(login))
    return text if text.startswith("(") else f"({text})"


def _person(settings: LdapSettings, connection: Any, dn: str, entry: Values, typed: str) -> DirectoryPerson:
    key = _key(settings, entry)
    if key is None:
        log.error(
            "the directory gives no %s of %s: set ldap.id_attribute to what never changes", settings.id_attribute, dn
        )
        raise DirectoryAway(f"no {settings.id_attribute}")
    login = _first(entry, settings.login_attribute) or typed
    name = _first(entry, settings.name_attribute) or login
    email = _first(entry, settings.email_attribute)
    return DirectoryPerson(key, dn, login, name, email, _role(settings, dn, entry, connection))


def _key(settings: LdapSettings, entry: Values) -> str | None:
    values = entry.get(settings.id_attribute.casefold())
    if not values:
        return None
    text = values[0].decode("ascii", "replace")
    # objectGUID is sixteen bytes that are no text.
    readable = text.isprintable() and text.isascii() and len(values[0]) != 16
    return f"{settings.id_attribute.casefold()}:{text.casefold() if readable else f'0x{values[0].hex()}'}"[:255]


def _role(settings: LdapSettings, dn: str, entry: Values, connection: Any) -> Role | None:
    """Return the highest role of the person's groups."""
    from ldap.filter import escape_filter_chars  # noqa: PLC0415 - the extra that not every station installs

    groups = [_text(value) for value in entry.get(settings.group_attribute.casefold(), [])]
    if settings.group_base is not None:
        wanted = settings.group_filter.replace("{dn}", escape_filter_chars(dn))
        groups += [name for name, _ in _search(settings, connection, settings.group_base, wanted)]
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


def _search(settings: LdapSettings, connection: Any, base: str, wanted: str, scope: int | None = None) -> list[Entry]:
    """Return the entries found under `base`, attributes in small letters; what has no name is a referral."""
    import ldap  # noqa: PLC0415 - the extra that not every station installs

    # Named one by one: entryUUID and memberOf are not given to who asks for "all".
    names = [
        settings.id_attribute, settings.login_attribute, settings.name_attribute, settings.email_attribute,
        settings.group_attribute,
    ]  # fmt: skip
    found = connection.search_s(base, ldap.SCOPE_SUBTREE if scope is None else scope, wanted, names)
    return [(dn, {name.casefold(): values for name, values in entry.items()}) for dn, entry in found if dn]


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


def _first(entry: Values, attribute: str) -> str | None:
    values = entry.get(attribute.casefold(), [])
    return _text(values[0]) if values else None


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
