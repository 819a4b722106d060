"""Counties with real directories on disk and their nodes' API on loopback: what the commands of the desk work with.

As ``tests.world``, but keys, trust, officers and tokens are files that the commands themselves made.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from structlog.testing import capture_logs

from adapters.clock import SystemClock
from adapters.memory.clock import ManualClock
from schemas.ids import CountyCode
from schemas.registry import KeyUse
from services.bootstrap.cli import open_directory
from services.bootstrap.node import open_encryption
from services.cli.desk import Desk
from services.gateway.app import serving
from services.gateway.gateway import Gateway, Limits
from services.gateway.submit import Submitter
from services.posting import Posting
from tests.commands import Counties, Outcome, done, prepared, sihu
from tests.world import County, World

OFFICER: Final = "duty-a"
_LIMITS: Final = Limits(heartbeat_seconds=0.2)
_SCOPES: Final = ("events:read", "events:write", "events:unattended", "node:operate", "content:erase")
_UNATTENDED: Final = tuple(word for one in _SCOPES for word in ("--scope", one))
"""The tests' own token sends like an automatic source; the rule of the second officer has tests of its own."""


class DiskCounty(County):
    """One county's node without its hub, on the files of its directory."""

    def __init__(self, home: Path, *, clock: ManualClock) -> None:
        """Open the keys; the store is in memory."""
        desk = Desk(home)
        super().__init__(CountyCode(desk.settings.county), clock=clock, trust=desk.loaded_trust().trust)
        self.home, self.port = home, 0
        self.files = open_directory(home, monotonic=clock.monotonic)
        self.encryption = open_encryption(desk.settings, desk.files, desk.passphrase)
        signers = {use: desk.signer(use) for use in (KeyUse.EVENT, KeyUse.RECEIPT)}
        self.posting = Posting(
            county=self.code, signers=signers, trust=self.files.trust, ids=self.ids, encryption=self.encryption
        )
        self.submitter = Submitter(store=self.store, posting=self.posting, directory=self.files, clock=clock)

    def gateway(self, limits: Limits | None = None) -> Gateway:
        """Return what the gateway needs, with the directory that the commands write."""
        return replace(super().gateway(limits or _LIMITS), directory=self.files, posting=self.posting)

    async def open_api(self) -> None:
        """Serve the API, on the port of before if there was one, and let the commands find it."""
        self.api = AsyncExitStack()
        self.port = await self.api.enter_async_context(serving(self.gateway(), host="127.0.0.1", port=self.port))
        settings = self.home / "county.toml"
        lines = settings.read_text(encoding="utf-8").splitlines()
        found = [f"port = {self.port}" if "port = " in line else line for line in lines]
        settings.write_text("\n".join(found) + "\n", encoding="utf-8")

    async def close_api(self) -> None:
        """Stop serving; what was accepted stays."""
        await self.api.aclose()

    async def command(self, *arguments: str | Path, stdin: str = "") -> Outcome:
        """Run a command of this county beside its node."""
        return await asyncio.to_thread(sihu, *arguments, "--dir", self.home, stdin=stdin)

    async def done(self, *arguments: str | Path) -> object:
        """Run a command of this county that must succeed; return its JSON value."""
        return await asyncio.to_thread(done, *arguments, "--dir", self.home)


class DiskWorld(World):
    """Counties on disk, their APIs open, and the carrier between them."""

    def __init__(self, counties: Counties) -> None:
        """Open every county; their clocks begin at the machine's time, for the commands sign with that."""
        self.clock = ManualClock(SystemClock().now())
        self.desks = {code: DiskCounty(counties.home(code), clock=self.clock) for code in counties.codes}
        self.counties = {desk.code: desk for desk in self.desks.values()}


def send_unattended(home: Path) -> None:
    """Let the commands of a county send as an automatic source does."""
    done("token", "revoke", "cli", "--dir", home)
    issued = done("token", "issue", "cli", *_UNATTENDED, "--dir", home)
    (home / "cli.token").write_text(issued["token"] + "\n", encoding="utf-8")


def founded(root: Path, codes: Sequence[str]) -> Counties:
    """Let counties be founded and certify one officer each; copies of the folder serve several tests."""
    counties = prepared(root, codes)
    for code in codes:
        home = counties.home(code)
        done("officer", "add", OFFICER, "--name", "值班员甲", "--role", "duty", "--dir", home)
        send_unattended(home)
    return counties


@asynccontextmanager
async def desks(counties: Counties) -> AsyncIterator[DiskWorld]:
    """Open the APIs of counties that were founded."""
    world = DiskWorld(counties)
    for desk in world.desks.values():
        await desk.open_api()
    try:
        with capture_logs():  # the nodes' log must not mix with what the commands print
            yield world
    finally:
        for desk in world.desks.values():
            await desk.close_api()
