"""A person's case and a request between counties, with made-up numbers that fit their check digits; nobody is meant."""

import json
from typing import Any, Final

from schemas.agreements import Grant
from schemas.base import InformationClass
from schemas.catalogue import TYPES
from schemas.control import CONTROL_PURPOSE
from schemas.courses import CourseKind
from services.courses import erased_of
from services.domain import referrals, service_requests
from services.domain.course_drafts import offer_draft, referral_draft, request_draft, service_draft
from services.domain.evidence_writing import TrustPapers
from services.domain.referrals import Erased, ReferralView
from services.domain.service_requests import ServiceView
from services.upkeep.courses import CourseWatch
from tests import papers
from tests.papers import COUNTIES, HUANJIANG, LIBO
from tests.personal import world_with_offices
from tests.world import County, World

_BORN_IN_1800: Final = "45122618000101001"
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
IDENTITY: Final = (
    _BORN_IN_1800 + "10X98765432"[sum(int(a) * b for a, b in zip(_BORN_IN_1800, _WEIGHTS, strict=True)) % 11]
)
"""Of nobody alive."""
MOBILE: Final = "13800138000"
NAME: Final = "申请人甲"
SCHOOL: Final = {"adcode": HUANJIANG, "name": "环江县教育局招生窗口"}
DESK: Final = {"adcode": LIBO, "name": "荔波县流动人口服务窗口"}
REFERRAL: Final = "cn.sihu.information.referral_offered.v1"


def _agreement() -> dict[str, Any]:
    types = tuple(model.wire_type for model in TYPES if CONTROL_PURPOSE not in model.purposes)
    purposes = tuple(sorted({purpose for model in TYPES for purpose in model.purposes} - {CONTROL_PURPOSE}))
    return {
        "grants": (Grant(types=types),),
        "purposes": purposes,
        "class_ceiling": InformationClass.PERSONAL,
        "internal_in_clear": False,
        "retention_days": 180,
    }


TRUST: Final = papers.trust(papers.in_force(**_agreement()))
PAPERS: Final = TrustPapers(
    (papers.signed_registry(),), {papers.in_force(**_agreement()).reference: papers.signed_agreement(**_agreement())}
)
"""Documents behind it."""


async def three_counties() -> World:
    """Return the three counties, each with its office key and those of the others."""
    return await world_with_offices(*COUNTIES, trust=TRUST)


# -- referrals -----------------------------------------------------------------------------------------------------


def consent(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return the consent of a person whose wages are owed."""
    given: dict[str, Any] = {
        "id": "c0" * 16,
        "given_at": "2026-03-03T10:00:00.000+08:00",
        "means": "paper",
        "separate": True,
        "receiver": SCHOOL,
        "purpose": "wage_arrears",
        "field_names": ["name", "identity_number", "phone", "employer", "owed_amount", "owed_since"],
        "notice_version": "2026-1",
        "withdraw_how": "any_desk",
        "evidence_sha256": "ab" * 32,
        "expires_at": "2026-07-01T00:00:00.000+08:00",
    }
    return given | changes


def fields(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return what the office needs."""
    given: dict[str, Any] = {
        "name": NAME,
        "identity_number": IDENTITY,
        "phone": MOBILE,
        "employer": "某建筑劳务公司",
        "owed_amount": "12600.00",
        "owed_since": "2025-11-01",
    }
    return given | changes


def offer(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return the content of an offer as an officer writes it."""
    given: dict[str, Any] = {
        "purpose": "wage_arrears",
        "from_office": DESK,
        "to_office": SCHOOL,
        "consent": consent(),
        "fields": fields(),
    }
    return given | changes


def whole_offer(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return the content of an offer as it travels."""
    return {"referral_id": "1" * 32, "expires_at": "2026-04-01T08:00:00.000+08:00"} | offer(**changes)


async def offered(world: World, number: str = "1" * 32, **changes: Any) -> str:  # noqa: ANN401 - any field
    """Let 荔波 offer a case to 环江; return its number."""
    draft = offer_draft(papers.AGREEMENT, offer(**changes), number=number, now=world.clock.now())
    await sent(world[LIBO], draft)
    return number


async def sent(county: County, draft: Any) -> str:  # noqa: ANN401 - a draft, or the fault that says why not
    """Submit a draft as the API does; return the envelope id."""
    assert isinstance(draft, dict), draft
    posted = await county.submitter.submit(
        json.dumps(draft, ensure_ascii=False).encode(), idempotency_key=None, access_name="test"
    )
    return posted.envelope_id


async def referral_at(county: County, number: str) -> ReferralView:
    """Return what a referral stands at in a county."""
    view = await county.store.read(lambda s: referrals.view_of(s.steps_of(CourseKind.REFERRAL, number)))
    assert view is not None
    return view


async def erased_at(county: County, number: str) -> Erased:
    """Return what a county knows of the content of a referral."""
    view = await referral_at(county, number)
    return await county.store.read(lambda s: erased_of(s, view, county.code))


async def moved(county: County, number: str, move: Any, **content: Any) -> str:  # noqa: ANN401
    """Let a county take the next step of a referral."""
    return await sent(county, referral_draft(await referral_at(county, number), move, content, county.code))


async def looked(*counties: County) -> int:
    """Let these counties look at what is due."""
    watches = [
        CourseWatch(store=one.store, posting=one.posting, trust=one.directory.trust, clock=one.clock)
        for one in counties
    ]
    return sum([await one.run_once() for one in watches])


# -- requests ------------------------------------------------------------------------------------------------------

HALL: Final = {"adcode": LIBO, "name": "荔波县政务服务中心"}
POLICE: Final = {"adcode": HUANJIANG, "name": "环江县公安局户政窗口"}
REQUEST: Final = "2" * 32


def request(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return the content of a request as an officer writes it."""
    given: dict[str, Any] = {
        "mode": "collect",
        "item_code": "household-certificate",
        "item_name": "开具户籍类证明",
        "receiving_office": HALL,
        "deciding_office": POLICE,
        "materials": [{"kind": "application", "sha256": "0f" * 32}],
        "promised_days": 5,
    }
    return given | changes


def every_weekday(day: Any) -> bool:  # noqa: ANN401 - a date
    """Tell a weekday."""
    return bool(day.weekday() < 5)


async def requested(world: World, number: str = REQUEST, **changes: Any) -> str:  # noqa: ANN401 - any field
    """Let 荔波 receive a request that 环江 decides; return its number."""
    await sent(world[LIBO], request_draft(papers.AGREEMENT, request(**changes), number=number))
    return number


async def request_at(county: County, number: str = REQUEST) -> ServiceView:
    """Return what a request stands at in a county."""
    view = await county.store.read(lambda s: service_requests.view_of(s.steps_of(CourseKind.SERVICE, number)))
    assert view is not None
    return view


async def stepped(county: County, move: Any, number: str = REQUEST, **content: Any) -> str:  # noqa: ANN401
    """Let a county take the next step of a request."""
    view, now = await request_at(county, number), county.clock.now()
    return await sent(county, service_draft(view, move, content, county.code, now=now, is_workday=every_weekday))
