"""Compare a beacon with what we hold, within one transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import structlog

from schemas.completeness import Claim
from schemas.control import ChannelHead, HeadBeaconed
from schemas.notices import NoticeKind
from services.completeness.writing import Wishes
from services.domain.completeness import held_idle
from services.domain.telling import told_of_contradiction, told_of_lost, told_of_twins
from services.ports import Transaction

log = structlog.get_logger()

_STORIES_MAX: Final = 1000
_TURNS: Final = 4


class Comparison:
    """One beacon against our own book."""

    def __init__(
        self, tx: Transaction, wishes: Wishes, *, county: str, partners: Collection[str], now: datetime
    ) -> None:
        """Work on ``tx``; of others than ``partners`` nothing is believed to exist."""
        self._tx, self._wishes, self._county, self._now = tx, wishes, county, now
        self._partners = partners
        self._claims: dict[str, Claim] = {}

    def judge(self, claimant: str, beacon: HeadBeaconed) -> None:
        """Note what the partner says to have sent, and what it holds of third counties."""
        self._tx.waiting_room.resolve(NoticeKind.SILENT, claimant, claimant, self._now)
        self._wishes.echoes[claimant] = beacon.heard
        for head in beacon.heads:
            self._compare(claimant, claimant, head)
            self._compare_turns(claimant, head)
        for seen in beacon.witnessed:
            if seen.source != claimant and seen.source in self._partners:
                self._compare(claimant, seen.source, seen)
        for ours in beacon.receipts_seen:
            self._compare_own(claimant, ours)
        self._tx.signal_book.claim(claimant, tuple(self._claims.values()))
        if beacon.idle is not None and beacon.idle != held_idle(self._tx.heads(), claimant, beacon.heads):
            self._wishes.ask_heads_of.add(claimant)

    def _compare(self, claimant: str, source: str, head: ChannelHead) -> None:
        chain = self._tx.chains.find(head.channel, head.epoch)
        if chain is None:
            self._claim(claimant, source, head)
            return
        if chain.source != source or chain.frozen:
            return
        held = self._tx.chains.held_id(chain.number, head.seq)
        if held is not None and held != head.id:
            self._contradict(claimant, source, head)
        elif head.seq > chain.head.seq:
            self._claim(claimant, source, head)

    def _compare_own(self, claimant: str, seen: ChannelHead) -> None:
        """A partner that holds more of ours than we do shows that this store was rolled back, and not by a restore."""
        chain = self._tx.chains.find(seen.channel, seen.epoch)
        if chain is None or chain.source != self._county or chain.ended or seen.seq <= chain.head.seq:
            return
        about = claimant, seen.channel, seen.epoch
        if about not in self._wishes.told and len(self._wishes.told) < _STORIES_MAX:
            self._wishes.told.add(about)
            text = told_of_lost(claimant, seen.channel, chain.head.seq)
            self._tx.waiting_room.tell(NoticeKind.OWN_UNKNOWN, seen.channel, claimant, text, self._now)

    def _compare_turns(self, source: str, head: ChannelHead) -> None:
        """A source that names two epochs of its channel by turns is two nodes: whoever left one never names it again.

        A restored node may name an old one once more, until it opens another; so it takes two turns to either side.
        """
        past = self._wishes.epochs.get((source, head.channel), ())
        if past[-1:] == (head.epoch,) or (not past and len(self._wishes.epochs) >= _STORIES_MAX):
            return
        past = (*past, head.epoch)[-_TURNS:]
        self._wishes.epochs[source, head.channel] = past
        if len(past) == _TURNS and len(set(past)) == 2:  # noqa: PLR2004 - a and b, by turns
            text = told_of_twins(source, head.channel)
            self._tx.waiting_room.tell(NoticeKind.TWINS, head.channel, source, text, self._now)
            log.error("completeness.twins", source=source, channel=head.channel, epochs=past)

    def _claim(self, claimant: str, source: str, head: ChannelHead) -> None:
        self._claims[head.channel] = Claim(claimant, source, head.channel, head.epoch, head.seq, head.id, self._now)

    def _contradict(self, claimant: str, source: str, head: ChannelHead) -> None:
        """Two stories, by somebody's word: told at once, and the other story is asked for as proof."""
        if len(self._wishes.stories) < _STORIES_MAX:
            self._wishes.stories.add((claimant, head.channel, head.epoch, head.seq))
        about = claimant, head.channel, head.epoch
        if about in self._wishes.told or len(self._wishes.told) >= _STORIES_MAX:
            return
        self._wishes.told.add(about)
        text = told_of_contradiction(source, head.channel, head.seq, claimant)
        self._tx.waiting_room.tell(NoticeKind.FORKED, head.channel, source, text, self._now)
        log.error("completeness.contradicted", source=source, claimant=claimant, channel=head.channel, seq=head.seq)
