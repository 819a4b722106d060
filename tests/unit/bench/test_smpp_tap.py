"""How long a carrier took: an answer that is taken for another's would be too fast or too slow."""

from adapters.sms.smpp_pdu import Command, Pdu, spell
from tests.bench.smpp_tap import Tap


def test_each_answer_belongs_to_the_submit_of_its_number() -> None:
    """Enquiries and answers to nothing are no answers of a submit."""
    tap = Tap(0)
    for command, sequence in ((Command.SUBMIT_SM, 7), (Command.ENQUIRE_LINK, 8), (Command.SUBMIT_SM, 9)):
        tap.wrote(spell(Pdu(command, 0, sequence, b"body")))
    for command, sequence in (
        (Command.SUBMIT_SM_RESP, 9),
        (Command.ENQUIRE_LINK_RESP, 8),
        (Command.SUBMIT_SM_RESP, 9),
        (Command.SUBMIT_SM_RESP, 8),
    ):
        tap.read(Pdu(command, 0, sequence))
    assert len(tap.answered_ms) == 1
    tap.read(Pdu(Command.SUBMIT_SM_RESP, 0, 7))
    assert len(tap.answered_ms) == 2
    assert tap.answered_ms[1] >= tap.answered_ms[0] >= 0
