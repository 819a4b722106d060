"""Whatever an SMSC may send: the decoder answers with a value, never an exception, and never with more than came."""

from collections.abc import Callable, Iterator
from datetime import UTC
from random import Random

import pytest

from adapters.sms.smpp_inbound import read_inbound
from adapters.sms.smpp_joining import Joiner, Piece
from adapters.sms.smpp_pdu import (
    Address,
    Bind,
    Command,
    Frames,
    Message,
    Option,
    Pdu,
    parse_bind,
    parse_text,
    spell,
    spell_bind,
    spell_message,
)
from adapters.sms.smpp_receipts import MessageIds, Receipt
from adapters.sms.smpp_text import Alphabet, decoded
from schemas.errors import Fault

WORDS = b"id:a1 sub:001 dlvrd:001 submit date:2603040714 done date:2603040715 stat:DELIVRD err:000 text:"
LONG = bytes([5, 0, 3, 9, 2, 1]) + "37 收到".encode("utf-16-be")


def seeds() -> list[bytes]:
    """Return PDUs as a carrier sends them."""
    source, own = Address(1, 1, "8613900000001"), Address(0, 1, "1069000137")
    state = (
        (Option.RECEIPTED_MESSAGE_ID, b"a1\0"),
        (Option.MESSAGE_STATE, b"\2"),
        (Option.NETWORK_ERROR_CODE, b"\3\0\1"),
    )
    place = ((Option.SAR_MSG_REF_NUM, b"\0\7"), (Option.SAR_TOTAL_SEGMENTS, b"\2"), (Option.SAR_SEGMENT_SEQNUM, b"\1"))
    messages = [
        Message(source, own, "37 收到".encode("utf-16-be"), data_coding=8),
        Message(source, own, LONG, esm_class=0x40, data_coding=8),
        Message(source, own, b"\x1b\x65 37", options=place),
        Message(source, own, WORDS, esm_class=4),
        Message(source, own, b"", esm_class=4, options=state),
        Message(source, own, b"", data_coding=8, options=((Option.MESSAGE_PAYLOAD, LONG * 9),)),
    ]
    bodies = [(Command.DELIVER_SM, spell_message(one)) for one in messages]
    bodies += [(Command.BIND_TRANSCEIVER, spell_bind(Bind("sihu", "kept-out"))), (Command.SUBMIT_SM_RESP, b"a1\0")]
    return [spell(Pdu(command, 0, 7, body)) for command, body in bodies]


def mutated(random: Random, octets: bytes) -> bytes:
    """Return octets with a few changes: bits, octets, lengths, pieces gone, doubled or put elsewhere."""
    changed = bytearray(octets)
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            case 1 if at < len(changed):
                changed[at] = random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, random.randrange(256)))
            case 2:
                del changed[at : at + random.randrange(1, 9)]
            case 3:
                changed[at:at] = random.randbytes(random.randrange(1, 9))
            case 4:
                changed[at:at] = changed[at : at + random.randrange(1, 33)]
            case _:
                del changed[at:]
    return bytes(changed)


def inputs(random: Random, count: int) -> Iterator[bytes]:
    """Return what may come: changed PDUs, most of them with a length that is right again, and plain noise."""
    known = seeds()
    for _ in range(count):
        if random.randrange(10) == 0:
            yield random.randbytes(random.randrange(200))
            continue
        octets = mutated(random, random.choice(known))
        if random.randrange(4):
            octets = len(octets).to_bytes(4, "big") + octets[4:]
        yield octets


def read(octets: bytes, random: Random, joiner: Joiner, met: dict[str, int]) -> None:
    """Take a stream in two segments through everything that reads it; count what it was."""
    frames, at = Frames(), random.randrange(len(octets) + 1)
    for segment in (octets[:at], octets[at:]):
        frames.feed(segment)
        while (found := frames.take()) is not None:
            if isinstance(found, Fault):
                met["no pdu"] += 1
                return
            assert len(found.body) + 16 <= len(octets)
            parse_bind(found.body)
            MessageIds.DECIMAL_THEN_HEX.from_response(parse_text(found.body))
            inbound = read_inbound(found.body, random.choice(list(Alphabet)), UTC)
            met[type(inbound).__name__] += 1
            weigh(inbound, joiner, len(octets))


def weigh(inbound: Receipt | Piece | Fault, joiner: Joiner, most: int) -> None:
    """Look at what was read."""
    if isinstance(inbound, Fault):
        assert inbound.field
        assert "13900000001" not in str(inbound)
    elif isinstance(inbound, Receipt):
        assert inbound.message_id
        assert inbound.done_at is None or inbound.done_at.tzinfo is UTC
        MessageIds.HEX_THEN_DECIMAL.from_receipt(inbound.message_id)
    elif inbound.total == 1:
        assert len(decoded(inbound.octets, inbound.alphabet)) <= most
    else:
        joining, _ = joiner.add(inbound, 0.0)
        joining.text().encode()


@pytest.mark.timeout(1800)
def test_any_octets_are_read_without_an_exception(reduced: Callable[[int, int], int]) -> None:
    """An exception in the reader ends the node's link, and the carrier sends the same octets again: for ever."""
    random, joiner = Random(34), Joiner(5.0)
    met = dict.fromkeys(("no pdu", "Receipt", "Piece", "Fault"), 0)
    for octets in inputs(random, reduced(20_000, 1_000_000)):
        read(octets, random, joiner, met)
    assert min(met.values()) > 300, met  # each way was taken, or this looked at nothing
