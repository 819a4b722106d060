"""The overloading client: a refusal that does not say when to come back must not pass for pushing back."""

import asyncio
import json

import pytest

from tests.bench.http_client import Client, Connection

PLACE = {"envelope_id": "ab", "channel": "c", "epoch": "1", "seq": 7}


def answer(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    """Return the bytes of an answer."""
    lines = [f"HTTP/1.1 {status} whatever", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def heard(*pieces: bytes) -> dict[str, int]:
    """Return what a client counts once it has read these pieces of one answer."""
    client = Client()
    connection = Connection(client)
    connection.number = 1
    for piece in pieces:
        connection.data_received(piece)
    return dict(client.answers)


@pytest.mark.parametrize(
    ("bytes_", "name"),
    [
        (answer(202, json.dumps(PLACE).encode()), "accepted"),
        (answer(503, b"{}", "Retry-After: 1"), "pushed back"),
        (answer(429, b"{}", "retry-after: 1800"), "pushed back"),
        (answer(503), "status 503"),
        (answer(500, b"{}", "Retry-After: 1"), "status 500"),
        (answer(400), "status 400"),
    ],
)
def test_every_answer_has_a_name(bytes_: bytes, name: str) -> None:
    """Only 429 and 503 with Retry-After are the push that the workload asks for."""
    assert heard(bytes_) == {name: 1}


def test_an_answer_that_comes_in_pieces_is_one_answer() -> None:
    """Under load the kernel cuts where it likes."""
    whole = answer(202, json.dumps(PLACE).encode())
    assert heard(*(whole[place : place + 7] for place in range(0, len(whole), 7))) == {"accepted": 1}


def test_a_connection_that_breaks_leaves_its_request_unexplained() -> None:
    """An event whose answer never came is neither accepted nor pushed back."""
    client = Client()
    connection = Connection(client)
    connection.number = 3
    connection.connection_lost(None)

    assert dict(client.answers) == {"no answer": 1}


async def test_a_port_where_nobody_listens_is_said() -> None:
    """A node that has died under the load must not look like one that was left alone."""
    client = Client()
    await client.open(1, "token")
    report = await client.overload(0, 100, 0.05)
    await asyncio.sleep(0)

    assert report["answers"].get("no connection", 0) == report["offered"] > 0
