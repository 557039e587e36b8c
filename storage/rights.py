"""What each service's own database account may do, table by table: `octopus db upgrade` grants it.

The migrator's account, say `octopus`, owns the schema; a service's is called after it: `octopus_web`, at the same host.
"""

from collections.abc import Mapping

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from schemas.tables import Base

_READ = frozenset({"SELECT"})
_ADD = frozenset({"SELECT", "INSERT"})
_WRITE = frozenset({"SELECT", "INSERT", "UPDATE"})
_ALL = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
# A row that is locked while something else is written: MySQL asks for more than SELECT.
_LOCK = frozenset({"SELECT", "UPDATE"})

Rights = Mapping[str, frozenset[str]]

# What lets somebody in: of no use to anybody but the pages.
_LETS_IN = frozenset({"session", "api_token", "one_time_link", "login_attempt"})
_SITE = frozenset({"unit", "cell", "parameter", "former_code", "series", "alembic_version"})
_HISTORY = frozenset(
    {
        "reading",
        "latest_reading",
        "reading_5min",
        "reading_1h",
        "publisher",
        "publisher_range",
        "rejected_message",
    }
)
# What is only added to: each act, and which experiment it was about.
_AUDIT: Rights = {"audit_event": _ADD, "audit_experiment": _ADD}
# The watchdog's, and the ingestor's, which says when the watchdog is gone.
_ALARMS: Rights = {
    "alarm": _WRITE,
    "alarm_event": _ADD,
    "alarm_condition": _ALL,
    "alarm_rule": _READ,
    "lease": _ALL,
    "canary": _ALL,
    "notification": _ALL,
}
# Work in cells, which ends by itself, and notes.
_NOTES: Rights = {"intervention": _WRITE, "annotation": _WRITE, "annotation_tag": _ALL}
# Tables that are not named are read; for the pages, written.
_NAMED: Mapping[str, Rights] = {
    "ingestor": {
        **dict.fromkeys(_SITE, _READ),
        # What was measured is never changed or deleted.
        "reading": _ADD,
        **dict.fromkeys(_HISTORY - {"reading", "publisher_range"}, _WRITE),
        "publisher_range": _ALL,
        **_ALARMS,
    },
    "watchdog": {
        **_ALARMS,
        **_AUDIT,
        **_NOTES,
        "channel_state": _ALL,
        "outgoing_message": _ALL,
    },
    "bot": {
        **dict.fromkeys(("cell", "role", "person", "experiment"), _LOCK),
        "assignment": _ALL,
        "alarm": _WRITE,
        "alarm_event": _ADD,
        "alarm_rule": _WRITE,
        "notification": _ALL,
        **_NOTES,
        "discord_link": _ALL,
        "discord_link_code": _ALL,
        "discord_commands": _ALL,
        "alarm_condition": _ALL,
        **_AUDIT,
    },
    "web": {
        **dict.fromkeys(_SITE | _HISTORY, _READ),
        "cell": _LOCK,
        **_AUDIT,
    },
}
SERVICES = tuple(_NAMED)

# "no such account", as MariaDB and MySQL say it, and "this account may not grant".
_NO_ACCOUNT = frozenset({1133, 1410})
_MAY_NOT_GRANT = frozenset({1044, 1142})


def of(service: str) -> Rights:
    """Return what a service may do with each table of this version, and with Alembic's."""
    named = _NAMED[service]
    otherwise = {"ingestor": frozenset[str](), "web": _ALL}.get(service, _READ)
    tables = [*Base.metadata.tables, "alembic_version"]
    found = {}
    for table in tables:
        private = table in _LETS_IN and service != "web"
        found[table] = named.get(table, frozenset() if private else _READ if table in _SITE else otherwise)
    return {table: rights for table, rights in sorted(found.items()) if rights}


def grant(connection: Connection) -> list[str]:
    """Grant the services' accounts that exist what they need; return their names. Nothing on SQLite."""
    if connection.dialect.name == "sqlite":
        return []
    account = str(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar())
    user, _, host = account.rpartition("@")
    return [name for service in SERVICES if _granted(connection, name := f"{user}_{service}", host, of(service))]


def _granted(connection: Connection, name: str, host: str, rights: Rights) -> bool:
    """Grant an account its rights; tell whether it is there and this one may grant."""
    for table, words in rights.items():
        try:
            # Without `no_parameters` PyMySQL would take the host `%` for a place to be filled.
            connection.exec_driver_sql(
                f"GRANT {', '.join(sorted(words))} ON `{table}` TO `{name}`@`{host}`",
                execution_options={"no_parameters": True},
            )
        except DBAPIError as error:
            code = getattr(error.orig, "args", (0,))[0]
            if code in _NO_ACCOUNT | _MAY_NOT_GRANT:
                return False
            raise
    return True


def missing(connection: Connection, service: str) -> list[str]:
    """Say what the account that is logged in lacks to be this service's, as in `INSERT on reading`."""
    everywhere = _privileges(
        connection,
        "SELECT '', privilege_type FROM information_schema.schema_privileges WHERE table_schema = DATABASE()",
    ) | _privileges(connection, "SELECT '', privilege_type FROM information_schema.user_privileges")
    held = _privileges(
        connection,
        "SELECT table_name, privilege_type FROM information_schema.table_privileges WHERE table_schema = DATABASE()",
    )
    whole = {privilege for _, privilege in everywhere}
    wanted = ((table, word) for table, words in of(service).items() for word in sorted(words))
    return [f"{word} on {table}" for table, word in wanted if word not in whole and (table, word) not in held]


def _privileges(connection: Connection, statement: str) -> set[tuple[str, str]]:
    rows = connection.exec_driver_sql(statement)
    return {(str(table), str(privilege)) for table, privilege in rows}


def service_of(user: str | None) -> str | None:
    """Return the service whose account this is by its name; None for one that serves several."""
    return next((service for service in SERVICES if user is not None and user.endswith(f"_{service}")), None)
