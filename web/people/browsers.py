"""What a browser calls itself, in two words that people recognise."""

from collections.abc import Callable

from web.rendering.texts import N_

# In this order: Edge and Opera call themselves Chrome as well, and Chrome calls itself Safari.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
# Android calls itself Linux as well, and an iPhone is "like Mac OS X".
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def program(agent: str, gettext: Callable[[str], str]) -> str:
    """Return "Firefox on Windows"; what is no known browser keeps the name that it gave itself."""
    browser = next((name for sign, name in _BROWSERS.items() if sign in agent), None)
    if browser is None:
        return agent or gettext(N_("unknown program"))
    system = next((name for sign, name in _SYSTEMS.items() if sign in agent), None)
    if system is None:
        return browser
    return gettext(N_("{browser} on {system}")).format(browser=browser, system=system)
