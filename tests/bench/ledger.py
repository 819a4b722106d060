"""What a county's database holds, read by the harness itself: nothing a node says about itself is believed.

Ids are computed again from the stored bytes and the chain is followed link by link, with nothing of the product.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.bench.roots import root_signed
from tests.bench.samples import Faults, compare

_KIND: Final = b"application/vnd.sihu.event.v1+json"
_END: Final = "SELECT coalesce(max(position), 0) FROM envelopes"
_QUARANTINED: Final = "SELECT coalesce(sum(count), 0) FROM quarantine"
_ARRIVED: Final = """
SELECT e.envelope_id, c.channel, c.epoch, e.seq, e.header, e.content
FROM envelopes AS e JOIN chains AS c ON c.number = e.chain_number
WHERE e.direction = 'in' AND e.refused = 0 AND e.wire_type NOT LIKE 'cn.sihu.control.%' AND e.position > ?
ORDER BY e.position"""
_STORED: Final = """
SELECT c.channel, c.epoch, r.receiver, r.first_seq, r.seq
FROM receipts AS r JOIN chains AS c ON c.number = r.target_chain
WHERE r.direction = 'in' AND r.stage = 'stored'"""
_RANGES: Final = "SELECT envelope_id, first_seq, seq FROM receipts WHERE direction = 'in' AND stage = 'stored'"


def end_of(database: Path) -> int:
    """Return the newest position: what comes later is behind it."""
    return int(_rows(database, _END)[0][0])


def quarantined(database: Path) -> int:
    """Return how many messages were refused so far."""
    return int(_rows(database, _QUARANTINED)[0][0])


def judge_arrivals(
    sent: Sequence[str], database: Path, *, after: int, refused_before: int = 0, alerts: Sequence[str] = ()
) -> Faults:
    """Compare the ids that a source was given (202) with what one recipient's database holds behind ``after``.

    ``alerts`` were sent as well; they may overtake, and must be there once like everything else.
    """
    rows = _rows(database, _ARRIVED, after)
    got = [row[0].hex() for row in rows]
    in_order = compare(sent, [one for one in got if one not in alerts])
    overtaking = compare(alerts, [one for one in got if one in alerts])
    rest = Faults(chain_breaks=_chain_breaks(rows), quarantined=quarantined(database) - refused_before)
    return in_order + replace(overtaking, out_of_order=0) + rest


def missing_receipts(sent: Sequence[tuple[str, str, int]], database: Path, receivers: Sequence[str]) -> int:
    """Count (event, receiver) pairs without *stored* in the source's database; ``sent`` are (channel, epoch, seq)."""
    held = {
        (receiver, channel, epoch, seq)
        for channel, epoch, receiver, first, last in _rows(database, _STORED)
        for seq in range(first, last + 1)
    }
    return sum((receiver, *place) not in held for place in sent for receiver in receivers)


def receipt_ranges(database: Path) -> dict[str, tuple[int, int]]:
    """Return which sequences each *stored* receipt that came in covers, by its envelope id."""
    return {row[0].hex(): (row[1], row[2]) for row in _rows(database, _RANGES)}


def judge_stream(sent: Sequence[str], messages: Sequence[tuple[str, str]], public_key: bytes) -> Faults:
    """Compare the ids that a source was given with (header, signatures) as the hub's stream holds them, in order."""
    key, breaks, previous = Ed25519PublicKey.from_public_bytes(public_key), 0, None
    ids = []
    for header, signatures in messages:
        ids.append(envelope_id_of(header.encode()))
        entry = json.loads(signatures)[0]
        covered = root_signed(entry, ids[-1]) if "root" in entry else signed_bytes_of(header.encode())
        key.verify(base64.urlsafe_b64decode(entry["sig"] + "=="), covered)
        breaks += previous is not None and json.loads(header)["prev"] != previous
        previous = ids[-1]
    return replace(compare(sent, ids), chain_breaks=breaks)


def _chain_breaks(rows: Sequence[Any]) -> int:
    """Count links that are not what their id says, or do not name the link before them."""
    last: dict[tuple[str, str], tuple[int, str]] = {}
    breaks = 0
    for stored_id, channel, epoch, seq, header_bytes, content in sorted(rows, key=lambda row: row[1:4]):
        header = json.loads(header_bytes)
        known = last.get((channel, epoch))
        named = header["seq"] == seq and header["channel"] == channel
        follows = known is None or (seq == known[0] + 1 and header["prev"] == known[1])
        bound = hashlib.sha256(content).hexdigest() == header["content"]["digest"]
        breaks += not (named and follows and bound and envelope_id_of(header_bytes) == stored_id.hex())
        last[channel, epoch] = seq, stored_id.hex()
    return breaks


def envelope_id_of(header: bytes) -> str:
    """Return the id that docs/protocol.md gives an event with these header bytes."""
    return hashlib.sha256(signed_bytes_of(header)).hexdigest()


def signed_bytes_of(header: bytes) -> bytes:
    """Return what the signature of an event covers."""
    return b"DSSEv1 %d %b %d %b" % (len(_KIND), _KIND, len(header), header)


def _rows(database: Path, query: str, *bindings: object) -> list[Any]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query, bindings).fetchall()
