"""A page as a mail, RFC 5322; pure.

Whatever an event says, it stays inside its own header or body: control characters become spaces before the standard
library, which refuses line breaks in headers, sees them.
"""

import re
import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from schemas.errors import Fault
from schemas.pages import Attachment, Dispatch

SUBJECT_MAX: Final = 200
TEXT_MAX: Final = 64 * 1024
FILE_NAME_MAX: Final = 100
ADDRESS_MAX: Final = 254
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"({_ATOM}(?:\.{_ATOM}){{0,8}})@({_LABEL}(?:\.{_LABEL}){{0,8}})", re.ASCII)
_POLICY: Final = SMTP.clone(cte_type="7bit")  # every server takes it, with or without 8BITMIME


def address_of(text: str) -> Address | Fault:
    """Return a mail address, ASCII, without a display name; a fault that does not repeat it if it is none.

    By a pattern of our own: the standard library's parser stumbles over half an address literal.
    """
    found = _ADDRESS.fullmatch(text) if len(text) <= ADDRESS_MAX else None
    if found is None:
        mend = "give one address such as office@example.org, ASCII, without a name"
        return Fault("mail.address", "address", mend)
    return Address(username=found[1], domain=found[2])


def message_id(page_id: str, domain: str) -> str:
    """Return the Message-ID of a page: the same after a crash, so that a mailbox can tell a double."""
    return f"<{page_id}@{domain}>"


def compose(dispatch: Dispatch, sender: Address, recipient: Address, now: datetime) -> bytes:
    """Return the mail of one page, CRLF, ASCII only.

    Args:
        dispatch: Subject, text and perhaps an attachment.
        sender: With the display name that readers see.
        recipient: As checked by ``address_of``.
        now: Aware; the Date header.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = one_line(dispatch.subject or dispatch.text, SUBJECT_MAX)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(dispatch.page_id, sender.domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_clean(dispatch.text)[:TEXT_MAX], charset="utf-8")
    if dispatch.attachment is not None:
        _attach(mail, dispatch.attachment)
    return mail.as_bytes()


def one_line(text: str, most: int) -> str:
    """Return a text for a header: one line, no control characters, at most ``most`` characters."""
    return " ".join(_clean(text).split())[:most]


def _clean(text: str) -> str:
    """Return a text without control characters and halves of characters; line feeds stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        " " if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} and sign != "\n" else sign for sign in text
    )


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    main, _, sub = attachment.media_type.partition("/")
    known = sub and all(half.isascii() and half.replace("-", "").replace(".", "").isalnum() for half in (main, sub))
    if not known or main in {"multipart", "message"}:
        main, sub = "application", "octet-stream"
    name = one_line(attachment.name, FILE_NAME_MAX).replace("/", "_").replace("\\", "_") or "attachment"
    if main == "text":
        text = attachment.content.decode("utf-8", errors="replace")
        mail.add_attachment(text, subtype=sub, charset="utf-8", filename=name)
    else:
        mail.add_attachment(attachment.content, maintype=main, subtype=sub, filename=name)
