"""Copies of an agreement that parties have signed, and how a browser hands them in at the console."""

import html
import re
from collections.abc import Iterable
from typing import Any, Final

import aiohttp

from schemas.documents import SignedDocument
from services.domain.documents import document_digest
from tests import papers
from tests.console import Browser, Shown
from tests.papers import AGREEMENT, COUNTIES

_CARRIED: Final = re.compile(r'name="document" value="([^"]*)"')


def version(number: int, *by: str, **changes: Any) -> SignedDocument:  # noqa: ANN401 - any field
    return papers.signed_agreement(by=by or COUNTIES, version=number, **changes)


def group(document: SignedDocument) -> str:
    return document_digest(document)[:4]


async def upload(browser: Browser, path: str, name: str, files: Iterable[SignedDocument | bytes]) -> Shown:
    """Send files of one field, as a browser does without script."""
    form = aiohttp.FormData({"csrf": browser.csrf}, default_to_multipart=True)
    for number, one in enumerate(files, 1):
        data = one if isinstance(one, bytes) else one.model_dump_json(indent=1).encode()
        form.add_field(name, data, filename=f"copy-{number}.json", content_type="application/json")
    return await browser.ask("POST", path, data=form())


async def signing(browser: Browser, *files: SignedDocument | bytes) -> Shown:
    return await upload(browser, "/partners/signing", "copies", files)


async def suspending(browser: Browser, *files: SignedDocument | bytes, agreement: str = AGREEMENT) -> Shown:
    return await upload(browser, f"/partners/suspending/{agreement}", "suspension", files)


def carried(shown: Shown) -> str:
    """The document that a page has put into its form."""
    found = _CARRIED.search(shown.text)
    assert found, shown.text
    return html.unescape(found[1])
