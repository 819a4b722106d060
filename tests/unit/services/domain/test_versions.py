"""Versions of an agreement: who must sign one, and when it takes the place of the one before."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.agreements import Contact, Grant
from schemas.documents import SignedDocument
from schemas.errors import Fault
from services.domain.documents import document_digest
from services.domain.governance import judge_agreement
from services.domain.hub_members import hub_members
from services.domain.receiving import examine
from services.domain.trust import AgreementInForce
from services.domain.trust_files import agreement_file, load_trust, registry_file
from tests import papers
from tests.papers import AGREEMENT, HUANJIANG, LIBO, NANDAN, NOW
from tests.world import World, policy_draft

PAIR = (HUANJIANG, LIBO)
CONTACTS = (papers.agreement().contacts[0], Contact(county=NANDAN, office="南丹县值班室", duty_phone="0778-7210119"))


def first() -> SignedDocument:
    """Return version 1 between two counties."""
    return papers.signed_agreement(parties=PAIR, by=PAIR)


def second(*by: str, **changes: Any) -> SignedDocument:  # noqa: ANN401
    """Return version 2, which takes 南丹 in."""
    return papers.signed_agreement(by=by, **({"version": 2, "contacts": CONTACTS} | changes))


def code_of(document: SignedDocument) -> str | None:
    """Judge version 2 where version 1 is in force."""
    judged = judge_agreement(document, papers.registry(), previous=papers.agreement(parties=PAIR))
    return judged.code if isinstance(judged, Fault) else None


def test_an_accession_needs_the_newcomer_and_the_coordinators() -> None:
    """Twenty signatures for each county that joins would keep every county out."""
    assert code_of(second(NANDAN, HUANJIANG)) is None
    assert code_of(second(HUANJIANG, LIBO)) == "agreement.unsigned"
    assert code_of(second(NANDAN, LIBO)) == "agreement.unsigned"


@pytest.mark.parametrize(
    "changes",
    [
        {"grants": (Grant(types=(papers.ALERT,)),)},
        {"retention_days": 30},
        {"contacts": ()},
        {"coordinators": (NANDAN,)},
        {"valid_until": papers.FAR_AHEAD + timedelta(days=1)},
        {"valid_from": papers.LONG_AGO - timedelta(days=1)},
        {"version": 3},
        {"parties": PAIR},
        {"parties": (NANDAN, HUANJIANG)},
    ],
)
def test_any_other_change_needs_every_party(changes: dict[str, Any]) -> None:
    """Else an insider widens what others must do while he takes somebody in."""
    parties = changes.get("parties", papers.COUNTIES)
    some = [county for county in parties if county != LIBO] if LIBO in parties else [NANDAN]
    assert code_of(second(*some, **changes)) == "agreement.unsigned"
    assert code_of(second(*papers.COUNTIES, **changes)) is None


def test_an_accession_is_loaded_behind_the_version_before() -> None:
    """Alone it binds nobody, for nobody knows that it changes nothing else."""
    registry = papers.signed_registry()
    files = {
        registry_file(1): registry.model_dump_json().encode(),
        "trust/pinned.json": f'{{"1": "{document_digest(registry)}"}}'.encode(),
        agreement_file(AGREEMENT, 2): second(NANDAN, HUANJIANG).model_dump_json().encode(),
    }
    alone = load_trust(files)
    assert not isinstance(alone, Fault)
    assert [fault.code for fault in alone.left_out] == ["agreement.unsigned"]
    both = load_trust(files | {agreement_file(AGREEMENT, 1): first().model_dump_json().encode()})
    assert not isinstance(both, Fault)
    assert both.left_out == ()
    assert [one.agreement.version for one in both.trust.agreements.values()] == [2]
    found = hub_members(registry, [second(NANDAN, HUANJIANG), first()])
    assert not isinstance(found, Fault)
    assert found.parties == {AGREEMENT: frozenset(papers.COUNTIES)}


def begun(hours: float) -> tuple[AgreementInForce, AgreementInForce]:
    """Return version 1, and version 2 that begins so many hours from now."""
    return papers.in_force(), papers.in_force(version=2, valid_from=NOW + timedelta(hours=hours))


@pytest.mark.parametrize(("hours", "code"), [(-1, "sharing.superseded"), (0, "sharing.superseded"), (1, None)])
def test_a_newer_version_takes_the_place_of_the_older_when_it_begins(hours: float, code: str | None) -> None:
    """A party that lost a right under version 2 would go on under version 1."""
    older, newer = begun(hours)
    envelope = papers.envelope(agreement=older.reference)
    found = examine(papers.arrival(envelope), trust=papers.trust(older, newer), county=HUANJIANG)
    assert (found.fault.code if found.fault else None) == code


@pytest.mark.parametrize(("hours", "version"), [(-1, 2), (1, 1)])
async def test_events_go_out_under_the_version_that_has_begun(hours: float, version: int) -> None:
    """Whoever adopts the next version early would fall silent until it begins."""
    older, newer = begun(hours)
    world = World(trust=papers.trust(older, newer))
    posted = await world[LIBO].send(policy_draft())
    event = await world[LIBO].store.read(lambda snapshot: snapshot.event(posted.envelope_id))
    assert event is not None
    assert event.envelope.header.agreement.startswith(f"{AGREEMENT}@{version}:")
