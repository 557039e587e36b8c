"""Who is told of what, and when: escalation, quiet hours, what may leave the site, return and end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.alarms.targets import Target, Told, decide
from facility.alarms.wording import Line, message_words, trial_words
from schemas import times
from schemas.messages import Alarm

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
NIGHT = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)  # three o'clock in Paris
TARGET = Target("c-1", "Technicians", "webhook", "https://example.org/")
QUIET = replace(TARGET, quiet=(22 * 60, 7 * 60))
LATER = replace(TARGET, delay=timedelta(minutes=15))


def alarm(severity: str = "major", state: str = "active", since: datetime = NOON, place: str = "E1C1") -> Alarm:
    return Alarm.model_validate(
        {
            "id": 1, "place": place, "code": "co2-high", "severity": severity, "state": state,
            "since": times.to_text(since), "cell": place, "text": {"fr": "CO₂ trop haut", "en": "CO₂ too high"},
            "guidance": {"fr": "Aérer.", "en": "Air it."},
        }
    )  # fmt: skip


def told(one: Alarm, before: str = "", *, over: bool = False) -> Told:
    return Told(one, over, one.since, before)


@pytest.mark.parametrize(
    ("target", "one", "now", "verdict"),
    [
        (TARGET, told(alarm()), NOON, "tell"),
        (TARGET, told(alarm(), "major/raised"), NOON, "settled"),
        (TARGET, told(alarm(), "warning/raised"), NOON, "tell"),  # it became graver
        (TARGET, told(alarm(state="acknowledged"), "major/raised"), NOON, "settled"),
        (TARGET, told(alarm(state="returned"), "major/raised"), NOON, "tell"),
        (TARGET, told(alarm(), "major/returned"), NOON, "tell"),  # it is back
        (TARGET, told(alarm(), "major/raised", over=True), NOON, "tell"),
        # Raised and over while the channel could not be reached: nothing is kept from anybody.
        (TARGET, told(alarm(), over=True), NOON, "tell"),
        (TARGET, told(alarm(state="shelved")), NOON, "settled"),
        (TARGET, told(alarm(state="suppressed")), NOON, "settled"),
        (replace(TARGET, severity="critical"), told(alarm()), NOON, "settled"),
        (replace(TARGET, places=()), told(alarm()), NOON, "settled"),
        (replace(TARGET, places=("E1C1",)), told(alarm()), NOON, "tell"),
        (replace(TARGET, places=("E1C1",)), told(alarm(place="E1C2")), NOON, "settled"),
        # Told to this one only when nobody has attended to it.
        (LATER, told(alarm()), NOON + timedelta(minutes=14), "wait"),
        (LATER, told(alarm()), NOON + timedelta(minutes=15), "tell"),
        (LATER, told(alarm(state="acknowledged")), NOON + timedelta(minutes=15), "settled"),
        (LATER, told(alarm(state="returned")), NOON + timedelta(minutes=15), "settled"),
        (LATER, told(alarm(), over=True), NOON + timedelta(minutes=15), "settled"),
        (LATER, told(alarm(), "major/raised", over=True), NOON + timedelta(minutes=1), "tell"),
        # Quiet hours.
        (QUIET, told(alarm(since=NIGHT)), NIGHT, "wait"),
        (QUIET, told(alarm(since=NIGHT)), NIGHT + timedelta(hours=4), "tell"),
        (QUIET, told(alarm("critical", since=NIGHT)), NIGHT, "tell"),
        (QUIET, told(alarm(since=NIGHT), over=True), NIGHT + timedelta(hours=8), "settled"),
        (QUIET, told(alarm(), "major/raised", over=True), NIGHT, "wait"),
        (QUIET, told(alarm(since=NOON), over=True), NOON + timedelta(hours=1), "tell"),
    ],
)  # fmt: skip
def test_who_is_told_when(target: Target, one: Told, now: datetime, verdict: str) -> None:
    assert decide(target, one, now, PARIS) == verdict


@given(
    begin=st.integers(0, 1439),
    end=st.integers(0, 1439),
    at=st.integers(0, 365 * 1440).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    severity=st.sampled_from(["warning", "major", "critical"]),
)
def test_a_critical_alarm_never_waits_and_others_at_most_a_day(
    begin: int, end: int, at: datetime, severity: str
) -> None:
    target = replace(TARGET, quiet=(begin, end))
    one = told(alarm(severity, since=at))
    if severity == "critical":
        assert decide(target, one, at, PARIS) == "tell"
    assert any(decide(target, one, at + timedelta(minutes=30 * n), PARIS) == "tell" for n in range(50)) or (
        (end - begin) % 1440 > 1440 - 30
    )


def test_the_words() -> None:
    one = Line(alarm("critical"), "raised", None)
    title, body = message_words([one], "fr", PARIS, "https://octopus.example/")
    assert title == "[Critique] E1C1, en cours: CO₂ trop haut"
    assert "Depuis le 01/07/2026 à 12:00:00" in body
    assert "Aérer." in body
    assert body.endswith("https://octopus.example/alarms")
    over = Line(alarm(), "ended", NOON + timedelta(hours=1))
    title, body = message_words([over, one] * 30, "en", PARIS, None)
    assert title == "60 alarms: E1C1"
    assert "Over on 2026-07-01 13:00:00" in body
    assert body.endswith("… and 20 others, in Octopus.")
    assert trial_words("en", "Technicians")[1].startswith("This trial message shows that the channel “Technicians”")
