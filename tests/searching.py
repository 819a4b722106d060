"""Events to search in: texts of a border's days, recorded without any post."""

import dataclasses
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from adapters.clock import SystemClock
from schemas.base import InformationClass
from schemas.ids import CountyCode
from schemas.records import Direction, NewLink
from schemas.searches import Wanted
from services.domain.encryption import encrypt_content
from services.domain.search_text import Query, read_query
from services.gateway.searching import Asked, Found, search
from services.ports import Store, Transaction
from services.upkeep.indexing import Indexer
from tests.contract.store.samples import BULLETIN, THEM, THIRD, US, at, chain, envelope

Content = Mapping[str, object]

KEY: Final = bytes(range(32))
SALT: Final = bytes(16)
CONTENT_KEY: Final = hashlib.sha256(b"content").digest()
_PLACES: Final = "龙滩大坝六甲水源洞塘茂兰捞村翁昂驾欧更新瑶山下塘里湖坡结吾隘川山三旺八圩罗富向阳岜暮"
_WHAT: Final = ("塌方", "山洪", "落石", "森林火灾", "电力中断", "道路结冰", "水质异常", "桥梁限行", "停水", "大雾")
_SAID: Final = ("已封闭", "双向中断", "正在抢修", "请绕行", "无人员伤亡", "预计两小时恢复", "巡查未见异常")
_COMMON: Final = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会"
    "可主发年动同工也能下过子说产种面而方后多定行学法所民"
)


def sentence(rng: random.Random, size: int) -> str:
    """Return some ``size`` characters about what happens along a road."""
    parts: list[str] = []
    while sum(map(len, parts)) < size:
        place = rng.randrange(0, len(_PLACES), 2)
        road = f"{rng.choice('GSX')}{rng.randrange(100, 999)}线K{rng.randrange(300)}+{rng.randrange(1000):03}处"
        filler = "".join(rng.choice(_COMMON) for _ in range(rng.randrange(12)))
        parts.append(f"{_PLACES[place : place + 2]}{road}{rng.choice(_WHAT)}，{filler}{rng.choice(_SAID)}。")
    return "".join(parts)


def contents(seed: int, count: int, size: int = 260) -> Iterator[dict[str, object]]:
    """Return contents of bulletins, in part long ones."""
    rng = random.Random(seed)
    for number in range(count):
        title, summary = sentence(rng, 12)[:60], sentence(rng, rng.randrange(size))
        yield {"title": title, "doc_no": f"环函2026第{number}号", "summary": summary, "topics": [rng.choice(_WHAT)]}


def recorded_link(
    number: int,
    seq: int,
    content: Content,
    *,
    wire_type: str = BULLETIN,
    source: str = US,
    personal: bool = False,
    level: int | None = None,
    encrypted: bool = False,
) -> NewLink:
    """Return an event to record; nobody signed it."""
    channel, to = ("out", (THEM, THIRD)) if source == US else ("in", (US,))
    made = envelope(seq, channel=channel, wire_type=wire_type, source=source, to=tuple(map(CountyCode, to)))
    body = json.dumps(content, ensure_ascii=False).encode()
    binding = made.header.content
    if encrypted:
        names = {"source": source, "content_id": binding.content_id}
        body = encrypt_content(body, key=CONTENT_KEY, salt=SALT, **names).carried
        binding = binding.model_copy(update={"encoding": "hpke"})
    changes = {
        "content": binding,
        "information_class": InformationClass.PERSONAL if personal else InformationClass.PUBLIC,
    }
    header = made.header.model_copy(update=changes)
    header_bytes = header.model_dump_json(by_alias=True, exclude_none=True).encode()
    one = dataclasses.replace(made, header=header, header_bytes=header_bytes, content=body)
    direction = Direction.OUTGOING if source == US else Direction.INCOMING
    key = CONTENT_KEY if encrypted else b""
    return NewLink(number, direction, one, at(seq), level=level, content_key=key)


def record(tx: Transaction, given: Iterable[Content], *, first: int = 1, **kind: object) -> None:
    """Record contents on the channel of their source, ``first`` being the first sequence."""
    source = str(kind.get("source", US))
    channel = "out" if source == US else "in"
    found = tx.chains.current(envelope(channel=channel).header.channel) or tx.chains.open(chain(channel, source=source))
    links = [recorded_link(found.number, seq, one, **kind) for seq, one in enumerate(given, first)]  # type: ignore[arg-type]
    tx.outbox.record(links)
    if links:
        tx.chains.advance(found.number, links[-1].envelope.link.position)


def recounted(given: Sequence[Content], *words: str, first: int = 1, channel: str = "out") -> list[str]:
    """Return the ids of the events that have every word, the newest first, by looking at every text of all of them."""
    found = []
    for seq, content in enumerate(given, first):
        texts = [one for value in content.values() for one in (value if isinstance(value, list) else [value])]
        if all(any(word in str(text) for text in texts) for word in words):
            found.append(envelope(seq, channel=channel).envelope_id)
    return found[::-1]


def asked(text: str | None, *, limit: int = 50, before: int = 0, **wanted: object) -> Asked:
    """Return a search as the API would make it."""
    query = None if text is None else read_query(text)
    assert query is None or isinstance(query, Query)
    return Asked(query, Wanted(**wanted), before, limit)  # type: ignore[arg-type]


class NoPause(SystemClock):
    """A clock that leaves out the pauses in which others would work."""

    async def sleep(self, seconds: float) -> None:
        """Return at once."""


async def index(store: Store) -> int:
    """Index every whole block; return how many."""
    indexer = Indexer(store=store, clock=NoPause(), key=KEY)
    await indexer.begin()
    return await indexer.run_once()


async def found_in(store: Store, one: Asked, key: bytes | None = KEY) -> Found:
    """Search once."""
    return await store.read(lambda snapshot: search(snapshot, one, key))


async def all_found(
    store: Store, text: str | None, *, key: bytes | None = KEY, limit: int = 50, **wanted: object
) -> list[str]:
    """Search until everything was looked through; return the ids."""
    ids: list[str] = []
    before: int | None = 0
    while before is not None:
        found = await found_in(store, asked(text, limit=limit, before=before, **wanted), key)
        ids += [event.envelope_id for event, _ in found.events]
        before = found.next_before
    return ids
