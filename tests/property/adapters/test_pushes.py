"""Whatever is pushed: a parser returns what it read or a fault; it never raises, and never invents a delivery."""

import base64
import json
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st

from adapters.sms import aliyun, kannel, tencent, yunmas
from adapters.sms.pushes import BATCH_MAX, REFERENCE_MAX, REPLY_MAX, Read
from schemas.errors import Fault
from schemas.pages import Reply, Report, ReportState

NOW = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
NAMES = (
    *("biz_id", "out_id", "success", "err_code", "report_time", "phone_number", "content", "dest_code", "sequence_id"),
    *("sid", "report_status", "errmsg", "user_receive_time", "nationcode", "mobile", "text", "extend"),
    *("msgGroup", "mgsGroup", "reportStatus", "errorCode", "receiveDate", "smsContent", "addSerial"),
    *("SerialNo", "ReportStatus", "Description", "UserReceiveTime", "PhoneNumber", "ReplyContent", "ExtendCode"),
)
WORDS = ("DELIVRD", "SUCCESS", "FAIL", "CM:0000", "37", "13900000001", "2026-03-04 07:00:00", "", "\ud800", "收到")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=20)
RECORDS = st.dictionaries(st.sampled_from(NAMES), SCALARS | st.lists(SCALARS, max_size=2), max_size=8)
DOCUMENTS = RECORDS | st.lists(RECORDS | SCALARS, max_size=4) | SCALARS
BODIES = st.binary(max_size=200) | DOCUMENTS.map(lambda document: json.dumps(document).encode())
QUERIES = st.text(st.characters(codec="ascii"), max_size=200) | st.dictionaries(
    st.sampled_from(["ref", "state", "said", "sender", "receiver", "charset", "octets", "id"]),
    st.binary(max_size=30) | st.sampled_from([b"1", b"2", b"UTF-8", b"UTF-16BE", b"13900000001", b"1069000137"]),
).map(urlencode)


def sound(read: Read | Fault) -> None:
    """Check what every answer of a parser must be."""
    if isinstance(read, Fault):
        return
    for inbound in read.inbound:
        if isinstance(inbound, Report):
            assert 0 < len(inbound.reference) <= REFERENCE_MAX
            assert len(inbound.code) <= 64
            inbound.code.encode()
        else:
            assert isinstance(inbound, Reply)
            assert inbound.sender.removeprefix("+").isdigit()
            assert inbound.extension == "" or inbound.extension.isdigit()
            assert len(inbound.text) <= REPLY_MAX
            (inbound.text + inbound.message_id).encode()  # a store takes no half of a character


@given(BODIES)
def test_no_body_breaks_a_parser(body: bytes) -> None:
    """A parser that raises answers 500, and the provider pushes the same for ever."""
    for form in (body, base64.b64encode(body)):
        sound(aliyun.read_reports(form, "p", NOW))
        sound(aliyun.read_replies(form, "p", NOW))
        sound(tencent.read_reports(form, "p", NOW))
        sound(tencent.read_replies(form, "p", NOW))
        sound(yunmas.read_reports(form, "p", NOW))
        sound(yunmas.read_replies(form, "p", NOW, "10690001"))


@given(st.dictionaries(st.sampled_from(["PullSmsSendStatusSet", "PullSmsReplyStatusSet"]), DOCUMENTS))
def test_no_answer_to_a_pull_breaks_a_parser(response: dict[str, object]) -> None:
    """A pull that raises ends the polling: reports stop until somebody restarts the node."""
    sound(tencent.pulled_reports(response, "p", NOW))
    sound(tencent.pulled_replies(response, "p", NOW))
    aliyun.read_detail({"SmsSendDetailDTOs": response}, "p", "r", NOW)


@given(QUERIES)
def test_no_query_breaks_a_parser(query: str) -> None:
    """Kannel percent-encodes octets of any charset."""
    sound(kannel.read_report(query, "p", NOW))
    sound(kannel.read_reply(query, "p", NOW, "10690001"))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.sampled_from(["UTF-8", "UTF-16BE"]))
def test_every_text_comes_through_kannel_as_it_was(text: str, charset: str) -> None:
    """Percent signs, plus signs and ampersands stand in texts too."""
    octets = quote(text.encode(charset), safe="")
    read = kannel.read_reply(
        f"sender=13900000001&receiver=1069000137&charset={charset}&octets={octets}", "p", NOW, "10690001"
    )
    assert read == Read((Reply("p", "", "13900000001", "37", text, NOW),))


@given(st.booleans(), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_only_the_vendor_s_true_is_a_delivery(delivered: bool, code: str) -> None:  # noqa: FBT001
    """An error code that reads well must not make a failure a delivery."""
    body = json.dumps([{"out_id": "1", "success": delivered, "err_code": code}]).encode()
    read = aliyun.read_reports(body, "p", NOW)
    assert isinstance(read, Read)
    (report,) = read.inbound
    assert isinstance(report, Report)
    assert (report.state is ReportState.DELIVERED) is delivered


def test_a_batch_without_end_is_cut() -> None:
    """A push of a million records would hold the store for minutes."""
    record = {"out_id": "1", "success": True}
    read = aliyun.read_reports(json.dumps([record] * (BATCH_MAX + 5)).encode(), "p", NOW)
    assert isinstance(read, Read)
    assert (len(read.inbound), read.unread) == (BATCH_MAX, 5)


def test_a_nest_without_end_is_refused() -> None:
    """A hundred thousand brackets end a recursive parser."""
    assert isinstance(aliyun.read_reports(b"[" * 100_000, "p", NOW), Fault)
