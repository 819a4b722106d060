"""A source that tells two stories: both are kept, the channel is frozen, and no gap and no alert hides it."""

from dataclasses import replace

from schemas.envelope import Envelope
from schemas.notices import NoticeKind
from services.domain.encoding import digest_of
from tests import papers
from tests.desk import Office, everything_in, opened, place_of, written


def _other_story(event: Envelope) -> Envelope:
    """Return another envelope of 荔波, truly signed, for the same place."""
    header = event.header.model_copy(update={"time": papers.later(minutes=1)})
    fields = {name: getattr(header, name) for name in type(header).model_fields if name != "v"}
    return papers.envelope(event.content, **fields)


async def test_two_stories_freeze_the_channel(desk: Office, neighbour: Office) -> None:
    """Both are kept, the officer is told, and nothing follows on that channel."""
    opening, one, two = await written(neighbour, 2)
    other = _other_story(opened(one.message))
    await desk.take(opening, one)
    await desk.take(replace(one, message=other.to_wire()))
    await desk.take(two)
    assert await desk.seqs() == [1]
    assert await desk.codes() == ["chain.forked", "chain.frozen"]
    assert (await desk.quarantined())[0].digest == digest_of(other.to_wire())
    assert other.to_wire() in await everything_in(desk.store)
    assert NoticeKind.FORKED in await desk.notices()
    chain = await desk.store.read(lambda s: s.chain(other.header.channel, other.header.epoch))
    assert chain is not None
    assert chain.frozen


async def test_a_redelivery_after_a_fork_is_no_new_refusal(desk: Office, neighbour: Office) -> None:
    """What was taken before the fork is still ours; only the receipt goes again."""
    opening, one = await written(neighbour, 1)
    other = replace(one, message=_other_story(opened(one.message)).to_wire())
    await desk.take(opening, one, other)
    before = await desk.codes()
    await desk.take(opening, one, other)
    assert await desk.codes() == before == ["chain.forked"]


async def test_a_link_that_does_not_follow_is_a_fork(desk: Office, neighbour: Office) -> None:
    """Right sequence, another predecessor."""
    opening, one = await written(neighbour, 1)
    stray = papers.envelope(seq=2, prev="f" * 64, **place_of(opened(one.message)))
    await desk.take(opening, one, papers.arrival(stray))
    assert await desk.codes() == ["chain.forked"]


async def test_two_stories_beyond_a_gap_are_noticed_at_once(desk: Office, neighbour: Office) -> None:
    """Neither can be taken yet, but both are signed: waiting for the gap could mean for ever."""
    opening, _, two = await written(neighbour, 2)
    other = replace(two, message=_other_story(opened(two.message)).to_wire())
    await desk.take(opening, two)
    await desk.take(other)
    assert await desk.codes() == ["chain.forked"]
    assert (await desk.counts())["held_back"] == 1
    assert NoticeKind.FORKED in await desk.notices()


async def test_an_alert_beyond_a_gap_does_not_hide_a_fork(desk: Office, neighbour: Office) -> None:
    """A bulletin waits for the place; an alert signed for the same place is no reason to forget it."""
    opening, _, two = await written(neighbour, 2)
    held = opened(two.message).header
    alert = papers.envelope(
        papers.as_bytes(papers.alert_content()),
        type=papers.ALERT,
        purpose="emergency_warning",
        seq=2,
        prev=held.prev,
        epoch=held.epoch,
    )
    await desk.take(opening, two)
    await desk.take(papers.arrival(alert))
    assert await desk.codes() == ["chain.forked"]
    assert await desk.seqs() == []
    assert NoticeKind.FORKED in await desk.notices()


async def test_a_held_link_that_does_not_follow_is_a_fork(desk: Office, neighbour: Office) -> None:
    """The gap is filled and the one that waited names another predecessor."""
    opening, one = await written(neighbour, 1)
    stray = papers.envelope(seq=2, prev="f" * 64, **place_of(opened(one.message)))
    await desk.take(opening, papers.arrival(stray))
    await desk.take(one)
    assert await desk.seqs() == [1]
    assert await desk.codes() == ["chain.forked"]


async def test_an_early_alert_that_does_not_follow_is_a_fork(desk: Office, neighbour: Office) -> None:
    """It was shown at once, as it must be; when the gap closes the lie is found."""
    opening, one = await written(neighbour, 1)
    content = papers.as_bytes(papers.alert_content())
    stray = papers.envelope(
        content, type=papers.ALERT, purpose="emergency_warning", seq=2, prev="f" * 64, **place_of(opened(one.message))
    )
    await desk.take(opening, papers.arrival(stray))
    assert await desk.seqs() == [2]
    await desk.take(one)
    assert await desk.seqs() == [2, 1]
    assert NoticeKind.FORKED in await desk.notices()
    assert await desk.head(stray) == 1
