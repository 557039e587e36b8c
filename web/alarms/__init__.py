"""Alarms: those that are open, the history, statistics, what people do with them, and their API."""

from web.alarms.acts import acknowledge_alarm, serve_condition, shelve_alarm, unshelve_alarm
from web.alarms.api import AlarmController, alarms_now
from web.alarms.page import alarm_page, alarms_page, history_page
from web.alarms.rules_api import RuleController
from web.alarms.rules_page import forget_rule, rules_page, save_rule, try_rule
from web.alarms.statistics_page import statistics_page
from web.http.routes import Routes

ROUTES = Routes(
    lab=(alarms_now,),
    people=(
        *(AlarmController, RuleController, alarms_page, history_page, alarm_page, statistics_page),
        *(rules_page, save_rule, try_rule, forget_rule),
        *(acknowledge_alarm, shelve_alarm, unshelve_alarm, serve_condition),
    ),
)
