"""CMPP beside programs that others wrote: pycmpp's encoder and client for 2.0, bytes that cmppy made for 3.0.

pycmpp logs what it sends, passwords among it, and keeps threads: it runs in a process of its own.
"""

import asyncio
import importlib.util
import json
import sys

import pytest

from adapters.sms.cmpp_bodies import ActiveTest, Connect, Packet, Submit, Terminate, Version
from adapters.sms.cmpp_pdu import authenticator_source, decode, encode
from adapters.sms.cmpp_text import UCS2, part_content
from tests.ismg import CONNECT, SECRET, SP_ID, TERMINATE, Ismg

NUMBER = "13900000001"
pytestmark = pytest.mark.skipif(importlib.util.find_spec("pycmpp") is None, reason="pycmpp is not installed")

ENCODER = """
import json, sys
from pycmpp.request import (ActiveTestRequestInstance, ConnectRequestInstance, SubmitRequestInstance,
                            TerminateRequestInstance)
asked = json.load(sys.stdin)
made = [SubmitRequestInstance().create(msg_src=asked["sp"], msg_content=one["text"], dest_terminal_id=one["to"],
        msg_head=bytes(one["head"]) or None, src_id=one["src"], pk_total=one["total"], pk_number=one["number"],
        registered_delivery=1, service_id="HELP", tp_udhi=1 if one["head"] else 0) for one in asked["submits"]]
made += [ConnectRequestInstance().create(asked["sp"], asked["secret"]), ActiveTestRequestInstance().create(),
         TerminateRequestInstance().create()]
print(json.dumps([data.hex() for data in made]))
"""

READER = """
import json, sys
from pycmpp.request import SubmitRequestInstance
print(json.dumps([SubmitRequestInstance().resolve(bytes.fromhex(data)) for data in json.load(sys.stdin)]))
"""

CLIENT = """
import json, logging, os, sys, threading, time
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
from pycmpp import Cmpp
asked = json.load(sys.stdin)
client = Cmpp("127.0.0.1", asked["port"], asked["sp"], asked["secret"], "", delivery=1, client_heartbeat=False)
client.connect()
client.auth()
threading.Thread(target=client.receive, daemon=True).start()
time.sleep(0.2)
client.submit(asked["text"], [asked["to"]])
time.sleep(0.3)
client.terminate()
time.sleep(0.2)
sys.stdout.flush()
os._exit(0)
"""


async def foreign(program: str, asked: object) -> str:
    """Run a piece of Python that uses pycmpp; give it JSON and return what it prints."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdin=pipe, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(60):
        output, errors = await child.communicate(json.dumps(asked).encode())
    assert child.returncode == 0, errors.decode()
    return output.decode()


TEXTS = [
    ("暴雨红色预警立即转移请回复收到三", 1, 1),
    ("水" * 64, 1, 2),
    ("😀收到", 2, 2),
    ("37", 1, 1),
]


def ours(text: str, number: int, total: int, sequence: int) -> Packet:
    content = part_content(text, number=number, total=total, reference=0xA5)
    assert content is not None
    body = Submit(
        msg_src=SP_ID,
        src_id="1069000137",
        dest_terminal_ids=(NUMBER,),
        content=content,
        msg_fmt=UCS2,
        pk_total=total,
        pk_number=number,
        service_id="HELP",
        tp_udhi=1 if total > 1 else 0,
    )
    return Packet(sequence, body)


async def test_pycmpp_writes_the_same_bytes() -> None:
    """An encoder that we wrote and read ourselves may be wrong twice in the same way."""
    submits = [
        {
            "text": text,
            "to": [NUMBER],
            "src": "1069000137",
            "total": total,
            "number": number,
            "head": [5, 0, 3, 0xA5, total, number] if total > 1 else [],
        }
        for text, number, total in TEXTS
    ]
    printed = await foreign(ENCODER, {"sp": SP_ID, "secret": SECRET, "submits": submits})
    made = [bytes.fromhex(one) for one in json.loads(printed)]
    for sequence, (text, number, total) in enumerate(TEXTS, start=1):
        assert encode(ours(text, number, total, sequence), Version.V2) == made[sequence - 1]
    connect, test, terminate = made[len(TEXTS) :]
    timestamp = int.from_bytes(connect[-4:], "big")
    proof = authenticator_source(SP_ID, SECRET, timestamp)
    assert encode(Packet(5, Connect(SP_ID, proof, 0x21, timestamp)), Version.V2) == connect
    assert encode(Packet(6, ActiveTest()), Version.V2) == test
    assert encode(Packet(7, Terminate()), Version.V2) == terminate
    assert all(isinstance(decode(data, Version.V2), Packet) for data in made)


async def test_pycmpp_reads_what_we_write() -> None:
    """The same the other way round."""
    packets = [encode(ours(*text, sequence), Version.V2).hex() for sequence, text in enumerate(TEXTS, start=1)]
    read = json.loads(await foreign(READER, packets))
    assert [one["msg_content"] for one in read] == [text for text, _, _ in TEXTS]
    assert [(one["pk_number"], one["pk_total"], one["register_delivery"]) for one in read] == [
        (number, total, 1) for _, number, total in TEXTS
    ]
    assert {one["dest_terminal_id"].rstrip("\0") for one in read} == {NUMBER}
    assert {one["src_id"].rstrip("\0") for one in read} == {"1069000137"}


async def test_pycmpps_client_is_content_with_the_gateway_of_these_tests() -> None:
    """The gateway that our client is tested against might share a misreading with it; this client does not."""
    ismg = Ismg(2)
    async with ismg.serving():
        asked = {"port": ismg.port, "sp": SP_ID, "secret": SECRET, "text": "暴雨预警37", "to": NUMBER}
        printed = await foreign(CLIENT, asked)
    assert "短信网关连接成功" in printed
    assert "发送成功" in printed
    assert len(ismg.connection.of(CONNECT)) == len(ismg.connection.of(TERMINATE)) == 1
    [submit] = ismg.submits
    assert submit.content.decode("utf-16-be") == "暴雨预警37"
    assert (submit.destinations, submit.registered_delivery) == ((NUMBER.encode(),), 1)
