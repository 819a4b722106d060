"""What is over the quota arrives, keeps its place in the chain, and is rejected with a receipt."""

from schemas.agreements import Quota
from schemas.control import ReceiptStage
from tests import papers
from tests.desk import Office

TRUST = papers.trust(papers.in_force(quotas=(Quota(events_per_hour=2),)))


async def _post(neighbour: Office, count: int) -> None:
    for _ in range(count):
        await neighbour.post()


async def test_one_too_many_is_rejected_and_the_chain_goes_on(desk: Office, neighbour: Office) -> None:
    """A neighbour whose node was changed to know no quota must not fill this county's disk and desk."""
    desk.trusted = neighbour.trusted = TRUST
    await _post(neighbour, 4)  # by a posting that counts nothing: the gateway is what counts at an honest source
    await desk.take(*await neighbour.sent())
    assert await desk.seqs() == [1, 2]
    assert await desk.codes() == ["sharing.quota", "sharing.quota"]
    assert await desk.receipts() == [
        (ReceiptStage.STORED, 1, 2, None),
        (ReceiptStage.REJECTED, 3, 3, "sharing.quota"),
        (ReceiptStage.REJECTED, 4, 4, "sharing.quota"),
    ]


async def test_the_next_hour_has_a_share_of_its_own_however_late_it_all_comes(desk: Office, neighbour: Office) -> None:
    """A backlog of hours that comes in one minute would be taken for a flood."""
    desk.trusted = neighbour.trusted = TRUST
    for _ in range(3):
        await _post(neighbour, 2)
        await neighbour.clock.move(3600)
    await desk.take(*await neighbour.sent())
    assert await desk.seqs() == [1, 2, 3, 4, 5, 6]
    assert await desk.codes() == []


async def test_an_alert_comes_through_a_flood(desk: Office, neighbour: Office) -> None:
    """Bulletins that fill the share must not cost a warning."""
    desk.trusted = neighbour.trusted = TRUST
    await _post(neighbour, 3)
    await neighbour.post_alert()
    await desk.take(*await neighbour.sent())
    assert await desk.seqs() == [1, 2, 4]


async def test_what_came_twice_is_counted_once(desk: Office, neighbour: Office) -> None:
    """A hub that hands things over again would use up the share."""
    desk.trusted = neighbour.trusted = TRUST
    await _post(neighbour, 1)
    arrivals = await neighbour.sent()
    for _ in range(3):
        await desk.take(*arrivals)
    await _post(neighbour, 1)
    await desk.take(*await neighbour.sent())
    assert await desk.seqs() == [1, 2]
