"""Styles, scripts and sounds: read once, named by their digest, kept by browsers for a year."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "wav": "audio/wav",
}
_KEPT: Final = "public, max-age=31536000, immutable"
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    packed: bytes
    """By gzip; empty where that spares nothing. Pages are never packed: their tokens would show in the size."""


class Statics:
    """The files of ``services/console/static``."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Take the files by name, e.g. ``app.css``."""
        self._addresses: dict[str, str] = {}
        self._files: dict[str, _File] = {}
        for name, body in files.items():
            stem, _, ending = name.rpartition(".")
            marked = f"{stem}.{hashlib.sha256(body).hexdigest()[:_DIGITS]}.{ending}"
            self._addresses[name] = f"/static/{marked}"
            packed = gzip.compress(body, mtime=0)
            self._files[marked] = _File(body, _TYPES[ending], packed if len(packed) < len(body) else b"")

    def address(self, name: str) -> str:
        """Return where a browser finds a file."""
        return self._addresses[name]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with one file; nothing but these names exists, so no path leads out of them."""
        found = self._files.get(request.match_info["name"])
        if found is None:
            return web.Response(status=404, text="not found")
        text = found.media_type.startswith("text/")
        packs = bool(found.packed) and "gzip" in request.headers.get("Accept-Encoding", "")
        body = found.packed if packs else found.body
        response = web.Response(body=body, content_type=found.media_type, charset="utf-8" if text else None)
        response.headers["Cache-Control"] = _KEPT
        response.headers["Vary"] = "Accept-Encoding"
        if packs:
            response.headers["Content-Encoding"] = "gzip"
        return response
