"""A search finds every event that has the words and no other, whatever is indexed, and says when it ends early."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.access import Scope
from schemas.base import Status
from schemas.control import ErasureReason
from schemas.errors import UnavailableError
from schemas.records import Direction, ErasureRow
from schemas.searches import PLACES
from services.domain.search_index import EVENT_PAIRS_MOST, index_block
from services.gateway.searching import WAITING_MOST, Searcher
from services.ports import Store, Transaction
from tests.caller import calling
from tests.contract.store.kinds import KINDS, opened
from tests.contract.store.samples import ALERT, THEM, THIRD, US, at, envelope
from tests.papers import HUANJIANG, LIBO
from tests.searching import KEY, Content, all_found, asked, contents, found_in, index, record, recounted
from tests.world import World, alert_draft, policy_draft

WORDS: Final = ("塌方", "山洪", "森林火灾", "绕行", "线K", "k2", "第7", "雪崩", "的一", "双向中断")


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of every kind."""
    async with opened(request.param, tmp_path) as one:
        yield one


def lowered(given: Sequence[Content]) -> list[dict[str, object]]:
    """Return contents as a search compares them: nothing in them but ASCII has another form."""
    return [{name: value if name == "topics" else str(value).lower() for name, value in one.items()} for one in given]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_recount_of_every_text_finds_the_same(store: Store, *, encrypted: bool) -> None:
    """With the index, without it, in pages of any size, in clear or encrypted: neither more nor less."""
    given = list(contents(7, 2 * PLACES + 50))
    await store.write(lambda tx: record(tx, given, encrypted=encrypted))
    assert await index(store) == 2
    for word, limit in itertools.product(WORDS, (3, 50)):
        expected = recounted(lowered(given), word.lower())
        assert await all_found(store, word, limit=limit) == expected, word
        assert await all_found(store, word, key=None, limit=limit) == expected, word
    both = recounted(lowered(given), "塌方", "绕行")
    assert await all_found(store, "绕行　塌方") == both
    assert both


async def test_a_word_of_one_character_narrows_beside_a_longer_one(store: Store) -> None:
    """Alone it is refused, since it stands everywhere; beside another it is looked for in what that one finds."""
    given = list(contents(8, PLACES))
    await store.write(lambda tx: record(tx, given))
    await index(store)
    assert await all_found(store, "塌方 瑶") == recounted(given, "塌方", "瑶")


async def test_words_meet_filters(store: Store) -> None:
    """Each filter alone and together, with words and without."""
    ours = list(contents(9, PLACES))
    theirs: list[dict[str, object]] = [{"headline": one["title"]} for one in contents(10, PLACES)]

    def work(tx: Transaction) -> None:
        record(tx, ours)
        record(tx, theirs, source=THEM, wire_type=ALERT, level=2)

    await store.write(work)
    await index(store)
    here, there = recounted(ours, "塌方"), recounted(theirs, "塌方", channel="in")
    assert await all_found(store, "塌方", direction=Direction.OUTGOING) == here
    assert await all_found(store, "塌方", wire_type=ALERT) == there
    assert await all_found(store, "塌方", level=2, mutual="information") == there
    assert await all_found(store, "塌方") == [*there, *here]
    assert await all_found(store, "塌方", mutual="outreach") == []
    assert await all_found(store, "塌方", county=THEM) == [*there, *here]  # of them, and to them
    assert await all_found(store, "塌方", county=THIRD) == here
    assert await all_found(store, "塌方", county="520000") == []
    assert await all_found(store, "塌方", status=Status.EXERCISE) == []
    early = {envelope(seq).envelope_id for seq in range(1, PLACES // 2)}
    assert await all_found(store, "塌方", since=at(1), until=at(PLACES // 2), direction=Direction.OUTGOING) == [
        one for one in here if one in early
    ]
    assert len(await all_found(store, None, level=2, county=US)) == PLACES
    assert len(await all_found(store, None)) == 2 * PLACES


async def test_personal_content_is_never_searched(store: Store) -> None:
    """Indexed or not, it has no words; its header is listed as every other one."""
    given = [{"title": "塌方", "summary": "绕行"}] * (PLACES + 5)
    await store.write(lambda tx: record(tx, given, personal=True, encrypted=True))
    await index(store)
    assert await all_found(store, "塌方") == []
    assert await all_found(store, "塌方", key=None) == []
    assert len(await all_found(store, None)) == PLACES + 5
    assert await store.read(lambda s: [look.postings for look in s.search.looks(0, 9)]) == [b""]


async def test_what_was_erased_is_not_found_and_its_neighbours_are(store: Store) -> None:
    """At once, while its block is out of the index, and after that was made again."""
    given = list(contents(11, PLACES + 5))
    await store.write(lambda tx: record(tx, given))
    await index(store)
    *left, again, gone = recounted(given, "塌方")
    row = ErasureRow(US, ErasureReason.WITHDRAWN, at(9))
    await store.write(lambda tx: tx.erasures.erase(gone, row))
    assert await all_found(store, "塌方") == [*left, again]
    await store.write(lambda tx: tx.erasures.erase(again, row))
    assert await index(store) == 1
    assert await all_found(store, "塌方") == left


async def test_an_event_with_too_many_words_to_list_is_found(store: Store) -> None:
    """A flood of random text costs whoever searches a look, and hides nothing."""
    rng = random.Random(5)
    long = "".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(EVENT_PAIRS_MOST + 900))
    given: list[dict[str, object]] = [{"title": "短"}] * PLACES
    given[40] = {"title": "长", "summary": long}
    await store.write(lambda tx: record(tx, given))
    await index(store)
    assert (await store.read(lambda s: next(s.search.looks(0, 9)))).dense == bytes((41,))
    assert await all_found(store, long[5000:5002]) == [envelope(41).envelope_id]


async def test_a_search_that_costs_too_much_ends_early_and_goes_on(store: Store) -> None:
    """Nobody holds a reader for seconds: what is not indexed is read a part at a time, and the answer says so."""
    given = [{"title": "短", "summary": "平安无事" * 30}] * 3 * PLACES
    given[3] = {"title": "塌方"}
    await store.write(lambda tx: record(tx, given))
    first = await found_in(store, asked("塌方"))
    assert (first.events, (first.figures.blocks, first.figures.indexed)) == ((), (3, 0))
    assert first.next_before is not None
    assert 0 < first.next_before < 3 * PLACES
    assert await all_found(store, "塌方") == [envelope(4).envelope_id]


async def test_searches_wait_in_a_line_that_has_an_end(store: Store) -> None:
    """They leave room for other readers, and one more is told to come back."""
    await store.write(lambda tx: record(tx, list(contents(1, 20))))
    searcher = Searcher(store, KEY)
    found = await asyncio.gather(
        *(searcher.search(asked("塌方")) for _ in range(WAITING_MOST + 3)), return_exceptions=True
    )
    refused = [one for one in found if isinstance(one, UnavailableError)]
    assert len(refused) == 3
    assert not isinstance(await searcher.search(asked("塌方")), Exception)


async def shown(whose: Any, path: str, *scopes: Scope, **params: str) -> Any:  # noqa: ANN401 - any JSON
    """Ask a county's API."""
    async with calling(whose, whose.let_in("desk", *(scopes or (Scope.EVENTS_READ,)))) as caller:
        return await caller.get(path, params=params)


async def test_the_api_shows_where_the_word_stands() -> None:
    """As its author wrote it, with what stands around; and how far the index has come."""
    world = World()
    await world[LIBO].send(alert_draft())
    await world[LIBO].send(policy_draft())
    await world.carry()
    answer = await shown(world[HUANJIANG], "/search", q="暴雨", limit="1")
    assert answer.status == 200, answer.body
    (one,) = answer.body["found"]
    assert one["event"]["wire_type"] == ALERT
    assert one["hit"]["found"] == "暴雨"
    assert one["hit"]["field"] in {"event_name", "headline"}
    assert (answer.body["blocks"], answer.body["indexed"]) == (0, 0)
    listed = await shown(world[HUANJIANG], "/search", mutual="information", direction="in", county=LIBO)
    assert [one["hit"] for one in listed.body["found"]] == [None, None]
    later = await shown(world[HUANJIANG], "/search", **{"from": "2099-01-01T00:00:00 08:00", "direction": "in"})
    assert later.body["found"] == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"q": "塌"}, "query.too_short"),
        ({"q": "   "}, "query.too_short"),
        ({"q": "塌 方 水"}, "query.too_short"),
        ({"q": "塌方" * 33}, "query.too_long"),
        ({"q": " ".join(f"k{number}" for number in range(9))}, "query.too_many_words"),
        ({"q": "塌方", "limit": "201"}, "query.out_of_range"),
        ({"mutual": "control"}, "query.not_allowed"),
        ({"words": "塌方"}, "query.unknown_field"),
        ({"from": "yesterday"}, None),
    ],
)
async def test_what_cannot_be_searched_is_refused_with_a_mend(params: dict[str, str], code: str | None) -> None:
    """One character alone would read everything there is."""
    answer = await shown(World()[LIBO], "/search", **params)
    assert answer.is_problem
    assert answer.status == 400
    assert code is None or answer.body["code"] == code


async def test_searching_needs_the_scope_of_reading() -> None:
    """A token that may only send sees nothing."""
    answer = await shown(World()[LIBO], "/search", Scope.EVENTS_WRITE, q="塌方")
    assert answer.status == 403


def test_the_index_of_a_block_does_not_hold_a_word() -> None:
    """Neither in clear nor as anything that is the same under another key."""
    made = index_block([(1, ["樟江沿线联合巡查安排"])], KEY)
    row = b"".join(made.words.values())
    assert not any(part.encode() in row for part in ("樟江", "联合", "巡查"))
    assert index_block([(1, ["樟江沿线联合巡查安排"])], KEY[::-1]).words != made.words
