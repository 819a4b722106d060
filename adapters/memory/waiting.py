"""Held back, quarantined, watched, told, remembered: over the memory store's containers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from adapters.memory.state import Limits, State, find_chain
from schemas.control import ReceiptStage
from schemas.errors import InvariantError
from schemas.notices import Notice, NoticeKind
from schemas.records import HeldBack, JournalKind, Quarantined, Remembered, Watch


class MemoryWaiting:
    """Satisfies ``services.ports.Waiting``."""

    def __init__(self, state: State, limits: Limits) -> None:
        """Work on ``state`` within ``limits``."""
        self._state, self._limits = state, limits

    def hold(self, held: HeldBack) -> bool:
        """Keep a link until those before it come; False if the bound per channel is reached."""
        beside = [one for one in self._state.held if one.channel == held.channel]
        if any(_place(one) == _place(held) and one.envelope_id == held.envelope_id for one in beside):
            return True
        size = sum(len(one.message) for one in beside) + len(held.message)
        if len(beside) >= self._limits.held_links or size > self._limits.held_bytes:
            return False
        self._state.held.append(held)
        return True

    def take_held(self, channel: str, epoch: str, seq: int) -> HeldBack | None:
        """Remove and return the oldest held link at ``seq``, or None."""
        found = next((one for one in self._state.held if _place(one) == (channel, epoch, seq)), None)
        if found is not None:
            self._state.held.remove(found)
        return found

    def held_epochs(self, limit: int) -> list[HeldBack]:
        """Return held links that wait for no link before them but for an epoch or a registry, oldest first."""
        return [one for one in self._state.held if self._waits_for_no_link(one)][:limit]

    def _waits_for_no_link(self, held: HeldBack) -> bool:
        chain = find_chain(self._state.chains, held.channel, held.epoch)
        return chain is None or held.seq <= chain.head.seq + 1

    def quarantine(self, refused: Quarantined) -> None:
        """Keep refused bytes by digest, the oldest bodies of a source making room; journal a digest once."""
        if refused.digest in self._state.quarantined:
            return
        self._state.quarantined[refused.digest] = refused
        self._state.write_down(JournalKind.QUARANTINED, refused.digest, refused.recorded_at)
        bodies = [row for row in self._state.quarantined.values() if row.source == refused.source and row.message]
        excess = sum(len(row.message or b"") for row in bodies) - self._limits.quarantine_bytes
        for row in bodies:
            if excess <= 0:
                break
            self._state.quarantined[row.digest] = replace(row, message=None)
            excess -= len(row.message or b"")

    def refused(self, source: str, code: str, limit: int) -> list[Quarantined]:
        """Return what was quarantined of a source for one reason and still has its bytes, oldest first."""
        rows = (row for row in self._state.quarantined.values() if row.message is not None)
        return [row for row in rows if (row.source, row.code) == (source, code)][:limit]

    def readmit(self, digest: str) -> None:
        """Take out of quarantine what turned out to be good."""
        self._state.quarantined.pop(digest, None)

    def watch(self, watches: Iterable[Watch]) -> None:
        """Remember deadlines; the same watch again takes the later word."""
        for one in watches:
            self._state.watches[_key(one), one.stage] = one

    def due(self, now: datetime, limit: int) -> list[Watch]:
        """Return and remove the watches whose deadline has passed and whose stage is still missing, earliest first."""
        passed = sorted((one for one in self._state.watches.values() if one.due_at <= now), key=_by_deadline)
        found: list[Watch] = []
        for one in passed:
            if len(found) == limit:
                break
            del self._state.watches[_key(one), one.stage]
            if self._is_missing(one):
                found.append(one)
        return found

    def _is_missing(self, watch: Watch) -> bool:
        due = self._state.dues.get(_key(watch))
        if due is None:
            return True
        return due.owes_stored if watch.stage is ReceiptStage.STORED else due.delivery.acknowledged_at is None

    def tell(self, kind: NoticeKind, about: str, county: str, text: str, at: datetime) -> int:
        """Tell the own duty officer once per cause; return the notice's number."""
        number = self._open_notice(kind, about, county)
        if number is not None:
            return number
        number = len(self._state.notices) + 1
        self._state.notices[number] = Notice(number, kind, about, county, text, at, None)
        self._state.write_down(JournalKind.NOTICE, str(number), at)
        return number

    def resolve(self, kind: NoticeKind, about: str, county: str, at: datetime) -> None:
        """The cause is gone."""
        number = self._open_notice(kind, about, county)
        if number is not None:
            self._end(number, None, at)

    def notice(self, number: int) -> Notice | None:
        """Return one notice, open or not, or None."""
        return self._state.notices.get(number)

    def close(self, number: int, by: str, at: datetime) -> None:
        """A person has dealt with an open notice."""
        found = self.notice(number)
        if found is not None and found.resolved_at is None:
            self._end(number, by, at)

    def _end(self, number: int, by: str | None, at: datetime) -> None:
        self._state.notices[number] = replace(self._state.notices[number], resolved_at=at, closed_by=by)
        self._state.write_down(JournalKind.NOTICE, str(number), at)

    def _open_notice(self, kind: NoticeKind, about: str, county: str) -> int | None:
        cause = (kind, about, county)
        return next(
            (
                one.number
                for one in self._state.notices.values()
                if one.resolved_at is None and (one.kind, one.about, one.county) == cause
            ),
            None,
        )


def _place(held: HeldBack) -> tuple[str, str, int]:
    return (held.channel, held.epoch, held.seq)


def _key(watch: Watch) -> tuple[int, int, str]:
    return (watch.chain_number, watch.seq, watch.recipient)


def _by_deadline(watch: Watch) -> tuple[datetime, int, int, str, str]:
    return (watch.due_at, *_key(watch), watch.stage.value)


class MemoryFacts:
    """Satisfies ``services.ports.Memory``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def remembered(self, key: str) -> Remembered | None:
        """Return what an Idempotency-Key was answered with, or None."""
        return self._state.remembered.get(key)

    def remember(self, row: Remembered) -> None:
        """Keep the answer."""
        if row.key in self._state.remembered:
            raise InvariantError("an Idempotency-Key is answered once")
        self._state.remembered[row.key] = row

    def forget_answers(self, before: datetime, limit: int) -> int:
        """Forget the oldest answers that were given before then; return how many."""
        old = sorted((row.recorded_at, key) for key, row in self._state.remembered.items() if row.recorded_at < before)
        for _, key in old[:limit]:
            del self._state.remembered[key]
        return len(old[:limit])

    def set_position(self, stream: str, sequence: int) -> None:
        """The stream has been worked off up to this sequence."""
        self._state.positions[stream] = sequence

    def forget_positions(self) -> None:
        """Every stream is to be worked off from its first message again."""
        self._state.positions.clear()

    def settings(self) -> Mapping[str, str]:
        """Return the store's own facts."""
        return dict(self._state.settings)

    def put_setting(self, name: str, value: str) -> None:
        """Keep one fact."""
        self._state.settings[name] = value
