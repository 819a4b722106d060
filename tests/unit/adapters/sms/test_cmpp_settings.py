"""What an operator may agree with a carrier."""

from dataclasses import replace

import pytest

from adapters.memory.clock import ManualClock
from adapters.sms.cmpp import CmppPager
from adapters.sms.cmpp_session import Sequence
from adapters.sms.cmpp_settings import CmppSettings
from schemas.errors import RequestError
from schemas.pages import Medium
from services.paging_ports import Pager

GOOD = CmppSettings(
    name="mobile-cmpp",
    host="gateway.invalid",
    source_addr="106001",
    secret="only-for-this-test",  # noqa: S106
    service_number="10690001",
)


def test_the_shortest_agreement_is_one() -> None:
    """Everything else has the specification's own value."""
    assert GOOD.faults() == ()
    pager: Pager = CmppPager(GOOD, clock=ManualClock())
    assert (pager.name, pager.medium) == ("mobile-cmpp", Medium.SMS)
    assert pager.capabilities.report
    assert pager.capabilities.extension
    assert not pager.health().ready, "nothing is opened before it runs"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", ""),
        ("port", 0),
        ("port", 65_536),
        ("source_addr", "10600"),
        ("source_addr", "企业代码一二"),
        ("secret", ""),
        ("secret", "x" * 65),
        ("service_number", ""),
        ("service_number", "1" * 20),
        ("service_number", "1069-1"),
        ("service_id", "x" * 11),
        ("fee_user_type", 4),
        ("fee_terminal_id", "duty"),
        ("fee_type", "1"),
        ("fee_code", "free"),
        ("msg_level", 10),
        ("window", 0),
        ("window", 257),
        ("tests_unanswered", 0),
        ("test_seconds", 0.0),
        ("response_seconds", 3601.0),
        ("connect_seconds", -1.0),
        ("join_seconds", float("nan")),
    ],
)
def test_what_does_not_fit_is_named(name: str, value: str | float) -> None:
    """A gateway answers a wrong setting with a number; the start of the node can say which it is."""
    wrong = replace(GOOD, **{name: value})  # type: ignore[arg-type]
    assert [fault.field for fault in wrong.faults()] == [name]
    with pytest.raises(RequestError) as caught:
        CmppPager(wrong, clock=ManualClock())
    assert "only-for-this-test" not in str(caught.value)


def test_the_secret_does_not_show() -> None:
    """Settings are printed by whoever looks for a fault."""
    assert "only-for-this-test" not in repr(GOOD)


def test_the_numbers_of_packets_begin_anew_after_the_highest() -> None:
    """After four thousand million packets comes 1, not an overflow."""
    sequence = Sequence(0xFFFF_FFFE)
    assert [sequence.take() for _ in range(4)] == [0xFFFF_FFFE, 0xFFFF_FFFF, 1, 2]
    assert Sequence(1).take() == 1
    assert Sequence(0).take() > 0
