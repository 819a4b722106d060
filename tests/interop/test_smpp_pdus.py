"""SMPP's octets and alphabets, compared with the npm package ``smpp``: what one spells the other reads alike."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from adapters.sms.smpp_pdu import (
    Address,
    Bind,
    Command,
    Frames,
    Message,
    Option,
    Pdu,
    parse_message,
    spell,
    spell_bind,
    spell_message,
)
from adapters.sms.smpp_text import Alphabet, alphabet_of, decoded
from tests.smsc import node_with_smpp

PROGRAM: Final = Path(__file__).parent / "pdu.mjs"
BINARY: Final = 4
GSM: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)
"""Written out once more, by hand."""
NAMES: Final = ("esm_class", "registered_delivery")


def ask(questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the peer's answers, in order."""
    done = subprocess.run(
        [node_with_smpp(), str(PROGRAM)],
        input="".join(json.dumps(one) + "\n" for one in questions),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def address(random: Random) -> Address:
    digits = "".join(random.choice("0123456789") for _ in range(random.randrange(21)))
    return Address(random.randrange(7), random.randrange(19), digits)


def message(random: Random) -> Message:
    options = ((Option.RECEIPTED_MESSAGE_ID, random.randbytes(9).hex().encode() + b"\0"), (Option.MESSAGE_STATE, b"\2"))
    return Message(
        address(random),
        address(random),
        random.randbytes(random.randrange(255)),
        esm_class=random.choice((0, 4, 0x20)),
        data_coding=BINARY,
        registered_delivery=random.randrange(2),
        options=options[: random.randrange(3)],
    )


def fields_of(one: Message) -> dict[str, Any]:
    """Return a message under the peer's names."""
    fields = {
        "source_addr_ton": one.source.ton,
        "source_addr_npi": one.source.npi,
        "source_addr": one.source.digits,
        "dest_addr_ton": one.destination.ton,
        "dest_addr_npi": one.destination.npi,
        "destination_addr": one.destination.digits,
        "data_coding": one.data_coding,
    }
    return fields | {name: getattr(one, name) for name in NAMES}


def options_of(one: Message) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (octets := one.option(Option.RECEIPTED_MESSAGE_ID)) is not None:
        found["receipted_message_id"] = octets[:-1].decode()
    if one.option(Option.MESSAGE_STATE) is not None:
        found["message_state"] = 2
    return found


def test_what_the_peer_spells_we_read(reduced: Callable[[int, int], int]) -> None:
    """Each field where the peer puts it."""
    random = Random(34)
    messages = [message(random) for _ in range(reduced(1_000, 20_000))]
    asked = [
        {
            "ask": "spell",
            "command": "deliver_sm",
            "sequence": number,
            "fields": fields_of(one) | options_of(one),
            "octets": one.short_message.hex(),
        }
        for number, one in enumerate(messages, 1)
    ]
    frames = Frames()
    for answer in ask(asked):
        frames.feed(bytes.fromhex(answer["hex"]))
    for number, one in enumerate(messages, 1):
        found = frames.take()
        assert isinstance(found, Pdu)
        assert (found.command, found.sequence) == (Command.DELIVER_SM, number)
        assert parse_message(found.body) == one
    assert frames.take() is None


def test_what_we_spell_the_peer_reads(reduced: Callable[[int, int], int]) -> None:
    """The other way round, with the header's length and number."""
    random = Random(43)
    messages = [message(random) for _ in range(reduced(1_000, 20_000))]
    pdus = [spell(Pdu(Command.SUBMIT_SM, 0, number, spell_message(one))) for number, one in enumerate(messages, 1)]
    for number, (one, answer) in enumerate(
        zip(messages, ask([{"ask": "read", "hex": pdu.hex()} for pdu in pdus]), strict=True), 1
    ):
        assert (answer["command"], answer["sequence_number"]) == ("submit_sm", number)
        wanted = fields_of(one) | options_of(one)
        assert {name: answer.get(name) for name in wanted} == wanted
        assert answer["short_message"]["message"] == one.short_message.hex()


def test_the_bind_as_the_peer_reads_it() -> None:
    """Name, password and version each in their place."""
    pdu = spell(Pdu(Command.BIND_TRANSCEIVER, 0, 1, spell_bind(Bind("sihu", "kept-out", "SMS"))))
    (answer,) = ask([{"ask": "read", "hex": pdu.hex()}])
    found = {name: answer[name] for name in ("command", "system_id", "password", "system_type", "interface_version")}
    assert found == {
        "command": "bind_transceiver",
        "system_id": "sihu",
        "password": "kept-out",
        "system_type": "SMS",
        "interface_version": 0x34,
    }


def test_the_alphabets_are_the_peers() -> None:
    """Every character of GSM 7 bit, Latin 1 and some of every plane, spelt by the peer."""
    random = Random(7)
    planes = "".join(chr(random.randrange(0x20, 0x3000)) for _ in range(60)) + "收到𠮷😀"
    texts = [(0, each) for each in GSM] + [(0, GSM[:60]), (0, GSM[60:])]
    texts += [(3, chr(each)) for each in range(0x20, 0x100)] + [(8, each) for each in planes] + [(8, planes)]
    asked = [
        {"ask": "spell", "command": "deliver_sm", "sequence": 1, "fields": {"data_coding": coding}, "text": text}
        for coding, text in texts
    ]
    for (coding, text), answer in zip(texts, ask(asked), strict=True):
        parsed = parse_message(bytes.fromhex(answer["hex"])[16:])
        assert isinstance(parsed, Message)
        assert parsed.data_coding == coding
        assert decoded(parsed.short_message, alphabet_of(coding, Alphabet.GSM7)) == text
