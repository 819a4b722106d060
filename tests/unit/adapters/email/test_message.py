"""A page as a mail, read back by the standard library as a mail program reads it."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage

import pytest

from adapters.email.message import SUBJECT_MAX, TEXT_MAX, address_of, compose, one_line
from schemas.errors import Fault
from schemas.pages import Attachment, Dispatch, Medium
from tests.http_peer import PAGE_ID, TEXT, a_page

NOW = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
SENDER = Address("某县应急联络办", "duty", "county.example")
RECIPIENT = Address(addr_spec="office@neighbour.example")


def read(dispatch: Dispatch) -> EmailMessage:
    """Compose a page and read it back."""
    octets = compose(dispatch, SENDER, RECIPIENT, NOW)
    assert octets.isascii(), "a server without 8BITMIME takes it"
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert b"\n" not in octets.replace(b"\r\n", b"")
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def a_mail(**changes: object) -> Dispatch:
    """Return a page by mail."""
    return a_page(medium=Medium.EMAIL, address=str(RECIPIENT), subject="【演练】泄洪预警 编号37", **changes)


def test_a_page_reads_as_it_was_written() -> None:
    """Chinese that comes out as question marks names no place."""
    mail = read(a_mail())
    assert mail["Subject"] == "【演练】泄洪预警 编号37"
    assert mail["From"].addresses == (SENDER,)
    assert mail["To"].addresses == (RECIPIENT,)
    assert mail.get_content().splitlines() == [TEXT]
    assert mail["Message-ID"] == f"<{PAGE_ID}@county.example>"
    assert mail["Auto-Submitted"] == "auto-generated", "an absence note must not answer a duty desk"
    assert mail["Date"].datetime == NOW
    assert mail.defects == []


def test_the_same_page_has_the_same_id() -> None:
    """After a crash the mailbox can tell a double."""
    assert read(a_mail())["Message-ID"] == read(a_mail(text="later"))["Message-ID"]


def test_a_mail_without_a_subject_takes_its_text() -> None:
    """A list of mails without subjects hides the one that counts."""
    assert read(a_page(medium=Medium.EMAIL, text="一\n二"))["Subject"] == "一 二"


@pytest.mark.parametrize(
    "break_", ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\x00", "\r\n\r\n", "\n ", "\r\n\t"]
)
def test_nothing_in_a_page_adds_a_header(break_: str) -> None:
    """A subject comes from a neighbour's event: a line break in it would send blind copies to anybody."""
    evil = f"预警{break_}Bcc: stranger@example.net{break_}X-Evil: 1"
    attachment = Attachment(f"a{break_}Bcc: x@example.net.pdf", "application/pdf", b"%PDF")
    mail = read(replace(a_mail(text=evil, attachment=attachment), subject=evil))
    assert (mail["Bcc"], mail["X-Evil"], mail["To"].addresses) == (None, None, (RECIPIENT,))
    assert mail["Subject"].startswith("预警 Bcc:")
    assert len(mail.keys()) == len(set(mail.keys()))


def test_an_attachment_arrives_whole() -> None:
    """A fax form or a calendar that does not open is none."""
    pdf = read(a_mail(attachment=Attachment("值班表.pdf", "application/pdf", bytes(range(256)) * 9)))
    (part,) = pdf.iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("值班表.pdf", "application/pdf")
    assert part.get_content() == bytes(range(256)) * 9
    calendar = "BEGIN:VCALENDAR\r\nSUMMARY:值班\r\nEND:VCALENDAR\r\n"
    ics = read(a_mail(attachment=Attachment("roster.ics", "text/calendar", calendar.encode())))
    (part,) = ics.iter_attachments()
    assert (part.get_content_type(), part.get_content_charset()) == ("text/calendar", "utf-8")
    assert part.get_content().splitlines() == calendar.splitlines()


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("../../etc/passwd", "text/plain", (".._.._etc_passwd", "text/plain")),
        ("a\\b", "multipart/mixed", ("a_b", "application/octet-stream")),
        ("", "message/rfc822", ("attachment", "application/octet-stream")),
        ("x", "nonsense", ("x", "application/octet-stream")),
        ("x", "a/b\r\nX: 1", ("x", "application/octet-stream")),
    ],
)
def test_an_odd_attachment_does_no_harm(name: str, kind: str, expected: tuple[str, str]) -> None:
    """Names and types come from files that others made."""
    (part,) = read(a_mail(attachment=Attachment(name, kind, b"1"))).iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == expected


@pytest.mark.parametrize("text", ["office@neighbour.example", "a.b+c@x-y.example", "o@localhost"])
def test_an_address_is_taken(text: str) -> None:
    """An officer whose address is refused gets no mail."""
    found = address_of(text)
    assert isinstance(found, Address)
    assert found.addr_spec == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "office",
        "@x.example",
        "a@",
        "a b@x.example",
        "a@x.example\r\nBcc: b@x.example",
        "a@x.example,b@x.example",
        "<a@x.example>",
        "值班@x.example",
        "a@@x.example",
        '"a b"@x.example',
        "a@x.example\x00",
        "a" * 250 + "@x.example",
        "a@x.example>",
        "a@[127.0.0.1",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    """It stands in an SMTP command: a line break would be a command of its own."""
    found = address_of(text)
    assert isinstance(found, Fault)
    assert text in {"", "office", "a@"} or text not in str(found)


def test_texts_have_bounds() -> None:
    """A text without end is a mail that no server takes."""
    mail = read(a_mail(text="预" * (TEXT_MAX + 5)))
    assert len(mail.get_content().strip()) == TEXT_MAX
    assert len(one_line("a\n" * 500, SUBJECT_MAX)) == SUBJECT_MAX
    assert read(a_mail(text="half \ud800 a character")).get_content().splitlines() == ["half   a character"]
