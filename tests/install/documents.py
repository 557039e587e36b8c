"""The shell blocks of the documents, in their order, and under which heading each stands."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parent.parent.parent
NAMES = ("install", "operate", "recover")


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
        heading = ""
        text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        for match in re.finditer(r"^#+ (.+)$|^( *)```(?:sh|shell|bash)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
            if match[1]:
                heading = match[1]
            else:
                found.append(Block(name, heading, dedent(match[3])))
    return found


def other_block(document: str, heading: str, language: str, number: int = 0) -> str:
    """Return a block that is no shell: settings to be written into a file, SQL."""
    text = (ROOT / "docs" / f"{document}.md").read_text(encoding="utf-8").partition(f" {heading}\n")[2]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[number]
