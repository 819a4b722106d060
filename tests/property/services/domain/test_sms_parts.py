"""Any text, cut into parts: nothing lost, nothing halved, nothing too long."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.pages import PARTS_MAX
from services.domain.sms_parts import CUT_MARK, PART_UNITS, SINGLE_UNITS, segment, units

CHARS = st.one_of(
    st.sampled_from("汛情a1。\n\U0002070e😀👩\u200d\u0301\ufe0f🇨🏻"),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.text(CHARS, max_size=700)


@given(text=TEXTS, reference=st.integers(0, 255), reserved=st.integers(0, 20))
def test_a_cut_text_reads_otherwise(text: str, reference: int, reserved: int) -> None:
    """The parts joined are the text, or its beginning with the mark that says so; each fits and can be encoded."""
    parts = segment(text, reference, reserved=reserved)
    most = (SINGLE_UNITS if len(parts) == 1 else PART_UNITS) - reserved
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    for part in parts:
        assert len(part.text.encode("utf-16-be")) == 2 * units(part.text) <= 2 * most
        assert part.text or not text
        assert (part.total, part.reference) == (len(parts), reference)
    joined = "".join(part.text for part in parts)
    if joined != text:
        assert len(parts) == PARTS_MAX
        assert joined.endswith(CUT_MARK)
        assert text.startswith(joined.removesuffix(CUT_MARK))
        assert units(text) > PARTS_MAX * (PART_UNITS - reserved) - PARTS_MAX * 40


@given(st.text(st.characters(), max_size=300))
def test_hostile_halves_reach_a_carrier(text: str) -> None:
    """Lone surrogates anywhere: every part still is UTF-16."""
    for part in segment(text, 0):
        part.text.encode("utf-16-be")
