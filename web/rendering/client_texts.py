"""The texts of the pages' scripts, passed as JSON in the page's language."""

from collections.abc import Callable

from facility.notes.tags import WORKS
from web.rendering.cell_view import STATE_LABELS, VALUE_LABELS
from web.rendering.texts import N_, translate_message

NEVER = N_("never")
CLIENT_TEXTS = {
    "ago": N_("{age} ago"),
    "ahead": N_("{age} ahead of the clock"),
    "never": NEVER,
    "all_normal": N_("All normal"),
    "lost": N_("Connection lost since {time}. Reconnecting…"),
    "back": N_("Connection restored."),
    "broker_lost": N_("The server no longer hears the units: what is shown is getting old."),
    "pause": N_("Pause live values"),
    "resume": N_("Resume live values"),
    "paused": N_("Live values are paused."),
    "free": N_("free"),
    "day_in_cell": N_("day {n} in this cell"),
    "setpoint": N_("setpoint"),
    "severity_warning": N_("Warning"),
    "severity_major": N_("Major alarm"),
    "severity_critical": N_("Critical alarm"),
    "alarm_returned": N_("back to normal, not acknowledged"),
    "alarm_acknowledged": N_("acknowledged"),
    "alarm_shelved": N_("shelved"),
    "alarm_suppressed": N_("explained by another alarm"),
    "alarm_out_of_service": N_("out of service"),
    "layer_night": N_("light off"),
    "layer_door": N_("door open"),
    "layer_alarm": N_("alarm"),
    "layer_intervention": N_("intervention"),
    "layer_annotation": N_("note"),
    "layer_rejection": N_("rejected values"),
    "goes_on": N_("goes on"),
    "happenings": N_("What happened ({n})"),
    "alarm_count": N_("{n} alarms"),
    "alarm_count_one": N_("1 alarm"),
    "alarms_more": N_("and {n} more"),
    "call_refused": N_("The browser does not allow notifications for this site: its own settings decide."),
    "call_on": N_("On: this browser remembers it."),
    "unit_online": N_("online"),
    "unit_offline": N_("offline"),
    "unit_unknown": N_("no news yet"),
    "unit_silent": N_("silent: no longer says that it is online"),
    "unit_waiting": N_("{n} readings waiting"),
    "chart_label": N_("{name}, {from} to {to}"),
    "chart_summary": N_("{name}: minimum {min}, mean {mean}, maximum {max} {unit}."),
    "chart_empty": N_("No value in this period."),
    "chart_failed": N_("The history could not be loaded. Trying again in {seconds} s."),
    "chart_login": N_("The history is for people with an account."),
    "log_in": N_("Log in"),
    "chart_gaps": N_("{n} interruptions in the data are left blank."),
    "chart_gap": N_("One interruption in the data is left blank."),
    "source_raw": N_("every reading"),
    "source_bucket": N_("one point per {width}: minimum, mean, maximum"),
    "time": N_("Time"),
    "minimum": N_("Minimum"),
    "mean": N_("Mean"),
    "maximum": N_("Maximum"),
    "all_within": N_("All values are within the limits."),
    "out_one": N_("One value is out of limits."),
    "out_several": N_("{n} values are out of limits."),
    "others_within": N_("The other values are within the limits."),
    "missing_one": N_("One value is missing."),
    "missing_several": N_("{n} values are missing."),
    "silent_one": N_("One cell sends no recent values."),
    "silent_several": N_("{n} cells send no recent values."),
    "no_verdict": N_("No value can be judged."),
    "day_number": N_("day {n}"),
    "day_axis": N_("Day of the experiment"),
    "days_shown": N_("day {from} to day {to}"),
    "cell_summary": N_("{cell}: minimum {min}, mean {mean}, maximum {max} {unit}."),
    "choose_cells": N_("Choose at least one cell."),
    "dates_wrong": N_("The end must come after the beginning."),
}


def client_texts(gettext: Callable[[str], str]) -> dict[str, object]:
    """Return the scripts' texts in one language."""
    return {key: gettext(text) for key, text in CLIENT_TEXTS.items()} | {
        "states": {state: gettext(word) for state, word in STATE_LABELS.items()},
        "works": {work: translate_message(gettext, words) for work, words in WORKS.items()},
        "values": {state: gettext(word) if word else "" for state, word in VALUE_LABELS.items()},
    }
