"""What is missing is asked for, told, and forgotten once it is here; who is silent is named."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

import structlog

from schemas.completeness import Claim, Heard
from schemas.control import WANTED_MAX, HeadBeaconed, RangeRequested, Wanted
from schemas.errors import SihuError
from schemas.notices import Notice, NoticeKind
from schemas.records import Chain
from services.completeness.beaconer import TICKS
from services.completeness.endings import Ended, Endings, claims_of
from services.completeness.twin import TwinWatch
from services.completeness.writing import SignalWriter, Wishes
from services.domain.completeness import (
    INTERVAL_SECONDS,
    Moment,
    Need,
    ask_again_after,
    echo_age,
    needs_of,
    partners_of,
    wanted_of,
    whom_to_ask,
)
from services.domain.epochs import Ending
from services.domain.telling import phone_of, told_of_dropped, told_of_missing_links, told_of_quiet, told_of_unheard
from services.domain.trust import Trust
from services.ports import Clock, Snapshot, Store, Transaction
from services.recurring import recurring

log = structlog.get_logger()

GRACE_MOST_SECONDS: Final = 5.0
_LOOKED_AT_MAX: Final = 5000
_CLAIMS_MAX: Final = 5000
_NOTICES_MAX: Final = 1000
_SILENT_INTERVALS: Final = 2
_UNHEARD_INTERVALS: Final = 3  # one for ours to leave, one for theirs, and one for the way


@dataclass(frozen=True, slots=True)
class _View:
    """What the store holds at one moment."""

    needs: Sequence[Need]
    fulfilled: Sequence[tuple[Moment, int]]
    heard: Sequence[Heard]
    notices: Sequence[Notice]
    ended: Sequence[Ended]


@dataclass(frozen=True, slots=True)
class _Asked:
    """How long a need has stood still, and how often it was asked for. Times are monotonic seconds."""

    need: Need
    since: float
    attempt: int = 0
    asked_at: float = 0.0


class Inquirer:
    """Ask for what is missing."""

    def __init__(
        self,
        *,
        store: Store,
        writer: SignalWriter,
        trust: Callable[[], Trust],
        clock: Clock,
        wishes: Wishes,
        contact: Callable[[], int],
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            writer: The way out for requests.
            trust: Returns what is trusted now.
            clock: Seconds that never go back.
            wishes: What the other parts of this room want.
            contact: The number of the present contact with the hub, 0 if there is none.
            interval_seconds: How often beacons come.
        """
        self._store, self._writer, self._trust, self._clock = store, writer, trust, clock
        self._wishes, self._contact, self._interval_seconds = wishes, contact, interval_seconds
        self._grace_seconds = min(GRACE_MOST_SECONDS, interval_seconds / 4)
        self._asked: dict[Moment, _Asked] = {}
        self._heard: dict[str, tuple[int, float]] = {}
        self._contact_known, self._contact_since = -1, 0.0
        self._heads_asked: dict[str, float] = {}
        self._endings = Endings(writer.county)
        self._dropped: set[Moment] = set()
        self._twin = TwinWatch(store=store, writer=writer, wishes=wishes)
        self._unheard_told: set[str] = set()
        self._contradicted: set[Moment] = set()
        self._quiet: frozenset[str] = frozenset()
        """Whose silence was told: an officer who has closed the notice is not told again until it has spoken."""

    async def run_once(self) -> int:
        """Ask for what has been missing for a moment, and tell; return how many requests went out.

        Raises:
            UnavailableError: The hub does not take them now, or the store cannot be used.
        """
        view = await self._store.read(self._look)
        now = self._clock.monotonic()
        self._asked = {one.key: self._patience(one, now) for one in view.needs}
        self._ask_for_stories(view.ended)
        due = sorted((one for one in self._asked.values() if self._is_due(one, now)), key=_urgency)
        silent = self._silent(view, now)
        await self._tell(view, due, silent)
        await self._tell_unheard(view, self._unheard(silent.keys(), now))
        await self._twin.run_once(self._clock.now())
        requests = self._requests(due, now)
        for partner, request in requests.items():
            await self._writer.send(request, partner)
            log.warning("completeness.asked", county=partner, ranges=len(request.wanted), all_heads=request.all_heads)
        return len(requests)

    def _look(self, snapshot: Snapshot) -> _View:
        ended = self._endings.look(snapshot)
        claims = [*snapshot.claims(_CLAIMS_MAX), *claims_of(ended, self._clock.now())]
        chains = _chains_of(snapshot, claims)
        needs = needs_of(snapshot.gaps(_LOOKED_AT_MAX), claims, chains, self._writer.county)
        fulfilled = [
            (key, chain.head.seq)
            for key, chain in chains.items()
            if any((one.channel, one.epoch) == key and one.seq <= chain.head.seq for one in claims)
        ]
        heard = snapshot.heard(HeadBeaconed.wire_type)
        return _View(needs, fulfilled, heard, snapshot.notices(open_only=True, limit=_NOTICES_MAX), ended)

    # -- what is missing ------------------------------------------------------------------------------

    def _patience(self, need: Need, now: float) -> _Asked:
        """A chain that moves is not asked for: whatever is missing may be on its way."""
        known = self._asked.get(need.key)
        if known is None or known.need.held_seq != need.held_seq:
            return _Asked(need, now)
        return replace(known, need=need)

    def _is_due(self, one: _Asked, now: float) -> bool:
        if one.attempt == 0:
            return now - one.since >= self._grace_seconds
        return now - one.asked_at >= ask_again_after(one.attempt, self._interval_seconds)

    def _requests(self, due: Sequence[_Asked], now: float) -> dict[str, RangeRequested]:
        """Join what one county is to be asked for; what finds no room is asked for next time."""
        wanted: dict[str, list[Wanted]] = {}
        for one in due:
            wanted.setdefault(whom_to_ask(one.need, one.attempt), []).extend(wanted_of(one.need))
            self._asked[one.need.key] = replace(one, attempt=one.attempt + 1, asked_at=now)
        for claimant, channel, epoch, seq in sorted(self._wishes.stories):
            run = Wanted(channel=channel, epoch=epoch, first_seq=seq, last_seq=seq)
            wanted.setdefault(claimant, []).append(run)
        self._wishes.stories.clear()
        heads = {county for county in self._wishes.ask_heads_of if self._may_ask_heads(county, now)}
        self._wishes.ask_heads_of.clear()
        return {
            county: RangeRequested(wanted=tuple(wanted.get(county, ())[:WANTED_MAX]), all_heads=county in heads)
            for county in sorted(wanted.keys() | heads)
            if self._trust().member(county) is not None
        }

    def _ask_for_stories(self, ended: Sequence[Ended]) -> None:
        """An opening names another last link than we hold: its source shall show the one it means."""
        for one in ended:
            about = one.handover
            key = about.channel, about.old_epoch
            if one.ending is Ending.CONTRADICTED and key not in self._contradicted:
                self._contradicted.add(key)
                self._wishes.stories.add((about.source, about.channel, about.old_epoch, about.last.seq))

    def _may_ask_heads(self, county: str, now: float) -> bool:
        """Every fifth interval at most: a digest that cannot fit, as after a restore, would be asked for for ever."""
        asked = self._heads_asked.get(county)
        if asked is not None and now - asked < 5 * self._interval_seconds:
            return False
        self._heads_asked[county] = now
        return True

    # -- who is silent --------------------------------------------------------------------------------

    def _silent(self, view: _View, now: float) -> dict[str, Heard | None]:
        """Return the partners of whom no beacon has come for two intervals while we had contact ourselves."""
        contact = self._contact()
        if contact != self._contact_known:
            self._contact_known, self._contact_since = contact, now
        latest = {one.county: one for one in view.heard}
        partners = partners_of(self._trust(), self._writer.county, self._clock.now())
        for county in partners:
            number = latest[county].number if county in latest else 0
            known = self._heard.get(county)
            if known is None or known[0] != number:
                self._heard[county] = number, now
        patience = _SILENT_INTERVALS * self._interval_seconds
        if contact == 0 or now - self._contact_since < patience:
            return {}
        return {one: latest.get(one) for one in sorted(partners) if now - self._heard[one][1] >= patience}

    def _unheard(self, silent: Collection[str], now: float) -> set[str]:
        """Return the partners whose beacons come and have confirmed none of ours for three intervals.

        Whoever holds beacons up cannot confirm ours in them: a county that is dead looks alive for no longer.
        """
        patience = _UNHEARD_INTERVALS * self._interval_seconds
        if self._contact_known == 0 or now - self._contact_since < patience:
            return set()
        ages = {
            county: echo_age(self._wishes.echoes[county], sent, now)
            for county, sent in self._wishes.sent.items()
            if county in self._wishes.echoes and county not in silent
        }
        partners = partners_of(self._trust(), self._writer.county, self._clock.now())
        return {county for county, age in ages.items() if age >= patience and county in partners}

    # -- what is told ---------------------------------------------------------------------------------

    async def _tell(self, view: _View, due: Sequence[_Asked], silent: dict[str, Heard | None]) -> None:
        now = self._clock.now()
        needed = {(one.about, one.source) for one in view.needs}
        missing = [one for one in view.notices if one.kind is NoticeKind.MISSING]
        here = [one for one in missing if (one.about, one.county) not in needed]
        known = {one.about for one in view.notices if one.kind is NoticeKind.SILENT}
        quiet = {county: last for county, last in silent.items() if county not in known | self._quiet}
        first = [one for one in due if one.attempt == 0]
        self._quiet = frozenset(silent)
        dropped = [one for one in view.ended if one.ending is Ending.DROPPED and _key(one) not in self._dropped]
        if not (here or quiet or first or dropped or view.fulfilled):
            return

        def work(tx: Transaction) -> None:
            for (channel, epoch), head in view.fulfilled:
                tx.signal_book.settle_claims(channel, epoch, head)
            for notice in here:
                tx.waiting_room.resolve(notice.kind, notice.about, notice.county, now)
            for one in first:
                self._tell_missing(tx, one.need, now)
            for county, last in quiet.items():
                self._tell_silent(tx, county, last, now)
            for ended in dropped:
                self._tell_dropped(tx, ended, now)

        await self._store.write(work)
        self._dropped |= {_key(one) for one in dropped}

    async def _tell_unheard(self, view: _View, unheard: set[str]) -> None:
        told = {
            one.county
            for one in view.notices
            if one.kind is NoticeKind.SILENT and one.about == _unheard_about(one.county)
        }
        fresh, over, now = unheard - told - self._unheard_told, told - unheard, self._clock.now()
        self._unheard_told = unheard
        if not (fresh or over):
            return

        def work(tx: Transaction) -> None:
            for county in over:
                tx.waiting_room.resolve(NoticeKind.SILENT, _unheard_about(county), county, now)
            for county in fresh:
                text = told_of_unheard(county, phone_of(self._trust(), "", county))
                tx.waiting_room.tell(NoticeKind.SILENT, _unheard_about(county), county, text, now)
                log.error("completeness.unheard", county=county)

        await self._store.write(work)

    def _tell_missing(self, tx: Transaction, need: Need, now: datetime) -> None:
        asked = whom_to_ask(need, 0)
        text = told_of_missing_links(need.source, need.channel, need.runs, asked, need.said_by)
        tx.waiting_room.tell(NoticeKind.MISSING, need.about, need.source, text, now)
        runs = [f"{first}-{last}" for first, last in need.runs]
        log.error("completeness.missing", source=need.source, channel=need.channel, runs=runs, said_by=need.said_by)

    def _tell_silent(self, tx: Transaction, county: str, last: Heard | None, now: datetime) -> None:
        phone = phone_of(self._trust(), "", county)
        text = told_of_quiet(county, phone, last.heard_at if last else None)
        tx.waiting_room.tell(NoticeKind.SILENT, county, county, text, now)
        log.error("completeness.silent", county=county, since=last.heard_at.isoformat() if last else None)

    def _tell_dropped(self, tx: Transaction, ended: Ended, now: datetime) -> None:
        about = ended.handover
        text = told_of_dropped(about.source, about.channel, ended.surplus)
        tx.waiting_room.tell(NoticeKind.EPOCH_DROPPED, about.channel, about.source, text, now)
        log.error("completeness.epoch_dropped", source=about.source, channel=about.channel, count=ended.surplus)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Look twelve times in an interval until the block ends."""
        async with recurring(
            self.run_once,
            name="inquirer",
            clock=self._clock,
            every_seconds=self._interval_seconds / TICKS,
            deferred=_tell_deferred,
        ):
            yield self


def _tell_deferred(error: SihuError) -> None:
    log.warning("completeness.deferred", what="requests", code=error.code)


def _unheard_about(county: str) -> str:
    """What such a notice is about: it ends otherwise than one of silence."""
    return f"unheard {county}"


def _key(one: Ended) -> Moment:
    return one.handover.channel, one.handover.old_epoch


def _urgency(one: _Asked) -> tuple[bool, float]:
    """What is known to exist goes before what somebody says, and the longest missing first."""
    return not one.need.known, one.since


def _chains_of(snapshot: Snapshot, claims: Sequence[Claim]) -> dict[Moment, Chain]:
    found: dict[Moment, Chain] = {}
    for key in {(one.channel, one.epoch) for one in claims}:
        chain = snapshot.chain(*key)
        if chain is not None:
            found[key] = chain
    return found
