"""Arriving and refused: each attack ends in quarantine with its reason, is not answered, and changes nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.memory.signer import MemorySigner
from adapters.memory.store import MemoryStore
from schemas.carriage import Arrival
from schemas.control import ChainKind
from schemas.notices import NoticeKind
from schemas.subjects import Lane, Subject
from services.domain.chain import channel_of
from services.domain.encoding import digest_of
from tests import papers
from tests.desk import Office, opened
from tests.papers import AGREEMENT, HUANJIANG, LIBO, NANDAN, POLICY

STRANGER = MemorySigner("a stranger")


async def refused(desk: Office, bad: Arrival, code: str, field: str) -> None:
    """Receive a good opening and event first, then ``bad``: it is quarantined, and the good ones stand as before."""
    before = (await desk.seqs(), await desk.receipts())
    await desk.take(bad)
    (kept,) = await desk.quarantined()
    assert (kept.code, kept.field) == (code, field)
    assert (kept.digest, kept.size, kept.subject) == (digest_of(bad.message), len(bad.message), bad.subject)
    assert kept.reason
    assert (await desk.seqs(), await desk.receipts()) == (before[0], [])
    assert await desk.notices() == [NoticeKind.QUARANTINED]
    assert len(desk.puller.acknowledged) == 2  # the hub is told to go on: trying again would help nobody


@pytest.fixture
async def event(desk: Office, neighbour: Office) -> Arrival:
    """Event 1 of 荔波 to both neighbours has been taken; event 2, which follows, is in hand."""
    await neighbour.post()
    await desk.take(*await neighbour.sent())
    await desk.receipts()
    await neighbour.post()
    return (await neighbour.sent())[0]


def _part(message: bytes, part: int) -> tuple[int, int]:
    """Return where a part of a message begins and how long it is."""
    parts = message.split(b"\n", 3)
    return sum(len(one) + 1 for one in parts[:part]), len(parts[part])


def _flip(message: bytes, place: int) -> bytes:
    flipped = bytearray(message)
    flipped[place] ^= 1
    return bytes(flipped)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
async def test_a_flipped_bit_in_the_header(desk: Office, event: Arrival, share: float) -> None:
    """In a name, a number, an id or a digest; test_signing flips every single one."""
    start, length = _part(event.message, 0)
    bad = replace(event, message=_flip(event.message, start + int(share * length)))
    await desk.take(bad)
    (kept,) = await desk.quarantined()
    assert kept.code.partition(".")[0] in {"json", "header", "signature", "content"}
    assert await desk.seqs() == [1]
    await desk.take(event)
    assert await desk.seqs() == [1, 2]  # the forgery did not take the true one's place


async def test_a_flipped_bit_in_the_signature(desk: Office, event: Arrival) -> None:
    """The last quarter of the signatures part lies within the signature."""
    start, length = _part(event.message, 1)
    bad = replace(event, message=_flip(event.message, start + length * 3 // 4))
    await refused(desk, bad, "signature.invalid", "signatures")


async def test_a_flipped_bit_in_the_content(desk: Office, event: Arrival) -> None:
    """Content swapped by the hub under a good header."""
    start, length = _part(event.message, 3)
    await refused(desk, replace(event, message=_flip(event.message, start + length // 2)), "content.digest", "content")


async def test_bytes_in_the_keys_part(desk: Office, event: Arrival) -> None:
    """A part that the header does not promise."""
    start, _ = _part(event.message, 2)
    bad = replace(event, message=event.message[:start] + b"{}" + event.message[start:])
    await refused(desk, bad, "content.keys_digest", "keys")


async def test_a_stripped_signature(desk: Office, event: Arrival) -> None:
    """No signature at all."""
    stripped = replace(opened(event.message), signatures_bytes=b"[]")
    await refused(desk, replace(event, message=stripped.to_wire()), "signature.missing", "signatures")


async def test_one_of_two_signatures_stripped(desk: Office, event: Arrival) -> None:
    """The header promises two: a downgrade to one is noticed."""
    header = opened(event.message).header
    both = papers.envelope(
        by=[papers.signer(LIBO), STRANGER],
        signers=(papers.signer(LIBO).kid, STRANGER.kid),
        seq=2,
        prev=header.prev,
        epoch=header.epoch,
    )
    one = both.signatures_bytes.split(b"},")[0] + b"}]"
    bad = papers.arrival(replace(both, signatures_bytes=one))
    await refused(desk, bad, "signature.stripped", "signatures")


async def test_an_unknown_key(desk: Office, event: Arrival) -> None:
    """Well signed, by nobody."""
    header = opened(event.message).header
    bad = papers.arrival(papers.envelope(by=[STRANGER], seq=2, prev=header.prev, epoch=header.epoch))
    await refused(desk, bad, "signature.unknown_key", "signers")


async def test_another_countys_key(desk: Office, event: Arrival) -> None:
    """南丹 signs in the name of 荔波."""
    header = opened(event.message).header
    bad = papers.arrival(papers.envelope(by=[papers.signer(NANDAN)], seq=2, prev=header.prev, epoch=header.epoch))
    await refused(desk, bad, "signature.unknown_key", "signers")


async def test_a_wrong_channel(desk: Office, event: Arrival) -> None:
    """Signed by the source, under a channel that is not the one of its audience."""
    header = opened(event.message).header
    other = channel_of(ChainKind.EVENT, LIBO, AGREEMENT, (HUANJIANG,))
    bad = papers.arrival(papers.envelope(channel=other, seq=2, prev=header.prev, epoch=header.epoch))
    await refused(desk, bad, "chain.wrong_channel", "channel")


async def test_a_replay_from_another_channel(desk: Office, event: Arrival, neighbour: Office) -> None:
    """荔波 wrote it to 南丹 alone; the hub hands it to us on the subject of the whole agreement."""
    await neighbour.post(to=(NANDAN,))
    theirs = (await neighbour.sent())[-1]
    bad = replace(theirs, subject=event.subject)
    await refused(desk, bad, "wire.wrong_recipient", "to")


async def test_a_replay_under_another_agreement(desk: Office, event: Arrival) -> None:
    """Addressed to us, but handed over where another agreement's events travel."""
    bad = replace(event, subject=str(Subject(LIBO, Lane.NORMAL, "_other", POLICY)))
    await refused(desk, bad, "wire.wrong_subject", "subject")


async def test_a_replay_by_another_county(desk: Office, event: Arrival) -> None:
    """南丹 publishes 荔波's own bytes in its own space."""
    bad = replace(event, subject=str(Subject(NANDAN, Lane.NORMAL, HUANJIANG, POLICY)))
    await refused(desk, bad, "wire.wrong_subject", "subject")


async def test_a_wrong_recipient(desk: Office, event: Arrival) -> None:
    """A copy for 南丹 handed to us, on 南丹's subject and on ours."""
    header = opened(event.message).header
    made = papers.envelope(to=(NANDAN,), seq=2, prev=header.prev, epoch=header.epoch)
    subject = str(Subject(LIBO, Lane.NORMAL, HUANJIANG, POLICY))
    await refused(desk, papers.arrival(made, subject=subject), "wire.wrong_recipient", "to")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda _: b"", "wire.malformed"),
        (lambda _: b"\n\n\n", "json.malformed"),
        (lambda message: message[: len(message) // 2], "wire.malformed"),
        (lambda message: message[:-1], "content.digest"),
        (lambda message: message + b" ", "content.digest"),
        (lambda message: message + b"x" * 600_000, "wire.too_large"),
        (lambda message: b"[" * 15_000 + message[message.index(b"\n") :], "json.too_deep"),
        (lambda message: message.replace(b'"v":1', b'"v":2', 1), "header.unsupported_version"),
        (lambda message: message.replace(b'"v":1', b'"v":1,"v":1', 1), "json.duplicate_key"),
        (lambda message: message.replace(b'"seq":2', b'"seq":2.0', 1), "json.float"),
        (lambda message: message.replace(b'"seq":2', b'"seq":9007199254740992', 1), "json.integer_too_large"),
        (lambda message: message.replace(b'"refs":[]', b'"refs":' + b"[" * 9 + b"]" * 9, 1), "json.too_deep"),
        (lambda message: message.replace(b'"public"', b'"\xff"', 1), "json.not_utf8"),
    ],
)
async def test_a_spoilt_message(desk: Office, event: Arrival, spoil: Callable[[bytes], bytes], code: str) -> None:
    """Cut, padded, too large, another version, and everything that the strict profile forbids."""
    await desk.take(replace(event, message=spoil(event.message)))
    assert await desk.codes() == [code]
    assert await desk.seqs() == [1]


async def test_a_flood_of_refusals_is_told_once_per_cause(desk: Office, event: Arrival) -> None:
    """A thousand forged messages must not be a thousand lines on the officer's console."""
    start, _ = _part(event.message, 3)
    for place in range(20):
        await desk.take(replace(event, message=_flip(event.message, start + place)))
    assert len(await desk.codes()) == 20
    assert await desk.notices() == [NoticeKind.QUARANTINED]


async def test_a_bad_message_in_a_batch_spoils_no_other(desk: Office) -> None:
    """The ones before and behind it are taken, in one transaction."""
    neighbour = Office(LIBO, MemoryStore())
    await neighbour.post()
    await neighbour.post()
    opening, one, two = await neighbour.sent()
    await desk.take(opening, one, replace(two, message=b"x"), two)
    assert await desk.seqs() == [1, 2]
    assert await desk.codes() == ["wire.malformed"]
