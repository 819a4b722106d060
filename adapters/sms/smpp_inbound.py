"""What a ``deliver_sm`` is: a receipt, a text from a telephone or a part of one. Pure.

Nothing that carries a sender is refused for being unreadable: an officer who answered must not be taken for silent.
"""

from datetime import tzinfo
from typing import Final

from adapters.sms.smpp_joining import Piece
from adapters.sms.smpp_pdu import Message, Option, parse_message
from adapters.sms.smpp_receipts import Receipt, is_receipt, parse_receipt
from adapters.sms.smpp_text import UDH_INDICATOR, Alphabet, Header, alphabet_of, joined_as, parse_header
from schemas.errors import Fault

_OCTET_MAX: Final = 0xFF


def read_inbound(body: bytes, default: Alphabet, zone: tzinfo) -> Receipt | Piece | Fault:
    """Read the body of a ``deliver_sm``.

    Args:
        body: As it came.
        default: What the carrier means by data coding 0.
        zone: That of the carrier's clock.

    Returns:
        A fault if the fields are not there, or if it is a receipt of nothing; a ``Piece`` with a ``doubt`` and no
        alphabet if words came that nobody can read.
    """
    message = parse_message(body)
    if isinstance(message, Fault):
        return message
    return parse_receipt(message, zone) if is_receipt(message) else _piece(message, default)


def _piece(message: Message, default: Alphabet) -> Piece:
    octets = message.short_message or message.option(Option.MESSAGE_PAYLOAD) or b""
    alphabet, join = alphabet_of(message.data_coding, default), _joined_by_options(message)
    doubt: Fault | None = None
    if alphabet is None:
        doubt = Fault("sms.coding", "data_coding", f"no coding {message.data_coding:#04x} of texts is known")
    if message.esm_class & UDH_INDICATOR:
        header = parse_header(octets)
        if isinstance(header, Fault):
            alphabet, doubt, header = None, header, Header(0, None)
        octets, join = octets[header.octets :], header.join or join
    reference, total, number = join or (0, 1, 1)
    source, destination = message.source.digits, message.destination.digits
    return Piece(source, destination, octets, alphabet, reference, total, number, doubt)


def _joined_by_options(message: Message) -> tuple[int, int, int] | None:
    tags = (Option.SAR_MSG_REF_NUM, Option.SAR_TOTAL_SEGMENTS, Option.SAR_SEGMENT_SEQNUM)
    reference, total, number = (int.from_bytes((message.option(tag) or b"")[:2], "big") for tag in tags)
    return joined_as(reference, total, number) if total <= _OCTET_MAX else None
