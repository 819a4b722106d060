"""Telephones that others wrote: SIPp (Debian's ``sip-tester``) answers our calls by scenarios of ours, on loopback.

A scenario is put together from steps; each step is a piece of SIPp's XML. What SIPp saw is in its message log.
"""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

SOUNDS = Path("/usr/share/sip-tester")
_SAME = """      [last_Via:]
      [last_From:]
      {to}
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:[local_ip]:[local_port]>
      {more}"""
_SDP = """      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=uas 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP {codec} 101
      a=rtpmap:{codec} {name}/8000
      a=rtpmap:101 telephone-event/8000
      a=fmtp:101 0-15"""


def receive(method: str, *, optional: bool = False, action: str = "", timeout: int = 0) -> str:
    """Wait for a request."""
    more = (' optional="true"' if optional else "") + (f' timeout="{timeout}"' if timeout else "")
    rrs = ' rrs="true"' if method == "INVITE" else ""
    return f'<recv request="{method}"{rrs}{more}>{action}</recv>'


def send(status: str, *, tag: bool = True, more: str = "", sdp: str = "", retrans: int = 0) -> str:
    """Answer, e.g. ``180 Ringing``."""
    to = "[last_To:];tag=[pid]SIPpTag[call_number]" if tag else "[last_To:]"
    head = _SAME.format(to=to, more=more)
    head = "\n".join(line for line in head.splitlines() if line.strip())
    body = sdp or "      Content-Length: 0\n"
    lines = f"      SIP/2.0 {status}\n{head}\n{body}"
    again = f' retrans="{retrans}"' if retrans else ""
    return f"<send{again}><![CDATA[\n\n{lines}\n\n]]></send>"


def sound(codec: int = 8) -> str:
    """Return the SDP that accepts one kind of G.711."""
    return _SDP.format(codec=codec, name={8: "PCMA", 0: "PCMU"}[codec])


def ask(method: str, *, body: str = "", kind: str = "", number: int = 1) -> str:
    """Send a request within the call, once the ACK has shown where to."""
    about = f"      Content-Type: {kind}\n" if kind else ""
    lines = f"""      {method} [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:callee@[local_ip]>;tag=[pid]SIPpTag[call_number]
      To: [$caller]
      Call-ID: [call_id]
      CSeq: {number} {method}
      Max-Forwards: 70
{about}      Content-Length: [len]

{body}"""
    return f'<send retrans="500"><![CDATA[\n\n{lines}\n\n]]></send><recv response="200"></recv>'


def keys(digits: str) -> str:
    """Press keys by RFC 4733, as SIPp plays them from recordings."""
    names = {"#": "pound", "*": "star"}
    played = (
        f'<nop><action><exec play_pcap_audio="{SOUNDS}/dtmf_2833_{names.get(key, key)}.pcap"/></action></nop>'
        '<pause milliseconds="450"/>'
        for key in digits
    )
    return "".join(played)


CALLER = (
    '<action><ereg regexp="(.*)" search_in="hdr" header="From:" check_it="true" assign_to="whole,caller"/></action>'
)


def pause(milliseconds: int) -> str:
    """Wait."""
    return f'<pause milliseconds="{milliseconds}"/>'


@dataclass(slots=True)
class Telephone:
    """A running SIPp."""

    port: int
    process: asyncio.subprocess.Process
    folder: Path

    def log(self) -> str:
        """Return the messages it saw and sent so far."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*_messages.log")))

    def seen(self, method: str) -> int:
        """Return how many requests of a method it got."""
        received = re.findall(r"message received \[\d+\] bytes :\s+(\w+) sip:", self.log())
        return received.count(method)

    async def ended(self) -> int:
        """Wait for the scenario's end; 0 if everything went as written."""
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def telephone(folder: Path, *steps: str, options: tuple[str, ...] = ()) -> AsyncIterator[Telephone]:
    """Answer one call by these steps."""
    if shutil.which("sipp") is None:
        pytest.skip("sipp not found: Debian's sip-tester")
    scenario = folder / "scenario.xml"
    variables = '<Reference variables="whole,caller"/>' if any("caller" in step for step in steps) else ""
    scenario.write_text(
        '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="uas">'
        + "\n".join(steps)
        + variables
        + "</scenario>\n"
    )
    port, media = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        "sipp",
        *(
            "-sf",
            str(scenario),
            "-i",
            "127.0.0.1",
            "-mi",
            "127.0.0.1",
            "-p",
            str(port),
            "-mp",
            str(media),
            "-ci",
            "127.0.0.1",
        ),
        *("-m", "1", "-nostdin", "-trace_msg", "-trace_err", "-timeout", "60s", "-timeout_error", *options),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"TERM": "dumb"},
        start_new_session=True,
    )
    try:
        await _bound(port)
        yield Telephone(port, process, folder)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()


async def _bound(port: int) -> None:
    """Wait until the port is taken: SIPp listens."""
    async with asyncio.timeout(10):
        while f":{port:04X} " not in _taken():
            await asyncio.sleep(0.02)


def _taken() -> str:
    return Path("/proc/net/udp").read_text(encoding="ascii")


class _Leg(asyncio.DatagramProtocol):
    def __init__(self, pass_on: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._pass_on = pass_on

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._pass_on(data, addr)


@asynccontextmanager
async def losing(port: int, *lost: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Stand between us and the telephone at ``port``, and lose the first datagram that begins with each of ``lost``.

    Yields:
        The port to call instead, and what was not lost yet.
    """
    loop, left, caller = asyncio.get_running_loop(), list(lost), list[tuple[str, int]]()

    def keeps(data: bytes) -> bool:
        found = next((one for one in left if data.startswith(one)), None)
        if found is not None:
            left.remove(found)
        return found is None

    def outward(data: bytes, addr: tuple[str, int]) -> None:
        caller[:] = [addr]
        if keeps(data):
            there.sendto(data)

    def inward(data: bytes, _addr: tuple[str, int]) -> None:
        if caller and keeps(data):
            here.sendto(data, caller[0])

    there, _ = await loop.create_datagram_endpoint(lambda: _Leg(inward), remote_addr=("127.0.0.1", port))
    here, _ = await loop.create_datagram_endpoint(lambda: _Leg(outward), local_addr=("127.0.0.1", 0))
    try:
        yield here.get_extra_info("sockname")[1], left
    finally:
        here.close()
        there.close()
        await asyncio.sleep(0)
