"""`/metrics` for Prometheus, collected at each request, so that several processes count nothing twice."""

from collections.abc import Iterator

from litestar import Response, get
from litestar.di import NamedDependency
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from broker.following import Follower
from schemas.site import Site
from storage.database import ReadTransaction
from web.health.report import Health, judge
from web.live.hub import Hub
from web.threads import WebThreads

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


ACCOUNTS = {
    "assigned": "readings that a publisher numbered",
    "stored": "readings in the history",
    "rejected": "readings that could not be stored, with their reason in rejected_message",
    "repeated": "readings that came again",
}


class _Station(Collector):
    """Collect the station's state as metric families."""

    def __init__(self, found: Health, hub: Hub, follower: Follower) -> None:
        self._found, self._hub, self._follower = found, hub, follower

    def collect(self) -> Iterator[Metric]:
        found, hub = self._found, self._hub
        yield GaugeMetricFamily("octopus_database_up", "1 when the database answers", float(found.database == "ok"))
        yield GaugeMetricFamily("octopus_broker_connected", "1 when connected", float(hub.picture.connected))
        age = GaugeMetricFamily("octopus_stored_age_seconds", "age of the newest stored reading", labels=["unit"])
        waiting = GaugeMetricFamily("octopus_waiting_readings", "readings in the outbox", labels=["unit"])
        online = GaugeMetricFamily("octopus_publisher_online", "1 when the publisher is there", labels=["unit"])
        for unit in found.units:
            if unit.age_seconds is not None:
                age.add_metric([unit.unit], unit.age_seconds)
            if unit.waiting is not None:
                waiting.add_metric([unit.unit], unit.waiting)
            online.add_metric([unit.unit], float(unit.publisher == "online"))
        yield from (age, waiting, online)
        counted = {
            name: CounterMetricFamily(f"octopus_readings_{name}", text, labels=["unit", "publisher"])
            for name, text in ACCOUNTS.items()
        }
        for account in found.ledger:
            for name, family in counted.items():
                family.add_metric([account.unit, account.publisher], getattr(account, name))
        yield from counted.values()
        service = GaugeMetricFamily("octopus_service_online", "1 when the service is there", labels=["service"])
        for name, presence in found.presences.items():
            service.add_metric([name], float(presence == "online"))
        yield service
        yield GaugeMetricFamily("octopus_live_streams", "open live streams of this process", hub.clients)
        messages = CounterMetricFamily("octopus_live_messages", "MQTT messages taken", labels=["outcome"])
        for outcome, count in self._follower.outcomes.items():
            messages.add_metric([outcome], count)
        yield messages


@get("/metrics", opt={"machines": True}, tags=["health"], media_type="text/plain")
async def metrics(
    *,
    sessions: NamedDependency[ReadTransaction],
    engine: NamedDependency[Engine],
    site: NamedDependency[Site],
    hub: NamedDependency[Hub],
    follower: NamedDependency[Follower],
    threads: NamedDependency[WebThreads],
) -> Response[bytes]:
    """Return the state of /health as metric families."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Station(await judge(sessions, engine, site, hub, threads), hub, follower))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE})
