"""CAP documents for a running node: read, verified, written and signed on one thread beside the loop.

One thread, because the schema's list of errors is shared, and so that documents never take more than one core from
what carries events.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from adapters.cap.feed_text import write_feed
from adapters.cap.reader import read_cap
from adapters.cap.signature import PrivateKey, Signers, load_signers, sign_cap, verify_cap
from adapters.cap.writer import write_cap
from schemas.cap import CapAlert
from schemas.cap_records import CapRead, FeedEntry
from schemas.errors import Fault, RequestError

T = TypeVar("T")


class XmlText:
    """Satisfies ``services.cap_ports.CapText``."""

    def __init__(
        self,
        executor: ThreadPoolExecutor,
        *,
        signers: Path,
        signer: tuple[PrivateKey, x509.Certificate] | None,
        on_fault: Callable[[Fault], None],
    ) -> None:
        """Take what was opened.

        Args:
            executor: Of one thread.
            signers: Folder of the certificates of registered authorities; read again for every signed document.
            signer: Our own key and certificate; None writes documents unsigned.
            on_fault: Told about a folder that has become unreadable; the list of before counts until it is mended.

        Raises:
            RequestError: A file of the folder is no certificate, or its key is too weak.
        """
        self._executor, self._folder, self._signer, self._on_fault = executor, signers, signer, on_fault
        self._signers: Signers = load_signers(signers)

    async def read(
        self, data: bytes, *, must_be_signed: bool, signers: Collection[str], now: datetime
    ) -> CapRead | Fault:
        """Read a document; of a signed one only what a registered authority signed."""
        return await self._beside(lambda: self._read(data, must_be_signed, signers, now))

    async def write(self, document: CapAlert, *, sign: bool) -> bytes | Fault:
        """Write a document; signed if ``sign`` is set and there is a key."""
        return await self._beside(lambda: self._write(document, sign))

    async def feed(
        self, entries: Sequence[FeedEntry], *, feed_id: str, title: str, author: str, updated: datetime, link: str
    ) -> bytes:
        """Write an Atom feed, the entries in their order."""
        return await self._beside(
            lambda: write_feed(entries, feed_id=feed_id, title=title, author=author, updated=updated, link=link)
        )

    async def _beside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _read(self, data: bytes, must_be_signed: bool, signers: Collection[str], now: datetime) -> CapRead | Fault:  # noqa: FBT001
        found = read_cap(data)
        if isinstance(found, Fault):
            return found
        if not found.is_signed:
            mend = "it is not signed; only what a registered authority signed is taken here"
            return Fault("cap.signature", "Signature", mend) if must_be_signed else CapRead(found.document, "")
        known = self._known()
        wanted = {name: one for name, one in known.items() if name in signers} if signers else known
        verified = verify_cap(data, signers=wanted, now=now)
        return verified if isinstance(verified, Fault) else CapRead(verified.document, verified.signer)

    def _known(self) -> Signers:
        try:
            self._signers = load_signers(self._folder)
        except RequestError as exc:
            self._on_fault(exc.fault)
        return self._signers

    def _write(self, document: CapAlert, sign: bool) -> bytes | Fault:  # noqa: FBT001
        if not sign or self._signer is None:
            return write_cap(document)
        key, certificate = self._signer
        return sign_cap(document, key=key, certificate=certificate)


@asynccontextmanager
async def open_text(
    *,
    signers: Path,
    signer: tuple[PrivateKey, x509.Certificate] | None = None,
    on_fault: Callable[[Fault], None] = lambda _: None,
) -> AsyncIterator[XmlText]:
    """Open the thread for as long as the block lasts.

    Raises:
        RequestError: A file among the certificates is none.
    """
    with ThreadPoolExecutor(1, "cap") as executor:
        yield XmlText(executor, signers=signers, signer=signer, on_fault=on_fault)
