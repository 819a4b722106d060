"""Feeds: what we write is read again, and a stranger's feed cannot be too much."""

from datetime import UTC, datetime

import pytest

from adapters.cap.feed_text import ENTRIES_MAX, read_feed, write_feed
from schemas.cap_records import FeedEntry
from schemas.errors import Fault

AT = datetime(2026, 6, 11, 7, 0, tzinfo=UTC)
ENTRY = FeedEntry(
    "urn:sihu:alert:1", "暴雨红色预警 <1>", "2026-06-11T07:00:00+00:00", "https://a.example/1.xml", "荔波县"
)

RSS = """<rss version="2.0"><channel><title>t</title>
<item><title>One</title><link> https://a.example/1.html </link><guid>g1</guid><pubDate>Thu, 11 Jun 2026</pubDate>
<enclosure url="https://a.example/1.cap" type="application/cap+xml" length="1"/></item>
<item><title>Two</title><link>https://a.example/2.cap</link></item>
<item><title>None</title></item></channel></rss>"""


def test_a_feed_of_ours_is_read_wrongly() -> None:
    """Atom with a link to each document, the newest first; a summary is for people and not read back."""
    data = write_feed(
        [ENTRY],
        feed_id="urn:sihu:feed:522722",
        title="预警",
        author="荔波县",
        updated=AT,
        link="https://a.example/feed",
    )
    assert read_feed(data) == (FeedEntry(ENTRY.id, ENTRY.title, ENTRY.updated, ENTRY.link),)
    assert "暴雨红色预警 &lt;1&gt;" in data.decode()


def test_the_link_to_the_document_is_missed() -> None:
    """Among several links the one that says it is CAP; an item without any is left out."""
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>a</title><updated>u</updated>
    <link href="https://a.example/page" type="text/html"/><link href="1.cap" type="application/cap+xml" rel="related"/>
    </entry><entry><id>2</id><link rel="self" href="x"/></entry></feed>"""
    atom_feed, rss_feed = read_feed(atom.encode()), read_feed(RSS.encode())
    assert not isinstance(atom_feed, Fault)
    assert not isinstance(rss_feed, Fault)
    assert [entry.link for entry in atom_feed] == ["1.cap"]
    assert [(entry.id, entry.link) for entry in rss_feed] == [
        ("g1", "https://a.example/1.cap"),
        ("https://a.example/2.cap", "https://a.example/2.cap"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html/>", "cap.feed"),
        (b"<!DOCTYPE rss><rss/>", "cap.dtd"),
        (b"{", "cap.malformed"),
        (b"<rss>" + b" " * 1024 * 1024 + b"</rss>", "cap.too_large"),
        (b"<rss><channel>" + b"<item/>" * (ENTRIES_MAX + 1) + b"</channel></rss>", "cap.feed"),
    ],
)
def test_a_feed_that_must_be_refused_is_read(data: bytes, code: str) -> None:
    """Bounded like a document, and without a DTD."""
    found = read_feed(data)
    assert isinstance(found, Fault)
    assert found.code == code
