"""A real HylaFAX server, up to the queue: Debian's ``hylafax-server`` in a spool of its own, on loopback.

hfaxd changes its root to the spool and its user to ``uucp``, so it is started by root. There is no modem; ``attach``
names one that faxq believes in, with a script in the place of HylaFAX's program that would dial.
"""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

_SBIN = "/usr/sbin:/usr/lib/hylafax/bin:" + os.environ.get("PATH", "")
_MODEM = "ttyS9"
_FOLDERS = ("archive", "client", "dev", "docq", "doneq", "etc", "info", "log", "pollq", "recvq", "sendq", "status")
_CONFIG = """LogFacility: daemon
CountryCode: 86
AreaCode: 778
LongDistancePrefix: 0
InternationalPrefix: 00
DialStringRules: etc/dialrules
SendFaxCmd: bin/dial
"""
_CACHE = "GSRIP=gs\nAWK=awk\nSED=sed\n"
SENT, FAILED = 2, 1
"""How the program that dials ends, by faxq's own numbering."""


@dataclass(slots=True)
class FaxServer:
    """A running server."""

    port: int
    spool: Path
    queue: "subprocess.Popen[bytes]"

    def jobs(self) -> list[dict[str, str]]:
        """Return the descriptions of all jobs in the queue as faxq wrote them."""
        return [
            dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
            for folder in ("sendq", "doneq")
            for path in sorted((self.spool / folder).glob("q*"))
        ]

    def documents(self) -> list[Path]:
        """Return what lies in ``docq``."""
        return sorted(path for path in (self.spool / "docq").glob("doc*"))

    def attach(self, ends_with: int) -> None:
        """Let faxq believe in a modem, on which every dialling ends as given; what it would send goes to ``log``."""
        dial = self.spool / "bin" / "dial"
        dial.write_text(f"#!/bin/sh\ncp docq/*';01' log/\nexit {ends_with}\n")
        dial.chmod(0o755)
        subprocess.run(["faxmodem", "-q", str(self.spool), _MODEM], check=True, env={"PATH": _SBIN}, timeout=10)


def needed() -> None:
    """Skip unless the server is installed and may be started."""
    missing = [name for name in ("hfaxd", "faxq", "faxmodem", "gs") if shutil.which(name, path=_SBIN) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not found: Debian's hylafax-server and ghostscript")
    if os.geteuid() != 0:
        pytest.skip("hfaxd changes its root and its user, which takes root")


@asynccontextmanager
async def fax_server(users: str = "127.0.0.1:21::\n") -> AsyncIterator[FaxServer]:
    """Run faxq and hfaxd until the block ends.

    Args:
        users: The file ``hosts.hfaxd``.
    """
    needed()
    spool = Path(tempfile.mkdtemp(prefix="sihu-fax-"))
    started: list[subprocess.Popen[bytes]] = []
    try:
        _lay_out(spool, users)
        port = free_port()
        queue = _start("faxq", "-D", "-q", str(spool))
        started.append(queue)
        started.append(_start("hfaxd", "-d", "-q", str(spool), "-l", "127.0.0.1", "-i", str(port)))
        await _listening(port, spool)
        yield FaxServer(port, spool, queue)
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
        shutil.rmtree(spool)


def _start(*line: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(line, env={"PATH": _SBIN}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _lay_out(spool: Path, users: str) -> None:
    spool.chmod(0o755)
    for name in (*_FOLDERS, "tmp"):
        (spool / name).mkdir()
    (spool / "tmp").chmod(0o777)
    shutil.copytree("/var/spool/hylafax/bin", spool / "bin", symlinks=True)
    shutil.copy("/etc/hylafax/dialrules", spool / "etc" / "dialrules")
    for name, text in (
        ("config", _CONFIG),
        ("setup.cache", _CACHE),
        ("hosts.hfaxd", users),
        (f"config.{_MODEM}", "ModemType: Class1\n"),
    ):
        (spool / "etc" / name).write_text(text)
    (spool / "etc" / "hosts.hfaxd").chmod(0o600)
    owner = pwd.getpwnam("uucp")
    for path in (spool, *spool.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


async def _listening(port: int, spool: Path) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            if (spool / "FIFO").is_fifo():
                return
            await asyncio.sleep(0.05)
