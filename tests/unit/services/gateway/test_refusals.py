"""What is refused at the sender: every answer names the field and the mend, and nothing is stored."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from schemas.access import Scope
from services.gateway.gateway import REQUEST_MAX_BYTES
from tests import papers
from tests.caller import Answer, Caller, calling
from tests.world import WORK_ONLY, County, World, alert_draft, policy_draft, shifted

JSON = {"Content-Type": "application/json"}
IDENTITY = "11010519491231002" + "X"
"""The example of GB 11643: valid by its check digit, of nobody."""


@dataclass(frozen=True, slots=True)
class Case:
    """A body and what must be said about it."""

    body: bytes
    status: int
    code: str
    field: str


def alert(**changes: Any) -> bytes:  # noqa: ANN401 - any field of the content
    """Return a draft whose alert content is changed."""
    return spelled(alert_draft(content=papers.alert_content(**changes)))


def spelled(draft: dict[str, Any]) -> bytes:
    """Spell a draft."""
    return json.dumps(draft, ensure_ascii=False).encode()


def deep(levels: int) -> object:
    """Return lists within lists."""
    return [deep(levels - 1)] if levels else "x"


CASES = {
    "unknown field of the draft": Case(spelled(policy_draft(colour="red")), 422, "request.unknown_field", "colour"),
    "unknown field of the content": Case(alert(colour="red"), 422, "content.unknown_field", "content.colour"),
    "unknown type": Case(
        spelled(policy_draft(type="cn.sihu.information.rumour_spread.v1")), 422, "event.unknown_type", "type"
    ),
    "no type of ours": Case(spelled(policy_draft(type="alert")), 422, "request.wrong_form", "type"),
    "wrong level for class safety": Case(
        alert(**{"class": "safety", "event_code": "14A01"}), 422, "content.rule", "content.warning_level"
    ),
    "expired": Case(spelled(policy_draft(expires=shifted(papers.NOW, -1))), 422, "request.expired", "expires"),
    "expired alert": Case(
        alert(effective="2026-03-04T06:00:00+08:00", expires="2026-03-04T07:00:00+08:00"),
        422,
        "request.expired",
        "expires",
    ),
    "too large": Case(b" " * (REQUEST_MAX_BYTES + 1), 413, "json.too_large", "body"),
    "too large for the agreement": Case(alert(description="雨" * 2001), 422, "content.too_long", "content.description"),
    "too deep": Case(spelled(policy_draft(content={"topics": deep(9)})), 400, "json.too_deep", "body"),
    "duplicate key": Case(
        b'{"type":"' + papers.POLICY.encode() + b'","agreement":"a","agreement":"b","content":{}}',
        400,
        "json.duplicate_key",
        "agreement",
    ),
    "float": Case(b'{"type":"x","priority":1.5}', 400, "json.float", ""),
    "county outside the agreement": Case(
        spelled(policy_draft(to=[papers.FUNING])), 403, "sharing.outside_agreement", "to"
    ),
    "type that the agreement does not permit": Case(
        spelled(policy_draft(agreement=WORK_ONLY)), 403, "sharing.type_not_permitted", "type"
    ),
    "no agreement": Case(spelled(policy_draft(agreement="no-such")), 403, "sharing.no_agreement", "agreement"),
    "purpose not agreed": Case(spelled(policy_draft(purpose="curiosity")), 403, "sharing.purpose", "purpose"),
    "class above the ceiling": Case(
        spelled(policy_draft(**{"class": "personal"})), 403, "sharing.class_above_ceiling", "class"
    ),
    "identity number in a headline": Case(
        alert(headline=f"寻人：身份证{IDENTITY}"), 422, "guard.personal_number", "content.headline"
    ),
    "phone number in a headline": Case(
        alert(headline="联系电话13812345678"), 422, "guard.personal_number", "content.headline"
    ),
    "label of a secret": Case(
        spelled(policy_draft(content=papers.policy_content(title="【机密】通知"))),
        422,
        "guard.secret_label",
        "content.title",
    ),
    "non-UTF-8 body": Case(b'{"type":"\xff"}', 400, "json.not_utf8", "body"),
    "no JSON": Case(b"{", 400, "json.malformed", "body"),
    "empty body": Case(b"", 400, "json.malformed", "body"),
    "a list": Case(b"[]", 422, "request.wrong_type", ""),
    "a time before all calendars": Case(
        spelled(policy_draft(expires="0001-01-01T00:00:00+08:00")), 422, "request.wrong_form", "expires"
    ),
    "huge integer": Case(b'{"priority":99999999999999999999}', 400, "json.integer_too_large", ""),
    "itself among the recipients": Case(spelled(policy_draft(to=[papers.LIBO])), 422, "request.to_self", "to"),
    "a control record": Case(
        spelled(policy_draft(type="cn.sihu.control.receipt.v1", content={})),
        422,
        "content.missing_field",
        "content.receiver",
    ),
}


@pytest.fixture
def libo() -> County:
    return World()[papers.LIBO]


@pytest.fixture
async def writer(libo: County) -> AsyncIterator[Caller]:
    token = libo.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)
    async with calling(libo, token) as caller:
        yield caller


def assert_refused(answer: Answer, status: int, code: str, field: str) -> None:
    """A refusal that names code, field and mend, as a problem document."""
    assert (answer.status, answer.body["code"], answer.body["field"]) == (status, code, field)
    assert answer.is_problem


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_faulty_event_is_refused_and_nothing_is_stored(libo: County, writer: Caller, case: Case) -> None:
    """Whoever is refused must learn which field to mend, and a half-kept event would leave a hole in the chain."""
    before = await libo.counts()
    answer = await writer.post("/events", data=case.body, headers=JSON)

    assert_refused(answer, case.status, case.code, case.field)
    assert await libo.counts() == before
    assert await libo.store.read(lambda snapshot: snapshot.journal_end()) == 0


async def test_every_fault_of_a_body_is_told_at_once(writer: Caller) -> None:
    """An officer who learns of one fault at a time sends five times."""
    answer = await writer.post("/events", data=alert(headline="", urgency="soon", colour="red"), headers=JSON)

    assert {one["field"] for one in answer.body["faults"]} == {"content.headline", "content.urgency", "content.colour"}


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "access.missing"),
        ("Basic aGFsbDpoYWxs", "access.missing"),
        ("Bearer ", "access.missing"),
        ("Bearer two words", "access.missing"),
        ("Bearer 密", "access.missing"),
        ("Bearer not-issued-here", "access.unknown"),
    ],
)
async def test_a_bad_token_is_refused(libo: County, authorization: str | None, code: str) -> None:
    """A stranger must not send in this county's name, and must be told how to be let in."""
    headers = JSON | ({"Authorization": authorization} if authorization is not None else {})
    async with calling(libo) as caller:
        answer = await caller.post("/events", data=spelled(policy_draft()), headers=headers)

    assert_refused(answer, 401, code, "Authorization")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="sihu"')
    assert (await libo.counts())["events_out"] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"revoked_at": papers.LONG_AGO}, "access.revoked"), ({"expires_at": papers.NOW}, "access.expired")],
)
async def test_a_token_that_has_ended_is_refused(libo: County, changes: dict[str, Any], code: str) -> None:
    """A stolen token must end when its administrator says so."""
    token = libo.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED, **changes)
    async with calling(libo, token) as caller:
        answer = await caller.post("/events", data=spelled(policy_draft()), headers=JSON)

    assert_refused(answer, 401, code, "Authorization")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert (await libo.counts())["events_out"] == 0


async def test_a_wrong_scope_is_refused(libo: County) -> None:
    """A display board's token that only reads must not be able to send."""
    token = libo.let_in("board", Scope.EVENTS_READ, Scope.OPERATE, Scope.ACKNOWLEDGE)
    async with calling(libo, token) as caller:
        answer = await caller.post("/events", data=spelled(policy_draft()), headers=JSON)

    assert_refused(answer, 403, "access.scope", "Authorization")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert (await libo.counts())["events_out"] == 0


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-Type": "text/plain"}, "http.media_type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "http.media_type"),
        ({"Content-Type": "application/json; charset=gbk"}, "http.media_type"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, "http.content_encoding"),
    ],
)
async def test_another_media_type_is_refused(libo: County, writer: Caller, headers: dict[str, str], code: str) -> None:
    """A form posted by a foreign page, or a packed bomb, must not even be parsed."""
    answer = await writer.post("/events", data=b"{}", headers=headers)

    assert_refused(answer, 415, code, "Content-Type" if code == "http.media_type" else "Content-Encoding")
    assert (await libo.counts())["events_out"] == 0


async def test_a_good_event_is_accepted_after_all_that(libo: County, writer: Caller) -> None:
    """The cases above must fail for their own reason, not because nothing is ever accepted."""
    answer = await writer.post("/events", data=alert(), headers=JSON | {"Idempotency-Key": "k"})

    assert answer.status == 202
    assert set(answer.body) == {"envelope_id", "channel", "epoch", "seq"}
    assert (await libo.counts())["events_out"] == 1
