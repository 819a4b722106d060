"""Evidence files from two counties' own stores: what is written holds, whatever is left out, and no bit is free."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.control import ReceiptStage
from schemas.errors import Fault
from schemas.evidence import RECEIPTS_MAX, ChangedEvidence, Evidence
from schemas.registry import KeyUse
from services.domain.documents import add_signature, document_digest
from services.domain.encoding import from_base64url, to_base64url
from services.domain.evidence_choosing import Gathered
from services.domain.evidence_opening import open_evidence, spell
from services.domain.evidence_verifying import Outcome, Verdict, verify_evidence
from services.domain.evidence_writing import TrustPapers, Written, write_evidence
from services.gateway.api.evidence import gather
from services.posting import Posted
from tests import papers
from tests.vectors.evidence import ANCHOR, WHOLE
from tests.vectors.evidence_changed import COMMITTED_ANCHOR, EVERYTHING
from tests.vectors.evidence_released import WHOLE as RELEASED
from tests.vectors.spelling import Json, compact
from tests.world import County, World, alert_draft, full_papers, policy_draft

PAPERS = full_papers()
FIRST = PAPERS.registries[0]
OWN_ANCHOR = document_digest(FIRST)


async def gathered(county: County, envelope_id: str, links: int = 16) -> Gathered:
    """Return what a county holds about an event."""
    trust = county.directory.trust()
    return await county.store.read(lambda snapshot: gather(snapshot, envelope_id, links, trust))


def written(found: Gathered, shelf: TrustPapers = PAPERS, *, with_content: bool = True) -> Written:
    """Write a file that can be written."""
    made = write_evidence(found, shelf, with_content=with_content)
    assert isinstance(made, Written), made
    return made


def verdict_of(found: Gathered, *, with_content: bool = True) -> Verdict:
    """Write and verify."""
    return verify_evidence(spell(written(found, with_content=with_content).evidence), OWN_ANCHOR)


@pytest.fixture
async def world() -> World:
    return World()


async def sent(world: World) -> Posted:
    """荔波 sends a bulletin, an alert and two bulletins; everything arrives."""
    libo = world[papers.LIBO]
    await libo.send(policy_draft())
    posted = await libo.send(alert_draft())
    for _ in range(2):
        await libo.send(policy_draft())
    await world.carry()
    return posted


async def test_the_source_proves_who_stored_it(world: World) -> None:
    """Both neighbours, each by one receipt over a range that ends behind the alert."""
    posted = await sent(world)
    verdict = verdict_of(await gathered(world[papers.LIBO], posted.envelope_id))
    assert verdict.outcome is Outcome.HOLDS
    stages = {(one.receiver, one.stage) for one in verdict.receipts}
    assert stages == {(code, ReceiptStage.STORED) for code in (papers.NANDAN, papers.HUANJIANG)}
    assert verdict.opened is not None
    assert [part.envelope.header.seq for part in verdict.opened.before] == [0, 1]


async def test_the_receiver_proves_it_as_well(world: World) -> None:
    """It holds the same bytes, and its own receipt."""
    posted = await sent(world)
    verdict = verdict_of(await gathered(world[papers.HUANJIANG], posted.envelope_id, links=0))
    assert verdict.outcome is Outcome.HOLDS
    assert [one.receiver for one in verdict.receipts] == [papers.HUANJIANG]
    assert verdict.opened is not None
    assert verdict.opened.before == ()


async def test_content_may_be_left_out(world: World) -> None:
    """Its digest is signed: whoever has the content can compare."""
    posted = await sent(world)
    found = await gathered(world[papers.LIBO], posted.envelope_id)
    verdict = verdict_of(found, with_content=False)
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.opened is not None
    assert not verdict.opened.event.has_content


async def test_erased_content_is_told_as_detached(world: World) -> None:
    """What was destroyed is not there, and the chain still verifies."""
    posted = await sent(world)
    found = await gathered(world[papers.LIBO], posted.envelope_id)
    erased = replace(found, event=replace(found.event, content=b""))
    verdict = verdict_of(erased)
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.opened is not None
    assert not verdict.opened.event.has_content


async def test_a_receipt_that_cannot_be_shown_is_counted(world: World) -> None:
    """Its range ends at an event that is not at hand: to put it in would make the file fail, to hide it would lie."""
    posted = await sent(world)
    found = await gathered(world[papers.LIBO], posted.envelope_id)
    near = replace(found, links=[one for one in found.links if one.seq <= posted.seq])
    made = written(near)
    assert (made.left_out, made.evidence.receipts) == (2, ())
    assert verify_evidence(spell(made.evidence), OWN_ANCHOR).outcome is Outcome.HOLDS


async def test_a_head_shows_how_far_the_source_had_come(world: World) -> None:
    """Only where the links do not reach it."""
    posted = await sent(world)
    found = await gathered(world[papers.LIBO], posted.envelope_id)
    assert written(found).evidence.heads == ()
    near = replace(found, links=[], receipts=[])
    assert len(written(near).evidence.heads) == 1
    assert verdict_of(near).outcome is Outcome.HOLDS


async def test_an_event_that_overtook_a_gap_has_evidence_at_once(world: World) -> None:
    """The receiver's head stands before it: that is no head of this file."""
    posted = await sent(world)
    found = await gathered(world[papers.LIBO], posted.envelope_id)
    links = {one.seq: one for one in found.links}
    early = replace(found, links=[], heads=[links[0]], receipts=[])
    assert written(early).evidence.heads == ()
    assert verdict_of(early).outcome is Outcome.HOLDS


async def test_an_opening_is_evidence_without_an_agreement(world: World) -> None:
    """Who began the chain, and with whom."""
    posted = await sent(world)
    opening = (await gathered(world[papers.LIBO], posted.envelope_id)).links[0]
    found = await gathered(world[papers.LIBO], opening.envelope_id)
    made = written(found)
    assert made.evidence.agreement is None
    assert verify_evidence(spell(made.evidence), OWN_ANCHOR).outcome is Outcome.HOLDS


async def test_signatures_that_do_not_count_stay_at_home(world: World) -> None:
    """A kept document may carry more than counts; in a file that would be a place for free bits."""
    posted = await sent(world)
    stranger = papers.signer("a stranger", KeyUse.GOVERNANCE)
    registry = add_signature(PAPERS.registries[0], stranger.kid, stranger.sign)
    agreements = {name: add_signature(one, stranger.kid, stranger.sign) for name, one in PAPERS.agreements.items()}
    found = await gathered(world[papers.LIBO], posted.envelope_id)
    made = written(found, TrustPapers((registry,), agreements))
    assert made.evidence == written(found).evidence


async def test_later_registries_that_nothing_names_stay_at_home(world: World) -> None:
    """The file ends with the newest version that a header in it names."""
    posted = await sent(world)
    second = papers.signed_registry(version=2, previous=OWN_ANCHOR)
    found = await gathered(world[papers.LIBO], posted.envelope_id)
    shelf = TrustPapers((PAPERS.registries[0], second), PAPERS.agreements)
    assert written(found, shelf).evidence.registries == written(found).evidence.registries


@pytest.mark.parametrize(
    ("shelf", "code"),
    [
        (TrustPapers((), PAPERS.agreements), "evidence.registry_missing"),
        (TrustPapers(PAPERS.registries, {}), "evidence.agreement_missing"),
        (TrustPapers((papers.signed_agreement(),), PAPERS.agreements), "document.wrong_type"),
        (TrustPapers(PAPERS.registries, dict.fromkeys(PAPERS.agreements, FIRST)), "document.wrong_type"),
    ],
)
async def test_what_is_not_kept_is_named(world: World, shelf: TrustPapers, code: str) -> None:
    """Half a file would prove nothing and look like one that does."""
    posted = await sent(world)
    made = write_evidence(await gathered(world[papers.LIBO], posted.envelope_id), shelf)
    assert isinstance(made, Fault)
    assert made.code == code


async def test_a_file_has_a_bound(world: World) -> None:
    """More receipts than a file may hold are counted, and more bytes are refused."""
    posted = await sent(world)
    found = await gathered(world[papers.LIBO], posted.envelope_id)
    many = replace(found, receipts=[*found.receipts] * (RECEIPTS_MAX // 2 + 1))
    assert written(many).left_out == 2
    huge = replace(found.event, content=b"x" * 262_144)
    made = write_evidence(replace(found, receipts=[found.receipts[0]] * RECEIPTS_MAX, event=huge), PAPERS)
    assert isinstance(made, Written)
    fat = replace(found.receipts[0], keys_bytes=b"k" * 131_072)
    made = write_evidence(replace(found, receipts=[fat] * 200), PAPERS)
    assert isinstance(made, Fault)
    assert made.code == "evidence.too_large"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("whole", "anchor"), [(WHOLE, ANCHOR), (EVERYTHING, COMMITTED_ANCHOR), (RELEASED, ANCHOR)], ids=["v1", "v2", "v3"]
)
def test_every_flipped_bit_is_refused(whole: Json, anchor: str, reduced: Callable[[int, int], int]) -> None:
    """A bit that may be changed unnoticed is one that nobody signed."""
    data = compact(whole)
    bits = len(data) * 8
    step = -(-bits // reduced(2_000, bits))
    changed = bytearray(data)
    left = []
    for bit in range(0, bits, step):
        changed[bit >> 3] ^= 1 << (bit & 7)
        if verify_evidence(bytes(changed), anchor).outcome is not Outcome.REFUSED:
            left.append(bit)
        changed[bit >> 3] ^= 1 << (bit & 7)
    assert left == []


@pytest.mark.parametrize("size", [0, 1, 100, 19_000])
def test_a_file_that_was_cut_off_is_refused(size: int) -> None:
    """A copy that was not finished."""
    assert verify_evidence(compact(WHOLE)[:size], ANCHOR).outcome is Outcome.REFUSED


def test_a_part_larger_than_any_envelope_is_refused() -> None:
    """Before anything of it is looked at."""
    event = WHOLE["event"] | {"keys": to_base64url(b"k" * 131_073)}
    opened = open_evidence(compact(WHOLE | {"event": event}))
    assert isinstance(opened, Fault)
    assert opened.code == "json.too_large"


def test_the_model_writes_what_the_vectors_say() -> None:
    """One spelling, here and in the second one of the vectors."""
    assert spell(ChangedEvidence.model_validate_json(compact(EVERYTHING))) == compact(EVERYTHING)
    data = compact(WHOLE)
    assert spell(Evidence.model_validate_json(data)) == data
    opened = open_evidence(data)
    assert not isinstance(opened, Fault)
    assert opened.event.envelope.header_bytes == from_base64url(WHOLE["event"]["header"])
