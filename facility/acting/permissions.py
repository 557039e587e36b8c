"""Roles, acts, and the least role that each act needs. Pages may hide a button; only this decides."""

from enum import StrEnum

from facility.acting.refusals import Forbidden, NotLoggedIn
from facility.acting.user_messages import UserMessage, message


class Role(StrEnum):
    """What a person may do; each may do all that those before it may."""

    MEMBER = "member"
    TECHNICIAN = "technician"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)


class Act(StrEnum):
    """What people do, as the audit names it."""

    REGISTER = "person.register"
    LOG_IN = "login"
    LOG_OUT = "logout"
    EXPORT = "export"

    ACCOUNT_READ = "account.read"
    ACCOUNT_CHANGE = "account.change"
    PASSWORD_CHANGE = "password.change"  # noqa: S105 - the name of an act
    PASSWORD_RESET = "password.reset"  # noqa: S105 - the name of an act
    SESSION_END = "session.end"
    TOKEN_CREATE = "token.create"  # noqa: S105 - the name of an act
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 - the name of an act

    PEOPLE_READ = "people.read"
    PERSON_ADD = "person.add"
    PERSON_APPROVE = "person.approve"
    PERSON_REFUSE = "person.refuse"
    PERSON_CHANGE = "person.change"
    PERSON_DEACTIVATE = "person.deactivate"
    PERSON_REACTIVATE = "person.reactivate"
    PASSWORD_LINK = "password.link"  # noqa: S105 - the name of an act

    EXPERIMENTS_READ = "experiments.read"
    EXPERIMENT_CREATE = "experiment.create"
    EXPERIMENT_CHANGE = "experiment.change"
    EXPERIMENT_MOVE = "experiment.state"
    ASSIGN = "assignment.start"
    UNASSIGN = "assignment.end"
    ASSIGNMENT_CORRECT = "assignment.correct"
    ASSIGNMENT_WITHDRAW = "assignment.withdraw"
    ANNOTATE = "annotation.add"
    ANNOTATION_WITHDRAW = "annotation.withdraw"
    INTERVENE = "intervention.start"
    INTERVENTION_END = "intervention.end"
    INTERVENTION_EXTEND = "intervention.extend"
    VALUES_REJECT = "values.reject"
    REJECTION_WITHDRAW = "values.reject.withdraw"

    ALARMS_READ = "alarms.read"
    ALARM_ACKNOWLEDGE = "alarm.acknowledge"
    ALARM_SHELVE = "alarm.shelve"
    ALARM_OUT_OF_SERVICE = "alarm.out_of_service"
    ALARM_RULE_CHANGE = "alarm.rule"
    CHANNELS_READ = "channels.read"
    CHANNEL_ADD = "channel.add"
    CHANNEL_CHANGE = "channel.change"
    CHANNEL_REMOVE = "channel.remove"
    CHANNEL_TEST = "channel.test"
    NOTIFICATIONS_CHANGE = "account.notifications"
    DISCORD_CODE = "discord.code"
    DISCORD_LINK = "discord.link"
    DISCORD_UNLINK = "discord.unlink"

    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"


_TECHNICIAN = (
    Act.EXPERIMENT_CREATE,
    Act.EXPERIMENT_CHANGE,
    Act.EXPERIMENT_MOVE,
    Act.ASSIGN,
    Act.UNASSIGN,
    Act.ASSIGNMENT_CORRECT,
    Act.ASSIGNMENT_WITHDRAW,
    Act.INTERVENE,
    Act.INTERVENTION_END,
    Act.INTERVENTION_EXTEND,
    Act.VALUES_REJECT,
    Act.REJECTION_WITHDRAW,
    Act.ALARM_ACKNOWLEDGE,
    Act.ALARM_SHELVE,
    Act.ALARM_OUT_OF_SERVICE,
    Act.ALARM_RULE_CHANGE,
)
_ADMIN = (
    Act.PEOPLE_READ,
    Act.PERSON_ADD,
    Act.PERSON_APPROVE,
    Act.PERSON_REFUSE,
    Act.PERSON_CHANGE,
    Act.PERSON_DEACTIVATE,
    Act.PERSON_REACTIVATE,
    Act.PASSWORD_LINK,
    Act.CHANNELS_READ,
    Act.CHANNEL_ADD,
    Act.CHANNEL_CHANGE,
    Act.CHANNEL_REMOVE,
    Act.CHANNEL_TEST,
    Act.AUDIT_READ,
    Act.AUDIT_EXPORT,
)
LEAST_ROLE: dict[Act, Role] = (
    dict.fromkeys(Act, Role.MEMBER) | dict.fromkeys(_TECHNICIAN, Role.TECHNICIAN) | dict.fromkeys(_ADMIN, Role.ADMIN)
)
ROLE_LABELS: dict[Role, UserMessage] = {
    Role.MEMBER: message("member"),
    Role.TECHNICIAN: message("technician"),
    Role.ADMIN: message("admin"),
}
# What a read-only token may do, besides looking.
READING = frozenset(
    {Act.EXPERIMENTS_READ, Act.ALARMS_READ, Act.PEOPLE_READ, Act.AUDIT_READ, Act.AUDIT_EXPORT, Act.EXPORT}
)


def allowed(role: Role | None, act: Act, *, read_only: bool = False) -> bool:
    """Return whether a role may do an act; nobody (None) may do none."""
    if role is None or (read_only and act not in READING):
        return False
    return role.rank >= LEAST_ROLE[act].rank


def require(role: Role | None, act: Act, *, read_only: bool = False) -> None:
    """Raise NotLoggedIn or Forbidden unless the role may do the act."""
    if role is None:
        raise NotLoggedIn(message("Please log in."))
    if not allowed(role, act, read_only=read_only):
        if read_only:
            raise Forbidden(message("This token may only read."))
        raise Forbidden(message("Your role does not allow this: it needs {role}.", role=ROLE_LABELS[LEAST_ROLE[act]]))
