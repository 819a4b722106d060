"""The part of the route table about referrals and service requests."""

from typing import Final

from schemas.access import Scope
from schemas.course_drafts import CourseDraft, ReferralMoveDraft, ServiceDraft, ServiceMoveDraft
from services.gateway.api import courses
from services.gateway.api.asked import CoursePath, CourseQuery
from services.gateway.api.route import BASE, Route
from services.gateway.course_answers import (
    CourseAccepted,
    ReferralDetail,
    ReferralList,
    ServiceDetail,
    ServiceList,
)

_OF_ANY_STEP: Final = (
    "content.rule",
    "content.unknown_field",
    "guard.banned_name",
    "guard.personal_number",
    "guard.secret_label",
    "sharing.no_agreement",
    "sharing.quota",
    "encryption.no_office_key",
)
_OF_A_REFERRAL: Final = (
    "request.not_found",
    "referral.not_yours",
    "referral.ended",
    "referral.not_accepted",
    *_OF_ANY_STEP,
)
_OF_A_REQUEST: Final = (
    "request.not_found",
    "service.not_next",
    "service.not_your_turn",
    "service.not_now",
    "service.closed",
    "service.due",
    "service.transfer",
    *_OF_ANY_STEP,
)

COURSES: Final = (
    Route(
        "GET",
        f"{BASE}/referrals",
        "list_referrals",
        "List referrals of people to an office (服务对接单); nothing of their content.",
        courses.get_referrals,
        Scope.EVENTS_READ,
        ReferralList,
        query=CourseQuery,
    ),
    Route(
        "POST",
        f"{BASE}/referrals",
        "offer_referral",
        "Offer one person's case to one office of a neighbour, with that person's separate consent.",
        courses.post_referral,
        Scope.EVENTS_WRITE,
        CourseAccepted,
        status=202,
        idempotent_by_key=True,
        body=CourseDraft,
        codes=("guard.not_personal", "guard.wrong_office", "guard.too_long", "guard.no_consent", *_OF_ANY_STEP),
    ),
    Route(
        "GET",
        f"{BASE}/referrals/{{id}}",
        "show_referral",
        "Show what a referral stands at, and who has erased its content.",
        courses.get_referral,
        Scope.EVENTS_READ,
        ReferralDetail,
        path_model=CoursePath,
        codes=("request.not_found",),
    ),
    Route(
        "POST",
        f"{BASE}/referrals/{{id}}/steps",
        "move_referral",
        "Accept, decline, complete or withdraw a referral; all but the first end it, and its content is erased.",
        courses.post_referral_step,
        Scope.EVENTS_WRITE,
        CourseAccepted,
        status=202,
        idempotent_by_key=True,
        path_model=CoursePath,
        body=ReferralMoveDraft,
        codes=_OF_A_REFERRAL,
    ),
    Route(
        "GET",
        f"{BASE}/services",
        "list_services",
        "List requests across provinces (跨省通办): who is responsible, whose turn it is, until when.",
        courses.get_services,
        Scope.EVENTS_READ,
        ServiceList,
        query=CourseQuery,
    ),
    Route(
        "POST",
        f"{BASE}/services",
        "begin_service",
        "Begin a request that another county decides.",
        courses.post_service,
        Scope.EVENTS_WRITE,
        CourseAccepted,
        status=202,
        idempotent_by_key=True,
        body=ServiceDraft,
        codes=("service.audience", *_OF_ANY_STEP),
    ),
    Route(
        "GET",
        f"{BASE}/services/{{id}}",
        "show_service",
        "Show one request and its steps.",
        courses.get_service,
        Scope.EVENTS_READ,
        ServiceDetail,
        path_model=CoursePath,
        codes=("request.not_found",),
    ),
    Route(
        "POST",
        f"{BASE}/services/{{id}}/steps",
        "move_service",
        "Take the next step of a request: receive, ask, supplement, transfer, decide, deliver or close.",
        courses.post_service_step,
        Scope.EVENTS_WRITE,
        CourseAccepted,
        status=202,
        idempotent_by_key=True,
        path_model=CoursePath,
        body=ServiceMoveDraft,
        codes=_OF_A_REQUEST,
    ),
)
