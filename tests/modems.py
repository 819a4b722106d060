"""A GSM modem that answers AT commands on a pseudo-terminal, so that Debian's ``smsd`` (package ``smstools``) has one.

It keeps what it is told to send, as PDUs, and hands in what a test puts on its card.
"""

import asyncio
import os
import re
import shutil
import subprocess
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FOLDERS = ("outgoing", "checked", "sent", "failed", "incoming", "report")
_CONFIG = """devices = GSM1
outgoing = {spool}/outgoing
checked = {spool}/checked
sent = {spool}/sent
failed = {spool}/failed
incoming = {spool}/incoming
report = {spool}/report
logfile = {spool}/smsd.log
infofile = {spool}/smsd.working
pidfile = {spool}/smsd.pid
loglevel = 7
delaytime = 1
delaytime_mainprocess = 1
receive_before_send = no
smart_logging = no
internal_combine = yes
errorsleeptime = 1
blocktime = 1

[GSM1]
device = {device}
baudrate = 115200
incoming = yes
report = yes
check_network = 0
signal_quality_ber_ignore = yes
memory_start = 1
decode_unicode_text = no
"""


@dataclass(slots=True)
class Modem:
    """One end of the terminal."""

    spool: Path
    master: int
    sent: list[str] = field(default_factory=list)
    """PDUs in hexadecimal, in the order in which they were sent."""
    card: dict[int, str] = field(default_factory=dict)
    """PDUs that wait to be read."""
    refuses: bool = False
    reference: int = 0
    _buffer: str = ""
    _taking_pdu: bool = False

    def hear(self) -> None:
        """Take what ``smsd`` wrote, and answer."""
        try:
            self._buffer += os.read(self.master, 4096).decode("latin-1")
        except OSError:  # nothing to read, or nobody there
            return
        while True:
            end = "\x1a" if self._taking_pdu else "\r"
            line, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            answer = self._send(line.strip()) if self._taking_pdu else self._command(line.strip())
            os.write(self.master, answer.encode("latin-1"))

    def _send(self, pdu: str) -> str:
        self._taking_pdu = False
        if self.refuses:
            return "\r\n+CMS ERROR: 38\r\n"
        self.sent.append(pdu)
        self.reference = (self.reference + 1) % 256
        return f"\r\n+CMGS: {self.reference}\r\n\r\nOK\r\n"

    def _command(self, line: str) -> str:
        ok = "\r\nOK\r\n"
        if line.startswith("AT+CMGS="):
            self._taking_pdu = True
            return "\r\n> "
        if found := re.fullmatch(r"AT\+CMGR=(\d+)", line):
            pdu = self.card.get(int(found[1]))
            return f"\r\n+CMGR: 0,,{len(pdu) // 2}\r\n{pdu}\r\n{ok}" if pdu else ok
        if found := re.fullmatch(r"AT\+CMGD=(\d+)", line):
            self.card.pop(int(found[1]), None)
        known = {
            "AT+CPIN?": "\r\n+CPIN: READY\r\n",
            "AT+CREG?": "\r\n+CREG: 0,1\r\n",
            "AT+CSQ": "\r\n+CSQ: 25,0\r\n",
            "AT+CPMS?": f'\r\n+CPMS: "SM",{len(self.card)},20,"SM",{len(self.card)},20\r\n',
        }
        return known.get(line, "") + ok


@asynccontextmanager
async def modem(spool: Path) -> AsyncIterator[Modem]:
    """Run ``smsd`` in a spool of its own, with this modem."""
    if shutil.which("smsd", path="/usr/sbin:" + os.environ.get("PATH", "")) is None:
        pytest.skip("smsd not found: Debian's smstools")
    for name in FOLDERS:
        (spool / name).mkdir(parents=True)
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    one = Modem(spool, master)
    (spool / "smsd.conf").write_text(_CONFIG.format(spool=spool, device=os.ttyname(slave)))
    loop = asyncio.get_running_loop()
    loop.add_reader(master, one.hear)
    process = _start(spool)
    try:
        yield one
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)
        loop.remove_reader(master)
        os.close(slave)
        os.close(master)


def _start(spool: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["/usr/sbin/smsd", "-c", str(spool / "smsd.conf"), "-t"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=spool,
    )
