"""May a neighbour's word that it has called us be kept?"""

from datetime import timedelta

import pytest

from schemas.control import CallOutcome, CallRecorded
from schemas.errors import Fault
from services.domain.calls import call_row, judge_call_record
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import OFFICER

TRUST = papers.trust()


def record(**changes: object) -> CallRecorded:
    """荔波's officer called half an hour ago."""
    given: dict[str, object] = {
        "id": "ab" * 32,
        "office": "值班室",
        "outcome": CallOutcome.TOLD,
        "called_at": papers.NOW - timedelta(minutes=30),
        "officer": OFFICER,
        "credential": papers.credential(LIBO),
    }
    return CallRecorded.model_validate(given | changes)


def code_of(said: CallRecorded, *, to: tuple[str, ...] = (HUANJIANG,), source: str = LIBO) -> str | None:
    """Judge it as 环江 does."""
    envelope = papers.envelope(
        said.model_dump_json(exclude_none=True).encode(), type=CallRecorded.wire_type, to=to, source=source
    )
    fault = judge_call_record(said, envelope.header, TRUST)
    return fault.code if isinstance(fault, Fault) else None


def test_a_call_by_a_certified_officer_counts() -> None:
    assert code_of(record()) is None


@pytest.mark.parametrize(
    ("said", "to", "code"),
    [
        (record(), (NANDAN, HUANJIANG), "call.audience"),
        (record(officer="somebody-else"), (HUANJIANG,), "call.other_officer"),
        (record(credential=papers.credential(NANDAN)), (HUANJIANG,), "officer.wrong_county"),
        (record(called_at=papers.FAR_AHEAD + timedelta(days=4000)), (HUANJIANG,), "officer.expired"),
    ],
    ids=["to two counties", "another officer", "another county's credential", "after the credential's end"],
)
def test_a_call_that_nobody_certified_could_have_made_does_not(
    said: CallRecorded, to: tuple[str, ...], code: str
) -> None:
    """A county's machine may say much; the name of an officer it may not borrow."""
    assert code_of(said, to=to) == code


def test_a_row_shows_the_certified_name() -> None:
    row = call_row(record(), record_id="cd" * 32, source=LIBO, told=HUANJIANG)
    assert (row.officer, row.source, row.told) == ("值班员甲", LIBO, HUANJIANG)
