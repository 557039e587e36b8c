"""A database that is used again is like one that was just made."""

from sqlalchemy import Engine, insert, select, text, update

from schemas import times
from schemas.site import Site
from schemas.tables import AuditEvent, Base, Cell, Person
from tests.facility.conftest import make_station
from tests.services.databases import Databases, open_database


def content(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table)).fetchall()]
            for table in Base.metadata.sorted_tables
        }


def test_what_a_test_wrote_is_gone_and_numbers_start_again(databases: Databases, site: Site) -> None:
    with databases.lent(site) as engine:
        name, fresh = engine.url.database, content(engine)
        first = make_station(engine).admin.id
        with engine.begin() as connection:
            connection.execute(update(Cell).values(code=Cell.code + "x"))
            connection.execute(text("DELETE FROM series WHERE id > 3"))
            connection.execute(text("INSERT INTO reading VALUES (1, '2026-05-01 00:00:00', 1.5, 0)"))
        with engine.connect() as connection:
            row = {"login": "x", "name": "x", "state": "active", "role": "member", "note": "", "version": 1}
            connection.execute(insert(Person).values(**row, created_at=times.now(), updated_at=times.now()))
            connection.rollback()
        left_open = open_database(engine.url.render_as_string(hide_password=False)).connect()
        left_open.execute(text("SELECT * FROM cell FOR UPDATE"))
    with databases.lent(site) as engine:
        assert engine.url.database == name
        assert content(engine) == fresh
        assert make_station(engine).admin.id == first
        with engine.connect() as connection:
            assert connection.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).first() == 1
    left_open.invalidate()


def test_a_changed_table_is_not_used_again(databases: Databases, site: Site) -> None:
    with databases.lent(site) as engine:
        name = engine.url.database
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE reading ADD CONSTRAINT poison CHECK (value <> 13.13)"))
    with databases.lent(site) as engine:
        assert engine.url.database != name
