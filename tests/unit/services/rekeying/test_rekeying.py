"""A county's own side of a change of keys: decided between two events, told until it is heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import UnavailableError
from schemas.ids import CountyCode
from schemas.key_changes import ChangeReason, KeyChange
from schemas.records import Direction
from schemas.registry import KeyUse
from services.domain.documents import document_digest
from services.domain.key_changes import commitment_of, with_changes
from services.domain.key_ends import current_keys
from services.domain.trust import Trust
from services.posting import Posting
from services.rekeying.rekeying import Rekeying
from services.rekeying.signers import CurrentSigners
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import County, World, full_trust, policy_draft

FIRST = papers.signer(LIBO)
RECEIPT_KEY = papers.signer(LIBO, KeyUse.RECEIPT)


def nth(use: KeyUse, number: int) -> MemorySigner:
    """Return the key that follows after ``number`` changes."""
    return MemorySigner(f"{LIBO} {use} {number}")


@dataclass
class KeyBox:
    """Satisfies ``services.signing_ports.SigningKeys`` in memory."""

    held: dict[str, MemorySigner] = field(default_factory=dict)
    orders: dict[KeyUse, str] = field(default_factory=dict)
    destroyed: list[str] = field(default_factory=list)
    made: int = 1

    def add(self, key: MemorySigner) -> None:
        """Put a key in."""
        self.held[key.kid] = key

    def signers(self) -> Mapping[str, MemorySigner]:
        """Return every key."""
        return dict(self.held)

    def make(self, use: KeyUse) -> bytes:
        """Make the key after the next one."""
        self.made += 1
        self.add(nth(use, self.made))
        return nth(use, self.made).public

    def ordered(self, use: KeyUse) -> str | None:
        """Return what was ordered."""
        return self.orders.get(use)

    def done(self, use: KeyUse, kid: str) -> None:
        """The order is done."""
        self.orders.pop(use, None)
        if kid:
            self.destroyed.append(kid)
            self.held.pop(kid, None)


class Owner:
    """荔波 with its keys, in a world of three."""

    def __init__(self, world: World) -> None:
        """Give the county's posting the signers of the moment."""
        self.world, self.county = world, world[LIBO]
        self.keys = KeyBox()
        for key in (FIRST, RECEIPT_KEY, nth(KeyUse.EVENT, 1), nth(KeyUse.RECEIPT, 1)):
            self.keys.add(key)
        directory = self.county.directory
        signers = CurrentSigners(county=LIBO, trust=directory.trust, keys=self.keys)
        self.county.posting = Posting(
            county=LIBO,
            signers=signers,
            trust=directory.trust,
            ids=self.county.ids,
            encryption=self.county.encryption,
        )
        self.county.submitter._posting = self.county.posting  # noqa: SLF001 - the county was built with fixed keys
        self.signers, self.loses_commit = signers, False
        self.rekeying = Rekeying(
            store=self.county.store,
            posting=self.county.posting,
            keys=self.keys,
            signers=signers,
            papers=self,
            trust=directory.trust,
            credentials=lambda: [document_digest(papers.credential(LIBO))],
            clock=world.clock,
        )

    def keep(self, document: SignedDocument) -> None:
        """Satisfies ``services.signing_ports.Papers``: what is kept counts at once."""
        self.county.directory.trusted = with_changes(self.county.directory.trusted, [document])[0]
        if self.loses_commit:
            self.county.store.disk_full = True
            raise UnavailableError("the disk is full")

    def order(self, use: KeyUse = KeyUse.EVENT) -> None:
        """Order the key in force to be changed."""
        self.keys.orders[use] = self.signers[use].kid


def committed_trust() -> Trust:
    """Return the trust in which 荔波's event and receipt keys commit to the next ones."""
    following = {use: nth(use, 1) for use in (KeyUse.EVENT, KeyUse.RECEIPT)}
    keys = tuple(
        one.model_copy(update={"next_digest": commitment_of("ed25519", following[one.use].public)})
        if one.use in following
        else one
        for one in papers.member(LIBO).keys
    )
    members = (papers.member(NANDAN), papers.member(HUANJIANG), papers.member(LIBO, keys=keys))
    agreements = full_trust().agreements.values()
    return papers.trust(*agreements, members=members)


@pytest.fixture
def owner() -> Owner:
    """荔波, whose next keys are ready."""
    return Owner(World(trust=committed_trust()))


async def signers_at(county: County) -> list[str]:
    """Return who signed the events of 荔波 that a county has in its inbox."""
    page = await county.store.read(
        lambda snapshot: snapshot.events(direction=Direction.INCOMING, wire_type=None, since=0, limit=100)
    )
    found = [await county.store.read(lambda s, i=one.envelope_id: s.event(i)) for one in page.rows]  # type: ignore[misc]
    return [one.envelope.header.signers[0] for one in found if one and one.envelope.header.source == LIBO]


async def test_the_next_event_is_signed_by_the_next_key(owner: Owner) -> None:
    """The old one ends at the last event that it signed, and its private half is destroyed."""
    await owner.county.send(policy_draft())
    owner.order()
    await owner.rekeying.run_once()
    await owner.county.send(policy_draft())
    await owner.world.carry()
    assert await signers_at(owner.world[HUANJIANG]) == [FIRST.kid, nth(KeyUse.EVENT, 1).kid]
    assert owner.keys.destroyed == [FIRST.kid]
    assert owner.keys.orders == {}
    (one,) = owner.county.directory.trust().changes
    assert one.change.reason is ChangeReason.ROTATED
    assert one.change.credentials == (document_digest(papers.credential(LIBO)),)


async def test_events_on_the_way_stay_valid(owner: Owner) -> None:
    """They were signed before the end, and come after the change was heard of."""
    await owner.county.send(policy_draft())
    under_way = await owner.county.take_waiting()
    owner.order()
    await owner.rekeying.run_once()
    record = await owner.county.take_waiting()
    neighbour = owner.world[HUANJIANG]
    await neighbour.receive(record)  # it waits for the links before it, but its document counts at once
    await neighbour.receive(under_way)
    assert await signers_at(neighbour) == [FIRST.kid]
    assert (await neighbour.counts())["quarantined"] == 0


async def test_what_comes_before_the_record_waits_for_it(owner: Owner) -> None:
    """The urgent lane and the normal one are read apart: an event by the new key may be here first."""
    await owner.county.send(policy_draft())
    await owner.world.carry()
    owner.order()
    await owner.rekeying.run_once()
    record = await owner.county.take_waiting()
    await owner.county.send(policy_draft())
    neighbour = owner.world[HUANJIANG]
    await neighbour.receive(await owner.county.take_waiting())
    counts = await neighbour.counts()
    assert (counts["held_back"], counts["quarantined"]) == (1, 0)
    await neighbour.receive(record)
    assert (await neighbour.counts())["held_back"] == 0
    assert await signers_at(neighbour) == [FIRST.kid, nth(KeyUse.EVENT, 1).kid]


async def test_keys_change_again_and_again(owner: Owner) -> None:
    """Each rotation needs the commitment of the one before."""
    for _ in range(3):
        owner.order()
        owner.order(KeyUse.RECEIPT)
        await owner.rekeying.run_once()
        await owner.county.send(policy_draft())
        await owner.world[HUANJIANG].send(policy_draft())
        await owner.world.carry()
    for code in (NANDAN, HUANJIANG):
        assert (await owner.world[code].counts())["quarantined"] == 0
        assert len(owner.world[code].directory.trust().changes) == 6
    events = [current_keys(owner.world[NANDAN].directory.trust(), LIBO, use) for use in (KeyUse.EVENT, KeyUse.RECEIPT)]
    assert [len(keys) for keys in events] == [1, 1]


async def test_an_order_that_comes_twice_changes_nothing_twice(owner: Owner) -> None:
    """A script that was run again after a cut would burn a key each time."""
    kid = owner.signers[KeyUse.EVENT].kid
    owner.order()
    await owner.rekeying.run_once()
    owner.keys.orders[KeyUse.EVENT] = kid
    await owner.rekeying.run_once()
    assert len(owner.county.directory.trust().changes) == 1
    assert owner.keys.orders == {}


async def test_an_order_without_a_next_key_is_void(owner: Owner) -> None:
    """Its file is gone: only the recovery key can help, and the node goes on with the key it has."""
    del owner.keys.held[nth(KeyUse.EVENT, 1).kid]
    owner.order()
    await owner.rekeying.run_once()
    assert owner.county.directory.trust().changes == ()
    assert owner.signers[KeyUse.EVENT].kid == FIRST.kid


async def test_a_change_whose_transaction_failed_is_told_later(owner: Owner) -> None:
    """The file is there, the record is not: the old key must have ended all the same, and the partners must hear."""
    await owner.county.send(policy_draft())
    owner.order()
    owner.loses_commit = True
    with pytest.raises(UnavailableError):
        await owner.rekeying.run_once()
    owner.loses_commit = owner.county.store.disk_full = False
    assert owner.signers[KeyUse.EVENT].kid == nth(KeyUse.EVENT, 1).kid
    await owner.county.send(policy_draft())
    assert await owner.rekeying.run_once() == len(owner.county.directory.trust().agreements)
    await owner.world.carry()
    neighbour = owner.world[HUANJIANG]
    assert (await neighbour.counts())["quarantined"] == 0


async def test_the_partners_are_told_once(owner: Owner) -> None:
    """A record a second would fill every chain."""
    owner.order()
    await owner.rekeying.run_once()
    before = (await owner.county.counts())["waiting"]
    for _ in range(3):
        assert await owner.rekeying.run_once() == 0
    assert (await owner.county.counts())["waiting"] == before


def test_a_county_without_a_key_in_force_signs_nothing(owner: Owner) -> None:
    """A revoked key that goes on signing would be worse than a node that waits."""
    change: dict[str, Any] = {
        "county": CountyCode(LIBO),
        "use": KeyUse.EVENT,
        "old": FIRST.kid,
        "reason": ChangeReason.REVOKED,
        "ends": (),
        "issued_at": papers.NOW,
    }
    document = papers.signed(PayloadType.KEY_CHANGE, KeyChange(**change), [papers.signer(LIBO, KeyUse.RECOVERY)])
    owner.keep(document)
    with pytest.raises(UnavailableError):
        owner.signers[KeyUse.EVENT]
    assert owner.signers[KeyUse.RECEIPT].kid == RECEIPT_KEY.kid
