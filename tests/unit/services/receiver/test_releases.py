"""What a recipient believes of who released an event: officers of its source, two who are not one, and nothing else."""

from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.base import InformationClass, Status
from schemas.control import CONTROL_PURPOSE, ReleaseMode, ReleaseRecorded, ReleasingOfficer
from schemas.documents import SignedDocument
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.records import Direction
from services.domain.encoding import to_base64url
from services.domain.receiving import Outcome, examine
from services.domain.release_records import (
    awaits_second,
    counted,
    judge_release_record,
    release_outgoing,
    release_row,
)
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import World, alert_draft

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
    """One name twice is one name; and a name missing stays missing."""
    assert code_of(record(ReleaseMode.COUNTERSIGNED, ("a", certified("a"))), ALONE) == "release.same_officer"


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
