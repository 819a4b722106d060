"""What an acknowledge subject tells, in both forms that nats-server uses."""

import pytest

from adapters.jetstream.pull import _numbers


@pytest.mark.parametrize(
    "subject",
    [
        b"$JS.ACK.EVT_0.to_451226.1.907.41.1795379874830242186.12",
        b"$JS.ACK.HUB.Ab3dEf.EVT_0.to_451226.1.907.41.1795379874830242186.12",
        b"$JS.ACK._.Ab3dEf.EVT_0.to_451226.1.907.41.1795379874830242186.12.Xy9",
    ],
    ids=["plain", "with domain", "with domain and token"],
)
def test_both_forms_tell_the_same(subject: bytes) -> None:
    """nats-py's ordered consumer died on the longer form: it took the consumer's name for a number."""
    assert _numbers(subject) == (907, 41, 12)
