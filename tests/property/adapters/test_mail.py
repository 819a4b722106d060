"""Whatever a page says, its mail has the headers we gave it and the text it had."""

import email
import email.policy
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from email.headerregistry import Address

from hypothesis import given
from hypothesis import strategies as st

from adapters.email.message import SUBJECT_MAX, address_of, compose
from schemas.errors import Fault
from schemas.pages import Attachment, Medium
from tests.http_peer import a_page

NOW = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
SENDER = Address("联络办", "duty", "county.example")
RECIPIENT = Address(addr_spec="office@neighbour.example")
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
}


@given(
    st.text(max_size=300), st.text(max_size=300), st.text(max_size=120), st.text(max_size=40), st.binary(max_size=200)
)
def test_no_page_adds_or_changes_a_header(subject: str, text: str, name: str, kind: str, content: bytes) -> None:
    """Subjects and names of files come from a neighbour's event."""
    page = a_page(medium=Medium.EMAIL, text=text, subject=subject, attachment=Attachment(name, kind, content))
    for dispatch in (page, replace(page, attachment=None)):
        octets = compose(dispatch, SENDER, RECIPIENT, NOW)
        mail = email.message_from_bytes(octets, policy=email.policy.default)
        assert octets.isascii()
        assert set(mail.keys()) <= HEADERS
        assert len(mail.keys()) == len(set(mail.keys()))
        assert mail["To"].addresses == (RECIPIENT,)
        assert mail["From"].addresses == (SENDER,)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.just("\n"), max_size=300))
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    """Line ends apart, which travel as CRLF."""
    octets = compose(a_page(medium=Medium.EMAIL, text=text, subject="s"), SENDER, RECIPIENT, NOW)
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Cf", "Zl", "Zp", "Zs"]),
        min_size=1,
        max_size=SUBJECT_MAX,
    )
)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    """Encoded words are cut every 75 octets: never inside a character."""
    octets = compose(a_page(medium=Medium.EMAIL, subject=subject), SENDER, RECIPIENT, NOW)
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert unicodedata.normalize("NFC", str(mail["Subject"])) == unicodedata.normalize("NFC", subject)


@given(st.text(max_size=80) | st.text(st.sampled_from('ab.@<>"\\ \r\n[]()!#,;:%'), max_size=30))
def test_an_address_is_itself_or_none(text: str) -> None:
    """It stands between angle brackets in a command of the protocol."""
    found = address_of(text)
    if isinstance(found, Address):
        assert found.addr_spec == text
        assert text.isascii()
        assert not set(text) & set('<>"\\ \r\n[](),;:')
    else:
        assert isinstance(found, Fault)
