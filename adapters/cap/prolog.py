"""What is judged before any XML parser sees a document: its size, its encoding, and that it has no DTD.

The parser then gets UTF-8 and nothing else, so no encoding hides a declaration from this look.
"""

import codecs
import re
from typing import Final

from schemas.cap import DOCUMENT_MAX_BYTES
from schemas.errors import Fault

_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "gbk": "gbk",
    "gb2312": "gbk",
    "gb18030": "gb18030",
}
_DECLARATION: Final = re.compile(
    r"""<\?xml\s+version\s*=\s*["'](?P<version>[^"'<>]{1,16})["']"""
    r"""(?:\s+encoding\s*=\s*["'](?P<encoding>[A-Za-z][A-Za-z0-9._-]{0,40})["'])?"""
    r"""(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>"""
)
_LOOK_BYTES: Final = 256
_SKIPPED: Final = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)


def plain_xml(data: bytes, *, max_bytes: int = DOCUMENT_MAX_BYTES) -> bytes | Fault:
    """Return a document as UTF-8 without its declaration, or why it is refused.

    Args:
        data: As it came.
        max_bytes: Upper bound on ``len(data)``.
    """
    if len(data) > max_bytes:
        return Fault("cap.too_large", "document", f"it has {len(data)} bytes; at most {max_bytes} are taken")
    text = _decoded(data)
    if isinstance(text, Fault):
        return text
    if _DECLARATION.match(text) is not None:
        text = _DECLARATION.sub("", text, count=1)
    return _dtd(text) or text.encode()


def _decoded(data: bytes) -> str | Fault:
    encoding = _encoding_of(data)
    if isinstance(encoding, Fault):
        return encoding
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return Fault("cap.encoding", "document", f"it is not {encoding}, as it says; send UTF-8")
    return text.removeprefix("\ufeff")


def _encoding_of(data: bytes) -> str | Fault:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)) or b"\x00" in data[:2]:
        return Fault("cap.encoding", "document", "this form of Unicode is not taken; send UTF-8")
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    head = data[:_LOOK_BYTES].decode("utf-16" if is_wide else "latin-1", errors="replace").removeprefix("\xef\xbb\xbf")
    found = _DECLARATION.match(head)
    if head.startswith("<?xml") and head[5:6].isspace() and found is None:
        return Fault("cap.encoding", "document", "its first line is no XML declaration that can be read")
    if found is not None and found["version"] != "1.0":
        return Fault("cap.encoding", "document", "only XML 1.0 is taken")
    named = (found["encoding"] if found is not None else None) or ("utf-16" if is_wide else "utf-8")
    encoding = _ENCODINGS.get(named.lower())
    if encoding is None:
        return Fault("cap.encoding", "document", "it declares an encoding that is not taken; send UTF-8")
    is_marked_utf8 = data.startswith(codecs.BOM_UTF8)
    if is_wide != (encoding == "utf-16") or (is_marked_utf8 and encoding != "utf-8"):
        return Fault("cap.encoding", "document", "its byte order mark and its declaration do not agree")
    return encoding


def _dtd(text: str) -> Fault | None:
    """Refuse a document type declaration; it can stand only before the first element."""
    place = 0
    while (skipped := _SKIPPED.match(text, place)) is not None:
        place = skipped.end()
    if text.startswith("<!", place):
        return Fault("cap.dtd", "document", "it bears a document type declaration (DTD), which is never taken")
    return None
