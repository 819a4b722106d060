"""The beacons of two nodes of one county name their own epochs by turns; those of one node go forward only."""

import pytest

from schemas.control import ChannelHead, HeadBeaconed
from schemas.notices import NoticeKind
from services.completeness.comparing import Comparison
from services.completeness.writing import Wishes
from tests import papers
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO
from tests.watches import new_offices, told

CHANNEL, ID = "c" * 64, "d" * 64
EPOCHS = {name: f"{number}-{name * 16}" for number, name in enumerate("abc", 1)}


def beacon(name: str) -> HeadBeaconed:
    """Return a beacon that names one epoch of one channel."""
    head = ChannelHead(channel=CHANNEL, epoch=EPOCHS[name], seq=1, id=ID)
    return HeadBeaconed(heads=(head,), idle=None, receipts_seen=(), witnessed=(), heard=None)


async def hear(office: Office, wishes: Wishes, names: str) -> None:
    """Let 荔波's beacons come, one after the other."""
    for name in names:
        await office.store.write(
            lambda tx, name=name: Comparison(  # type: ignore[misc]
                tx, wishes, county=HUANJIANG, partners={LIBO}, now=papers.NOW
            ).judge(LIBO, beacon(name))
        )


@pytest.mark.parametrize(
    ("names", "count"),
    [
        ("aaaa", 0),  # nothing happens
        ("abbc", 0),  # restored twice, one after the other
        ("abac", 0),  # restored from a copy of a, which it names until it opens c
        ("abcab", 0),  # restored from copies that get older and younger
        ("abab", 1),
        ("aabbaabbaab", 1),  # each sends more than one beacon before the other's comes
    ],
)
async def test_two_epochs_by_turns_are_two_nodes(names: str, count: int) -> None:
    """Two clones that open epochs anew so often that neither ever goes on beside the other would never be named."""
    office, wishes = new_offices()[HUANJIANG], Wishes()
    await hear(office, wishes, names)
    notices = await told(office, NoticeKind.TWINS)
    assert [(one.about, one.county) for one in notices] == [(CHANNEL, LIBO)] * count
