"""``GET events/{id}/evidence``: the file itself, byte by byte, and what it leaves out is said."""

import json

import pytest

from schemas.access import Scope
from services.domain.documents import document_digest
from services.domain.evidence_verifying import Outcome, verify_evidence
from services.domain.evidence_writing import TrustPapers
from tests import papers
from tests.caller import Caller, calling
from tests.world import OFFICER, World, alert_draft, full_papers, policy_draft

ANCHOR = document_digest(full_papers().registries[0])


@pytest.fixture
def world() -> World:
    return World()


async def exported(caller: Caller, envelope_id: str, **params: str) -> bytes:
    """Return the bytes of a good answer."""
    path = f"/api/v1/events/{envelope_id}/evidence"
    async with caller.session.get(path, params=params, headers=caller.auth) as reply:
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "application/json"
        assert reply.headers["Sihu-Receipts-Left-Out"] == "0"
        assert reply.headers["Content-Disposition"] == f'attachment; filename="evidence-{envelope_id[:10]}.json"'
        return await reply.read()


async def test_an_acknowledged_alert_is_proved_at_both_ends(world: World) -> None:
    """The whole round: sent, stored, answered by an officer with a token, exported by source and receiver."""
    libo, huanjiang = world[papers.LIBO], world[papers.HUANJIANG]
    posted = await libo.send(alert_draft())
    await world.carry()
    async with calling(huanjiang, huanjiang.let_in("desk", *Scope, officer=OFFICER)) as caller:
        assert (await caller.post(f"/events/{posted.envelope_id}/acknowledgement")).status == 202
        await world.carry()
        theirs = await exported(caller, posted.envelope_id)
    async with calling(libo, libo.let_in("desk", Scope.EVENTS_READ)) as caller:
        ours = await exported(caller, posted.envelope_id)
    for data, stages in ((theirs, ["stored", "acknowledged"]), (ours, ["stored", "stored", "acknowledged"])):
        verdict = verify_evidence(data, ANCHOR)
        assert verdict.outcome is Outcome.HOLDS
        assert [one.stage.value for one in verdict.receipts] == stages


async def test_content_and_links_are_left_out_when_asked(world: World) -> None:
    """Somebody may prove that an event was sent without showing what it says."""
    libo = world[papers.LIBO]
    await libo.send(policy_draft())
    posted = await libo.send(policy_draft())
    async with calling(libo, libo.let_in("desk", Scope.EVENTS_READ)) as caller:
        data = await exported(caller, posted.envelope_id, content="false", links="1")
    assert verify_evidence(data, ANCHOR).outcome is Outcome.HOLDS
    file = json.loads(data)
    assert (file["event"]["content"], len(file["before"])) == (None, 1)


async def test_what_cannot_be_proved_is_refused(world: World) -> None:
    """No such event, an agreement that was thrown away, a token that may not read."""
    libo = world[papers.LIBO]
    posted = await libo.send(policy_draft())
    async with calling(libo, libo.let_in("desk", Scope.EVENTS_READ)) as caller:
        assert (await caller.get(f"/events/{'0' * 64}/evidence")).body["code"] == "request.not_found"
        assert (await caller.get(f"/events/{posted.envelope_id}/evidence?links=1025")).status == 400
        libo.directory.shelf = TrustPapers(full_papers().registries, {})
        answer = await caller.get(f"/events/{posted.envelope_id}/evidence")
        assert (answer.status, answer.body["code"]) == (422, "evidence.agreement_missing")
        assert answer.is_problem
    async with calling(libo, libo.let_in("blind", Scope.EVENTS_WRITE)) as caller:
        assert (await caller.get(f"/events/{posted.envelope_id}/evidence")).body["code"] == "access.scope"
