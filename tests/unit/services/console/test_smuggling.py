"""Requests whose length can be read in two ways: a proxy reads one request, the node must never read two."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

import pytest

from schemas.officers import Role
from tests import papers
from tests.console import Browser, visiting
from tests.sockets import spoken
from tests.world import World

_HOST: Final = b"Host: 127.0.0.1\r\n"
_HIDDEN: Final = b"GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_FORM: Final = b"Content-Type: application/x-www-form-urlencoded\r\n"
_POST: Final = b"POST /login HTTP/1.1\r\n" + _HOST + _FORM


def _chunked(body: bytes, how: bytes = b"Transfer-Encoding: chunked\r\n") -> bytes:
    return _POST + how + b"\r\n" + body


SMUGGLED: Final[Mapping[str, bytes]] = {
    "length and chunks": _chunked(b"0\r\n\r\n" + _HIDDEN, b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"),
    "chunks and length": _chunked(
        b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n" % (5 + len(_HIDDEN))
    ),
    "two lengths": _POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(_HIDDEN) + _HIDDEN,
    "two lengths in one": _POST + b"Content-Length: 0, %d\r\n\r\n" % len(_HIDDEN) + _HIDDEN,
    "a length with a sign": _POST + b"Content-Length: +0\r\n\r\n" + _HIDDEN,
    "a length in hexadecimal": _POST + b"Content-Length: 0x00\r\n\r\n" + _HIDDEN,
    "a length below zero": _POST + b"Content-Length: -1\r\n\r\n" + _HIDDEN,
    "a length with an underscore": _POST + b"Content-Length: 0_0\r\n\r\n" + _HIDDEN,
    "a length in other digits": _POST + "Content-Length: \uff10\r\n\r\n".encode() + _HIDDEN,
    "a blank before the colon": _POST + b"Content-Length : 0\r\n\r\n" + _HIDDEN,
    "a tab before the colon": _chunked(b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding\t: chunked\r\n"),
    "a folded header": _chunked(b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding:\r\n chunked\r\n"),
    "a folded first header": b"POST /login HTTP/1.1\r\n Host: 127.0.0.1\r\nContent-Length: 0\r\n\r\n" + _HIDDEN,
    "an unknown coding": _chunked(b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding: xchunked\r\n"),
    "chunks, then another coding": _chunked(b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding: chunked, identity\r\n"),
    "chunks twice": _chunked(b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding: chunked, chunked\r\n"),
    "chunks with a control character": _chunked(b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding: \x0bchunked\r\n"),
    "chunks in quotes": _chunked(b"0\r\n\r\n" + _HIDDEN, b'Transfer-Encoding: "chunked"\r\n'),
    "two codings": _chunked(b"0\r\n\r\n" + _HIDDEN, b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
    "chunks in HTTP/1.0": b"POST /login HTTP/1.0\r\n"
    + _HOST
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + _HIDDEN,
    "a chunk of no size": _chunked(b"G\r\n\r\n0\r\n\r\n" + _HIDDEN),
    "a chunk below zero": _chunked(b"-1\r\n\r\n0\r\n\r\n" + _HIDDEN),
    "a chunk with a sign": _chunked(b"+0\r\n\r\n" + _HIDDEN),
    "a chunk with 0x": _chunked(b"0x0\r\n\r\n" + _HIDDEN),
    "a chunk with an underscore": _chunked(b"0_0\r\n\r\n" + _HIDDEN),
    "a chunk longer than it says": _chunked(b"1\r\nab\r\n0\r\n\r\n" + _HIDDEN),
    "a chunk without its end": _chunked(b"1\r\na0\r\n\r\n" + _HIDDEN),
    "a chunk's end of one byte": _chunked(b"1\na\n0\n\n" + _HIDDEN),
    "an extension with a line end": _chunked(b"0;a=\nb\r\n\r\n" + _HIDDEN),
    "a chunk of many digits": _chunked(b"F" * 40 + b"\r\n" + _HIDDEN),
    "NUL in a header": _POST + b"X-A: a\x00b\r\nContent-Length: 0\r\n\r\n" + _HIDDEN,
    "a carriage return in a header": _POST + b"X-A: a\rContent-Length: 44\r\nContent-Length: 0\r\n\r\n" + _HIDDEN,
    "a header without a colon": _POST + b"X-A\r\nContent-Length: 0\r\n\r\n" + _HIDDEN,
    "a header without a name": _POST + b": a\r\nContent-Length: 0\r\n\r\n" + _HIDDEN,
    "a method that is none": b"GE\x7fT / HTTP/1.1\r\n" + _HOST + b"\r\n" + _HIDDEN,
    "a version that is none": b"GET / HTTP/9.9\r\n" + _HOST + b"\r\n" + _HIDDEN,
    "no version": b"GET /\r\n\r\n" + _HIDDEN,
    "blanks in the target": b"GET / /x HTTP/1.1\r\n" + _HOST + b"\r\n" + _HIDDEN,
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _HIDDEN,
    "a hello of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + _HIDDEN,
}
_LONG: Final[Mapping[str, bytes]] = {
    "a header of a megabyte": b"GET / HTTP/1.1\r\n" + _HOST + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "a target of a megabyte": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + _HOST + b"\r\n",
    "headers without end": b"GET / HTTP/1.1\r\n" + _HOST + b"".join(b"X-%d: a\r\n" % one for one in range(100_000)),
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A console; the node must be alive behind it all."""
    county = World()[papers.HUANJIANG]
    async with visiting(county, Role.DUTY) as opened:
        yield opened
        assert (await opened.get("/")).status == 200
    assert county.crashes == []


def answers(said: bytes) -> int:
    """Count the answers in what was said."""
    return said.count(b"HTTP/1.1 ") + said.count(b"HTTP/1.0 ")


@pytest.mark.parametrize("how", SMUGGLED)
async def test_a_request_hides_in_another(browser: Browser, how: str) -> None:
    """Refused as a whole with one answer, and the line is closed: what follows belongs to nobody."""
    said = await spoken(browser.port, SMUGGLED[how])

    assert answers(said) == 1, said
    assert said.split(b" ", 2)[1] == b"400", said[:200]
    assert b"hidden" not in said.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("how", _LONG)
async def test_a_head_without_end_is_kept(browser: Browser, how: str) -> None:
    """Memory for a request is bounded before anybody is known."""
    said = await spoken(browser.port, _LONG[how])

    assert answers(said) <= 1
    assert said == b"" or said.split(b" ", 2)[1] in {b"400", b"414", b"431"}


async def test_a_slow_head_holds_the_node(browser: Browser) -> None:
    """A hundred lines on which nothing comes must not keep an officer out."""
    lines = [await asyncio.open_connection("127.0.0.1", browser.port) for _ in range(100)]
    for _, writer in lines:
        writer.write(b"GET / HTTP/1.1\r\nHost: ")
    async with asyncio.timeout(5):
        assert (await browser.get("/")).status == 200
    for _, writer in lines:
        writer.close()
