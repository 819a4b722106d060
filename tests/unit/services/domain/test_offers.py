"""Offers: turns of a negotiation, two who write at once, a withdrawal that crosses an acceptance."""

import itertools
from typing import Any

import pytest

from schemas.development.resources import OfferAnswer, ResourceAnswered, ResourceOffered, ResourceWithdrawn
from services.domain.acts import Act
from services.domain.offers import AGREED, DECLINED, QUESTIONED, TALKING, Negotiation, OfferState, fold, judge
from tests.joint import FOUR, LEAD, act, offer, turn, withdrawal
from tests.papers import LIBO, NANDAN


def offered(**changes: Any) -> Act:  # noqa: ANN401 - any field
    return act(ResourceOffered, offer(**changes), LEAD)


def said(number: int, word: str, by: str = LIBO, minutes: float | None = None, **changes: Any) -> Act:  # noqa: ANN401
    changes.setdefault("county", LIBO if by == LEAD else by)
    return act(ResourceAnswered, turn(number, word, **changes), by, number if minutes is None else minutes)


def withdrawn(minutes: float = 50, **seen: int) -> Act:
    return act(ResourceWithdrawn, withdrawal(**seen), LEAD, minutes)


def folded(*acts: Act) -> OfferState:
    state = fold([offered(), *acts])
    assert state is not None
    return state


def talk(*acts: Act) -> Negotiation:
    return folded(*acts).negotiations[LIBO]


@pytest.mark.parametrize(
    ("acts", "word", "quantity"),
    [
        ([said(1, "accept")], AGREED, 100),
        ([said(1, "decline")], DECLINED, 0),
        ([said(1, "question")], QUESTIONED, 0),
        ([said(1, "question"), said(2, "reply", LEAD)], TALKING, 0),
        ([said(1, "question"), said(2, "reply", LEAD), said(3, "accept")], AGREED, 100),
        ([said(1, "counter")], TALKING, 0),
        ([said(1, "counter"), said(2, "accept", LEAD)], AGREED, 40),
        ([said(1, "counter"), said(2, "counter", LEAD, quantity=60), said(3, "accept")], AGREED, 60),
        ([said(1, "counter"), said(2, "counter", quantity=50), said(3, "accept", LEAD)], AGREED, 50),
        ([said(1, "counter", LEAD, quantity=80), said(2, "accept")], AGREED, 80),
        ([said(1, "counter"), said(2, "decline")], DECLINED, 0),
    ],
)
def test_a_negotiation_ends_elsewhere(acts: list[Act], word: str, quantity: int) -> None:
    """What is agreed is what the other side put on the table last."""
    state = folded(*acts)
    assert (state.negotiations[LIBO].word, state.agreed_quantity) == (word, quantity)
    assert state.void == ()


@pytest.mark.parametrize(
    ("acts", "code"),
    [
        ([said(1, "accept", LEAD)], "offer.own_terms"),
        ([said(1, "counter"), said(2, "accept")], "offer.own_terms"),
        ([said(1, "reply", LEAD)], "offer.not_asked"),
        ([said(1, "question"), said(2, "reply")], "offer.not_asked"),
        ([said(1, "accept"), said(2, "counter")], "offer.settled"),
        ([said(1, "decline"), said(2, "accept")], "offer.settled"),
        ([said(1, "accept", minutes=10_000_000)], "offer.expired"),
    ],
)
def test_a_step_is_taken_that_the_table_lacks(acts: list[Act], code: str) -> None:
    """Nobody accepts his own terms, answers what was not asked, or goes on after the end."""
    assert [one.fault.code for one in folded(*acts).void] == [code]
    refusal = judge([offered(), *acts[:-1]], acts[-1], FOUR)
    assert refusal is not None
    assert (refusal.fault.code, refusal.final) == (code, False)


def test_every_answer_has_its_line_in_the_table() -> None:
    """From each state of a negotiation, each answer of each side either counts or is void for a reason."""
    ways: dict[str, list[Act]] = {
        "offered": [],
        "countered": [said(1, "counter")],
        "countered by the owner": [said(1, "counter", LEAD)],
        "asked": [said(1, "question")],
        "asked by the owner": [said(1, "question", LEAD)],
        "agreed": [said(1, "accept")],
        "declined": [said(1, "decline")],
    }
    outcome: dict[tuple[str, str, str], str] = {}
    for (name, way), word, by in itertools.product(ways.items(), OfferAnswer, (LIBO, LEAD)):
        made = said(len(way) + 1, word, by)
        state = folded(*way, made)
        void = [one.fault.code for one in state.void]
        outcome[name, word, by] = void[0] if void else state.negotiations[LIBO].word
    assert {state for (name, _, _), state in outcome.items() if name in {"agreed", "declined"}} == {"offer.settled"}
    accepting = {name: [by for by in (LIBO, LEAD) if outcome[name, "accept", by] == AGREED] for name in ways}
    assert accepting == {
        "offered": [LIBO],
        "countered": [LEAD],
        "countered by the owner": [LIBO],
        "asked": [LIBO],
        "asked by the owner": [LIBO],
        "agreed": [],
        "declined": [],
    }
    replying = {name for (name, word, _), state in outcome.items() if word == "reply" and state == TALKING}
    assert replying == {"asked", "asked by the owner"}


def test_two_write_at_once() -> None:
    """The county that offers is heard, the other is told that it is late; both ends see the same."""
    mine, yours = said(1, "counter", LEAD, 3, quantity=70), said(1, "accept", LIBO, 2)
    for order in itertools.permutations([offered(), mine, yours]):
        state = fold(order)
        assert state is not None
        assert state.quantity_of(state.negotiations[LIBO]) == 70
        assert [(one.act, one.fault.code) for one in state.void] == [(yours, "offer.late")]


def test_an_acceptance_crosses_a_withdrawal() -> None:
    """What the owner had seen when it withdrew stays agreed; what it had not is void, whenever it comes."""
    seen = folded(said(1, "accept"), withdrawn(c522722=1))
    assert (seen.word, seen.agreed_quantity) == ("withdrawn", 100)
    unseen = folded(said(1, "accept"), withdrawn())
    assert (unseen.word, unseen.agreed_quantity) == ("withdrawn", 0)
    assert [one.fault.code for one in unseen.void] == ["offer.withdrawn"]


def test_two_partners_take_the_whole() -> None:
    """Both acceptances stand, and the owner sees that it has promised more than there is."""
    state = folded(said(1, "accept"), said(1, "accept", NANDAN))
    assert state.agreed_quantity == 200
    assert state.offer.quantity == 100


@pytest.mark.parametrize(
    ("held", "made", "code", "final"),
    [
        ([], act(ResourceOffered, offer(), LIBO), "thread.not_owner", True),
        ([offered()], act(ResourceWithdrawn, withdrawal(), LIBO), "thread.not_owner", True),
        ([offered()], said(1, "accept", NANDAN, county=LIBO), "offer.not_yours", True),
        ([], said(1, "accept"), "thread.unknown", False),
        ([offered()], act(ResourceOffered, offer(title="别的"), LEAD), "offer.offered", False),
        ([offered()], said(2, "accept"), "offer.late", False),
        ([offered(), said(1, "accept")], withdrawn(), "offer.seen", False),
        (
            [offered(), withdrawn()],
            act(ResourceWithdrawn, withdrawal() | {"reason": "又"}, LEAD, 60),
            "offer.withdrawn",
            False,
        ),
        ([offered(), withdrawn()], said(1, "accept", minutes=60), "offer.withdrawn", False),
    ],
)
def test_an_act_out_of_turn_is_made(held: list[Act], made: Act, code: str, *, final: bool) -> None:
    """A stranger to a negotiation is never heard; what comes too late is told what it missed."""
    refusal = judge(held, made, FOUR)
    assert refusal is not None
    assert (refusal.fault.code, refusal.final) == (code, final)


def test_who_is_answered_is_left_out() -> None:
    """Either side of a negotiation hears the other."""
    for made, audience in ((said(1, "accept"), [NANDAN]), (said(1, "counter", LEAD), [NANDAN])):
        refusal = judge([offered()], made, audience)
        assert refusal is not None
        assert (refusal.fault.field, refusal.final) == ("to", True)
