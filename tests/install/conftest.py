"""Who has no root says so; nobody leaves these tests out by chance."""

import os

collect_ignore = ["test_documents.py"] if os.environ.get("OCTOPUS_TEST_WITHOUT_ROOT") else []


def pytest_report_header() -> list[str]:
    return ["tests/install: OCTOPUS_TEST_WITHOUT_ROOT is set, so the documents are not run"] if collect_ignore else []
