"""Debian's Kannel for tests: bearerbox and smsbox on loopback, HTTP towards us, SMPP towards an SMSC.

Debian's package ``kannel`` brings it; a test without it is skipped, which CI counts as a failure::

    async with npm_smsc() as smsc, kannel(tmp_path, smsc_port=smsc.port, inbound_url="http://127.0.0.1:8080/mo") as box:
        box.sendsms                                                 # URL of /cgi-bin/sendsms
        box.username, box.password                                  # of its sendsms-user

A text from a telephone becomes one GET of ``inbound_url`` with: sender, receiver, charset (as Kannel names it), coding,
and octets (percent-encoded, in that charset). A report becomes one GET of the ``dlr-url`` of its request.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from services.demo.ceremony import free_ports
from tests.smsc import PASSWORD, SYSTEM_ID

INBOUND: Final = "sender=%p&receiver=%P&charset=%C&coding=%c&octets=%b"
"""What Kannel appends to ``inbound_url``; the escape codes are its own."""
_BOUND: Final = r"SMSC connections:.*\(online"
_BOXED: Final = r"Box connections:.*smsbox"
_READY_SECONDS: Final = 30.0
_END_SECONDS: Final = 10.0

_CONFIG: Final = """\
group = core
admin-interface = "127.0.0.1"
admin-port = {admin}
admin-password = "{password}"
smsbox-interface = "127.0.0.1"
smsbox-port = {boxes}
box-allow-ip = "127.0.0.1"
dlr-storage = internal
log-file = "{folder}/bearerbox.log"
log-level = 0

group = smsc
smsc = smpp
smsc-id = peer
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = "{smsc_user}"
smsc-password = "{smsc_password}"
system-type = ""
source-addr-autodetect = true
enquire-link-interval = 30
reconnect-delay = 1
msg-id-type = 0x03
max-pending-submits = {window}

group = smsbox
bearerbox-host = "127.0.0.1"
sendsms-interface = "127.0.0.1"
sendsms-port = {sendsms}
http-request-retry = 10
http-queue-delay = 1
log-file = "{folder}/smsbox.log"
log-level = 0

group = sendsms-user
username = "{username}"
password = "{password}"
concatenation = true
max-messages = 8
user-allow-ip = "127.0.0.1"

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{inbound}"
"""


@dataclass(frozen=True, slots=True)
class Kannel:
    """A running Kannel, bound to its SMSC."""

    sendsms: str
    username: str
    password: str = field(repr=False)
    pids: tuple[int, ...] = ()


@asynccontextmanager
async def kannel(folder: Path, *, smsc_port: int, inbound_url: str, window: int = 10) -> AsyncIterator[Kannel]:
    """Run Kannel for as long as the block lasts; entering waits until it is bound and takes requests.

    Args:
        folder: For its configuration and its logs.
        smsc_port: Where the SMSC listens on 127.0.0.1.
        inbound_url: Whom it tells of texts from telephones; without a query.
        window: Submits that may wait for their answers at one time; 10 is Kannel's own default.
    """
    programs = kannel_programs()
    if not programs:
        pytest.skip("no Kannel on this machine: install Debian's kannel")
    admin, boxes, sendsms = await free_ports(3)
    box = Kannel(f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms", "sihu", "of-one-test")
    config = folder / "kannel.conf"
    config.write_text(
        _CONFIG.format(
            admin=admin,
            boxes=boxes,
            sendsms=sendsms,
            smsc=smsc_port,
            folder=folder,
            inbound=f"{inbound_url}?{INBOUND}",
            smsc_user=SYSTEM_ID,
            smsc_password=PASSWORD,
            username=box.username,
            password=box.password,
            window=window,
        ),
        encoding="utf-8",
    )
    async with contextlib.AsyncExitStack() as stack:
        bearerbox = await stack.enter_async_context(_program(programs["bearerbox"], config))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        status = f"http://127.0.0.1:{admin}/status.txt?password={box.password}"
        await _until(client, status, _BOUND, folder)
        smsbox = await stack.enter_async_context(_program(programs["smsbox"], config))
        await _until(client, status, _BOXED, folder)
        await _until(client, box.sendsms, "^(?!none)", folder)
        yield replace(box, pids=(bearerbox, smsbox))


def kannel_programs() -> dict[str, str]:
    """Return where Debian's programs are, by name; empty if one of them is not there."""
    found = {name: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("bearerbox", "smsbox")}
    return {name: path for name, path in found.items() if path} if all(found.values()) else {}


@asynccontextmanager
async def _program(path: str, config: Path) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        path, "-v", "4", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(how)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _END_SECONDS)
                break


async def _until(client: aiohttp.ClientSession, url: str, says: str, folder: Path) -> None:
    """Ask again and again until the answer matches."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while not re.search(says, await _asked(client, url) or "none", re.DOTALL):
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"Kannel does not come up: no {says!r}\n{_logs(folder)}")


def _logs(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(folder.glob("*.log")))


async def _asked(client: aiohttp.ClientSession, url: str) -> str:
    try:
        async with client.get(url) as answer:
            return await answer.text()
    except aiohttp.ClientConnectionError:
        return ""
