"""What the paging workloads count: a page that is lost, or told under two codes, must not pass for told."""

import pytest

from tests.bench import pages, texts
from tests.bench.samples import Faults


def told(number: int, code: str = "37") -> str:
    return f"【基准应急】环江发2级预警：{pages.place_of(number)}，暴雨。回复{code}收到。"


@pytest.mark.parametrize(
    ("taken", "killed", "faults", "twice"),
    [
        ([told(0), told(1)], False, Faults(), 0),
        ([told(0)], False, Faults(lost=1), 0),
        ([told(0), told(1), told(1)], False, Faults(doubled=1), 1),
        ([told(0), told(1), told(1)], True, Faults(), 1),
        ([told(0), told(1), told(1), told(1)], True, Faults(doubled=1), 1),
        ([told(0), told(1), told(1, "38")], True, Faults(doubled=1), 1),
        ([told(0), told(1), told(2)], False, Faults(forged_accepted=1), 0),
        (
            [told(0), told(1), "2级等预警共3条：110100，暴雨等。回复40收到，算全部签收。"],
            False,
            Faults(forged_accepted=1),
            0,
        ),
    ],
)
def test_every_page_is_told_once_or_once_more_after_a_kill(
    taken: list[str], *, killed: bool, faults: Faults, twice: int
) -> None:
    """A copy after a kill is allowed, with the same code; a second code would be a second page."""
    assert pages.judge([0, 1], taken, killed=killed) == (faults, twice)


def test_what_the_floor_sends_is_told_apart_like_ours() -> None:
    """A floor whose pages the harness cannot read would have lost them all."""
    assert pages.judge([5, 6], [pages.bare_text(5), pages.bare_text(6)], killed=False) == (Faults(), 0)


def test_texts_are_free_in_their_order_and_in_nothing_else() -> None:
    """A carrier that got one text twice and another never has the right number of them."""
    right = [(texts.phone_of(number), texts.text_of(number)) for number in (1, 0)]
    assert texts.judge([0, 1], right) == Faults()
    assert texts.judge([0, 1], [right[0], right[0]]) == Faults(lost=1, doubled=1)
    assert texts.judge([0, 1], [right[0], (texts.phone_of(1), texts.text_of(0))]) == Faults(lost=1, forged_accepted=1)
