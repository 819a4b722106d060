"""Parts of a file, as RFC 9110 asks for them."""

import pytest

from schemas.errors import Fault
from services.gateway.ranges import part_of


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 10)),
        ("bytes=90-1000", (90, 10)),
        ("bytes=-5", (95, 5)),
        ("bytes=-500", (0, 100)),
        ("bytes=99-99", (99, 1)),
        ("bytes=9-3", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-9", None),
        ("bytes=a-b", None),
    ],
)
def test_a_range_is_read(header: str | None, part: tuple[int, int] | None) -> None:
    """What is no single range of bytes is passed over: the whole is a right answer to it."""
    assert part_of(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(header: str) -> None:
    """Whoever resumes a download at its end must be told that it is complete."""
    found = part_of(header, 100)
    assert isinstance(found, Fault)
    assert found.code == "http.range"
