"""Alarms: those that are open, the history, statistics, what people do with them, and their API."""

from web.alarms.acts import acknowledge_alarm, serve_condition, shelve_alarm, unshelve_alarm
from web.alarms.api import AlarmController, alarms_now
from web.alarms.page import alarm_page, alarms_page, history_page
from web.alarms.statistics_page import statistics_page
from web.http.routes import Routes

ROUTES = Routes(
    lab=(alarms_now,),
    people=(
        *(AlarmController, alarms_page, history_page, alarm_page, statistics_page),
        *(acknowledge_alarm, shelve_alarm, unshelve_alarm, serve_condition),
    ),
)
