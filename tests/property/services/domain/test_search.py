"""Whatever a text is, every word that stands in it is found, and nothing else."""

import unicodedata
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st

from services.domain.search_index import index_block, places_in, token_of
from services.domain.search_text import PAIR, Query, Text, find, normalised, pairs_of, read_query

KEY: Final = bytes(range(32))
_LETTERS: Final = "塌方山洪中断绕行\uff21\uff41K87+\uff0e\uff05㎞①\ufb00ßİ\u0301\u3000\u200b \n\t，。龘𠮷"
_TEXTS: Final = st.text(st.sampled_from(_LETTERS), min_size=2, max_size=40)
_ANY: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_BLOCKS: Final = st.lists(st.lists(_TEXTS, max_size=3), min_size=1, max_size=6)


def squeezed(text: str) -> str:
    """Spell the comparison another way: a text without any blank, folded character by character."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in folded if not char.isspace() and char != "\u200b")


@given(blocks=_BLOCKS, data=st.data())
def test_every_part_of_two_characters_or_more_is_found(blocks: list[list[str]], data: st.DataObject) -> None:
    """By the index, at every event that has it; and in the text itself."""
    plain = [[normalised(text) for text in texts] for texts in blocks]
    long_enough = [text for texts in plain for text in texts if len(text) >= PAIR]
    if not long_enough:
        return
    text = data.draw(st.sampled_from(long_enough))
    begin = data.draw(st.integers(0, len(text) - PAIR))
    word = text[begin : data.draw(st.integers(begin + PAIR, len(text)))]
    if " " in word or normalised(word) != word:  # two words; or half of a letter that was composed
        return
    indexed = index_block(enumerate(blocks), KEY)
    expected = [place for place, texts in enumerate(plain) if any(word in one for one in texts)]
    for pair in pairs_of(word):
        bucket, mark = token_of(pair, KEY)
        assert set(expected) <= set(places_in(indexed.words.get(bucket, b""), mark))
    query = read_query(word)
    assert isinstance(query, Query)
    found = [place for place, texts in enumerate(blocks) if find(query, [Text("summary", one) for one in texts])]
    assert found == expected


@given(blocks=_BLOCKS, pair=st.text(st.sampled_from("塌方山洪k8"), min_size=2, max_size=2))
def test_the_index_names_no_event_that_lacks_the_pair(blocks: list[list[str]], pair: str) -> None:
    """Five bytes tell pairs apart: a look at an event that lacks them would show as time, not as a wrong answer."""
    bucket, mark = token_of(pair, KEY)
    found = places_in(index_block(enumerate(blocks), KEY).words.get(bucket, b""), mark)
    assert list(found) == [place for place, texts in enumerate(blocks) if any(pair in normalised(one) for one in texts)]


@given(text=_TEXTS)
def test_blanks_hide_no_chinese_word(text: str) -> None:
    """A line that was broken within a word is the same text; among Latin letters one blank stays."""
    plain = normalised(text)
    assert "".join(plain.split(" ")) == squeezed(text)
    assert "  " not in plain
    assert not any(plain[max(0, at - 1)] > "~" or plain[at + 1] > "~" for at, char in enumerate(plain) if char == " ")


@given(before=_ANY, word=st.text(st.sampled_from("塌方山洪绕行"), min_size=2, max_size=6), after=_ANY)
@example(before="路\n", word="塌方", after="e\u0301")
def test_a_hit_shows_the_word_between_what_stands_around_it(before: str, word: str, after: str) -> None:
    """Whatever stands around it, and however it was written."""
    query = read_query(word)
    assert isinstance(query, Query)
    hit = find(query, [Text("title", "无关"), Text("summary", f"{before}{word}{after}")])
    assert hit is not None
    assert hit.field == "summary"
    assert normalised(hit.found) == normalised(word)
    assert len(hit.before) <= 17
    assert len(hit.after) <= 49


@given(text=_ANY)
def test_whatever_is_typed_is_read_or_refused_with_a_mend(text: str) -> None:
    """Nothing that somebody types may end a node."""
    query = read_query(text)
    if isinstance(query, Query):
        assert any(len(word) >= PAIR for word in query.words)
        assert query.pairs
        assert not any(" " in word for word in query.words)
    else:
        assert query.mend
