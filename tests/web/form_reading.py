"""What a browser without scripts would send: the fields of a form as they stand in a page."""

from html.parser import HTMLParser


class FormReader(HTMLParser):
    """Collects the fields of the form with a certain action: name to values, buttons left out."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action, self._inside = action, False
        self._area: str | None = None
        self._select: str | None = None
        self.fields: dict[str, list[str]] = {}
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self._inside = given.get("action") == self._action
            self.found |= self._inside
        if not self._inside:
            return
        if tag == "input" and name and "disabled" not in given:
            if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
                self._add(name, given.get("value") or "")
        elif tag == "textarea":
            self._area = name
            self._add(name, "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = [given.get("value") or ""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        self._area = None if tag == "textarea" else self._area
        self._select = None if tag == "select" else self._select

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            # The line break right after the tag is not part of the text.
            held = self.fields[self._area]
            held[-1] += data.removeprefix("\n") if not held[-1] else data

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def fields_of(html: str, action: str) -> dict[str, object]:
    """Return the fields of the form with this action; fail where the page has none."""
    reader = FormReader(action)
    reader.feed(html)
    assert reader.found, f"no form is sent to {action}"
    return {
        name: values if len(values) > 1 else values[0]
        for name, values in reader.fields.items()
        if name != "_csrf_token"
    }
