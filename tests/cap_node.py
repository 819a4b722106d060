"""A county that exchanges CAP documents, opened as a node opens it; and documents of a weather office near by."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from adapters.cap.writer import write_cap
from schemas.access import Scope
from schemas.cap import CapAlert, CapArea, CapInfo, CapPair
from schemas.notices import NoticeKind
from services.bootstrap.cap_node import exchanging_cap
from services.settings import SETTINGS_FILE, read_settings
from tests.caller import Answer, Caller, calling
from tests.papers import AGREEMENT
from tests.world import OFFICER as DUTY
from tests.world import County

OFFICE: Final = "52272241600000"
ROLE: Final = "值班领导"
MOBILE: Final = "139" + "0000" + "0001"
_HEAD: Final = """\
office = "荔波县值班室"
duty_phone = "{phone}"

[cap]
office = "{office}"
"""

RAIN: Final = CapAlert(
    identifier="R-1",
    sender="forecast@weather.example",
    sent="2026-03-04T07:50:00+08:00",
    status="Actual",
    msg_type="Alert",
    scope="Public",
    infos=(
        CapInfo(
            language="zh-CN",
            categories=("Met",),
            event="暴雨",
            urgency="Expected",
            severity="Severe",
            certainty="Likely",
            event_codes=(CapPair("GB/T 35561", "11B03"),),
            effective="2026-03-04T07:50:00+08:00",
            expires="2026-03-04T13:50:00+08:00",
            headline="樟江流域暴雨橙色预警",
            description="预计未来三小时降雨量达五十毫米以上。",
            areas=(CapArea("荔波县樟江流域", geocodes=(CapPair("GB/T 2260", "522722"),)),),
        ),
    ),
)
"""A document of a weather office, in force at the worlds' eight o'clock."""


def rain(number: int = 1, **changes: Any) -> CapAlert:  # noqa: ANN401 - any element
    """Return a document of its own identifier."""
    return replace(RAIN, **({"identifier": f"R-{number}"} | changes))


def told(document: CapAlert, **changes: Any) -> CapAlert:  # noqa: ANN401 - any element of the info block
    """Return a document whose info block says something else."""
    return replace(document, infos=(replace(document.infos[0], **changes),))


def naming(document: CapAlert, *others: CapAlert, kind: str = "Update", **changes: Any) -> CapAlert:  # noqa: ANN401
    """Return a document that refers to others."""
    references = " ".join(f"{one.sender},{one.identifier},{one.sent}" for one in others)
    return replace(document, msg_type=kind, references=references, **changes)


def xml(document: CapAlert) -> bytes:
    """Write a document."""
    data = write_cap(document)
    assert isinstance(data, bytes), data
    return data


def _write(root: Path, text: str) -> None:
    root.mkdir(exist_ok=True)
    (root / SETTINGS_FILE).write_text(text, encoding="utf-8")


@asynccontextmanager
async def cap_at(
    county: County, root: Path, text: str = "", *, office: str = OFFICE, phone: str = "0854-3612345"
) -> AsyncIterator[None]:
    """Let a county exchange CAP documents; ``text`` goes on with the table ``[cap]`` of its settings."""
    release = f"[release]\nsecond_officer = {str(county.second_officer).lower()}\n"
    _write(root, f'county = "{county.code}"\n' + _HEAD.format(office=office, phone=phone) + text + release)
    async with exchanging_cap(
        read_settings(root),
        store=county.store,
        posting=county.posting,
        directory=county.directory,
        clock=county.clock,
    ) as cap:
        county.cap = cap
        yield


@asynccontextmanager
async def hall_at(county: County, root: Path) -> AsyncIterator[Caller]:
    """Let a system of the county speak CAP, one that may send by itself."""
    token = county.let_in("hall", Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.UNATTENDED, Scope.OPERATE)
    async with cap_at(county, root), calling(county, token) as caller:
        yield caller


async def hand_in(caller: Caller, data: bytes | CapAlert, **asked: str) -> Answer:
    """Post a document, released by a role unless ``asked`` says otherwise."""
    body = data if isinstance(data, bytes) else xml(data)
    given: Mapping[str, str] = {"agreement": AGREEMENT, "approved_by_role": ROLE} | asked
    params = {name: value for name, value in given.items() if value}
    return await caller.post("/cap", data=body, params=params, headers={"Content-Type": "application/cap+xml"})


def officer_at(county: County, caller: Caller) -> Caller:
    """Return the officer on duty, at the same node as ``caller``."""
    scopes = (Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.OPERATE)
    return Caller(caller.session, county.let_in("duty", *scopes, officer=DUTY), caller.port)


async def content_of(caller: Caller, answer: Answer) -> dict[str, Any]:
    """Return the content of the event that a document became."""
    assert answer.status == 202, answer.body
    assert answer.body["outcome"] == "sent", answer.body
    found: dict[str, Any] = (await caller.get(f"/events/{answer.body['envelope_id']}")).body["content"]
    return found


async def notices_of(county: County) -> list[NoticeKind]:
    """Return what the duty officer was told and is still open."""
    rows = await county.store.read(lambda snapshot: snapshot.notices(open_only=True, limit=99))
    return [one.kind for one in rows]
