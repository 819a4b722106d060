"""Answering a digest challenge: MD5 and SHA-256, without a body's hash. Values in, values out.

MD5 is what carriers' SIP servers still ask for; it guards a password on a closed line, nothing of ours.

Source: RFC 7616 and RFC 8760 (SHA-256 in SIP), RFC 2617 for servers without ``qop``.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

_PAIR: Final = re.compile(r'([A-Za-z0-9_-]{1,32})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.){0,1024})"|([^\s",]{1,1024}))')
_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256"}
_STRONGEST_FIRST: Final = ("SHA-256", "MD5")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server asks.

    Attributes:
        algorithm: ``MD5`` or ``SHA-256``; ``session`` if with ``-sess``.
        qop: Whether it wants ``auth``; servers of RFC 2069 want nothing.
        stale: The answer was right, its nonce too old.
    """

    realm: str
    nonce: str
    opaque: str
    algorithm: str
    session: bool
    qop: bool
    stale: bool


def challenge(header: str) -> Challenge | None:
    """Read a ``WWW-Authenticate`` or ``Proxy-Authenticate``; None if we cannot answer it."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    given = {found[1].lower(): found[2] if found[3] is None else found[3] for found in _PAIR.finditer(rest)}
    algorithm = given.get("algorithm", "MD5").upper()
    qop = [word.strip().lower() for word in given.get("qop", "").split(",") if word.strip()]
    name = algorithm.removesuffix("-SESS")
    if name not in _HASHES or not given.get("nonce") or (qop and "auth" not in qop):
        return None
    return Challenge(
        realm=given.get("realm", ""),
        nonce=given["nonce"],
        opaque=given.get("opaque", ""),
        algorithm=name,
        session=algorithm.endswith("-SESS"),
        qop=bool(qop),
        stale=given.get("stale", "").lower() == "true",
    )


def strongest(headers: list[str]) -> Challenge | None:
    """Return the challenge to answer out of several."""
    found = [one for one in map(challenge, headers) if one is not None]
    return min(found, key=lambda one: _STRONGEST_FIRST.index(one.algorithm), default=None)


def answer(asked: Challenge, *, user: str, password: str, method: str, uri: str, cnonce: str) -> str:
    """Return the value of ``Authorization`` or ``Proxy-Authorization``; every nonce is answered once, so nc is 1."""
    count = "00000001"
    secret = _digest(asked, f"{user}:{asked.realm}:{password}")
    if asked.session:
        secret = _digest(asked, f"{secret}:{asked.nonce}:{cnonce}")
    asking = _digest(asked, f"{method}:{uri}")
    middle = f"{asked.nonce}:{count}:{cnonce}:auth" if asked.qop else asked.nonce
    fields = {
        "username": _quoted(user),
        "realm": f'"{asked.realm}"',
        "nonce": f'"{asked.nonce}"',
        "uri": _quoted(uri),
        "response": f'"{_digest(asked, f"{secret}:{middle}:{asking}")}"',
        "algorithm": asked.algorithm + ("-sess" if asked.session else ""),
    }
    if asked.opaque:
        fields["opaque"] = f'"{asked.opaque}"'
    if asked.qop or asked.session:
        fields["cnonce"] = _quoted(cnonce)
    if asked.qop:
        fields |= {"qop": "auth", "nc": count}
    return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def _digest(asked: Challenge, text: str) -> str:
    return hashlib.new(_HASHES[asked.algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
