"""What the writer writes first."""

from sqlalchemy import Engine, func, select, text

from ingestor.inbox import Inbox
from ingestor.reading_store import ReadingStore
from ingestor.retrying import Retrying
from ingestor.writer import Writer
from schemas.messages import Stored
from schemas.site import Site
from schemas.tables import RejectedMessage
from storage.database import write_sessions
from storage.faults import Kind, classify
from tests.conftest import prepare_database
from tests.ingestor.making import NOW, make_arrival, make_reading, station_of, text_of
from tests.services.mariadb import MariaDB

FLOOD = 8000


def rejected(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(RejectedMessage)) or 0


def test_a_live_reading_does_not_wait_for_the_rejections_before_it(engine: Engine) -> None:
    inbox = Inbox(live=100_000, backlog=8)
    acknowledged: list[int] = []
    for number in range(FLOOD):
        garbage = make_arrival(b"garbage %d" % number, acknowledge=lambda number=number: acknowledged.append(number))
        inbox.put(inbox.live, garbage)
    reading = make_reading(text_of(NOW - 10), publisher="p", sequence=1)
    inbox.put(inbox.live, make_arrival(reading))
    written_before: list[int] = []

    def confirm(unit: str, message: Stored) -> None:
        assert (unit, message.ranges) == ("ecolab-1", [(1, 1)])
        written_before.append(rejected(engine))

    def look() -> None:
        if len(acknowledged) == FLOOD:
            inbox.close()

    writer = Writer(
        inbox, ReadingStore(write_sessions(engine)), lambda: station_of(engine), Retrying(inbox.pause),
        batch=24_000, linger=0.01,
    )  # fmt: skip
    writer.run(confirm, look)
    assert len(written_before) == 1
    assert written_before[0] < FLOOD / 2, "most rejections are written after the live reading"
    assert rejected(engine) == FLOOD
    assert sorted(acknowledged) == list(range(FLOOD))


def test_a_missing_partition_is_waited_for_and_no_reading_is_blamed(mariadb_server: MariaDB, site: Site) -> None:
    engine = prepare_database(mariadb_server.make_database(), site)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE reading DROP PARTITION p_future"))
        months = connection.execute(text(
            "SELECT partition_name FROM information_schema.partitions WHERE table_schema = DATABASE()"
            " AND table_name = 'reading' AND partition_name >= 'p202611'"
        )).scalars().all()  # fmt: skip
        connection.execute(text(f"ALTER TABLE reading DROP PARTITION {', '.join(months)}"))
    said: list[str] = []
    inbox = Inbox(live=10, backlog=8)
    acknowledged: list[int] = []
    inbox.put(
        inbox.live,
        make_arrival(make_reading(publisher="p", sequence=1), acknowledge=lambda: acknowledged.append(1)),
    )

    def pause(seconds: float) -> bool:
        """Prepare the partition at the third try."""
        assert seconds > 0
        said.append("paused")
        if len(said) == 3:
            with engine.begin() as connection:
                connection.execute(
                    text("ALTER TABLE reading ADD PARTITION (PARTITION p_future VALUES LESS THAN (MAXVALUE))")
                )
        return False

    writer = Writer(
        inbox, ReadingStore(write_sessions(engine)), lambda: station_of(engine), Retrying(pause), batch=1000, linger=0
    )
    writer.run(lambda *_: None, lambda: inbox.close() if acknowledged else None)
    assert len(said) == 3
    assert rejected(engine) == 0
    with engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM reading")).scalar() == 2
    engine.dispose()


def test_a_missing_partition_says_what_to_do() -> None:
    import pymysql
    from sqlalchemy.exc import OperationalError

    cause = pymysql.err.OperationalError(1526, "Table has no partition for value from column_list")
    kind, words = classify(OperationalError("INSERT", {}, cause))
    assert kind is Kind.NEEDS_A_PERSON
    assert "run `octopus db upgrade`" in words
