"""Cookies that carry secrets: named by instance, and bound to this very host where there is TLS.

Browsers give cookies to every port of a host: two instances on one machine need names of their own. A name that
begins with `__Host-` is accepted over https only, and no neighbour in the domain can set it.
"""

from http.cookies import SimpleCookie

from web.requests import HttpRequest

HOST_PREFIX = "__Host-"


class CookieNames:
    """The names that one instance gives its cookies."""

    def __init__(self, instance: str = "") -> None:
        self._suffix = f"_{instance}" if instance else ""

    def name(self, base: str, *, secure: bool) -> str:
        return f"{HOST_PREFIX if secure else ''}{base}{self._suffix}"

    def read(self, request: HttpRequest, base: str, *, secure: bool) -> str:
        """Return the value, or nothing; without TLS also that of a name without an instance."""
        own = request.cookies.get(self.name(base, secure=secure), "")
        return own if secure else own or request.cookies.get(base, "")


def cookie(name: str, value: str, seconds: int | None, *, secure: bool) -> str:
    """Return a Set-Cookie header: not for scripts, not sent along by other sites' forms."""
    jar: SimpleCookie = SimpleCookie()
    jar[name] = value
    morsel = jar[name]
    morsel["path"], morsel["httponly"], morsel["samesite"] = "/", True, "Lax"
    if secure:
        morsel["secure"] = True
    if seconds is not None:
        morsel["max-age"] = seconds
    return morsel.OutputString()
