"""Tencent Cloud's signature, TC3-HMAC-SHA256, for a POST of JSON; pure.

Source: cloud.tencent.com, "Signature method v3".
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

ALGORITHM: Final = "TC3-HMAC-SHA256"
CONTENT_TYPE: Final = "application/json"
_SIGNED: Final = "content-type;host"


def authorization(host: str, service: str, timestamp: int, body: bytes, *, key_id: str, secret: str) -> str:
    """Return the value of the Authorization header of ``POST /``.

    Args:
        host: As in the Host header.
        service: E.g. ``sms``.
        timestamp: Unix time in seconds, the same as in ``X-TC-Timestamp``.
        body: As sent, with ``CONTENT_TYPE``.
        key_id: The SecretId.
        secret: The SecretKey.
    """
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    headers = f"content-type:{CONTENT_TYPE}\nhost:{host}\n"
    request = "\n".join(("POST", "/", "", headers, _SIGNED, hashlib.sha256(body).hexdigest()))
    scope = f"{day}/{service}/tc3_request"
    to_sign = "\n".join((ALGORITHM, str(timestamp), scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"TC3{secret}".encode()
    for step in (day, service, "tc3_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={_SIGNED}, Signature={signature}"
