"""Commands as they go on the wire, headers as they come, and what we need of nats-py's inner workings."""

import inspect
from collections.abc import Callable

import pytest
from nats.aio.client import Client
from nats.aio.transport import TcpTransport

from adapters.jetstream.wire import Reply, Wire, command, header_of, status_of
from schemas.errors import InvariantError

INNER = {
    "_process_msg": ["self", "sid", "subject", "reply", "data", "headers"],
    "_attempt_reconnect": ["self"],
    "_connect_to_server": ["self", "s"],
    "_close": ["self", "status", "do_cbs"],
    "_flush_pending": ["self", "force_flush"],
    "subscribe": [
        *("self", "subject", "queue", "cb", "future", "max_msgs", "pending_msgs_limit", "pending_bytes_limit"),
    ],
}
"""Methods of nats-py's client that ``Wire`` overrides or calls, with their parameters."""

STATE = [
    "_transport",
    "_sid",
    "_subs",
    "_pending",
    "_pending_data_size",
    "_server_info",
    "_reconnection_task",
    "_status",
    "_pings_outstanding",
]
"""Attributes of nats-py's client that ``Wire`` reads or writes."""

USED_IN = {
    "_process_msg": "nats.protocol.parser calls it for every message",
    "_attempt_reconnect": "_process_op_err starts it as a task",
    "_connect_to_server": "_select_next_server awaits it before every attempt",
}


@pytest.mark.parametrize("name", INNER)
def test_nats_py_still_has_the_method_that_we_stand_on(name: str) -> None:
    """A new nats-py that renames it would leave our override unused, and hazards of old would be back in silence."""
    method = getattr(Client, name, None)
    assert method is not None, f"nats-py has no Client.{name} any more: see adapters/jetstream/wire.py"
    assert list(inspect.signature(method).parameters) == INNER[name]


def test_nats_py_still_keeps_its_state_where_we_look() -> None:
    """An attribute that moved reads as missing only when a connection breaks."""
    fresh = Client()
    assert [name for name in STATE if not hasattr(fresh, name)] == []
    assert hasattr(TcpTransport(), "_io_writer")  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("caller", "called"),
    [
        (Client._process_op_err, "self._attempt_reconnect()"),  # noqa: SLF001
        (Client._select_next_server, "self._connect_to_server("),  # noqa: SLF001
        (Client.close, "self._close(Client.CLOSED)"),
    ],
)
def test_nats_py_still_calls_what_we_override(caller: Callable[..., object], called: str) -> None:
    """An override that nobody calls is no override."""
    assert called in inspect.getsource(caller)


async def test_our_overrides_are_in_force() -> None:
    """A base class that is created differently could pass ours by."""
    wire = Wire("_R.451226.x")
    assert type(wire)._process_msg is Wire._process_msg  # noqa: SLF001
    assert not wire.is_connected


def test_a_command_is_spelled_as_the_protocol_wants_it() -> None:
    """Lengths in bytes: a wrong one makes the server read our next command as a body."""
    assert command("a.b", b"", b"", b"hello") == b"PUB a.b 5\r\nhello\r\n"
    assert command("a.b", b"r", b"", "好".encode()) == b"PUB a.b r 3\r\n\xe5\xa5\xbd\r\n"
    headers = b"NATS/1.0\r\nSihu-Seq: 7\r\n\r\n"
    assert command("a.b", b"", headers, b"x") == b"HPUB a.b 25 26\r\n" + headers + b"x\r\n"
    assert command("a.b", b"r.1", headers, b"") == b"HPUB a.b r.1 25 25\r\n" + headers + b"\r\n"


@pytest.mark.parametrize("subject", ["", "a b", "a\r\nPUB b 0\r\n", "a\tb", "预警", "a\x00b"])
def test_a_subject_cannot_smuggle_in_a_command(subject: str) -> None:
    """Whoever chooses part of a subject must not choose the next line."""
    with pytest.raises(InvariantError):
        command(subject, b"", b"", b"")


def test_headers_are_read_as_they_are() -> None:
    """Names compare exactly and a value ends at its line: no header can stand in for another one."""
    block = b"NATS/1.0\r\nSihu-Seq: 12\r\nNats-Sequence:9\r\nX-Sihu-Seq: 99\r\n\r\n"
    assert header_of(block, b"Sihu-Seq") == b"12"
    assert header_of(block, b"Nats-Sequence") == b"9"
    assert header_of(block, b"sihu-seq") is None
    assert header_of(b"", b"Sihu-Seq") is None
    assert Reply(block, b"").header(b"Missing") is None


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (b"", 0),
        (b"NATS/1.0\r\n\r\n", 0),
        (b"NATS/1.0 503\r\n\r\n", 503),
        (b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 3\r\n\r\n", 100),
        (b"NATS/1.0 xyz\r\n\r\n", 0),
        (b"NATS/1.0\r\nA: 503\r\n\r\n", 0),
    ],
)
def test_a_status_is_only_where_a_status_stands(block: bytes, status: int) -> None:
    """A header that looks like a status must not end a request."""
    assert status_of(block) == status
    assert Reply(block, b"").status == status
