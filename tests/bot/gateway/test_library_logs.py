"""An outage is a line; what nobody thought of keeps its trace."""

import logging

import pytest

from bot.gateway.library_logs import calm


@pytest.mark.parametrize(
    ("name", "error", "traced"),
    [
        ("discord.client", OSError("gone"), False),
        ("discord.gateway", LookupError("a bug"), True),
        ("sqlalchemy.pool.impl.QueuePool", RuntimeError("lost connection during reset"), False),
    ],
)
def test_outages_have_no_trace(caplog: pytest.LogCaptureFixture, name: str, error: Exception, *, traced: bool) -> None:
    calm()
    logging.getLogger(name).error("failed at %s", "work", exc_info=error)
    (record,) = caplog.records
    assert bool(record.exc_info) is traced
    assert record.getMessage() == ("failed at work" if traced else f"failed at work ({type(error).__name__})")
