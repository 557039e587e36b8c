"""The web server's threads, apart by what they wait for: a database that hangs must not hold up the live pages."""

from dataclasses import dataclass, field

from service.threads import Threads, close

# Seconds that a live page waits for what the database adds to it.
PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class WebThreads:
    """Who made them closes them.

    `pages` answer what cannot do without the database, `additions` what live pages ask of it, `identity` finds out
    who asks, `login` hashes passwords and asks the directory (slow on purpose), `refresh` keeps the hub current,
    `closing` gives connections back.
    """

    pages: Threads = field(default_factory=lambda: Threads("pages", 12, most=200))
    additions: Threads = field(default_factory=lambda: Threads("additions", 4, most=40))
    identity: Threads = field(default_factory=lambda: Threads("identity", 4, most=40))
    login: Threads = field(default_factory=lambda: Threads("login", 8, most=60))
    refresh: Threads = field(default_factory=lambda: Threads("refresh", 6))
    closing: Threads = field(default_factory=lambda: Threads("closing", 4))

    def close(self) -> bool:
        """Accept no more work; return whether all threads have ended, which they do not while the database hangs."""
        return close(self.pages, self.additions, self.identity, self.login, self.refresh, self.closing)
