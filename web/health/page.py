"""`/health` for people: what works, where readings wait, and the account of every one of them."""

from litestar.response import Template

from web.health.report import Health
from web.rendering.pages import page, translated
from web.rendering.texts import N_
from web.requests import HttpRequest

STATUS_LABELS = {
    "ok": N_("Readings arrive and are stored."),
    "degraded": N_("A part of the station needs a look."),
    "down": N_("Nothing new is being stored, or nothing can be shown live."),
}
PRESENCE_LABELS = {"online": N_("online"), "offline": N_("offline"), "unknown": N_("unknown"), "silent": N_("silent")}
SERVICE_LABELS = {
    "ingestor": N_("Storing (ingestor)"),
    "web": N_("Pages (web)"),
    "bot": N_("Discord (bot)"),
    "watchdog": N_("Alarms (watchdog)"),
}


def health_page(request: HttpRequest, found: Health, status_code: int) -> Template:
    """Render the report as a page; the same address also has it as JSON."""
    context = {
        "health": found,
        "status_word": translated(request, STATUS_LABELS)[found.status],
        "presences": found.presences,
        "presence_words": translated(request, PRESENCE_LABELS),
        "service_words": translated(request, SERVICE_LABELS),
    }
    return page(request, "health/health.html", context, current="health", status_code=status_code)
