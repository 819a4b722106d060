"""Ports for peers that cannot choose one themselves."""

import socket
from itertools import count
from random import SystemRandom

_FIRST, _LAST = 20_000, 32_000  # below those that the system gives out by itself
_numbers = count(SystemRandom().randrange(_LAST - _FIRST))


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of 127.0.0.1 that nobody has now and the system gives to nobody."""
    for number in _numbers:
        port = _FIRST + number % (_LAST - _FIRST)
        with socket.socket(socket.AF_INET, kind) as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("the numbers have no end")
