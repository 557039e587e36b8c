"""`/api/alarms/rules`: the rules that people set over the site's defaults."""

from typing import Annotated

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from facility.acting.acts import Actor, read_transaction
from facility.acting.permissions import Act
from facility.alarms.previewing import PreviewView, preview_rule
from facility.alarms.rules import RuleChange, RuleView, list_rules, reset_rule, set_rule
from schemas import times
from schemas.site import Site
from storage.database import ReadTransaction, Sessions
from web.http.problems import problems
from web.http.query_parameters import RowId


class RuleController(Controller):
    path = "/api/alarms/rules"
    tags = ("alarms",)

    @get(opt={"act": Act.ALARMS_READ}, responses=problems(), sync_to_thread=True)
    def rules(
        self,
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        cell: Annotated[str, QueryParameter(max_length=64)] = "",
    ) -> list[RuleView]:
        """Return what people set; with `cell` only what may concern it."""
        with read_transaction(sessions, actor, Act.ALARMS_READ) as session:
            return list_rules(session, cell or None)

    @put(opt={"act": Act.ALARM_RULE_CHANGE}, responses=problems(409, 422), sync_to_thread=True)
    def set_one(
        self,
        data: JSONBody[RuleChange],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
    ) -> RuleView:
        """Set one level of a rule; `version` is that of the rule that it changes."""
        return set_rule(writing, actor, site, data)

    @post("/preview", opt={"act": Act.ALARMS_READ}, responses=problems(422), status_code=200, sync_to_thread=True)
    def preview(
        self,
        data: JSONBody[RuleChange],
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
    ) -> PreviewView:
        """Return how often a rule would have fired in the last 30 days; nothing is kept."""
        return preview_rule(sessions, actor, site, data, times.now())

    @delete(
        "/{rule:int}",
        opt={"act": Act.ALARM_RULE_CHANGE},
        responses=problems(404, 409),
        status_code=204,
        sync_to_thread=True,
    )
    def reset(
        self,
        rule: RowId,
        version: Annotated[int, QueryParameter(ge=1, le=2**31 - 1)],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> None:
        """Forget a rule: the default holds again."""
        reset_rule(writing, actor, rule, version)
