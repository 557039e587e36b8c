"""Style sheets by component: each class has one home, is used, and exists where it is used."""

import re
from collections import defaultdict
from pathlib import Path

WEB = Path(__file__).parent.parent.parent / "web"
SHEETS = sorted(path for path in WEB.rglob("*.css") if "vendor" not in path.parts)
# Elements as such are styled here alone; everywhere else a selector begins with a class of its own file.
BASE = WEB / "rendering" / "base.css"
CLASS = re.compile(r"\.(-?[a-zA-Z_][\w-]*)")
UPLOTS_OWN = "u-"


def selectors(sheet: Path) -> list[str]:
    """Return the selectors of a file's rules, also of those within @media."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    heads = [head for head in re.findall(r"([^{};]+)\{", text) if not head.strip().startswith("@")]
    # A comma within :is(...) or [...] divides no selectors.
    return [part.strip() for head in heads for part in re.findall(r"(?:[^,(]|\([^)]*\))+", head)]


def homes() -> dict[str, set[str]]:
    """Return in which files a class leads a selector."""
    found: dict[str, set[str]] = defaultdict(set)
    for sheet in SHEETS:
        for selector in selectors(sheet):
            if first := CLASS.search(re.sub(r"\[[^\]]*\]", "", selector)):
                found[first[1]].add(sheet.relative_to(WEB).as_posix())
    return found


def classes() -> set[str]:
    """Return every class that a style sheet names, but the chart library's."""
    named = {name for sheet in SHEETS for selector in selectors(sheet) for name in CLASS.findall(selector)}
    return {name for name in named if not name.startswith(UPLOTS_OWN)}


def in_templates() -> set[str]:
    """Return the classes of templates; those that an expression chooses are its literals."""
    found: set[str] = set()
    for template in WEB.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        for value in re.findall(r'class="([^"]*)"', text):
            literals = " ".join(re.findall(r"'([\w -]*)'", " ".join(re.findall(r"\{\{.*?\}\}", value))))
            found |= set(re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", value).split()) | set(literals.split())
        found |= set(re.findall(r'\{% block page_class %\}\{\{ "([\w-]+)" \}\}', text))
    return found


def in_code() -> set[str]:
    """Return the words of literals in scripts and Python, among them the classes that they set."""
    files = [*WEB.rglob("*.py"), *(path for path in WEB.rglob("*.js") if "vendor" not in path.parts)]
    literals = [text for path in files for text in re.findall(r'"([^"\n]*)"', path.read_text(encoding="utf-8"))]
    return {word for text in literals for word in re.findall(r"[\w-]+", text)}


def test_a_class_is_defined_in_one_file() -> None:
    assert {name: files for name, files in homes().items() if len(files) > 1} == {}


def test_elements_without_a_class_are_styled_in_the_base_alone() -> None:
    strays = {
        f"{sheet.relative_to(WEB)}: {selector}"
        for sheet in SHEETS
        if sheet != BASE
        for selector in selectors(sheet)
        if not CLASS.search(re.sub(r"\[[^\]]*\]", "", selector))
    }
    assert strays == set()


def test_every_class_is_used() -> None:
    assert sorted(classes() - in_templates() - in_code()) == []


def test_every_class_that_a_template_uses_is_defined() -> None:
    assert sorted(in_templates() - classes()) == []


def test_a_name_says_what_it_is() -> None:
    assert sorted(name for name in classes() | in_templates() if len(name) < 3 or re.match(r"^\w-", name)) == []
