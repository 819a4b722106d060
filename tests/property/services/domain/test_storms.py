"""A thousand alerts in a minute: an officer's telephone stays readable, and nothing goes untold."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.sms import HoldReason, SmsTold, Suppression
from services.domain.storms import (
    MINUTE,
    Bundle,
    BundleDue,
    Decision,
    History,
    Hold,
    Later,
    PageDue,
    Send,
    SendWith,
    bundle_with,
    decide,
    is_first,
    suppression_of,
)
from tests.papers import NOW

SECOND = timedelta(seconds=1)


@dataclass
class Telephone:
    """One officer's SMS as the notifier runs them: decide, keep, and decide again when what waits is due again."""

    officer: str = "officer-a"
    sent: list[SmsTold] = field(default_factory=list)
    held: dict[str, Suppression] = field(default_factory=dict)
    pages: dict[str, PageDue] = field(default_factory=dict)
    next_at: dict[str, datetime] = field(default_factory=dict)
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    waited: list[tuple[PageDue, Bundle | Hold]] = field(default_factory=list)
    firsts: list[tuple[PageDue, bool]] = field(default_factory=list)

    def page(self, page: PageDue, now: datetime) -> None:
        """One page is due."""
        before = [one for one in self.sent if now - one.told_at < 15 * MINUTE and one.area == page.area]
        decision = self._decide(page, now)
        if is_first(page, before):
            self.firsts.append((page, isinstance(decision, Send | SendWith)))

    def tick(self, now: datetime) -> None:
        """What waits and is due again, the highest level first, as the notifier's work comes."""
        again = sorted((self.pages[one].level, at, one) for one, at in self.next_at.items() if at <= now)
        for _, _, page_id in again:
            if self.held[page_id].told_at is None:  # another one's SMS may just have told of it
                self._decide(self.pages[page_id], now)

    def _decide(self, page: PageDue, now: datetime) -> Decision:
        decision = decide(page, History(self.officer, self.sent, now), held=self.held.values(), now=now)
        match decision:
            case Send():
                self._send(page.area, ((page.group, page.level),), page.text_digest, now)
                self.answers[page.page_id] = (page.page_id,)
            case SendWith():
                self._tell(bundle_with(page, self.held.values(), decision), page.area, now)
            case Bundle() | Hold():
                self.held[page.page_id] = suppression_of(page, decision)
                self.pages[page.page_id], self.next_at[page.page_id] = page, decision.until
                self.waited.append((page, decision))
            case Later(until):
                assert until > now
                self.next_at[page.page_id] = until
        return decision

    def drain(self, now: datetime) -> None:
        """Tick until nothing in a bundle waits."""
        while any(one.told_at is None and one.bundle for one in self.held.values()):
            now += SECOND
            self.tick(now)

    def _tell(self, due: BundleDue, area: str, now: datetime) -> None:
        self._send(area, due.told, due.bundle, now)
        assert due.bundle not in self.answers, "one code, two SMS"
        self.answers[due.bundle] = tuple(one.page_id for one in due.members)
        for one in due.members:
            if one.page_id in self.held:
                self.held[one.page_id] = replace(one, told_at=now)
                del self.next_at[one.page_id]

    def _send(self, area: str, told: tuple[tuple[str, int], ...], digest: str, now: datetime) -> None:
        self.sent.append(SmsTold(self.officer, now, area, told, digest))


def storm(telephone: Telephone, alerts: Sequence[tuple[float, int, str, str]]) -> datetime:
    """Page each (second, level, group, area) in order, with a tick each second; return the end."""
    now, ahead = NOW, sorted(alerts, key=lambda alert: alert[0])
    for number, (second, level, group, area) in enumerate(ahead):
        while now + SECOND <= NOW + timedelta(seconds=second):
            now += SECOND
            telephone.tick(now)
        at = max(now, NOW + timedelta(seconds=second))
        telephone.page(PageDue(f"p{number}", telephone.officer, group, area, level, f"text-{number}", at), at)
    return max(now, NOW + timedelta(seconds=ahead[-1][0]))


def most_in_a_minute(sent: Sequence[SmsTold]) -> int:
    """Return the most SMS within any 60 seconds."""
    return max((sum(timedelta(0) <= two.told_at - one.told_at < MINUTE for two in sent) for one in sent), default=0)


def all_told(telephone: Telephone, count: int) -> None:
    """Every page is told once, by an SMS whose code answers it; every one that waited is on record with its reason."""
    answered = [page for pages in telephone.answers.values() for page in pages]
    assert sorted(answered) == sorted(f"p{number}" for number in range(count))
    assert {page.page_id for page, _ in telephone.waited} == set(telephone.held)
    for page, decision in telephone.waited:
        row = telephone.held[page.page_id]
        assert row.told_at is not None
        assert row.reason is decision.reason
        assert row.page_id in next(pages for pages in telephone.answers.values() if page.page_id in pages)


@pytest.mark.parametrize("groups", [1, 2, 7, 1_000])
@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_thousand_alerts_ring_more_than_three_times(level: int, groups: int) -> None:
    """1,000 alerts of one area in 60 s: at most three SMS for an officer, all told within 16 minutes."""
    count = 1_000
    telephone = Telephone()
    end = storm(telephone, [(60 * n / count, level, f"g{n % groups}", "4512") for n in range(count)])
    assert len(telephone.sent) <= 2
    telephone.drain(end)
    assert len(telephone.sent) <= 3
    all_told(telephone, count)
    assert telephone.sent[-1].told_at - NOW <= {1: 121, 2: 181, 3: 361, 4: 961}[level] * SECOND
    assert len(telephone.waited) >= count - 2


ALERTS = st.lists(
    st.tuples(
        st.floats(0, 59.99),
        st.integers(1, 4),
        st.sampled_from(["a", "b", "c", "d", "e"]),
        st.sampled_from(["4512"]),
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None)
@given(ALERTS)
def test_mixed_levels_ring_too_often(alerts: list[tuple[float, int, str, str]]) -> None:
    """Levels and groups mixed: at most three SMS in any minute, one last bundle after it, and everything told."""
    telephone = Telephone()
    end = storm(telephone, alerts)
    telephone.drain(end)
    assert most_in_a_minute(telephone.sent) <= 3
    assert len(telephone.sent) <= 4
    all_told(telephone, len(alerts))


WIDE = st.lists(
    st.tuples(
        st.floats(0, 1_200),
        st.integers(1, 4),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["4512", "5227", "5326"]),
    ),
    min_size=1,
    max_size=50,
)


@settings(deadline=None)
@given(WIDE)
def test_a_first_page_waits_and_level_1_is_throttled(alerts: list[tuple[float, int, str, str]]) -> None:
    """A first page waits only in an area storm, or on levels 3–4 for the person; level 1 for no person ever."""
    telephone = Telephone()
    end = storm(telephone, alerts)
    telephone.drain(end)
    all_told(telephone, len(alerts))
    waited = {page.page_id: decision.reason for page, decision in telephone.waited}
    for page, went in telephone.firsts:
        if not went:
            allowed = {HoldReason.AREA_STORM} | ({HoldReason.PERSON_QUARTER} if page.level > 2 else set())
            assert waited[page.page_id] in allowed
    for page, decision in telephone.waited:
        if page.level == 1:
            assert decision.reason not in {HoldReason.PERSON_MINUTE, HoldReason.PERSON_QUARTER}
            assert decision.until - page.due_at <= MINUTE
    for area in ("4512", "5227", "5326"):
        assert most_in_a_minute([sms for sms in telephone.sent if sms.area == area]) <= 3


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 59.99), st.integers(2, 4)), min_size=2, max_size=40))
def test_the_first_level_1_of_a_storm_waits(lower: list[tuple[float, int]]) -> None:
    """However many of lower levels came before it, it rings at once and takes what waits along."""
    telephone = Telephone()
    end = storm(telephone, [(second, level, f"g{number}", "4512") for number, (second, level) in enumerate(lower)])
    telephone.page(PageDue("grave", telephone.officer, "new", "4512", 1, "text", end), end)
    assert telephone.sent[-1].told_at == end
    assert telephone.sent[-1].level == 1
    assert not any(one.told_at is None and one.bundle for one in telephone.held.values())
