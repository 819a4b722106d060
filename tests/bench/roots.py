"""What a batch signature covers, followed with hashlib alone: the harness believes no verifier of the product."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

_KIND: Final = b"application/vnd.sihu.batch-root.v1+json"


def root_signed(entry: Mapping[str, Any], envelope_id: str) -> bytes:
    """Return the bytes that the signature of a batch entry covers, empty if the path leads elsewhere."""
    node = hashlib.sha256(b"\x00" + bytes.fromhex(envelope_id)).digest()
    index, last, path = entry["index"], entry["root"]["count"] - 1, list(entry["path"])
    while last:
        if index & 1 or index < last:
            sibling = base64.urlsafe_b64decode(path.pop(0) + "=")
            node = hashlib.sha256(b"\x01" + (sibling + node if index & 1 else node + sibling)).digest()
        index, last = index >> 1, last >> 1
    if path or node.hex() != entry["root"]["root"]:
        return b""
    record = json.dumps(entry["root"], separators=(",", ":")).encode()
    return b"DSSEv1 %d %b %d %b" % (len(_KIND), _KIND, len(record), record)
