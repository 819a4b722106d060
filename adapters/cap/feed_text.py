"""Feeds that list CAP documents: Atom written and read, RSS 2.0 read.

Source: RFC 4287; RSS 2.0.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from lxml import etree

from adapters.cap.prolog import plain_xml
from adapters.cap.reader import parse_plain
from schemas.cap_records import FeedEntry
from schemas.errors import Fault

FEED_MAX_BYTES: Final = 1024 * 1024
ENTRIES_MAX: Final = 500
CAP_TYPE: Final = "application/cap+xml"
_ATOM: Final = "http://www.w3.org/2005/Atom"
_TEXT_MAX: Final = 400
_URL_MAX: Final = 2000


def write_feed(
    entries: Sequence[FeedEntry], *, feed_id: str, title: str, author: str, updated: datetime, link: str
) -> bytes:
    """Return an Atom feed of current alerts, the newest first, at most 500.

    Args:
        entries: In the order in which they are listed.
        feed_id: Never changes, e.g. ``urn:sihu:feed:451226``.
        title: For people.
        author: The office that answers for it.
        updated: Aware; when an entry changed last.
        link: Where the feed itself is.
    """
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    _say(root, "id", feed_id)
    _say(root, "title", title)
    _say(root, "updated", updated.isoformat(timespec="seconds"))
    _say(_say(root, "author"), "name", author)
    _link(root, link, "self", "application/atom+xml")
    for entry in entries[:ENTRIES_MAX]:
        below = _say(root, "entry")
        _say(below, "id", entry.id)
        _say(below, "title", entry.title)
        _say(below, "updated", entry.updated)
        if entry.summary:
            _say(below, "summary", entry.summary)
        _link(below, entry.link, "alternate", CAP_TYPE)
    etree.indent(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _say(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{_ATOM}}}{tag}")
    child.text = text
    return child


def _link(parent: etree._Element, href: str, rel: str, media_type: str) -> None:
    child = _say(parent, "link")
    child.set("rel", rel)
    child.set("type", media_type)
    child.set("href", href)


def read_feed(data: bytes) -> tuple[FeedEntry, ...] | Fault:
    """Read an Atom or RSS feed of at most 1 MiB and 500 entries; an entry without a link is left out."""
    plain = plain_xml(data, max_bytes=FEED_MAX_BYTES)
    if isinstance(plain, Fault):
        return plain
    root = parse_plain(plain)
    if isinstance(root, Fault):
        return root
    if root.tag == f"{{{_ATOM}}}feed":
        found = [_atom_entry(entry) for entry in root.findall(f"{{{_ATOM}}}entry")]
    elif root.tag == "rss":
        found = [_rss_entry(item) for item in root.findall("channel/item")]
    else:
        return Fault("cap.feed", "feed", "it is neither an Atom nor an RSS feed")
    if len(found) > ENTRIES_MAX:
        return Fault("cap.feed", "feed", f"it has {len(found)} entries; at most {ENTRIES_MAX} are taken")
    return tuple(entry for entry in found if entry.link)


def _atom_entry(entry: etree._Element) -> FeedEntry:
    links = entry.findall(f"{{{_ATOM}}}link")
    typed = [one for one in links if one.get("type") == CAP_TYPE]
    plain = [one for one in links if one.get("rel", "alternate") == "alternate"]
    chosen = next(iter([*typed, *plain]), None)
    return FeedEntry(
        id=_text(entry, f"{{{_ATOM}}}id"),
        title=_text(entry, f"{{{_ATOM}}}title"),
        updated=_text(entry, f"{{{_ATOM}}}updated"),
        link=str(chosen.get("href") or "")[:_URL_MAX] if chosen is not None else "",
    )


def _rss_entry(item: etree._Element) -> FeedEntry:
    enclosures = [one for one in item.findall("enclosure") if one.get("type") == CAP_TYPE]
    link = str(enclosures[0].get("url") or "") if enclosures else _text(item, "link")
    return FeedEntry(
        id=_text(item, "guid") or link, title=_text(item, "title"), updated=_text(item, "pubDate"), link=link[:_URL_MAX]
    )


def _text(parent: etree._Element, tag: str) -> str:
    found = parent.find(tag)
    text = "".join(str(part) for part in found.itertext()) if found is not None else ""
    return text.strip()[: _URL_MAX if tag.endswith(("id", "link", "guid")) else _TEXT_MAX]
