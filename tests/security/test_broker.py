"""The broker as somebody attacks it who has an account: other people's client ids, topics, the broker's memory."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import accounts
from broker.connecting import secret_client_id
from ingestor.inbox import Inbox
from ingestor.presence import Presence
from ingestor.settings import IngestorBlock
from ingestor.subscriber import Subscriber
from octopus.checking_broker import check
from octopus.settings import CommandSettings
from schemas import topics
from schemas.site import read_site
from service.settings import BrokerSettings
from tests.broker.guarded import Guarded
from tests.services.mosquitto import Mosquitto
from tests.services.process import free_port, wait_for

READINGS = "octopus/v1/ecolab-1/E1C1/readings"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    server = Guarded(tmp_path_factory.mktemp("guarded"))
    server.start()
    yield server
    server.stop()


def settings(guarded: Guarded, account: str) -> BrokerSettings:
    return BrokerSettings(port=guarded.port, username=account, password_file=guarded.secrets / account)


def publish(guarded: Guarded, account: str, topic: str, text: str) -> bool:
    sent = subprocess.run(
        guarded.client(account, "mosquitto_pub", "-q", "1", "-t", topic, "-m", text),
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip
    return sent.returncode == 0 and "ot authorized" not in sent.stdout + sent.stderr


@pytest.mark.parametrize("account", ["reader", "ecolab-1", "bot"])
def test_no_other_account_takes_the_ingestors_session(guarded: Guarded, account: str) -> None:
    block = IngestorBlock(name=f"ingestor-{account}")
    inbox = Inbox(block.receive_maximum, block.backlog_receive_maximum)
    seen: set[bytes] = set()

    def delivered(text: str) -> bool:
        while (arrival := inbox.live.take()) is not None:
            seen.add(arrival.payload)
        return text.encode() in seen

    with Subscriber(settings(guarded, "ingestor"), block, inbox, "1", Presence()):
        # Sent again until it comes: then the subscription is there.
        wait_for(lambda: publish(guarded, "ecolab-1", READINGS, "first") and delivered("first"), "it is subscribed")
    # The ingestor is away, and a sender without an outbox has its message acknowledged.
    assert publish(guarded, "ecolab-1", READINGS, f"kept from {account}")
    for name in (f"octopus-{block.name}-live", f"octopus-{block.name}-backlog"):
        subprocess.run(
            guarded.client(account, "mosquitto_sub", "-i", name, "-W", "1", "-t", "octopus/#"),
            capture_output=True, timeout=10, check=False,
        )  # fmt: skip
    with Subscriber(settings(guarded, "ingestor"), block, inbox, "1", Presence()):
        wait_for(lambda: delivered(f"kept from {account}"), "what was kept is delivered")


def test_a_client_id_needs_the_password_and_stays_the_same() -> None:
    ours = BrokerSettings(username="ingestor", password="one that is long")
    name = secret_client_id(ours, "octopus-ingestor-live")
    assert name == secret_client_id(ours, "octopus-ingestor-live")
    assert re.fullmatch(r"octopus-ingestor-live-[0-9a-f]{18}", name)
    others = {
        name,
        secret_client_id(ours, "octopus-ingestor-backlog"),
        secret_client_id(BrokerSettings(username="ingestor", password="another"), "octopus-ingestor-live"),
    }
    assert len({one[-18:] for one in others}) == 3
    # The private broker of one machine asks nobody for a password.
    assert secret_client_id(BrokerSettings(), "octopus-ingestor-live") == "octopus-ingestor-live"


@pytest.mark.parametrize(
    "topic",
    [
        "octopus/v1/ecolab-1/E2C1/readings",
        "octopus/v1/ecolab-1/invented-1/readings",
        "octopus/v1/ecolab-1/invented-1/backlog",
        "octopus/v1/ecolab-1/E1C1/values/invented-1",
        "octopus/v1/ecolab-1/invented-1/values/co2",
        "octopus/v1/ecolab-1/invented",
    ],
)
def test_a_unit_writes_its_own_cells_and_their_parameters_only(guarded: Guarded, topic: str) -> None:
    assert not publish(guarded, "ecolab-1", topic, "1")


def test_every_topic_of_a_publisher_is_allowed_to_its_unit(guarded: Guarded) -> None:
    site = read_site()
    allowed = set((guarded.secrets / "acl").read_text().split("\nuser ecolab-3\n")[1].split("\nuser ")[0].splitlines())
    for cell in site.unit_by_code["ecolab-3"].cells:
        wanted = [topics.readings("ecolab-3", cell), topics.backlog("ecolab-3", cell)]
        wanted += [topics.value("ecolab-3", cell, one.code) for one in site.parameters_of(cell)]
        assert {f"topic write {topic}" for topic in wanted} <= allowed


def test_another_account_reads_unless_the_operators_own_lines_say_more(tmp_path: Path) -> None:
    accounts.make(tmp_path, ["ecolab-1", "corridor", "nodered", *accounts.SERVICES])
    (tmp_path / accounts.OWN_RULES).write_text("user nodered\ntopic write octopus/v1/ecolab-1/E1C1/readings\n")
    accounts.write_rules(tmp_path, read_site())
    text = (tmp_path / "acl").read_text()
    assert "user corridor\ntopic read octopus/v1/#\n" in text
    assert text.count("user nodered") == 1
    assert "pattern" not in [line.split(" ")[0] for line in text.splitlines()]
    with pytest.raises(ValueError, match="no account can be called"):
        accounts.make(tmp_path, ["acl"])


def test_no_session_fills_the_brokers_memory() -> None:
    text = (Path(accounts.__file__).parent / "mosquitto.conf").read_text()
    limits = {key: value for key, _, value in (line.partition(" ") for line in text.splitlines())}
    for name in ("max_queued_bytes", "max_queued_messages", "max_packet_size", "memory_limit", "max_connections"):
        assert int(limits[name]) > 0


def findings(broker: BrokerSettings) -> str:
    return "\n".join(f"{one.state} {one.text}" for one in check(CommandSettings(broker=broker)))


def test_the_doctor_says_whether_client_ids_are_safe(guarded: Guarded, tmp_path: Path) -> None:
    assert "ok client ids of reader come from its password" in findings(settings(guarded, "reader"))
    open_to_all = Mosquitto(tmp_path)
    open_to_all.start()
    try:
        broker = BrokerSettings(port=open_to_all.port, username="reader", password="x")
        assert "FAIL lets clients in without an account" in findings(broker)
    finally:
        open_to_all.stop()


def test_the_doctor_finds_one_client_id_for_all(guarded: Guarded, tmp_path: Path) -> None:
    port = free_port()
    files = (f"password_file {guarded.secrets}/passwords", "use_username_as_clientid true")
    server = Mosquitto(tmp_path, f"listener {port} 127.0.0.1", "allow_anonymous false", *files)
    server.port = port
    server.start()
    try:
        broker = BrokerSettings(port=port, username="reader", password_file=guarded.secrets / "reader")
        assert "FAIL gives all clients of reader one client id" in findings(broker)
    finally:
        server.stop()
