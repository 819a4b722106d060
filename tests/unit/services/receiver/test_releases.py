"""What a recipient believes of who released an event: officers of its source, two who are not one, and nothing else."""

import json
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.base import InformationClass, Status
from schemas.control import CONTROL_PURPOSE, ReleaseMode, ReleaseRecorded, ReleasingOfficer
from schemas.documents import SignedDocument
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.records import Direction
from schemas.statements import ReleaseStatement, ReleaseVerdict, SignedStatement
from services.domain.encoding import to_base64url
from services.domain.receiving import Outcome, examine
from services.domain.release_records import (
    awaits_second,
    counted,
    judge_release_record,
    release_outgoing,
    release_row,
)
from services.domain.release_signing import statement_bytes, terms_of_header
from services.domain.releasing import UNATTENDED
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import World, alert_draft, policy_draft

TRUST = papers.trust()
EVENT = "ab" * 32


def certified(officer: str, *, county: str = LIBO, key: str = "", **changes: Any) -> SignedDocument:  # noqa: ANN401
    """A credential over a key of the officer's own, or over another's."""
    public = to_base64url(MemorySigner(f"{county} {key or officer}").public)
    return papers.credential(county, officer=officer, display_name=officer, public=public, **changes)


def record(mode: ReleaseMode, *officers: tuple[str, SignedDocument]) -> ReleaseRecorded:
    named = tuple(ReleasingOfficer(officer=name, credential=document) for name, document in officers)
    return ReleaseRecorded(id=EVENT, mode=mode, officers=named, released_at=papers.NOW)


ALONE = record(ReleaseMode.ALONE, ("a", certified("a")))
TWO = record(ReleaseMode.TWO_OFFICERS, ("a", certified("a")), ("b", certified("b")))
SECOND = record(ReleaseMode.COUNTERSIGNED, ("b", certified("b")))


def header_of(said: ReleaseRecorded, source: str = LIBO) -> Header:
    content = said.model_dump_json(exclude_none=True).encode()
    return papers.envelope(content, type=ReleaseRecorded.wire_type, to=(HUANJIANG,), source=source).header


def code_of(said: ReleaseRecorded, *held: ReleaseRecorded) -> str | None:
    rows = [release_row(one, record_id=EVENT, source=LIBO) for one in held]
    fault = judge_release_record(said, header_of(said), rows, TRUST)
    return fault.code if isinstance(fault, Fault) else None


def test_what_certified_officers_released_counts() -> None:
    assert [code_of(ALONE), code_of(TWO), code_of(SECOND, ALONE)] == [None, None, None]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (record(ReleaseMode.ALONE, ("b", certified("a"))), "release.other_officer"),
        (record(ReleaseMode.ALONE, ("a", certified("a", county=NANDAN))), "officer.wrong_county"),
        (record(ReleaseMode.ALONE, ("a", certified("a", expires_at=papers.NOW))), "officer.expired"),
        (
            record(ReleaseMode.TWO_OFFICERS, ("a", certified("a")), ("b", certified("b", key="a"))),
            "release.same_officer",
        ),
    ],
    ids=["another's credential", "another county's officer", "a credential that has ended", "two names over one key"],
)
def test_names_that_nobody_certified_do_not(said: ReleaseRecorded, code: str) -> None:
    """A county's machine may say much; a second officer it cannot make up."""
    assert code_of(said) == code


def test_whoever_sent_it_alone_does_not_countersign() -> None:
    """One name twice is one name, and one key is one, whichever came first; and a name missing stays missing."""
    assert code_of(record(ReleaseMode.COUNTERSIGNED, ("a", certified("a"))), ALONE) == "release.same_officer"
    assert code_of(record(ReleaseMode.ALONE, ("b", certified("b"))), SECOND) == "release.same_officer"
    twin = record(ReleaseMode.COUNTERSIGNED, ("c", certified("c", key="a")))
    assert code_of(twin, ALONE) == "release.same_officer"
    assert code_of(ALONE, twin) == "release.same_officer"


@pytest.mark.parametrize("mode", list(ReleaseMode))
def test_a_record_names_as_many_as_its_mode_says(mode: ReleaseMode) -> None:
    """`two_officers` with one, or with one twice, is no such record; nor is `alone` with two."""
    one, two = ("a", certified("a")), ("b", certified("b"))
    right, wrong = ((one, two), (one,)) if mode is ReleaseMode.TWO_OFFICERS else ((one,), (one, two))
    assert record(mode, *right).mode is mode
    for officers in (wrong, (one, one)):
        with pytest.raises(ValueError, match="two_officers"):
            record(mode, *officers)


def test_another_county_says_nothing_about_our_event() -> None:
    """Whoever sends a record about a neighbour's alert changes nothing of how it is shown."""
    rows = [release_row(ALONE, record_id=EVENT, source=NANDAN)]
    assert counted(rows, LIBO) == ()
    assert awaits_second([release_row(ALONE, record_id=EVENT, source=LIBO)])
    both = [release_row(one, record_id=EVENT, source=LIBO) for one in (ALONE, SECOND)]
    assert not awaits_second(both)


async def send(world: World, said: ReleaseRecorded = ALONE) -> str:
    """Let 荔波 send an alert and a record about it; return the id of the alert."""
    libo = world[LIBO]
    posted = await libo.send(alert_draft())
    agreement = libo.directory.trust().agreement(papers.AGREEMENT)
    assert agreement is not None
    about = said.model_copy(update={"id": posted.envelope_id})
    event = await libo.store.read(lambda s: s.event(posted.envelope_id))
    assert event is not None
    outgoing = release_outgoing(about, agreement, event.envelope.header.to, 0)
    await libo.store.write(lambda tx: libo.posting.post(tx, outgoing, libo.clock.now()))
    await world.carry()
    return posted.envelope_id


async def test_a_record_is_kept_beside_its_event() -> None:
    """And is no line of any list."""
    world = World()
    event = await send(world)
    there = world[HUANJIANG].store
    (row,) = await there.read(lambda s: s.releases.of_event(event))
    assert (row.source, row.mode, row.officers[0].name) == (LIBO, ReleaseMode.ALONE, "a")
    page = await there.read(lambda s: s.events(direction=Direction.INCOMING, wire_type=None, since=0, limit=9))
    assert [one.envelope_id for one in page.rows] == [event]


async def test_a_forged_record_is_rejected_and_the_event_stands() -> None:
    """The alert must not suffer for what is said about it."""
    world = World()
    event = await send(world, record(ReleaseMode.ALONE, ("b", certified("a"))))
    there = world[HUANJIANG].store
    assert await there.read(lambda s: s.releases.of_event(event)) == []
    assert await there.read(lambda s: s.event(event)) is not None
    assert [one.code for one in await there.read(lambda s: s.quarantined(9))] == ["release.other_officer"]


def test_a_node_that_does_not_know_the_record_rejects_that_alone() -> None:
    """An older node meets a record of a newer one: a rejected link takes its place, so the chain goes on."""
    content = ALONE.model_dump_json(exclude_none=True).encode()
    newer = papers.envelope(
        content,
        type="cn.sihu.control.release_told.v1",
        purpose=CONTROL_PURPOSE,
        status=Status.SYSTEM,
        information_class=InformationClass.INTERNAL,
    )
    found = examine(papers.arrival(newer), trust=TRUST, county=HUANJIANG)
    assert (found.outcome, found.fault and found.fault.code) == (Outcome.REJECTED, "event.unknown_type")


# -- what an officer signed with a key of the officer's own ------------------------------------------------


def own(officer: str, verdict: ReleaseVerdict, subject: str, *, key: str = "", **changes: Any) -> SignedStatement:  # noqa: ANN401
    """A statement signed by the key that ``certified`` certifies, or by another's."""
    given: dict[str, Any] = {"county": LIBO, "officer": officer, "verdict": verdict, "subject": subject}
    said = ReleaseStatement(**(given | {"signed_at": papers.NOW} | changes))
    signature = MemorySigner(f"{LIBO} {key or officer}").sign(statement_bytes(said))
    return SignedStatement(statement=said, signature=to_base64url(signature))


def signed_by(officer: str, signed: SignedStatement | None) -> ReleasingOfficer:
    return ReleasingOfficer(officer=officer, credential=certified(officer), own=signed)


async def told(
    world: World, about: str, mode: ReleaseMode, *officers: ReleasingOfficer, source: str = LIBO
) -> tuple[list[str], list[list[bool]]]:
    """Let a county put something on record about an event; return why 环江 refuses it, and who signed as kept."""
    county, there = world[CountyCode(source)], world[HUANJIANG]
    agreement = county.directory.trust().agreement(papers.AGREEMENT)
    assert agreement is not None
    said = ReleaseRecorded(id=about, mode=mode, officers=officers, released_at=papers.NOW)
    to = tuple(one for one in papers.COUNTIES if one != source)
    outgoing = release_outgoing(said, agreement, tuple(sorted(to)), 0)
    await county.store.write(lambda tx: county.posting.post(tx, outgoing, county.clock.now()))
    await world.carry()
    codes = [one.code for one in await there.store.read(lambda s: s.quarantined(9))]
    rows = await there.store.read(lambda s: s.releases.of_event(about))
    return codes, [[by.signed_at is not None for by in row.officers] for row in rows]


async def terms_of(world: World, event: str) -> str:
    held = await world[LIBO].store.read(lambda s: s.event(event))
    assert held is not None
    return terms_of_header(held.envelope.header)


async def both(world: World, event: str, **changes: Any) -> tuple[ReleasingOfficer, ReleasingOfficer]:  # noqa: ANN401
    """Two officers who signed by the terms of an event; ``changes`` are those of the approval."""
    subject = await terms_of(world, event)
    drafted = own("a", ReleaseVerdict.DRAFTED, subject)
    given: dict[str, Any] = {"officer": "b", "verdict": ReleaseVerdict.APPROVED, "subject": subject}
    return signed_by("a", drafted), signed_by("b", own(**(given | changes)))


async def test_what_officers_signed_counts_in_the_very_batch_of_its_event() -> None:
    """Event and record often come together; the record is judged before either is written."""
    world = World()
    event = (await world[LIBO].send(alert_draft())).envelope_id
    found = await told(world, event, ReleaseMode.TWO_OFFICERS, *await both(world, event))
    assert found == ([], [[True, True]])


async def test_a_record_without_signatures_counts_and_says_so() -> None:
    """What was taken out is missing, and is shown to be."""
    world = World()
    event = (await world[LIBO].send(alert_draft())).envelope_id
    bare = [one.model_copy(update={"own": None}) for one in await both(world, event)]
    assert await told(world, event, ReleaseMode.TWO_OFFICERS, *bare) == ([], [[False, False]])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "a"}, "release.signature"),
        ({"officer": "a", "key": "b"}, "release.other_statement"),
        ({"county": HUANJIANG}, "release.other_statement"),
        ({"verdict": ReleaseVerdict.COUNTERSIGNED}, "release.other_statement"),
        ({"subject": "0" * 64}, "release.other_event"),
        ({"acknowledge_by": papers.later(days=9)}, "release.other_event"),
        ({"signed_at": papers.later(seconds=1)}, "release.signed_at"),
        ({"signed_at": papers.later(seconds=-1)}, "release.signed_at"),
    ],
    ids=["key", "name", "county", "word", "text", "deadline", "after it was sent", "before it was handed in"],
)
async def test_a_forged_approval_is_rejected_and_the_event_stands(changes: dict[str, Any], code: str) -> None:
    """A county's machine has its event key, and no officer's."""
    world = World()
    event = (await world[LIBO].send(alert_draft())).envelope_id
    found = await told(world, event, ReleaseMode.TWO_OFFICERS, *await both(world, event, **changes))
    assert found == ([code], [])
    assert await world[HUANJIANG].store.read(lambda s: s.event(event)) is not None


async def test_an_old_signature_stands_under_no_other_event() -> None:
    """The county forges a record of today with what its officers signed last week."""
    world = World()
    old, new = [(await world[LIBO].send(policy_draft())).envelope_id for _ in range(2)]
    officers = await both(world, old)
    assert await told(world, new, ReleaseMode.TWO_OFFICERS, *officers) == (["release.other_event"], [])


async def test_the_same_text_sent_twice_was_approved_once() -> None:
    """A source that gives two events one content id fits one approval to both: the second one is found out."""
    world = World()
    libo = world[LIBO]
    fixed = libo.posting.draw()
    body = json.dumps(policy_draft()).encode()
    one, other = [
        await libo.submitter.submit(body, idempotency_key=None, access_name="test", standing=UNATTENDED, fixed=fixed)
        for _ in range(2)
    ]
    officers = await both(world, one.envelope_id)
    assert await terms_of(world, one.envelope_id) == await terms_of(world, other.envelope_id)
    assert await told(world, one.envelope_id, ReleaseMode.TWO_OFFICERS, *officers) == ([], [[True, True]])
    assert await told(world, other.envelope_id, ReleaseMode.TWO_OFFICERS, *officers) == (["release.repeated"], [])


async def test_a_signature_about_an_event_that_is_not_here_proves_nothing() -> None:
    """Without the event nobody can see that it is the one."""
    world = World()
    event = (await world[LIBO].send(alert_draft())).envelope_id
    officers = await both(world, event)
    assert (await told(world, "0" * 64, ReleaseMode.TWO_OFFICERS, *officers))[0] == ["release.unknown_event"]
    elsewhere = await told(
        world,
        event,
        ReleaseMode.ALONE,
        ReleasingOfficer(officer="c", credential=certified("c", county=NANDAN)),
        source=NANDAN,
    )
    assert elsewhere[0] == ["release.unknown_event"]  # 南丹's own word about it is kept beside, and counts for nothing


async def test_nobody_signs_the_sending_of_an_event_alone() -> None:
    """A statement in that place would be one that no rule knows."""
    world = World()
    event = (await world[LIBO].send(alert_draft())).envelope_id
    first, _ = await both(world, event)
    assert await told(world, event, ReleaseMode.ALONE, first) == (["release.other_statement"], [])


async def test_a_countersignature_is_over_the_event_itself() -> None:
    """Not over terms that another event could share."""
    world = World()
    event = (await world[LIBO].send(alert_draft())).envelope_id
    by_terms = own("b", ReleaseVerdict.COUNTERSIGNED, await terms_of(world, event))
    codes, _ = await told(world, event, ReleaseMode.COUNTERSIGNED, signed_by("b", by_terms))
    assert codes == ["release.other_event"]
    by_id = own("b", ReleaseVerdict.COUNTERSIGNED, event)
    assert (await told(world, event, ReleaseMode.COUNTERSIGNED, signed_by("b", by_id)))[1] == [[True]]


def test_a_credential_that_was_not_in_force_when_it_was_signed_does_not_count() -> None:
    """Certified afterwards, so that an old signature gets an officer."""
    late = certified("b", issued_at=papers.NOW)
    signed = own("b", ReleaseVerdict.COUNTERSIGNED, EVENT, signed_at=papers.later(seconds=-5))
    said = record(ReleaseMode.COUNTERSIGNED, ("b", late))
    said = said.model_copy(update={"officers": (said.officers[0].model_copy(update={"own": signed}),)})
    assert code_of(said, ALONE) == "officer.expired"
