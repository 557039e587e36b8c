"""Slow guesses of passwords down, counted in the database so that every web process sees the same.

Three counts over the last quarter of an hour: of an account from one address, of an address, of an account
from everywhere. The last two could be used to lock other people out, so they do not hold for somebody who has
lately logged in to this account from this address.
"""

import ipaddress
import math
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from facility.acting.refusals import TooManyAttempts
from facility.acting.secret_texts import digest
from schemas import times
from schemas.tables import LoginAttempt
from storage.database import Sessions

WINDOW = timedelta(minutes=15)
KNOWN = timedelta(days=30)
PAIR_LIMIT, ADDRESS_LIMIT, ACCOUNT_LIMIT = 5, 50, 50
_REGISTRATION = "a registration"
FIRST_WAIT, LONGEST_WAIT = 15, 300


def network_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 that one IPv6 customer owns."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def person_key(number: int) -> str:
    """Return what attempts on a person's password are counted by; no login name has a space."""
    return f"person {number}"


def begin_attempt(sessions: Sessions, account: str, address: str) -> int:
    """Count an attempt as failed before it is tried, or raise TooManyAttempts; return its number.

    `account` is a `person_key`, or what was typed where nobody is called so.

    Counted first: a hundred attempts at the same time must not all find the count at zero.
    """
    account, place, now = digest(account), network_of(address), times.now()
    with sessions() as session, session.begin():
        attempt = LoginAttempt(at=now, account=account, address=place, succeeded=False)
        session.add(attempt)
        session.flush()
        number = attempt.id
        session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - KNOWN))
    with sessions() as session, session.begin():
        wait = _wait(session, account, place, number, now)
        if wait > 0:
            # Not tried, so not counted: who waits gets in.
            session.execute(delete(LoginAttempt).where(LoginAttempt.id == number))
    if wait > 0:
        raise TooManyAttempts(wait)
    return number


def end_attempt(sessions: Sessions, number: int) -> None:
    """Note that the attempt succeeded."""
    with sessions() as session, session.begin():
        attempt = session.get(LoginAttempt, number)
        if attempt is not None:
            attempt.succeeded = True


def forget_attempt(sessions: Sessions, number: int) -> None:
    """Take back an attempt of which nothing was judged."""
    with sessions() as session, session.begin():
        session.execute(delete(LoginAttempt).where(LoginAttempt.id == number))


def count_registration(session: Session, address: str, now: datetime, most: int) -> None:
    """Count a registration from this place, or raise TooManyAttempts after the `most`th within an hour."""
    account, place = digest(_REGISTRATION), network_of(address)
    lately = LoginAttempt.account == account, LoginAttempt.address == place, LoginAttempt.at > now - timedelta(hours=1)
    if (session.scalar(select(func.count()).where(*lately)) or 0) >= most:
        raise TooManyAttempts(3600)
    # Not a failure: it must not count as a guess of somebody's password.
    session.add(LoginAttempt(at=now, account=account, address=place, succeeded=True))


def _wait(session: Session, account: str, place: str, number: int, now: datetime) -> int:
    of_account, of_address = LoginAttempt.account == account, LoginAttempt.address == place
    good = session.scalar(
        select(func.max(LoginAttempt.at)).where(
            of_account, of_address, LoginAttempt.succeeded, LoginAttempt.at >= now - KNOWN
        )
    )
    window = now - WINDOW
    since = window if good is None else max(window, good)
    waits = [_wait_for(session, of_account, of_address, limit=PAIR_LIMIT, number=number, since=since, now=now)]
    if good is None:
        waits += [
            _wait_for(session, of_address, limit=ADDRESS_LIMIT, number=number, since=window, now=now),
            _wait_for(session, of_account, limit=ACCOUNT_LIMIT, number=number, since=window, now=now),
        ]
    return max(waits)


def _wait_for(
    session: Session, *whose: ColumnElement[bool], limit: int, number: int, since: datetime, now: datetime
) -> int:
    # Older numbers only: of many at once the first `limit` are tried, not none.
    failures, last = session.execute(
        select(func.count(), func.max(LoginAttempt.at)).where(
            *whose, LoginAttempt.succeeded.is_(False), LoginAttempt.at >= since, LoginAttempt.id < number
        )
    ).one()
    if failures < limit or last is None:
        return 0
    pause = timedelta(seconds=min(FIRST_WAIT * 2 ** min(failures - limit, 10), LONGEST_WAIT))
    return max(0, math.ceil((last + pause - now).total_seconds()))
