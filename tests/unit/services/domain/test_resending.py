"""Who waits how long for receipts, and what is published again: times in, decisions out."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.completeness import Owing
from services.domain.resending import (
    AFTER_CONTACT_SECONDS,
    AFTER_PROGRESS_SECONDS,
    CAP_SECONDS,
    FIRST_SECONDS,
    RUN_MOST,
    WINDOW_LEAST,
    WINDOW_MOST,
    Pair,
    Patience,
    backoff,
    due,
    looked_at,
    resent,
    window,
    woken,
)

NORTH, SOUTH = "522722", "451226"


def _looked(known: dict[Pair, Patience], *owing: Owing, now: float = 0.0) -> dict[Pair, Patience]:
    return looked_at(known, owing, now=now, jitter=0.5, first_seconds=FIRST_SECONDS)


def _resent(one: Patience, now: float) -> Patience:
    return resent(one, now=now, jitter=0.5, first_seconds=FIRST_SECONDS)


def test_the_wait_doubles_up_to_its_cap() -> None:
    """A dead county that is called as often on its third day as in its first minute."""
    assert [backoff(attempt, 0.5) for attempt in range(7)] == [30, 60, 120, 240, 480, 600, 600]
    assert backoff(10_000, 0.5) == CAP_SECONDS
    assert (backoff(0, 0.0), backoff(0, 1.0)) == (22.5, 37.5)


def test_fewer_are_tried_each_time_in_vain() -> None:
    """A hundred events every ten minutes for ever, to somebody who is not there."""
    assert [window(attempt) for attempt in range(7)] == [100, 50, 25, 12, 6, 4, 4]
    assert window(10_000) == WINDOW_LEAST


def test_whoever_makes_progress_is_not_hurried() -> None:
    """A neighbour that works off a long queue gets everything a second time meanwhile."""
    known = _looked({}, Owing(1, NORTH, 1))
    for now in range(10, 300, 10):
        known = _looked(known, Owing(1, NORTH, now), now=now)
        assert due(known, now) == []
    assert [one.first_seq for one in due(known, 290 + FIRST_SECONDS)] == [290]


def test_what_is_owed_no_more_is_forgotten() -> None:
    """It is owed again years later and is published again at once."""
    known = _looked({}, Owing(1, NORTH, 1))
    assert _looked(known) == {}


def test_progress_after_a_resend_lets_the_next_go_soon() -> None:
    """Ten thousand lost events come back a hundred every half a minute."""
    one = _resent(_looked({}, Owing(1, NORTH, 1))[1, NORTH], 30)
    known = _looked({(1, NORTH): one}, Owing(1, NORTH, 101), now=31)
    assert due(known, 31) == []
    assert [(r.first_seq, r.count) for r in due(known, 31 + AFTER_PROGRESS_SECONDS)] == [(101, WINDOW_MOST)]


def test_a_sign_of_life_makes_it_due_but_not_all_the_time() -> None:
    """Nothing is tried for ten minutes although the neighbour is back; or with every message of its."""
    one = Patience(1, attempt=6, last_at=1000.0, due_at=1600.0)
    known = {(1, NORTH): one, (1, SOUTH): one}
    soon = woken(known, [NORTH], 1001.0)
    assert soon[1, NORTH].due_at == 1150, "a quarter of the wait"
    assert soon[1, SOUTH] == one
    assert woken(known, [NORTH], 1500.0)[1, NORTH].due_at == 1500
    short = {(1, NORTH): Patience(1, attempt=1, last_at=1000.0, due_at=1060.0)}
    assert woken(short, [NORTH], 1001.0)[1, NORTH].due_at == 1000 + AFTER_CONTACT_SECONDS


def test_a_sign_of_life_does_not_hurry_what_was_never_tried_again() -> None:
    """Each message of a neighbour brings the events that it is about to receipt anyway."""
    known = _looked({}, Owing(1, NORTH, 1))
    assert woken(known, [NORTH], 1.0) == known


def test_one_dead_county_starves_nobody() -> None:
    """Its four hundred channels fill every run, and the living neighbour's lost alert waits behind them."""
    dead = [Owing(number, NORTH, 1) for number in range(1, 401)]
    known = _looked({}, *dead, Owing(999, SOUTH, 7))
    chosen = due(known, 40)
    assert sum(one.count for one in chosen) <= RUN_MOST
    assert [(one.chain_number, one.first_seq) for one in chosen if one.recipient == SOUTH] == [(999, 7)]


@given(
    st.lists(st.tuples(st.integers(1, 50), st.sampled_from((NORTH, SOUTH, "451221")), st.integers(0, 6)), max_size=60),
    st.integers(WINDOW_MOST, RUN_MOST),
)
def test_a_run_is_bounded_and_everybody_gets_a_share(waiting: list[tuple[int, str, int]], most: int) -> None:
    """Whatever is overdue: never more than the bound, and never a recipient without its turn."""
    known = {(chain, who): Patience(1, attempt, 0.0, 0.0) for chain, who, attempt in waiting}
    chosen = due(known, 1.0, most)
    assert sum(one.count for one in chosen) <= most
    assert {one.recipient for one in chosen} == {who for _, who, _ in waiting}
    assert all(1 <= one.count <= WINDOW_MOST for one in chosen)


def test_what_finds_no_room_in_a_run_stays_due() -> None:
    """More recipients than a run has room for: the last ones are forgotten for good."""
    known = {(number, f"{number}"): Patience(1, 0, 0.0, float(number)) for number in range(200)}
    chosen = due(known, 1000.0)
    assert sum(one.count for one in chosen) <= RUN_MOST
    assert [one.chain_number for one in chosen] == list(range(len(chosen))), "the longest waiting first"
    assert 100 < len(chosen) < 200
