"""The vendors' own programs make real requests to a server on loopback; ours must sign each as they did, byte for byte.

And the other way round: what our adapters send must carry the signature that the vendor's code computes for it.
"""

import asyncio
import json
from collections.abc import Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.ids import SequentialIds
from adapters.sms import aliyun_signing, tencent_signing
from adapters.sms.aliyun import AliyunSettings, AliyunSms
from adapters.sms.tencent import TencentSettings, TencentSms
from tests.http_peer import OFFICER, Seen, a_page, http_peer, says

# The vendors' programs are partly typed, each its own way: taken as they are.
models: Any = import_module("alibabacloud_tea_openapi.utils_models")
AliyunClient: Any = import_module("alibabacloud_tea_openapi.client").Client
AliyunUtils: Any = import_module("alibabacloud_tea_openapi.utils").Utils
RuntimeOptions: Any = import_module("darabonba.runtime").RuntimeOptions
CommonClient: Any = import_module("tencentcloud.common.common_client").CommonClient
Credential: Any = import_module("tencentcloud.common.credential").Credential
ClientProfile: Any = import_module("tencentcloud.common.profile.client_profile").ClientProfile
HttpProfile: Any = import_module("tencentcloud.common.profile.http_profile").HttpProfile
Sign: Any = import_module("tencentcloud.common.sign").Sign

KEY_ID = "a-test-key"
KEY = "no-real-secret"

VALUES = (
    "plain",
    "",
    " ",
    "a b",
    "a+b",
    "a*b",
    "~-._",
    "100%",
    "a&b=c",
    "/?#[]@!$'(),;:",
    '{"level":"一级","code":"37"}',
    "【演练】龙滩水库",
    "𠮷田",
    "line\nbreak",
    "tab\there",
    '"quoted"',
    "\\",
    "é",
    "0",
    "null",
    "x" * 500,
    "预" * 200,
)


@pytest.mark.parametrize("value", VALUES)
async def test_alibaba_s_own_client_signs_as_we_do(value: str) -> None:
    """One character encoded otherwise, and the provider refuses every page that holds it."""
    query = {"PhoneNumbers": OFFICER, "TemplateParam": value, "SignName": f"签名{value}", "a": value, "Z": value[:3]}
    seen = await _asked_by_alibaba(query)
    scheme, proof = seen.headers["authorization"].split(" ", 1)
    names = dict(part.split("=", 1) for part in proof.split(","))["SignedHeaders"].split(";")
    sent = dict(parse_qsl(seen.query, keep_blank_values=True))
    assert sent == query

    ours = aliyun_signing.authorization(
        "POST", seen.path, sent, {name: seen.headers[name] for name in names}, seen.body, key_id=KEY_ID, secret=KEY
    )

    assert scheme == aliyun_signing.ALGORITHM
    assert ours == seen.headers["authorization"]
    assert seen.headers["x-acs-content-sha256"] == aliyun_signing.digest_of(seen.body)


async def _asked_by_alibaba(query: Mapping[str, str]) -> Seen:
    async with http_peer(lambda _: says({"Code": "OK"})) as peer:
        client = AliyunClient(
            models.Config(
                access_key_id=KEY_ID, access_key_secret=KEY, endpoint=urlsplit(peer.url).netloc, protocol="http"
            )
        )
        params = models.Params(
            action="SendSms",
            version="2017-05-25",
            protocol="HTTP",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="json",
            body_type="json",
        )
        request = models.OpenApiRequest(query=dict(query))
        await asyncio.to_thread(client.call_api, params, request, RuntimeOptions(autoretry=False))
        return peer.last


@pytest.mark.parametrize("value", VALUES)
async def test_tencent_s_own_client_signs_as_we_do(value: str) -> None:
    """The signature covers the bytes of the body, the day and the host: each is wrong once in every first program."""
    document = {"PhoneNumberSet": [f"+86{OFFICER}"], "TemplateParamSet": [value, "37"], "SignName": value}
    seen = await asyncio.wait_for(_asked_by_tencent(document), 20)

    ours = tencent_signing.authorization(
        seen.headers["host"], "sms", int(seen.headers["x-tc-timestamp"]), seen.body, key_id=KEY_ID, secret=KEY
    )

    assert seen.json == document
    assert ours == seen.headers["authorization"]
    assert seen.headers["content-type"] == tencent_signing.CONTENT_TYPE


async def _asked_by_tencent(document: Mapping[str, object]) -> Seen:
    async with http_peer(lambda _: says({"Response": {"RequestId": "r"}})) as peer:
        http = HttpProfile(protocol="http", endpoint=urlsplit(peer.url).netloc, reqMethod="POST")
        profile = ClientProfile(signMethod="TC3-HMAC-SHA256", httpProfile=http)
        client = CommonClient("sms", "2021-01-11", Credential(KEY_ID, KEY), "ap-guangzhou", profile=profile)
        await asyncio.to_thread(client.call_json, "SendSms", dict(document))
        return peer.last


@pytest.mark.parametrize("value", VALUES)
async def test_what_we_send_to_alibaba_carries_the_signature_that_its_own_code_computes(value: str) -> None:
    """A signature over an address that aiohttp then spells otherwise would be refused."""
    async with http_peer(lambda _: says({"Code": "OK", "BizId": "1^0"})) as peer, aiohttp.ClientSession() as session:
        settings = AliyunSettings("ali", KEY_ID, KEY, f"签名{value[:9]}", (("alert", "SMS_1"),), base_url=peer.url)
        pager = AliyunSms(settings, session=session, clock=ManualClock(), ids=SequentialIds())
        await pager.submit(a_page(variables=(("text", value), ("code", "37"))))
    seen = peer.last
    signed = dict(part.split("=", 1) for part in seen.headers["authorization"].split(" ", 1)[1].split(","))
    request = SimpleNamespace(
        method=seen.method,
        pathname=seen.path,
        query=dict(parse_qsl(seen.query, keep_blank_values=True)),
        headers={name: seen.headers[name] for name in signed["SignedHeaders"].split(";")},
    )
    digest = AliyunUtils.hash(seen.body, "ACS3-HMAC-SHA256").hex()

    theirs = AliyunUtils.get_authorization(request, "ACS3-HMAC-SHA256", digest, KEY_ID, KEY)

    assert seen.headers["authorization"] == theirs
    assert json.loads(request.query["TemplateParam"]) == {"text": value, "code": "37"}
    must = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
    assert must <= set(request.headers), "each of these must be covered"


@pytest.mark.parametrize("value", VALUES)
async def test_what_we_send_to_tencent_carries_the_signature_that_its_own_code_computes(value: str) -> None:
    """The body that is signed must be the body that goes out."""
    answer = {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "1:2"}]}}
    async with http_peer(lambda _: says(answer)) as peer, aiohttp.ClientSession() as session:
        settings = TencentSettings("ten", KEY_ID, KEY, "1400000001", "签名", (("alert", "1"),), base_url=peer.url)
        await TencentSms(settings, session=session, clock=ManualClock()).submit(a_page(variables=(("text", value),)))
    seen = peer.last
    client = CommonClient("sms", "2021-01-11", Credential(KEY_ID, KEY), "ap-guangzhou")
    headers = {name: seen.headers[name.lower()] for name in ("Content-Type", "Host", "X-TC-Timestamp")}
    request = SimpleNamespace(method=seen.method, uri=seen.path, data=seen.body.decode(), header=headers)
    day = ManualClock().now().strftime("%Y-%m-%d")

    theirs = client._get_tc3_signature({}, request, day, "sms", KEY)  # noqa: SLF001 - the vendor's own

    assert seen.headers["authorization"].endswith(f"Signature={theirs}")
    assert seen.json["TemplateParamSet"] == [value]


def test_tencent_s_key_of_a_day_is_ours() -> None:
    """A page signed a second before midnight in UTC must carry that day's key, not the office's."""
    clock = ManualClock()
    stamp = int(clock.now().timestamp()) // 86400 * 86400 - 1
    ours = tencent_signing.authorization("h", "sms", stamp, b"{}", key_id=KEY_ID, secret=KEY)
    day = ours.split("/")[1]
    digest = aliyun_signing.digest_of(
        f"POST\n/\n\ncontent-type:application/json\nhost:h\n\ncontent-type;host\n{aliyun_signing.digest_of(b'{}')}".encode()
    )
    to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{day}/sms/tc3_request\n{digest}"

    assert ours.endswith(Sign.sign_tc3(KEY, day, "sms", to_sign))
    assert day == "2026-03-02"
