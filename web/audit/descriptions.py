"""Lines of the audit as people read them: the act in words, and what was before and after."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from facility.acting.auditing import AuditLine
from facility.acting.permissions import ROLE_WORDS, Act, Role
from facility.experiments.drafts import STATE_WORDS
from facility.people.people import STATE_WORDS as PERSON_WORDS
from schemas import times
from web.experiments import changes
from web.people.account import SCOPE_WORDS
from web.rendering.formatting import NO_VALUE
from web.rendering.texts import N_, translate_message

# What only looks is not audited, so it has no words here.
ACT_WORDS: dict[Act, str] = {
    Act.EXPERIMENT_CREATE: N_("experiment created"),
    Act.EXPERIMENT_CHANGE: N_("experiment changed"),
    Act.EXPERIMENT_MOVE: N_("state of an experiment changed"),
    Act.ASSIGN: N_("experiment put into a cell"),
    Act.UNASSIGN: N_("experiment ended in a cell"),
    Act.ASSIGNMENT_CORRECT: N_("past of a cell corrected"),
    Act.ASSIGNMENT_WITHDRAW: N_("assignment withdrawn"),
    Act.ANNOTATE: N_("annotation added"),
    Act.ANNOTATION_WITHDRAW: N_("annotation withdrawn"),
    Act.INTERVENE: N_("intervention begun"),
    Act.INTERVENTION_END: N_("intervention ended"),
    Act.INTERVENTION_EXTEND: N_("intervention prolonged"),
    Act.VALUES_REJECT: N_("values rejected"),
    Act.REJECTION_WITHDRAW: N_("rejection withdrawn"),
    Act.ALARM_ACKNOWLEDGE: N_("alarm acknowledged"),
    Act.ALARM_SHELVE: N_("alarm shelved"),
    Act.ALARM_OUT_OF_SERVICE: N_("condition taken out of service or put back"),
    Act.ALARM_RULE_CHANGE: N_("alarm rule changed"),
    Act.CHANNEL_ADD: N_("channel of alarms added"),
    Act.CHANNEL_CHANGE: N_("channel of alarms changed"),
    Act.CHANNEL_REMOVE: N_("channel of alarms removed"),
    Act.CHANNEL_TEST: N_("test of a channel asked for"),
    Act.NOTIFICATIONS_CHANGE: N_("own notifications changed"),
    Act.REGISTER: N_("account asked for"),
    Act.PERSON_ADD: N_("person added"),
    Act.PERSON_APPROVE: N_("person approved"),
    Act.PERSON_REFUSE: N_("person refused"),
    Act.PERSON_CHANGE: N_("person changed"),
    Act.PERSON_DEACTIVATE: N_("person deactivated"),
    Act.PERSON_REACTIVATE: N_("person reactivated"),
    Act.PASSWORD_LINK: N_("password link made"),
    Act.PASSWORD_RESET: N_("password set by link"),
    Act.PASSWORD_CHANGE: N_("password changed"),
    Act.ACCOUNT_CHANGE: N_("own account changed"),
    Act.LOG_IN: N_("logged in"),
    Act.LOG_OUT: N_("logged out"),
    Act.SESSION_END: N_("session ended"),
    Act.TOKEN_CREATE: N_("token made"),
    Act.TOKEN_REVOKE: N_("token revoked"),
    Act.DISCORD_CODE: N_("Discord code asked for"),
    Act.DISCORD_LINK: N_("Discord account linked"),
    Act.DISCORD_UNLINK: N_("Discord account unlinked"),
    Act.EXPORT: N_("data exported"),
    Act.AUDIT_EXPORT: N_("audit exported"),
}
SUBJECT_WORDS = {
    "experiment": N_("Experiment"),
    "cell": N_("Cell"),
    "person": N_("Person"),
    "session": N_("Session"),
    "token": N_("Token"),
    "alarm": N_("Alarm"),
    "annotation": N_("Annotation"),
    "intervention": N_("Intervention"),
    "rejection": N_("Rejection"),
    "channel": N_("Channel of alarms"),
    "audit": N_("Audit"),
}
VIA_WORDS = {
    "web": N_("pages"),
    "api": N_("API"),
    "bot": N_("Discord"),
    "command": N_("command line"),
    "directory": N_("directory"),
}
FIELD_WORDS = changes.FIELD_WORDS | {
    "experiment": N_("Experiment"),
    "started_at": N_("Start"),
    "ended_at": N_("End"),
    "reason": N_("Reason"),
    "name": N_("Name"),
    "login": N_("Login name"),
    "email": N_("E-mail"),
    "role": N_("Role"),
    "locale": N_("Language"),
    "note": N_("Note"),
    "scope": N_("It may"),
    "hint": N_("Begins with"),
    "discord_id": N_("Discord"),
    "actor": N_("Person"),
    "since": N_("From"),
    "until": N_("To"),
    "subject": N_("Subject"),
    "kind": N_("Kind"),
    "address": N_("Address"),
    "address_changed": N_("Address changed"),
    "secret_file": N_("File of the secret"),
    "enabled": N_("Switched on"),
    "severity": N_("Told of"),
    "places": N_("What may be told here"),
    "delay": N_("Minutes unattended"),
    "digest": N_("Messages a minute"),
    "quiet_from": N_("Quiet from"),
    "quiet_until": N_("Quiet until"),
}
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)")
# Numbers that only the tables know.
_INNER = {"assignment"}
_DAYS = {"planned_start", "planned_end"}
_NOTHING: tuple[object, ...] = (None, "", [], {})
_STATES = STATE_WORDS | PERSON_WORDS


@dataclass(frozen=True, slots=True)
class Difference:
    """A member of the line before and after; None where there was nothing at all, or is nothing any more."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Teller:
    """Says values in one language; `codes` are the codes of the experiments that the lines name by number."""

    gettext: Callable[[str], str]
    moment: Callable[[datetime], str]
    day: Callable[[date], str]
    codes: Mapping[int, str]

    def act(self, act: str) -> str:
        return self.gettext(ACT_WORDS[Act(act)]) if act in set(Act) and Act(act) in ACT_WORDS else act

    def differences(self, line: AuditLine) -> list[Difference]:
        """Return what the line says changed; a member that stayed the same says nothing."""
        before, after = line.before or {}, line.after or {}
        return [
            Difference(
                name=self.gettext(FIELD_WORDS[name]) if name in FIELD_WORDS else name,
                before=self.value(name, before.get(name)) if before else None,
                after=self.value(name, after.get(name)) if after else None,
            )
            for name in dict.fromkeys((*before, *after))
            if name not in _INNER and _some(before, name) != _some(after, name)
        ]

    def value(self, name: str, value: Any) -> str:  # noqa: PLR0911 - one line a kind of value
        """Write a value of the audit as text."""
        if value in _NOTHING:
            return NO_VALUE
        if isinstance(value, bool):
            return self.gettext(N_("yes")) if value else self.gettext(N_("no"))
        if name == "experiment" and isinstance(value, int):
            return self.codes.get(value, f"#{value}")
        if name == "state" and value in _STATES:
            return translate_message(self.gettext, _STATES[value])
        if name == "role" and value in set(Role):
            return translate_message(self.gettext, ROLE_WORDS[Role(value)])
        if name == "scope" and value in SCOPE_WORDS:
            return self.gettext(SCOPE_WORDS[value])
        if name in _DAYS and isinstance(value, str):
            return self.day(date.fromisoformat(value))
        if isinstance(value, str):
            return self.moment(times.from_text(value)) if _INSTANT.fullmatch(value) else value
        if isinstance(value, list) and all(isinstance(one, (str, int, float)) for one in value):
            return ", ".join(map(str, value))
        return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, (dict, list)) else str(value)


def _some(members: Mapping[str, object], name: str) -> Any:
    """Return a member, None where it says nothing: an empty text that was not there before is no change."""
    value = members.get(name)
    return None if value in _NOTHING else value


def experiments_named(lines: list[AuditLine]) -> set[int]:
    """Return the numbers of the experiments that lines are about or name."""
    found = {int(line.subject_id) for line in lines if line.subject == "experiment" and line.subject_id.isdecimal()}
    parts = [part for line in lines for part in (line.before, line.after) if part]
    return found | {part["experiment"] for part in parts if isinstance(part.get("experiment"), int)}
