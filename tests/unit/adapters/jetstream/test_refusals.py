"""The hub's refusals, by the number that nats-server gives them."""

import json

import pytest

from adapters.jetstream.refusals import (
    BatchesBusyError,
    HubRefusedError,
    MovedOnError,
    NoResponderError,
    SubjectFullError,
    parsed,
)
from adapters.jetstream.wire import Reply
from schemas.errors import UnavailableError


def refused(number: object) -> Reply:
    error = {"code": 400, "err_code": number, "description": "why"}
    return Reply(b"", json.dumps({"error": error, "stream": "EVT_0", "seq": 0}).encode())


@pytest.mark.parametrize(
    ("number", "error", "code"),
    [
        (10071, MovedOnError, "hub.moved_on"),
        (10164, MovedOnError, "hub.moved_on"),
        (10077, SubjectFullError, "hub.subject_full"),
        (10210, BatchesBusyError, "hub.batches_busy"),
        (10176, BatchesBusyError, "hub.batches_busy"),
        (10059, HubRefusedError, "hub.refused"),
        (None, HubRefusedError, "hub.refused"),
    ],
)
def test_each_refusal_has_its_own_treatment(number: object, error: type[UnavailableError], code: str) -> None:
    """A full subject taken for a race would be retried without end; a race taken for full would page somebody."""
    with pytest.raises(error) as raised:
        parsed(refused(number))
    assert raised.value.code == code
    assert "why" in str(raised.value)


def test_nobody_there_is_told_apart() -> None:
    """A stream that is not made yet answers nothing but a status."""
    with pytest.raises(NoResponderError):
        parsed(Reply(b"NATS/1.0 503\r\n\r\n", b""))


@pytest.mark.parametrize("body", [b"", b"+OK", b"[]", b"7", b'{"error": "text"}', b"\xff\xfe"])
def test_rubbish_is_a_refusal_and_no_crash(body: bytes) -> None:
    """The hub is untrusted: whatever it answers, the node goes on."""
    with pytest.raises(HubRefusedError):
        parsed(Reply(b"", body))


def test_an_answer_is_returned() -> None:
    """The plain case."""
    assert parsed(Reply(b"", b'{"stream": "EVT_0", "seq": 5}'))["seq"] == 5
