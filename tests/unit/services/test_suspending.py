"""One party suspends an agreement: at both ends, by one rule, at named positions, and without asking the others."""

from pathlib import Path
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.control import ChainKind
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import RequestError
from schemas.key_changes import KeyEnd, Suspension
from schemas.registry import KeyUse
from services.domain.chain import channel_of
from services.domain.key_changes import with_changes
from services.domain.receiving import Outcome, examine
from services.domain.trust import Trust
from tests import papers
from tests.commands import AGREEMENT as OF_FILES
from tests.commands import done, prepared, sihu
from tests.papers import AGREEMENT, EPOCH, HUANJIANG, LIBO, NANDAN, NOW
from tests.world import World, full_trust, policy_draft

GOVERNANCE = papers.signer(NANDAN, KeyUse.GOVERNANCE)
CHANNEL = channel_of(ChainKind.EVENT, LIBO, AGREEMENT, (NANDAN, HUANJIANG))
THIRD = papers.envelope(seq=3)


def suspension(*by: MemorySigner, **changes: Any) -> SignedDocument:  # noqa: ANN401
    """Return the document by which 南丹 suspends version 1 behind 荔波's third event."""
    end = KeyEnd(channel=CHANNEL, epoch=EPOCH, seq=3, id=THIRD.envelope_id)
    given: dict[str, Any] = {
        "county": NANDAN,
        "agreement_id": AGREEMENT,
        "version": 1,
        "ends": (end,),
        "issued_at": NOW,
    }
    return papers.signed(PayloadType.SUSPENSION, Suspension(**(given | changes)), by or (GOVERNANCE,))


def suspended(*documents: SignedDocument, trust: Trust | None = None) -> Trust:
    """Return the trust in which the documents count."""
    trust, faults = with_changes(trust or papers.trust(), documents or (suspension(),))
    assert faults == ()
    return trust


def code_of(trust: Trust, **changes: Any) -> str | None:  # noqa: ANN401
    """Return why an event of 荔波 is refused at 环江."""
    found = examine(papers.arrival(papers.envelope(**changes)), trust=trust, county=HUANJIANG)
    assert found.outcome in {Outcome.ACCEPTABLE, Outcome.REJECTED}
    return found.fault.code if found.fault else None


def test_what_is_under_way_is_still_taken_and_nothing_behind_it() -> None:
    """A warning that was accepted before must not be lost by the quarrel."""
    trust = suspended()
    assert code_of(trust, seq=3) is None
    assert code_of(trust, seq=4) == "sharing.suspended"
    assert code_of(trust, seq=1, epoch="2-00000000000000aa") == "sharing.suspended"


def test_the_others_go_on_among_themselves() -> None:
    """One party's right is over its own part."""
    assert code_of(suspended(), seq=4, to=(HUANJIANG,)) is None


def test_only_the_party_itself_suspends_its_part() -> None:
    """Else a neighbour, or a thief of the event key, could cut a county off."""
    for signer in (papers.signer(NANDAN), papers.signer(NANDAN, KeyUse.RECOVERY), papers.governors(LIBO)[0]):
        _, faults = with_changes(papers.trust(), [suspension(signer)])
        assert [fault.code for fault in faults] == ["agreement.unsigned"]


def test_another_agreement_and_a_newer_version_are_not_suspended() -> None:
    """A new version that every party has signed is how it ends."""
    assert code_of(suspended(suspension(agreement_id="another")), seq=4) is None
    newer = papers.in_force(version=2)
    trust = suspended(trust=papers.trust(newer))
    assert code_of(trust, seq=4, agreement=newer.reference) is None


async def test_the_sender_refuses_by_the_same_rule() -> None:
    """An event that would be refused everywhere is refused before it is signed; without a list the rest is meant."""
    world = World(trust=suspended(trust=full_trust()))
    with pytest.raises(RequestError) as caught:
        await world[LIBO].send(policy_draft(to=[NANDAN, HUANJIANG]))
    assert caught.value.fault.code == "sharing.suspended"
    with pytest.raises(RequestError):
        await world[NANDAN].send(policy_draft())
    await world[LIBO].send(policy_draft())
    await world.carry()
    assert [(await world[code].counts())["events_in"] for code in (HUANJIANG, NANDAN)] == [1, 0]


def test_a_county_suspends_by_a_command(tmp_path: Path) -> None:
    """It counts here at once, and at a neighbour who takes the file over."""
    two = prepared(tmp_path, (HUANJIANG, LIBO))
    out = tmp_path / "suspension.json"
    made = done("agreement", "suspend", OF_FILES, "--reason", "核查", "-o", out, "--dir", two.home(LIBO))
    assert made["agreement"] == f"{OF_FILES}@1"
    assert sihu("key", "adopt", out, "--dir", two.home(HUANJIANG)).code == 0
    assert sihu("agreement", "suspend", "unknown", "-o", out, "--dir", two.home(LIBO)).code != 0
