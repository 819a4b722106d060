"""Campaigns, offers, projects, and the ledger's aggregates, over the memory store's containers."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from adapters.memory.state import Link, State
from schemas.base import BEIJING, Status
from schemas.control import TAKING_STAGES
from schemas.courses import CourseStep
from schemas.ledgers import CASES, DeliveryGroup, EventGroup, MatterGroup
from schemas.records import Direction, StoredEvent
from schemas.threads import Family, ThreadOf, ThreadRow

_NEVER: Final = -1
"""Sorts before every number of seconds, as NULL does in SQLite."""


class MemoryThreads:
    """Satisfies ``services.thread_ports.Threads``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def acts(self, thread: ThreadOf, limit: int) -> list[StoredEvent]:
        """Return the acts of a thread in the order of recording."""
        links = [link for _, link in sorted(self._state.links.items()) if link.about == thread]
        return [link.event for link in links][:limit]

    def thread_of(self, position: int) -> ThreadOf | None:
        """Return the thread to which the event at a position belongs, or None."""
        about = self._state.links[position].about
        return about if isinstance(about, ThreadOf) else None

    def row(self, thread: ThreadOf) -> ThreadRow | None:
        """Return one thread, or None."""
        return self._state.threads.get(thread)

    def rows(self, family: Family, *, state: str | None, before: int, limit: int) -> list[ThreadRow]:
        """Return threads of a family, those with the newest acts first."""
        found = [
            one for one in self._of(family) if state in {None, one.state} and (not before or one.position < before)
        ]
        return sorted(found, key=lambda one: (-one.position, one.thread.key))[:limit]

    def rows_between(self, family: Family, since: datetime, until: datetime, limit: int) -> list[ThreadRow]:
        """Return threads of a family that last into or begin within a span, by start and key."""
        found = [(one.starts_at, one) for one in self._of(family) if one.starts_at and one.starts_at < until]
        lasting = [(starts, one) for starts, one in found if one.ends_at and one.ends_at > since]
        return [one for _, one in sorted(lasting, key=lambda pair: (pair[0], pair[1].thread.key))][:limit]

    def put(self, row: ThreadRow) -> None:
        """Keep the row of a thread, in place of the one before."""
        self._state.threads[row.thread] = row

    def drop(self, thread: ThreadOf) -> None:
        """Forget the row of a thread."""
        self._state.threads.pop(thread, None)

    def _of(self, family: Family) -> Iterator[ThreadRow]:
        return (one for one in self._state.threads.values() if one.thread.family is family)


class MemoryLedger:
    """Satisfies ``services.thread_ports.LedgerShown``."""

    def __init__(self, state: State) -> None:
        """Read ``state``."""
        self._state = state

    def events(self, since: datetime, until: datetime) -> list[EventGroup]:
        """Return how many events were recorded, in groups."""
        counted = Counter(
            (_month(one.recorded_at), one.direction, one.envelope.header.type, _is_drill(one))
            for one in self._listed(since, until)
        )
        return [EventGroup(*key, count) for key, count in sorted(counted.items())]

    def deliveries(self, since: datetime, until: datetime) -> list[DeliveryGroup]:
        """Return how many deliveries there are, and how long they took, in groups."""
        listed = list(self._listed(since, until))
        came = Counter(self._came(one) for one in listed if one.direction is Direction.INCOMING)
        sent = Counter(key for one in listed if one.direction is Direction.OUTGOING for key in self._sent(one))
        return [*_groups(came, Direction.INCOMING), *_groups(sent, Direction.OUTGOING)]

    def matters(self, since: datetime, until: datetime) -> list[MatterGroup]:
        """Return how many matters were opened, in groups."""
        firsts = self._firsts()
        opened = [
            one
            for one in self._state.threads.values()
            if since <= one.opened_at < until and not _is_exercise(firsts.get(one.thread))
        ]
        counted = Counter((*_matter(one), one.state, "") for one in opened)
        counted.update((*_matter(one), two.state, two.county) for one in opened for two in one.parties)
        for about, opened_at, family, kind, outcome, counties in self._joint():
            if not _is_exercise(firsts.get(about)) and opened_at is not None and since <= opened_at < until:
                counted.update((_month(opened_at), family, kind, outcome, county) for county in ("", *counties))
        return [MatterGroup(*key, count) for key, count in sorted(counted.items())]

    def _firsts(self) -> dict[object, StoredEvent]:
        """The first event that is here of each thread and course, by what it is of; and each event by its id."""
        found: dict[object, StoredEvent] = {}
        for _, link in sorted(self._state.links.items()):
            if link.listed:
                about = (link.about.kind, link.about.course_id) if isinstance(link.about, CourseStep) else link.about
                found.setdefault(about, link.event)
                found[link.event.envelope.envelope_id] = link.event
        return found

    def _joint(self) -> "Iterator[_Joint]":
        for case in self._state.cases.values():
            yield case.case_id, case.opened_at, CASES, case.kind, case.outcome, case.counties
        for _, one in self._state.courses.values():
            yield (one.kind, one.course_id), one.opened_at, one.kind.value, one.mode, one.outcome, one.counties

    def _listed(self, since: datetime, until: datetime) -> Iterator[StoredEvent]:
        links: Iterable[Link] = self._state.links.values()
        return (one.event for one in links if one.listed and since <= one.event.recorded_at < until)

    def _came(self, event: StoredEvent) -> "_Key":
        header = event.envelope.header
        answers = [
            row.received_at
            for row in self._state.receipts
            if (row.target_chain, row.seq, row.direction) == (event.chain_number, header.seq, Direction.OUTGOING)
            and row.stage in TAKING_STAGES
        ]
        taking = _seconds(event.recorded_at, min(answers, default=None))
        storing = _seconds(header.time, event.recorded_at)
        return _month(event.recorded_at), header.source, header.type, _is_drill(event), storing, taking, False

    def _sent(self, event: StoredEvent) -> "Iterator[_Key]":
        header, place = event.envelope.header, (event.chain_number, event.envelope.header.seq)
        for key, due in self._state.dues.items():
            if key[:2] == place:
                one = due.delivery
                storing, taking = (_seconds(event.recorded_at, at) for at in (one.stored_at, one.acknowledged_at))
                refused = one.refused_code is not None
                yield _month(event.recorded_at), one.recipient, header.type, _is_drill(event), storing, taking, refused


_Key = tuple[str, str, str, bool, int, int, bool]
"""Month, partner, wire type, drill, seconds to stored and to acknowledged, refused."""
_Joint = tuple[object, datetime | None, str, str, str, tuple[str, ...]]
"""What its first event is of, when it was opened, family, kind, outcome, counties."""


def _groups(counted: "Counter[_Key]", direction: Direction) -> Iterator[DeliveryGroup]:
    for (month, partner, wire_type, drill, storing, taking, refused), count in sorted(counted.items()):
        stored, taken = (None if seconds == _NEVER else seconds for seconds in (storing, taking))
        yield DeliveryGroup(month, direction, partner, wire_type, drill, stored, taken, refused, count)


def _matter(row: ThreadRow) -> tuple[str, str, str]:
    return _month(row.opened_at), row.thread.family.value, row.kind


def _month(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m}"


def _is_exercise(first: StoredEvent | None) -> bool:
    return first is not None and _is_drill(first)


def _is_drill(event: StoredEvent) -> bool:
    return event.envelope.header.status is not Status.ACTUAL


def _seconds(begin: datetime, end: datetime | None) -> int:
    return _NEVER if end is None else max(0, int(end.timestamp() // 1) - int(begin.timestamp() // 1))
