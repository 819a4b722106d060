"""Two counties in one process that mediate over their APIs: 南丹 and 荔波, with office keys, and a carrier between."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any, Final

from adapters.memory.encryption import MemoryEncryption
from schemas.access import Scope
from schemas.agreements import Grant
from schemas.base import InformationClass
from schemas.catalogue import parse_new
from schemas.completeness import Heard
from schemas.control import HeadBeaconed
from schemas.drafts import EventDraft
from schemas.governance.catalogue import CASE_TYPES
from schemas.governance.mediation import CASE_PURPOSE, CaseEvent
from schemas.ids import CountyCode
from services.domain.drafting import Outgoing, complete
from services.domain.evidence_writing import TrustPapers
from services.ports import Transaction
from tests import case_contents as written
from tests import papers
from tests.caller import Answer, Caller, calling
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.personal import office_key
from tests.world import County, World

AGREEMENT: Final[dict[str, Any]] = {
    "class_ceiling": InformationClass.PERSONAL,
    "internal_in_clear": False,
    "grants": (Grant(types=tuple(one.wire_type for one in CASE_TYPES)),),
    "purposes": (CASE_PURPOSE,),
}
TODAY: Final = date(2026, 3, 4)
"""In Beijing, when the papers say it is."""
SCOPES: Final = (Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.OPERATE, Scope.ERASE)


class Bench:
    """The desks, and what goes between them."""

    def __init__(self, world: World, desks: dict[CountyCode, Caller]) -> None:
        """Take open callers."""
        self.world, self.desks = world, desks

    async def register(self, **changes: Any) -> str:  # noqa: ANN401 - any field of the content
        """Let 南丹 register a case, and carry it over; return its id."""
        content = written.registration(TODAY, (NANDAN, LIBO), **changes)
        answer = await self.post(NANDAN, "/events", type=written.wire("registered"), to=[LIBO], content=content)
        assert answer.status == 202, answer.body
        await self.world.carry()
        return str(answer.body["envelope_id"])

    async def post(self, county: CountyCode, path: str, **body: Any) -> Answer:  # noqa: ANN401
        """Post JSON under the agreement."""
        given = body if path != "/events" else {"agreement": papers.AGREEMENT} | body
        data = json.dumps(given, ensure_ascii=False).encode()
        return await self.desks[county].post(path, data=data, headers={"Content-Type": "application/json"})

    async def case(self, county: CountyCode, case_id: str) -> Any:  # noqa: ANN401 - any JSON value
        """Return a case as one county tells it."""
        answer = await self.desks[county].get(f"/cases/{case_id}")
        assert answer.status == 200, answer.body
        return answer.body

    async def write(self, county: CountyCode, case_id: str, name: str, **content: Any) -> Answer:  # noqa: ANN401
        """Write an entry behind what is here now."""
        heads = (await self.case(county, case_id))["heads"]
        path = f"/cases/{case_id}/events"
        return await self.post(county, path, type=written.wire(name), last_seen=heads, content=content)

    async def written(self, county: CountyCode, case_id: str, name: str, **content: Any) -> str:  # noqa: ANN401
        """Write an entry that must be taken, and carry it over; return its id."""
        answer = await self.write(county, case_id, name, **content)
        assert answer.status == 202, answer.body
        await self.world.carry()
        return str(answer.body["envelope_id"])

    async def agreed(self, case_id: str) -> None:
        """Let both parties agree to mediation."""
        for ref, county in (("p1", NANDAN), ("p2", LIBO)):
            await self.written(county, case_id, "consent_given", **written.consent(ref, "mediation", TODAY))

    async def hear(self) -> None:
        """Let each county have heard the others just now."""

        def note(tx: Transaction) -> None:
            now = self.world.clock.now()
            for code in self.world.counties:
                tx.signal_book.hear(HeadBeaconed.wire_type, Heard(code, int(now.timestamp()), now, now))

        for county in self.world.counties.values():
            await county.store.write(note)


async def forced(county: County, draft: EventDraft, to: tuple[CountyCode, ...] = ()) -> str:
    """Let a county post what its own door would not let out; return its id."""
    event, now, trust = parse_new(draft.type, draft.content), county.clock.now(), county.directory.trust()
    body = papers.as_bytes(draft.content)
    assert isinstance(event, CaseEvent), event
    outgoing = complete(draft, event, content=body, trust=trust, county=county.code, now=now)
    assert isinstance(outgoing, Outgoing), outgoing
    sent = replace(outgoing, to=to) if to else outgoing
    return (await county.store.write(lambda tx: county.posting.post(tx, sent, now))).envelope_id


@asynccontextmanager
async def mediating(*more: str) -> AsyncIterator[Bench]:
    """Open the APIs of three counties, of which two will write cases; the agreement permits ``more`` types as well."""
    types = (*(one.wire_type for one in CASE_TYPES), *more)
    permitted = AGREEMENT | {"grants": (Grant(types=types),)}
    world = World((NANDAN, LIBO, HUANJIANG), trust=papers.trust(papers.in_force(**permitted)))
    reference, document = papers.in_force(**permitted).reference, papers.signed_agreement(**permitted)
    shelf = TrustPapers((papers.signed_registry(),), {reference: document})

    def keep(tx: Transaction) -> None:
        for code in world.counties:
            tx.key_book.keep(code, office_key(code))

    async with AsyncExitStack() as stack:
        desks = {}
        for code, county in world.counties.items():
            assert isinstance(county.encryption, MemoryEncryption)
            county.encryption.add(f"{code} office")
            county.directory.shelf = shelf
            await county.store.write(keep)
            token = county.let_in("desk", *SCOPES, officer="duty-a")
            desks[code] = await stack.enter_async_context(calling(county, token))
        bench = Bench(world, desks)
        await bench.hear()
        yield bench
