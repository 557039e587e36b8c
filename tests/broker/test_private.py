"""What the private broker says when amqtt is in trouble with a client."""

import logging

import pytest

from broker.private import OneLine


def _raise(error: Exception) -> None:
    raise error


def test_a_client_that_left_is_one_line_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("tests.amqtt")
    log.addFilter(OneLine())

    def fail(error: Exception) -> None:
        try:
            list(map(_raise, [error]))
        except (AttributeError, OSError):
            log.exception("Task failed and will be skipped: <Task finished name='Task-%d'>", 7)

    for _ in range(25):
        fail(AttributeError("'NoneType' object has no attribute 'write'"))
    fail(ConnectionResetError("lost"))
    log.error("No data from remote")
    log.error("Listener 'default': broker refuses")
    assert [record.getMessage() for record in caplog.records] == [
        "amqtt lost a client (said once): AttributeError: 'NoneType' object has no attribute 'write'",
        "amqtt lost a client (said once): ConnectionResetError: lost",
        "Listener 'default': broker refuses",
    ]
    assert "Traceback" not in caplog.text
