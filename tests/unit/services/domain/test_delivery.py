"""Lanes, subjects, receipt ranges and deadlines: a wrong one loses an event or wakes nobody."""

from datetime import timedelta

import pytest

from schemas.agreements import Deadline
from schemas.control import ReceiptStage
from schemas.subjects import Lane, parse_subject
from services.domain.delivery import Range, acknowledge_by, carries, lane_of, ranges, subjects_for, watches_for
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW


@pytest.mark.parametrize(
    ("priority", "lane"), [(0, Lane.URGENT), (1, Lane.URGENT), (2, Lane.NORMAL), (3, Lane.NORMAL), (4, Lane.NORMAL)]
)
def test_priorities_0_and_1_overtake(priority: int, lane: Lane) -> None:
    """An alert behind a backlog of bulletins comes too late."""
    assert lane_of(priority) is lane


def test_all_parties_share_one_publication_and_a_smaller_audience_gets_copies() -> None:
    """What is not for every party must not be published where every party listens."""
    agreement = papers.agreement()
    everybody = papers.header(b"{}")
    assert subjects_for(everybody, Lane.NORMAL, agreement) == (
        "hub.in.522722.normal._qiangui-border.information.policy_bulletin_published.v1",
    )
    one = papers.header(b"{}", to=(HUANJIANG,))
    assert subjects_for(one, Lane.URGENT, agreement) == (
        "hub.in.522722.urgent.451226.information.policy_bulletin_published.v1",
    )
    wider = papers.agreement(parties=(*papers.COUNTIES, papers.FUNING))
    assert subjects_for(everybody, Lane.NORMAL, wider) == (
        "hub.in.522722.normal.451221.information.policy_bulletin_published.v1",
        "hub.in.522722.normal.451226.information.policy_bulletin_published.v1",
    )
    assert len(subjects_for(everybody, Lane.REPAIR, None)) == 2


def test_two_parties_need_no_shared_subject() -> None:
    """With one recipient the county's own subject does."""
    agreement = papers.agreement(parties=(HUANJIANG, LIBO), coordinators=(LIBO,), contacts=())
    header = papers.header(b"{}", to=(HUANJIANG,))
    assert subjects_for(header, Lane.NORMAL, agreement)[0].split(".")[4] == HUANJIANG


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("hub.in.522722.normal._qiangui-border.information.policy_bulletin_published.v1", True),
        ("hub.in.522722.repair.451226.information.policy_bulletin_published.v1", True),
        ("hub.in.522722.normal.451221.information.policy_bulletin_published.v1", False),
        ("hub.in.522722.normal._other.information.policy_bulletin_published.v1", False),
        ("hub.in.451221.normal.451226.information.policy_bulletin_published.v1", False),
        ("hub.in.451221.repair.451226.information.policy_bulletin_published.v1", True),
        ("hub.in.451221.repair.451221.information.policy_bulletin_published.v1", False),
        ("hub.in.532628.repair.451226.information.policy_bulletin_published.v1", False),
        ("hub.in.522722.normal.451226.information.work_bulletin_published.v1", False),
    ],
)
def test_an_envelope_counts_on_its_own_subjects_only(text: str, carried: bool) -> None:  # noqa: FBT001
    """Another county's space, another recipient, another agreement, another type; of its audience one may repair it."""
    subject = parse_subject(text)
    assert subject is not None
    assert carries(subject, papers.header(b"{}"), HUANJIANG) is carried


def test_ranges_are_contiguous_and_bounded() -> None:
    """A gap, and a run longer than one receipt may cover, each begin a new range."""
    links = [(seq, f"id{seq}") for seq in (1, 2, 3, 5, 6, 9)]
    assert ranges(links) == [Range(1, 3, "id3"), Range(5, 6, "id6"), Range(9, 9, "id9")]
    assert ranges(links, most=2) == [Range(1, 2, "id2"), Range(3, 3, "id3"), Range(5, 6, "id6"), Range(9, 9, "id9")]
    assert ranges(links, most=1) == [Range(seq, seq, name) for seq, name in links]
    assert ranges([]) == []


@pytest.mark.parametrize(("level", "minutes"), [(1, 5), (2, 15), (3, 30), (4, 60)])
def test_deadlines_come_from_the_agreement_first(level: int, minutes: int) -> None:
    """The agreement says 5 minutes for level 1; the others have the default."""
    assert acknowledge_by(papers.agreement(), level, NOW) == NOW + timedelta(minutes=minutes)


def test_what_is_no_alert_has_no_deadline() -> None:
    """A bulletin pages nobody."""
    assert acknowledge_by(papers.agreement(), None, NOW) is None


def _watches(level: int | None, **changes: object) -> list[tuple[str, ReceiptStage, timedelta]]:
    header = papers.header(b"{}", acknowledge_by=NOW + timedelta(minutes=7), **changes)
    found = watches_for(
        header, envelope_id="e" * 64, chain_number=3, level=level, agreement=papers.agreement(), now=NOW
    )
    assert all((one.envelope_id, one.chain_number, one.seq, one.level) == ("e" * 64, 3, 1, level) for one in found)
    return [(one.recipient, one.stage, one.due_at - NOW) for one in found]


def test_levels_1_and_2_are_watched_for_every_recipient_and_both_stages() -> None:
    """Stored in the agreed 45 s for level 1, in 60 s by default; acknowledged by what the header says."""
    for level, seconds in ((1, 45), (2, 60)):
        assert _watches(level) == [
            (county, stage, due)
            for county in (NANDAN, HUANJIANG)
            for stage, due in (
                (ReceiptStage.STORED, timedelta(seconds=seconds)),
                (ReceiptStage.ACKNOWLEDGED, timedelta(minutes=7)),
            )
        ]


@pytest.mark.parametrize("level", [None, 3, 4])
def test_lesser_levels_are_not_watched(level: int | None) -> None:
    """Nobody is telephoned out of bed for a yellow warning next door."""
    assert _watches(level) == []


def test_without_a_deadline_only_stored_is_watched() -> None:
    """An alert whose header asks for no acknowledgement."""
    header = papers.header(b"{}", to=(NANDAN,))
    found = watches_for(
        header,
        envelope_id="e" * 64,
        chain_number=1,
        level=1,
        agreement=papers.agreement(deadlines=(Deadline(level=2, stored_seconds=5, acknowledged_minutes=5),)),
        now=NOW,
    )
    assert [(one.stage, one.due_at - NOW) for one in found] == [(ReceiptStage.STORED, timedelta(seconds=60))]
