"""An account that does not add up is a fault, in words, with what to do; counting twice is not hidden."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from litestar.testing import TestClient
from sqlalchemy import Engine, delete, insert, select

from schemas import times
from schemas.messages import Status
from schemas.picture import Presence
from schemas.tables import Publisher, Unit


def account(client: TestClient[Any], engine: Engine, counts: tuple[int, int, int], **status: Any) -> dict[str, Any]:
    """Return what /health says of publisher `p` with (highest number, stored, rejected) and this status."""
    at = times.now() - timedelta(seconds=5)
    last, stored, rejected = counts
    with engine.begin() as connection:
        connection.execute(delete(Publisher).where(Publisher.id == "p"))
        unit = connection.scalar(select(Unit.id).where(Unit.code == "ecolab-3"))
        connection.execute(
            insert(Publisher).values(
                id="p", unit_id=unit, last_sequence=last, stored=stored, rejected=rejected, repeated=0,
                first_seen_at=at, last_seen_at=at,
            )
        )  # fmt: skip
    online = {"state": "online", "since": times.to_text(at), "publisher": "p"} | status
    live = client.app.dependencies["hub"].dependency().live
    live.picture = replace(live.picture, units={"ecolab-3": Presence(Status.model_validate(online), at)})
    answer: dict[str, Any] = client.get("/health").json()
    return answer


def of_p(answer: dict[str, Any]) -> dict[str, Any]:
    (one,) = [one for one in answer["ledger"] if one["publisher"] == "p"]
    return dict(one)


def fault(answer: dict[str, Any]) -> str | None:
    one = of_p(answer)
    found: str | None = one["fault"]
    assert found is None or found in answer["words"]
    return found


def test_readings_that_were_confirmed_and_are_not_there_are_a_fault(client: TestClient[Any], shared: Engine) -> None:
    """As after a database was restored from an older dump: the unit stores, and 135 readings are gone."""
    answer = account(client, shared, (400, 260, 5), sequence=400, waiting=0)
    assert of_p(answer)["unaccounted"] == 135
    assert "135 readings of publisher p were confirmed, but this database does not have them" in str(fault(answer))
    assert "docs/recover.md" in str(fault(answer))
    page = client.get("/health", headers={"Accept": "text/html"})
    assert "135 readings of publisher p" in page.text


def test_counting_twice_is_negative_and_a_fault(client: TestClient[Any], shared: Engine) -> None:
    answer = account(client, shared, (100, 104, 2), sequence=100, waiting=0)
    assert of_p(answer)["unaccounted"] == -6
    assert "6 readings more than were numbered" in str(fault(answer))


def test_what_is_on_its_way_is_no_fault(client: TestClient[Any], shared: Engine) -> None:
    """The status is older than the rows: live readings overtook the backlog, others were stored meanwhile."""
    answer = account(client, shared, (110, 104, 0), sequence=105, waiting=3)
    assert of_p(answer)["unaccounted"] == 3
    assert fault(answer) is None


def test_a_service_in_trouble_is_said_in_its_own_words(client: TestClient[Any], shared: Engine) -> None:
    status = {"state": "online", "since": times.to_text(times.now()), "trouble": "this server's clock is wrong: …"}
    live = client.app.dependencies["hub"].dependency().live
    live.picture = replace(live.picture, services={"ingestor": Presence(Status.model_validate(status), times.now())})
    assert "ingestor: this server's clock is wrong: …" in client.get("/health").json()["words"]
    assert "clock is wrong" in client.get("/health", headers={"Accept": "text/html"}).text
    del shared
