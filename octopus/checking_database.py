"""The doctor's look at the database: reachable, version, rights, clock, partitions ahead, the site's rows."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from octopus.findings import Finding
from octopus.settings import CommandSettings
from schemas import times
from schemas.site import SiteError, read_site
from schemas.tables import Cell, Reading
from service.settings import SettingsError
from storage import partitions, revisions
from storage.database import connect

_MONTHS_AHEAD = 2
_CLOCK_SECONDS = 2.0


def check(chosen: CommandSettings) -> Iterator[Finding]:
    try:
        engine = connect(chosen.database)
    except SettingsError as error:
        yield Finding("FAIL", "database", str(error))
        return
    where = engine.url.render_as_string()
    try:
        with engine.connect() as connection:
            yield from _server(connection, where)
        revisions.check_version(engine)
        yield Finding("ok", "database", f"version {revisions.newest()}")
        yield from _contents(engine, chosen)
    except revisions.WrongVersion as error:
        yield Finding("FAIL", "database", str(error))
    except SQLAlchemyError as error:
        yield Finding("FAIL", "database", f"{where}: {getattr(error, 'orig', None) or error}")
    finally:
        engine.dispose()


def _server(connection: Connection, where: str) -> Iterator[Finding]:
    if connection.dialect.name == "sqlite":
        yield Finding("ok", "database", f"{where}, SQLite: for one machine")
        return
    version, clock = connection.execute(text("SELECT VERSION(), UTC_TIMESTAMP(3)")).one()
    yield Finding("ok", "database", f"{where}, {version}")
    skew = (clock.replace(tzinfo=UTC) - times.now()).total_seconds()
    state = "ok" if abs(skew) <= _CLOCK_SECONDS else "FAIL"
    yield Finding("ok" if state == "ok" else "FAIL", "clock", f"the database's is {skew:+.1f} s from this machine's")


def _contents(engine: Engine, chosen: CommandSettings) -> Iterator[Finding]:
    with engine.connect() as connection:
        transaction = connection.begin()
        # Written and taken back: the only true answer to "may this account write".
        connection.execute(
            Reading.__table__.insert().values(  # type: ignore[attr-defined] # a Table, declared as FromClause
                series_id=1, observed_at=datetime(2000, 1, 1, tzinfo=UTC), value=None, quality=0
            )
        )
        transaction.rollback()
        yield Finding("ok", "database", "this account may write readings")
        if connection.dialect.name != "sqlite":
            yield _months_ahead(partitions.months(connection))
        known = set(connection.scalars(select(Cell.code).where(Cell.retired_at.is_(None))))
    try:
        wanted = set(read_site(chosen.site).unit_of_cell)
    except SiteError:
        return  # told by the look at this machine
    if known == wanted:
        yield Finding("ok", "database", f"knows the site's {len(known)} cells")
    else:
        odd = ", ".join(sorted(known ^ wanted))
        yield Finding("FAIL", "database", f"differs from the site file in {odd}: run `octopus site check`")


def _months_ahead(names: list[str]) -> Finding:
    last = datetime.strptime(names[-1], "p%Y%m").replace(tzinfo=UTC)
    today = times.now()
    ahead = (last.year - today.year) * 12 + last.month - today.month
    if ahead >= _MONTHS_AHEAD:
        return Finding("ok", "database", f"partitions for {ahead} months to come")
    return Finding("warn", "database", f"partitions for {ahead} months to come only: run `octopus db upgrade`")
