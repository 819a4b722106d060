"""What is missing, whom to ask, what a beacon tells: values in, values out."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.completeness import Claim, Gap
from schemas.control import ChainKind, ChannelHead
from schemas.envelope import Position
from schemas.records import Chain
from services.domain.completeness import (
    RANGES_MAX,
    Need,
    ask_again_after,
    bounded,
    by_partner,
    echo_age,
    fold,
    head_of,
    held_idle,
    missing_runs,
    needs_of,
    own_chains,
    partners_of,
    receipts_seen,
    wanted_of,
    whom_to_ask,
    witnessed,
)
from tests import papers
from tests.papers import COUNTIES, FAR_AHEAD, FUNING, HUANJIANG, LIBO, NANDAN, NOW

EPOCH = papers.EPOCH


def chain(
    number: int = 1,
    *,
    source: str = LIBO,
    audience: tuple[str, ...] = (NANDAN, HUANJIANG),
    seq: int = 5,
    kind: ChainKind = ChainKind.EVENT,
    frozen: bool = False,
    retired: bool = False,
) -> Chain:
    """A chain whose channel follows from its number."""
    head = Position(seq, f"{number}{seq}".rjust(64, "0"))
    return Chain(number, f"{number:064x}", EPOCH, source, papers.AGREEMENT, kind, audience, head, frozen, retired)


def claim(of: Chain, seq: int, *, by: str = LIBO) -> Claim:
    """Somebody says that a chain goes that far."""
    return Claim(by, of.source, of.channel, of.epoch, seq, "f" * 64, NOW)


def needs(*gaps: Gap, claims: tuple[Claim, ...] = (), held: tuple[Chain, ...] = ()) -> list[Need]:
    """What 环江 lacks."""
    return needs_of(gaps, claims, {(one.channel, one.epoch): one for one in held}, HUANJIANG)


def test_partners_are_who_shares_an_agreement_in_force() -> None:
    """A beacon tells who talks to whom: nobody else must get one."""
    trust = papers.trust()
    assert partners_of(trust, LIBO, NOW) == {NANDAN, HUANJIANG}
    assert partners_of(trust, FUNING, NOW) == frozenset()
    assert partners_of(trust, LIBO, FAR_AHEAD + timedelta(days=1)) == frozenset()
    pair = papers.trust(papers.in_force(parties=(HUANJIANG, LIBO)))
    assert partners_of(pair, LIBO, NOW) == {HUANJIANG}


def test_a_beacon_tells_a_partner_of_what_they_share_and_nothing_else() -> None:
    """Heads of a channel of two others say that they talk, and how much."""
    mine = chain(1)
    not_theirs, other, own_answers = (
        chain(2, audience=(NANDAN,)),
        chain(3, source=NANDAN, audience=(LIBO,)),
        chain(4, audience=(HUANJIANG,), kind=ChainKind.RECEIPT),
    )
    shared = chain(5, source=NANDAN, audience=(HUANJIANG, LIBO))
    theirs = chain(6, source=HUANJIANG, audience=(LIBO,), kind=ChainKind.RECEIPT)
    everything = [mine, not_theirs, other, own_answers, shared, theirs]
    assert own_chains(everything, LIBO, HUANJIANG) == [mine, own_answers]
    assert [one.channel for one in witnessed(everything, LIBO, HUANJIANG)] == [shared.channel]
    assert witnessed(everything, LIBO, HUANJIANG)[0].source == NANDAN
    assert receipts_seen(everything, HUANJIANG) == [head_of(theirs)]
    assert by_partner(everything)[HUANJIANG] == [mine, own_answers, shared, theirs]


def test_what_a_restore_or_a_fork_ended_is_not_told() -> None:
    """We do not know what lies behind such a head, so we must not say that it is the last."""
    assert own_chains([chain(1, frozen=True), chain(2, retired=True)], LIBO, HUANJIANG) == []


def test_a_chain_of_which_nothing_is_held_is_not_witnessed() -> None:
    """Its head is before its beginning, and has no id; folding it ended a node whose events were all parked."""
    assert witnessed([chain(seq=-1)], NANDAN, HUANJIANG) == []
    assert held_idle([chain(1), chain(2, seq=-1)], LIBO, []) == fold([head_of(chain(1))])
    assert held_idle([chain(1), chain(2, seq=-1)], LIBO, [head_of(chain(1))]) is None


def test_both_ends_fold_channels_at_rest_to_the_same() -> None:
    """Digests that never fit would have everything listed every time."""
    one, two, three = (chain(number, seq=number) for number in (1, 2, 3))
    listed = [head_of(two)]
    told = fold([head_of(three), head_of(one)])
    assert told is not None
    assert told.count == 2
    assert held_idle([one, two, three, chain(4, source=NANDAN)], LIBO, listed) == told
    assert held_idle([one, two, chain(3, seq=2)], LIBO, listed) != told
    assert held_idle([one, two], LIBO, listed) != told
    assert fold([]) is None


def test_more_channels_than_a_beacon_holds_take_turns() -> None:
    """The 257th channel is never told of."""
    heads = [ChannelHead(channel=f"{n:064x}", epoch=EPOCH, seq=n, id="0" * 64) for n in range(10)]
    told = [one.seq for turn in range(3) for one in bounded(heads, turn, most=4)]
    assert set(told) == set(range(10))
    assert bounded(heads, 7, most=10) == heads


def test_a_gap_and_a_tail_are_one_need() -> None:
    """Links 7 and 9 wait, the source says that there are 12: five are missing, and asked for at once."""
    held = chain(seq=5)
    found = needs(Gap(held, (7, 9)), claims=(claim(held, 12),), held=(held,))
    assert [one.runs for one in found] == [((6, 6), (8, 8), (10, 12))]
    assert [(one.first_seq, one.last_seq) for one in wanted_of(found[0])] == [(6, 6), (8, 8), (10, 12)]
    assert found[0].askable == (LIBO, NANDAN)


def test_what_has_come_meanwhile_is_no_need() -> None:
    """Asked for again and again although it is here."""
    held = chain(seq=5)
    assert needs(claims=(claim(held, 5), claim(held, 3, by=NANDAN)), held=(held,)) == []


def test_a_channel_never_heard_of_is_asked_for_from_its_opening() -> None:
    """All of it was swallowed; only the beacon says that it exists."""
    unknown = chain(7)
    found = needs(claims=(claim(unknown, 2, by=NANDAN),))
    assert [(one.source, one.runs, one.askable, one.said_by) for one in found] == [
        (LIBO, ((0, 2),), (LIBO, NANDAN), (NANDAN,))
    ]
    assert found[0].about == NANDAN, "anybody can invent channels: one notice for all of them"


def test_receipts_are_asked_of_their_source_alone() -> None:
    """Nobody else has them."""
    held = chain(seq=1, source=NANDAN, audience=(HUANJIANG,), kind=ChainKind.RECEIPT)
    assert needs(Gap(held, (3,)))[0].askable == (NANDAN,)


def test_a_frozen_channel_needs_nothing() -> None:
    """Nothing that would come could be taken."""
    held = chain(frozen=True)
    assert needs(claims=(claim(held, 9),), held=(held,)) == []


def test_the_source_is_asked_first_and_then_whoever_may_hold_it() -> None:
    """A source that hides something is asked for ever; or nobody asks it at all."""
    need = Need(LIBO, "c" * 64, EPOCH, 1, known=True, runs=((2, 2),), askable=(LIBO, NANDAN))
    assert [whom_to_ask(need, attempt) for attempt in range(4)] == [LIBO, NANDAN, LIBO, NANDAN]
    assert len(COUNTIES) == 3


def test_whoever_does_not_answer_is_asked_less_and_less_often() -> None:
    """Half an interval at first, ten minutes at last."""
    waits = [ask_again_after(attempt, 60) for attempt in range(1, 9)]
    assert waits == [30, 30, 60, 120, 240, 480, 600, 600]


@given(st.integers(-1, 30), st.sets(st.integers(0, 40)), st.integers(-1, 40))
def test_the_missing_runs_are_exactly_what_is_not_there(held: int, present: set[int], end: int) -> None:
    """One that is asked for although it is here, or forgotten although it is not."""
    runs = missing_runs(held, present, end)
    listed = [seq for first, last in runs for seq in range(first, last + 1)]
    missing = [seq for seq in range(held + 1, end + 1) if seq not in present]
    assert listed == missing[: len(listed)]
    assert len(runs) == RANGES_MAX or listed == missing


def test_how_long_none_of_ours_was_confirmed() -> None:
    """Told by our own clock, whatever theirs says."""
    sent = [(10, 100.0), (20, 160.0), (30, 220.0)]
    assert echo_age(30, sent, 300.0) == 0
    assert echo_age(20, sent, 300.0) == 80
    assert echo_age(25, sent, 300.0) == 80
    assert echo_age(5, sent, 300.0) == echo_age(None, sent, 300.0) == 200
    assert echo_age(99, sent, 300.0) == 0
