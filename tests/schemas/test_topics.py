"""Topics are built and taken apart alike; what does not fit is no cell's topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import topics

codes = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True).filter(lambda c: c not in topics.RESERVED)


@given(codes, codes)
def test_what_is_built_is_understood(unit: str, cell: str) -> None:
    assert topics.parse_cell_topic(topics.readings(unit, cell)) == topics.CellTopic(unit, cell, "readings")
    assert topics.parse_cell_topic(topics.backlog(unit, cell)) == topics.CellTopic(unit, cell, "backlog")


@given(st.text())
def test_any_text_is_refused_or_built_again(text: str) -> None:
    found = topics.parse_cell_topic(text)
    assert found is None or f"{topics.ROOT}/{found.unit}/{found.cell}/{found.kind}" == text


@pytest.mark.parametrize(
    "topic",
    [
        "octopus/v1/ecolab-1/E1C1/values",
        "octopus/v1/ecolab-1/E1C1/readings/more",
        "octopus/v2/ecolab-1/E1C1/readings",
        "octopus/v1//E1C1/readings",
        "octopus/v1/+/E1C1/readings",
        "octopus/v1/alarms/E1C1/readings",
        f"octopus/v1/{'u' * 65}/E1C1/readings",
        "octopus/v1/écolab/E1C1/readings",
        "",
    ],
)
def test_a_topic_that_does_not_fit(topic: str) -> None:
    assert topics.parse_cell_topic(topic) is None


@pytest.mark.parametrize(
    ("topic", "filter_", "found"),
    [
        (topics.unit_status("ecolab-1"), topics.UNIT_STATUSES, "ecolab-1"),
        (topics.service_status("web"), topics.SERVICE_STATUSES, "web"),
        (topics.experiment("E1C1"), topics.EXPERIMENTS, "E1C1"),
        (topics.alarm("E1C1", "no_data"), topics.ALARMS, "no_data"),
        (topics.service_status("web"), topics.UNIT_STATUSES, None),
        (topics.unit_status("ecolab-1"), topics.EXPERIMENTS, None),
    ],
)
def test_the_last_plus_of_a_filter(topic: str, filter_: str, found: str | None) -> None:
    assert topics.parse_last_level(topic, filter_) == found
