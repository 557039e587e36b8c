"""The shell blocks of the documents, in their order, and under which heading each stands."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parent.parent.parent
NAMES = ("install", "operate", "recover")
SHELLS = ("sh", "shell", "bash")


@dataclass(frozen=True)
class Block:
    document: str
    heading: str
    text: str

    def __str__(self) -> str:
        return f"docs/{self.document}.md, {self.heading}:\n{self.text}"


def shell_blocks() -> list[Block]:
    found = []
    for name in NAMES:
        heading, language, lines = "", None, list[str]()
        for line in (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").splitlines():
            if fence := re.match(r" *```(\w*)$", line):
                if language in SHELLS:
                    found.append(Block(name, heading, dedent("\n".join(lines)) + "\n"))
                language, lines = fence[1] if language is None else None, []
            elif language is not None:
                lines.append(line)
            elif title := re.match(r"#+ (.+)", line):
                heading = title[1]
    return found


def other_block(document: str, heading: str, language: str, number: int = 0) -> str:
    """Return a block that is no shell: settings to be written into a file, SQL."""
    text = (ROOT / "docs" / f"{document}.md").read_text(encoding="utf-8").partition(f" {heading}\n")[2]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[number]
