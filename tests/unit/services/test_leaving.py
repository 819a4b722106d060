"""A member leaves: the others go on under the same agreement, and nobody waits for it any more."""

import asyncio
import json

import pytest

from adapters.memory.store import MemoryStore
from schemas.errors import Fault
from schemas.notices import NoticeKind
from services.domain.documents import document_digest
from services.domain.governance import judge_agreement
from services.domain.hub_members import hub_members
from services.domain.receiving import Outcome, examine
from services.domain.trust import Trust
from services.domain.trust_files import agreement_file, load_trust, registry_file
from services.notifier.notifier import Notifier
from tests import papers
from tests.desk import Office
from tests.papers import AGREEMENT, HUANJIANG, LIBO, NANDAN
from tests.world import World, policy_draft

STAYED = (papers.member(HUANJIANG), papers.member(LIBO))


def after() -> Trust:
    """Return what is trusted once 南丹 has left: registry 2 lacks it, the agreement still names it."""
    return papers.trust(version=2, previous="0" * 64, members=STAYED)


def files() -> dict[str, bytes]:
    """Return a county's files of trust: two registries and the agreement of three."""
    first = papers.signed_registry()
    second = papers.signed_registry(version=2, previous=document_digest(first), members=STAYED, by=(HUANJIANG, LIBO))
    pins = {1: document_digest(first), 2: document_digest(second)}
    documents = {
        registry_file(1): first,
        registry_file(2): second,
        agreement_file(AGREEMENT, 1): papers.signed_agreement(),
    }
    spelt = {name: one.model_dump_json().encode() for name, one in documents.items()}
    return {**spelt, "trust/pinned.json": json.dumps(pins).encode()}


def test_the_agreement_goes_on_without_the_one_that_left() -> None:
    """One county that leaves must not end the alerts among all the others."""
    loaded = load_trust(files())
    assert not isinstance(loaded, Fault)
    assert loaded.left_out == ()
    assert loaded.trust.agreement(AGREEMENT) is not None
    assert loaded.trust.member(NANDAN) is None


def test_a_party_that_was_never_a_member_is_a_stranger() -> None:
    """Else whoever is named in a draft could be said to have left."""
    fault = judge_agreement(papers.signed_agreement(), after().registry)
    assert isinstance(fault, Fault)
    assert fault.code == "agreement.not_member"
    unsigned = papers.signed_agreement(by=(HUANJIANG, LIBO))
    fault = judge_agreement(unsigned, after().registry, [papers.registry()])
    assert isinstance(fault, Fault)
    assert fault.code == "agreement.unsigned"


async def test_the_default_audience_is_who_is_left() -> None:
    """An alert to everybody that is refused for the one who is no more."""
    world = World((HUANJIANG, LIBO), trust=after())
    await world[LIBO].send(policy_draft())
    await world.carry()
    assert (await world[HUANJIANG].counts())["events_in"] == 1


def test_nothing_comes_from_it_and_nothing_goes_to_it() -> None:
    """At both ends, by the same rule."""
    found = examine(papers.arrival(papers.envelope()), trust=after(), county=HUANJIANG)
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.REJECTED, "sharing.not_member")


async def test_its_dues_are_closed_and_nobody_is_told_to_telephone_it() -> None:
    """A notice a minute about a county that has no duty room any more."""
    office = Office(LIBO, MemoryStore())
    await office.post_alert()
    assert (await office.store.read(lambda snapshot: snapshot.oldest_unstored())).keys() == {NANDAN, HUANJIANG}
    office.trusted = after()
    async with office.receiver.running():
        while NANDAN in await office.store.read(lambda snapshot: snapshot.oldest_unstored()):
            await asyncio.sleep(0.01)
    office.clock.jump(3600)
    notifier = Notifier(store=office.store, trust=lambda: office.trusted, clock=office.clock)
    await notifier.run_once()
    notices = await office.store.read(lambda snapshot: snapshot.notices(open_only=True, limit=9))
    about = {(one.kind, one.county) for one in notices}
    assert (NoticeKind.NOT_STORED, HUANJIANG) in about
    assert NANDAN not in {county for _, county in about}


@pytest.mark.parametrize("by", [(HUANJIANG, LIBO), papers.COUNTIES])
def test_the_hub_goes_on_carrying_among_the_others(by: tuple[str, ...]) -> None:
    """It has the newest registry alone, and cannot verify who has left."""
    registry = papers.signed_registry(version=2, previous="0" * 64, members=STAYED, by=(HUANJIANG, LIBO))
    found = hub_members(registry, [papers.signed_agreement(by=by)])
    assert not isinstance(found, Fault)
    assert found.parties == {AGREEMENT: {HUANJIANG, LIBO}}
    missing = hub_members(registry, [papers.signed_agreement(by=(LIBO,))])
    assert isinstance(missing, Fault)
    assert missing.code == "agreement.unsigned"
