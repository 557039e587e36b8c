"""What browsers call themselves, and what people call them."""

import pytest

from web.people.browsers import program

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (f"{MOZILLA} (Linux; Android 15; Pixel 8) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT} Version/18.1 Safari/604.1",
            "Safari on iPhone",
        ),
        (f"{MOZILLA} (Plan 9) Firefox/1.0", "Firefox"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "unknown program"),
    ],
)
def test_two_words_that_people_recognise(agent: str, words: str) -> None:
    assert program(agent, str) == words
