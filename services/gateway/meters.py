"""Figures for Prometheus: what the process counted, and gauges read from the store when asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from schemas.control import HeadBeaconed
from services.ports import Snapshot

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store says at one moment."""

    counts: Mapping[str, int]
    oldest_unstored: Mapping[str, datetime]
    clocks_ahead: Mapping[str, float]
    beacons: Mapping[str, datetime]
    """When the newest beacon of each county came."""


def read_facts(snapshot: Snapshot) -> Facts:
    """Read the gauges."""
    beacons = {one.county: one.heard_at for one in snapshot.heard(HeadBeaconed.wire_type)}
    return Facts(snapshot.counts(), snapshot.oldest_unstored(), snapshot.clocks_ahead(), beacons)


class Meters:
    """The counters of one gateway, in a registry of their own."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._registry = CollectorRegistry(auto_describe=True)
        self._answers = Counter(
            "sihu_gateway_answers", "Answers by route and status.", ("route", "status"), registry=self._registry
        )
        self._refusals = Counter("sihu_gateway_refusals", "Refusals by code.", ("code",), registry=self._registry)
        self._seconds = Histogram(
            "sihu_gateway_seconds",
            "Seconds from the request's head to its answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._answers.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def refused(self, code: str) -> None:
        """Count one refusal."""
        self._refusals.labels(code).inc()

    def text(self, facts: Facts, *, now: datetime, live_clients: int, checks: Mapping[str, bool]) -> bytes:
        """Return the exposition in Prometheus' text format.

        Args:
            facts: What the store says.
            now: Aware UTC.
            live_clients: Open streams.
            checks: Readiness by name.
        """
        return generate_latest(self._registry) + generate_latest(_Gauges(facts, now, live_clients, checks))


class _Gauges(CollectorRegistry):
    """A registry of one moment: gauges that are read, not kept."""

    def __init__(self, facts: Facts, now: datetime, live_clients: int, checks: Mapping[str, bool]) -> None:
        super().__init__()
        self._facts, self._now, self._live_clients, self._checks = facts, now, live_clients, checks

    def collect(self) -> Iterator[Metric]:
        for name, value in sorted(self._facts.counts.items()):
            yield GaugeMetricFamily(f"sihu_{name}", f"{name.replace('_', ' ').capitalize()}.", value=value)
        yield GaugeMetricFamily("sihu_live_clients", "Open live streams.", value=self._live_clients)
        ready = GaugeMetricFamily("sihu_ready", "1 if the check holds.", labels=("check",))
        for name, holds in sorted(self._checks.items()):
            ready.add_metric([name], float(holds))
        yield ready
        words = "Seconds since the oldest event was accepted that this county has not proved to have stored."
        oldest = GaugeMetricFamily("sihu_oldest_unstored_seconds", words, labels=("county",))
        for county, since in sorted(self._facts.oldest_unstored.items()):
            oldest.add_metric([county], max(0.0, (self._now - since).total_seconds()))
        yield oldest
        words = "Seconds by which the county's newest message was ahead of our clock when it came; above 5 is a skew."
        ahead = GaugeMetricFamily("sihu_clock_ahead_seconds", words, labels=("county",))
        for county, seconds in sorted(self._facts.clocks_ahead.items()):
            ahead.add_metric([county], seconds)
        yield ahead
        age = GaugeMetricFamily(
            "sihu_beacon_age_seconds", "Seconds since the county's last beacon.", labels=("county",)
        )
        for county, heard_at in sorted(self._facts.beacons.items()):
            age.add_metric([county], max(0.0, (self._now - heard_at).total_seconds()))
        yield age
