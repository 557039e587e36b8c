"""The watchdog itself tells its channels, and raises an alarm about one that takes nothing."""

from datetime import timedelta
from pathlib import Path

from facility.acting.acts import command
from facility.alarms.channels import ChannelDraft, Health, add_channel
from facility.alarms.rules import RuleChange, set_rule
from facility.alarms.texts import texts
from schemas import times
from schemas.site import Site
from telemetry.alarms.engine import AlarmState, step
from telemetry.alarms.station_rules import CHANNEL
from tests.watchdog.receiving import web_server
from tests.watchdog.station import CELL, Station
from watchdog.channel_faults import look_at_channels


def test_from_a_reading_to_a_message(tmp_path: Path, site: Site) -> None:
    station = Station(tmp_path, site)
    change = RuleChange(kind="high", severity="critical", parameter="air_temperature", cell=CELL, threshold=30)
    set_rule(station.sessions, command("test"), site, change)
    try:
        with web_server() as web:
            draft = ChannelDraft.model_validate(
                {
                    "name": "Hook", "kind": "webhook", "address": f"http://127.0.0.1:{web.port}/", "enabled": True,
                    "places": [CELL], "language": "en",
                }
            )  # fmt: skip
            add_channel(station.sessions, command("test"), draft)
            station.watchdog.start()
            # Set and switched on: tried at once.
            station.wait(lambda: [one for one in web.taken if one.body["title"] == "Octopus: a trial"], "a trial", 60)
            station.wait(lambda: "all that it keeps" in station.watchdog.text(), "it follows the broker")
            station.say_online()
            station.read(air_temperature=35.0)
            station.wait(lambda: [one for one in web.taken if one.body["title"].startswith("[Critical] E1C1")], "told")
    finally:
        station.end()


def test_a_channel_that_takes_nothing_is_an_alarm() -> None:
    now, state, changes = times.now(), AlarmState(), []
    for minute, failing in ((0, True), (1, True), (2, True), (3, True), (4, False)):
        [look] = look_at_channels({"c-1": Health("Technicians", failing)}, now + timedelta(minutes=minute))
        state, transitions = step(state, CHANNEL, look.observation, now=now + timedelta(minutes=minute))
        changes += [(minute, one.change) for one in transitions]
    assert (look.condition.place, look.condition.code) == ("server", "channel-c-1")
    assert changes == [(2, "raised"), (4, "returned")]
    words = texts("channel", look.condition.name, CHANNEL.levels[0], None, look.condition.quantity)
    assert words["en"] == "Notifications “Technicians”: no message has gone out for more than 2 min"
