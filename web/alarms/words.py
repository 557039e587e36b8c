"""What the pages call severities, states, transitions and kinds of alarms."""

from web.rendering.texts import N_

SEVERITY_WORDS = {"critical": N_("Critical alarm"), "major": N_("Major alarm"), "warning": N_("Warning")}
STATE_WORDS = {
    "active": N_("active, not acknowledged"),
    "acknowledged": N_("acknowledged"),
    "returned": N_("back to normal, not acknowledged"),
    "shelved": N_("shelved"),
    "suppressed": N_("explained by another alarm"),
    "out_of_service": N_("out of service"),
    "ended": N_("over"),
    "normal": N_("normal"),
}
CHANGE_WORDS = {
    "raised": N_("raised"),
    "worsened": N_("became graver"),
    "again": N_("came back"),
    "returned": N_("returned to normal"),
    "ended": N_("ended"),
    "suppressed": N_("explained by another alarm"),
    "released": N_("no longer explained by another alarm"),
    "unshelved": N_("taken from the shelf"),
    "shelved": N_("shelved"),
    "acknowledged": N_("acknowledged"),
    "out_of_service": N_("taken out of service"),
    "in_service": N_("put back into service"),
}
# What has just been done, as the redirect after a form says it.
DONE_WORDS = {
    "acknowledged": N_("The alarm is acknowledged."),
    "shelved": N_("The alarm is shelved."),
    "unshelved": N_("The alarm is taken from the shelf."),
    "out": N_("The condition is out of service."),
    "back": N_("The condition is back in service."),
    "rule_set": N_("The rule is kept; the watchdog goes by it from now on."),
    "rule_reset": N_("The default holds again."),
}
# Minutes for which an alarm can be shelved from a page.
SHELVES = {"30": N_("30 min"), "60": N_("1 h"), "240": N_("4 h"), "480": N_("8 h"), "1440": N_("24 h")}
# What a rule of a cell watches.
KIND_WORDS = {
    "deviation": N_("off its setpoint"),
    "low": N_("too low"),
    "high": N_("too high"),
    "rate": N_("changes too fast"),
    "frozen": N_("does not move any more"),
    "no_value": N_("the sensor gives no value"),
    "no_data": N_("the cell sends nothing"),
    "implausible": N_("not plausible"),
    "open": N_("stands open"),
    "no_effect": N_("a command without effect"),
    "odd_one_out": N_("unlike the other cells of its experiment"),
}
