"""Figures for Prometheus: what the process counted, and gauges read from the store when asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from schemas.cap_records import CapFigures
from schemas.control import HeadBeaconed
from schemas.files import FileFigures
from schemas.page_work import PagingFigures
from schemas.searches import SearchFigures
from schemas.subjects import Lane
from services.ports import Snapshot

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds

_COUNTED: Final[Mapping[str, str]] = {
    "events_in": "Events of partners that were taken in.",
    "events_out": "Own events that were accepted, durably.",
    "deliveries": "Own events times their recipients: as many stored receipts are owed.",
    "stored": "Deliveries whose recipient has proved that it stored them.",
    "acknowledged": "Deliveries that an officer of the recipient has acknowledged.",
    "quarantined": "Messages that were refused and kept.",
    "receipts_in": "Receipts of partners that counted.",
    "receipts_out": "Receipts that this county has given.",
}
"""Only ever rise, over restarts too: they are kept in the database."""
_NOW: Final[Mapping[str, str]] = {
    "held_back": "Messages that wait for one before them: a gap.",
    "notices_open": "Notices that the duty officer has not seen the end of.",
    "waiting": "Publications that are not known to be at the hub.",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store says at one moment."""

    counts: Mapping[str, int]
    lanes: Mapping[Lane, tuple[int, int]]
    oldest_unstored: Mapping[str, datetime]
    last_stored: Mapping[str, datetime]
    clocks_ahead: Mapping[str, float]
    beacons: Mapping[str, datetime]
    """When the newest beacon of each county came."""
    files: FileFigures
    paging: PagingFigures
    cap: CapFigures
    search: SearchFigures


def read_facts(snapshot: Snapshot) -> Facts:
    """Read the gauges."""
    return Facts(
        snapshot.counts(),
        snapshot.lanes(),
        snapshot.oldest_unstored(),
        snapshot.last_stored(),
        snapshot.clocks_ahead(),
        {one.county: one.heard_at for one in snapshot.heard(HeadBeaconed.wire_type)},
        snapshot.files.figures(),
        snapshot.paging.figures(),
        snapshot.cap.figures(),
        snapshot.search.figures(),
    )


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

    def text(
        self,
        facts: Facts,
        *,
        now: datetime,
        live_clients: int,
        checks: Mapping[str, bool],
        providers: Mapping[str, bool],
        feeds: Mapping[str, bool],
    ) -> bytes:
        """Return the exposition in Prometheus' text format.

        Args:
            facts: What the store says.
            now: Aware UTC.
            live_clients: Open streams.
            checks: Readiness by name.
            providers: Whether each way to reach people works.
            feeds: Whether the last round of each CAP feed went well.
        """
        told = _Gauges(facts, now, live_clients, checks, providers, feeds)
        return generate_latest(self._registry) + generate_latest(told)


class _Gauges(CollectorRegistry):
    """A registry of one moment: figures that are read, not kept."""

    def __init__(
        self,
        facts: Facts,
        now: datetime,
        live_clients: int,
        checks: Mapping[str, bool],
        providers: Mapping[str, bool],
        feeds: Mapping[str, bool],
    ) -> None:
        super().__init__()
        self._providers, self._feeds = providers, feeds
        self._facts, self._now, self._live_clients, self._checks = facts, now, live_clients, checks

    def collect(self) -> Iterator[Metric]:
        for name, words in _COUNTED.items():
            yield CounterMetricFamily(f"sihu_{name}", words, value=self._facts.counts[name])
        for name, words in _NOW.items():
            yield GaugeMetricFamily(f"sihu_{name}", words, value=self._facts.counts[name])
        yield from self._files()
        yield from self._paging()
        yield from self._cap()
        yield from self._search()
        yield from self._lanes()
        yield from self._partners()
        yield GaugeMetricFamily("sihu_live_clients", "Open live streams.", value=self._live_clients)
        ready = GaugeMetricFamily("sihu_ready", "1 if the check holds.", labels=("check",))
        for name, holds in sorted(self._checks.items()):
            ready.add_metric([name], float(holds))
        yield ready

    def _files(self) -> Iterator[Metric]:
        files = self._facts.files
        yield GaugeMetricFamily(
            "sihu_files_arriving", "Files of partners that are not whole yet.", value=files.arriving
        )
        words = "Bytes of files of partners that are not whole yet, as they will be."
        yield GaugeMetricFamily("sihu_files_arriving_bytes", words, value=files.arriving_bytes)
        since = files.oldest_arriving
        age = max(0.0, (self._now - since).total_seconds()) if since else 0.0
        words = "Seconds since the oldest file that is not whole yet was begun; 0 if there is none."
        yield GaugeMetricFamily("sihu_oldest_arriving_seconds", words, value=age)
        words = "Chunks of files that are to be published."
        yield GaugeMetricFamily("sihu_chunks_waiting", words, value=files.chunks_waiting)
        yield GaugeMetricFamily("sihu_uploads_open", "Uploads that no event has used yet.", value=files.uploads)

    def _paging(self) -> Iterator[Metric]:
        paging = self._facts.paging
        for name, words, value in (
            ("escalations_open", "Events that are told to people and that nobody has taken yet.", paging.open),
            (
                "escalations_exhausted",
                "Events that nobody took although all were told: call by hand.",
                paging.exhausted,
            ),
            ("pages_waiting", "Pages that are to be handed to a provider.", paging.waiting),
            ("pages_held", "SMS that are held back by a storm.", paging.held),
        ):
            yield GaugeMetricFamily(f"sihu_{name}", words, value=value)
        since = paging.oldest_waiting
        age = max(0.0, (self._now - since).total_seconds()) if since else 0.0
        words = "Seconds since the oldest page that waits for a provider was due; 0 if none waits."
        yield GaugeMetricFamily("sihu_oldest_page_seconds", words, value=age)
        ready = GaugeMetricFamily("sihu_provider_ready", "1 if this way to reach people works.", labels=("provider",))
        for name, holds in sorted(self._providers.items()):
            ready.add_metric([name], float(holds))
        yield ready

    def _cap(self) -> Iterator[Metric]:
        cap = self._facts.cap
        words = "CAP documents that went out as events."
        yield CounterMetricFamily("sihu_cap_sent", words, value=cap.sent)
        words = "Answers of foreign systems to alerts, by CAP."
        yield CounterMetricFamily("sihu_cap_answers", words, value=cap.answers)
        words = "CAP documents that wait for an officer."
        yield GaugeMetricFamily("sihu_cap_held", words, value=cap.held)
        ready = GaugeMetricFamily(
            "sihu_cap_feed_ready", "1 if the last round of this feed went well.", labels=("feed",)
        )
        for name, holds in sorted(self._feeds.items()):
            ready.add_metric([name], float(holds))
        yield ready

    def _search(self) -> Iterator[Metric]:
        search = self._facts.search
        words = "Blocks of 256 positions there are."
        yield GaugeMetricFamily("sihu_search_blocks", words, value=search.blocks)
        words = "Blocks whose words are indexed; what is not indexed yet is searched by reading it."
        yield GaugeMetricFamily("sihu_search_blocks_indexed", words, value=search.indexed)

    def _lanes(self) -> Iterator[Metric]:
        given = CounterMetricFamily("sihu_lane_publications", "Publications by lane.", labels=("lane",))
        there = CounterMetricFamily(
            "sihu_lane_published", "Publications known to be at the hub, by lane.", labels=("lane",)
        )
        for lane, (end, published) in sorted(self._facts.lanes.items()):
            given.add_metric([lane.value], end)
            there.add_metric([lane.value], published)
        yield from (given, there)

    def _partners(self) -> Iterator[Metric]:
        words = "Seconds since the oldest event was accepted that this county has not proved to have stored."
        oldest = GaugeMetricFamily("sihu_oldest_unstored_seconds", words, labels=("county",))
        for county, since in sorted(self._facts.oldest_unstored.items()):
            oldest.add_metric([county], max(0.0, (self._now - since).total_seconds()))
        yield oldest
        words = "When, by its own clock, the county stored the newest event that it has proved to have."
        stored = GaugeMetricFamily("sihu_last_stored_timestamp_seconds", words, labels=("county",))
        for county, at in sorted(self._facts.last_stored.items()):
            stored.add_metric([county], at.timestamp())
        yield stored
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
