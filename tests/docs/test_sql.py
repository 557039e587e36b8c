"""The SQL that operators are given works, with names that MySQL does not take for words of its own."""

import re

import pytest
from sqlalchemy import Engine, text

from tests.docs.documented import ROOT

# MySQL 8 reserves these, MariaDB does not; each names a column of ours. After a table's name and a point they are safe.
RESERVED = re.compile(r"(?<![.`\w])(stored|rank|of|system|groups|lateral|window)(?![`\w])", re.IGNORECASE)


def statements() -> list[tuple[str, str]]:
    found = []
    for name in ("operate.md", "recover.md"):
        document = (ROOT / "docs" / name).read_text(encoding="utf-8")
        for block in re.findall(r"^```sql\n(.*?)^```", document, re.MULTILINE | re.DOTALL):
            found += [(name, statement) for statement in filter(None, map(str.strip, block.split(";")))]
    return found


@pytest.mark.parametrize(("name", "statement"), statements())
def test_statements_run(engine: Engine, name: str, statement: str) -> None:
    assert RESERVED.search(re.sub(r"'[^']*'|--.*", "", statement)) is None
    with engine.connect() as connection:
        connection.execute(text(statement)).all()
