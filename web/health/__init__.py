"""Can the station's data be trusted now: page, JSON, metrics, the account of every reading."""

from web.health.api import health
from web.health.metrics import metrics
from web.http.routes import Routes

ROUTES = Routes(lab=(health, metrics))
