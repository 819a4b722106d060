"""What the API tells of agreements, keys and the node itself, so that no page reads behind it."""

import pytest

from schemas.access import Scope
from schemas.envelope import PayloadType
from schemas.key_changes import ChangeReason, KeyChange, Suspension
from schemas.registry import KeyUse
from services.domain.key_changes import with_changes
from tests import papers
from tests.caller import calling
from tests.papers import HUANJIANG, LIBO
from tests.world import County, World, full_trust


@pytest.fixture
def county() -> County:
    return World()[HUANJIANG]


async def test_agreements_are_told_with_their_parties_and_who_stepped_out(county: County) -> None:
    """A suspended party is a party of the text still: only `taking_part` says to whom anything goes."""
    said = Suspension(
        county=LIBO, agreement_id=papers.AGREEMENT, version=1, ends=(), reason="汛期", issued_at=papers.NOW
    )
    document = papers.signed(PayloadType.SUSPENSION, said, [papers.signer(LIBO, KeyUse.GOVERNANCE)])
    county.directory.trusted, _ = with_changes(full_trust(), [document])
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        lines = {one["agreement"]["id"]: one for one in (await caller.get("/agreements")).body["agreements"]}

    one = lines[papers.AGREEMENT]
    assert one["in_force"]
    assert LIBO in one["agreement"]["parties"]
    assert LIBO not in one["taking_part"]
    assert [(gone["county"], gone["reason"]) for gone in one["suspensions"]] == [(LIBO, "汛期")]
    assert len(one["digest"]) == 64
    assert lines["work-only"]["suspensions"] == []


async def test_a_revoked_key_is_told_as_ended(county: County) -> None:
    """The registry goes on listing it until its next version: read there, it looks as good as any."""
    old = papers.signer(LIBO, KeyUse.EVENT).kid
    change = KeyChange(
        county=LIBO, use=KeyUse.EVENT, old=old, reason=ChangeReason.REVOKED, ends=(), issued_at=papers.NOW
    )
    document = papers.signed(PayloadType.KEY_CHANGE, change, [papers.signer(LIBO, KeyUse.RECOVERY)])
    county.directory.trusted, faults = with_changes(full_trust(), [document])
    assert not faults
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        keys = {one["kid"]: one for one in (await caller.get("/keys")).body["keys"]}

    assert (keys[old]["ended"], keys[old]["ended_at"]) == ("revoked", "2026-03-04T08:00:00.000+08:00")
    assert [one["ended"] for kid, one in keys.items() if kid != old] == [None] * (len(keys) - 1)


async def test_the_node_tells_how_it_is_doing_to_who_runs_it(county: County) -> None:
    """A disk that fills up must be seen before it is full."""
    async with calling(county, county.let_in("ops", Scope.OPERATE)) as caller:
        found = (await caller.get("/node")).body
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        refused = await caller.get("/node")

    assert (found["version"], found["checks"], found["free_mib"]) == ("0.0.0", {"store": True, "hub": True}, None)
    assert {"held_back", "notices_open", "waiting", "quarantined"} <= set(found["counts"])
    assert refused.status == 403
