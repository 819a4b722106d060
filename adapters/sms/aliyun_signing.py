"""Alibaba Cloud's V3 signature, ACS3-HMAC-SHA256; pure.

Source: help.aliyun.com, "V3 request body and signature mechanism".
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

ALGORITHM: Final = "ACS3-HMAC-SHA256"


def digest_of(body: bytes) -> str:
    """Return what stands in ``x-acs-content-sha256``."""
    return hashlib.sha256(body).hexdigest()


def canonical_query(query: Mapping[str, str]) -> str:
    """Return the query as it is signed and sent: sorted by name, RFC 3986 encoding."""
    return "&".join(f"{_encoded(name)}={_encoded(query[name])}" for name in sorted(query))


def authorization(
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_id: str,
    secret: str,
) -> str:
    """Return the value of the Authorization header.

    Args:
        method: In capitals.
        path: ``/`` for calls in RPC style.
        query: Names and values, not encoded.
        headers: All that are to be signed: ``host``, every ``x-acs-*``, and ``content-type`` if there is a body.
        body: As sent; its digest must stand in ``x-acs-content-sha256``.
        key_id: The AccessKey's public part.
        secret: The AccessKey's secret part.
    """
    signed = {name.lower(): value.strip() for name, value in headers.items()}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = "\n".join((method, path, canonical_query(query), lines, names, digest_of(body)))
    to_sign = f"{ALGORITHM}\n{digest_of(request.encode())}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"


def _encoded(text: str) -> str:
    return quote(text, safe="~")
