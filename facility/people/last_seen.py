"""When sessions and tokens were used last: noted in memory and written together now and then.

A request that only reads writes nothing itself, so that it never waits for who writes.
"""

from datetime import datetime
from threading import Lock

from sqlalchemy import update

from schemas.tables import ApiToken, LoginSession
from storage.database import Sessions


class LastSeen:
    """Notes of any thread, until they are written."""

    def __init__(self) -> None:
        self._sessions: dict[int, datetime] = {}
        self._tokens: dict[int, datetime] = {}
        self._lock = Lock()

    def session(self, number: int, at: datetime) -> None:
        """Note that the session of this number was used."""
        with self._lock:
            self._sessions[number] = at

    def token(self, number: int, at: datetime) -> None:
        """Note that the token of this number was used."""
        with self._lock:
            self._tokens[number] = at

    def write(self, writing: Sessions) -> None:
        """Write what was noted; what the database does not take now is written with the next ones."""
        with self._lock:
            sessions, tokens = dict(self._sessions), dict(self._tokens)
        if not sessions and not tokens:
            return
        with writing() as session, session.begin():
            for number, at in sessions.items():
                session.execute(update(LoginSession).where(LoginSession.id == number).values(seen_at=at))
            for number, at in tokens.items():
                session.execute(update(ApiToken).where(ApiToken.id == number).values(used_at=at))
        with self._lock:
            for noted, written in ((self._sessions, sessions), (self._tokens, tokens)):
                for number, at in written.items():
                    if noted[number] == at:
                        del noted[number]
