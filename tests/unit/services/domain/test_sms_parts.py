"""Parts of an SMS at their borders: one unit too many, and a carrier drops or halves it."""

import pytest

from schemas.errors import InvariantError
from schemas.pages import PARTS_MAX
from services.domain.sms_parts import CUT_MARK, reference_of, segment, units

PAIR = "\U0002070e"  # a character of names and places that takes two units
FAMILY = "👨\u200d👩\u200d👧"


def sizes(text: str, *, reserved: int = 0) -> list[int]:
    """Return the units of each part."""
    parts = segment(text, 7, reserved=reserved)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert {(part.total, part.reference) for part in parts} == {(len(parts), 7)}
    return [units(part.text) for part in parts]


@pytest.mark.parametrize(
    ("length", "wanted"),
    [
        (0, [0]),
        (1, [1]),
        (69, [69]),
        (70, [70]),
        (71, [67, 4]),
        (133, [67, 66]),
        (134, [67, 67]),
        (135, [67, 67, 1]),
        (536, [67] * 8),
        (537, [67] * 8),
        (5_000, [67] * 8),
    ],
)
def test_a_part_is_one_unit_too_long(length: int, wanted: list[int]) -> None:
    """70 alone, 67 of several, eight parts at most."""
    assert sizes("汛" * length) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("汛" * 68 + PAIR, [70]),
        ("汛" * 69 + PAIR, [67, 4]),
        ("汛" * 65 + PAIR + "汛" * 10, [67, 10]),
        ("汛" * 66 + PAIR + "汛" * 10, [66, 12]),
        (PAIR * 35, [70]),
        (PAIR * 36, [66, 6]),
        (PAIR * 67, [66, 66, 2]),
    ],
)
def test_a_surrogate_pair_is_halved(text: str, wanted: list[int]) -> None:
    """A pair that does not fit goes whole into the next part."""
    assert sizes(text) == wanted
    for part in segment(text, 7):
        part.text.encode("utf-16-be")
    assert "".join(part.text for part in segment(text, 7)) == text


@pytest.mark.parametrize("cluster", ["e\u0301", FAMILY, "👍🏻", "☎\ufe0f", "🇨🇳"])
def test_a_character_loses_its_marks_at_the_border(cluster: str) -> None:
    """An accent, a skin tone or a joined picture alone at the head of a part shows as rubbish."""
    for before in range(58, 68):
        parts = segment("汛" * before + cluster + "汛" * 20, 7)
        assert sum(cluster in part.text for part in parts) == 1


def test_marks_without_end_hang_the_cut() -> None:
    """A hostile text of a thousand marks on one letter is cut between them."""
    assert sizes("e" + "\u0301" * 200) == [67, 67, 67]


def test_a_long_text_ends_as_if_it_were_whole() -> None:
    """What was cut says so, within the last part."""
    parts = segment("汛" * 600, 7)
    assert len(parts) == PARTS_MAX
    assert parts[-1].text == "汛" * (67 - len(CUT_MARK)) + CUT_MARK
    assert not segment("汛" * 536, 7)[-1].text.endswith(CUT_MARK)
    pairs = segment("汛" + PAIR * 400, 7)
    assert pairs[-1].text.endswith(PAIR + CUT_MARK)
    assert units(pairs[-1].text) <= 67


def test_half_a_pair_reaches_the_encoder() -> None:
    """It becomes the replacement character, and two halves that meet become whole."""
    assert segment("水\ud800位", 7)[0].text == "水\ufffd位"
    assert segment("\ud842\udf0e", 7)[0].text == "\U00020b0e"


def test_the_carriers_own_signature_overfills_a_part() -> None:
    """Room for it is left in each part."""
    assert sizes("汛" * 60, reserved=10) == [60]
    assert sizes("汛" * 61, reserved=10) == [57, 4]


def test_bounds_are_not_looked_at() -> None:
    """A reference is one octet; an addition leaves room for a text."""
    for reference, reserved in ((256, 0), (-1, 0), (0, -1), (0, 41)):
        with pytest.raises(InvariantError):
            segment("汛", reference, reserved=reserved)


def test_a_page_sent_again_has_another_reference() -> None:
    """It hangs on the page alone and is one octet."""
    assert reference_of("ff" + "0" * 30) == 255
    assert reference_of("0a" + "f" * 30) == 10
