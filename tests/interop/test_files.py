"""An event that binds a file is evidence like any other: by both verifiers, before and after its file has come."""

from schemas.access import Scope
from services.domain.documents import document_digest
from services.domain.encoding import to_base64url
from services.domain.evidence_verifying import Outcome, verify_evidence
from tests.caller import calling
from tests.filing import rooms_of
from tests.interop.verifier import ask
from tests.papers import HUANJIANG, LIBO
from tests.world import World, full_papers

ANCHOR = document_digest(full_papers().registries[0])


async def test_both_verifiers_take_an_event_that_binds_a_file() -> None:
    """Years later the file itself is compared with the digest that the event names."""
    world = World()
    rooms, libo = rooms_of(world), world[LIBO]
    posted = await rooms[LIBO].sent()
    await world.carry()
    await rooms[HUANJIANG].take(await rooms[LIBO].published())
    await world.carry()
    async with calling(libo, libo.let_in("desk", Scope.EVENTS_READ)) as caller:
        path = f"/api/v1/events/{posted.envelope_id}/evidence"
        async with caller.session.get(path, headers=caller.auth) as reply:
            data = await reply.read()
    verdict = verify_evidence(data, ANCHOR)
    assert verdict.outcome is Outcome.HOLDS
    assert [one.receiver for one in verdict.receipts] == [HUANJIANG]
    (answer,) = ask([{"ask": "evidence", "bundle": to_base64url(data), "anchor": ANCHOR}])
    assert (answer["outcome"], answer["envelope_id"]) == ("holds", posted.envelope_id)
