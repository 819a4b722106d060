"""The one route table: dispatch, ``openapi.json`` and the tests read it; what is not in it does not exist."""

from typing import Final

from schemas.access import Scope
from schemas.drafts import AcknowledgementDraft, EventDraft
from services.gateway.answers import (
    Accepted,
    Acknowledged,
    EventDetail,
    EventPage,
    Health,
    LiveMessage,
    MemberList,
    NoticeLine,
    NoticeList,
    QuarantineList,
    Readiness,
    ReceiptList,
    WhoAmI,
)
from services.gateway.api import events, node
from services.gateway.api.asked import EventPath, EventQuery, LiveQuery, NoticePath, NoticeQuery, QuarantineQuery
from services.gateway.api.route import BASE, TEXT, Door, Route


def _both(route: Route) -> tuple[Route, Route]:
    # What watches a machine looks at the root; what calls the API finds the same below its base.
    short = route.path.removeprefix(BASE)
    return route, Route(
        route.method,
        short,
        f"{route.name}_at_root",
        route.summary,
        route.handler,
        route.scope,
        route.answer,
        media_type=route.media_type,
        codes=route.codes,
    )


_OF_SUBMISSION: Final = (
    "request.idempotency_key",
    "request.idempotency_conflict",
    "request.wrong_type",
    "event.unknown_type",
    "content.unknown_field",
    "alert.not_issuer",
    "alert.predecessor_unnamed",
    "guard.banned_name",
    "guard.personal_number",
    "guard.secret_label",
    "sharing.no_agreement",
)
_OF_ACKNOWLEDGEMENT: Final = (
    "request.not_found",
    "access.no_officer",
    "officer.unknown",
    "acknowledgement.already",
    "acknowledgement.own_event",
    "acknowledgement.signature",
    "sharing.no_agreement",
)

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        f"{BASE}/events",
        "submit_event",
        "Send an event to the partners of an agreement.",
        events.post_event,
        Scope.EVENTS_WRITE,
        Accepted,
        status=202,
        body=EventDraft,
        codes=_OF_SUBMISSION,
        idempotent_by_key=True,
    ),
    Route(
        "GET",
        f"{BASE}/events",
        "list_events",
        "List events, in the order in which this node recorded them.",
        events.get_events,
        Scope.EVENTS_READ,
        EventPage,
        query=EventQuery,
    ),
    Route(
        "GET",
        f"{BASE}/events/{{id}}",
        "show_event",
        "Show one event: header, content, verification done now, deliveries or own answer.",
        events.get_event,
        Scope.EVENTS_READ,
        EventDetail,
        path_model=EventPath,
        codes=("request.not_found",),
    ),
    Route(
        "GET",
        f"{BASE}/events/{{id}}/receipts",
        "list_receipts",
        "List every receipt that covers one event.",
        events.get_receipts,
        Scope.EVENTS_READ,
        ReceiptList,
        path_model=EventPath,
        codes=("request.not_found",),
    ),
    Route(
        "POST",
        f"{BASE}/events/{{id}}/acknowledgement",
        "acknowledge_event",
        "Acknowledge an incoming event (签收) as the officer that the token is bound to.",
        events.post_acknowledgement,
        Scope.ACKNOWLEDGE,
        Acknowledged,
        status=202,
        path_model=EventPath,
        body=AcknowledgementDraft,
        body_required=False,
        codes=_OF_ACKNOWLEDGEMENT,
    ),
    Route(
        "GET",
        f"{BASE}/live",
        "open_live",
        "Open the live stream (WebSocket); asyncapi.json says what it speaks.",
        events.get_live,
        Scope.EVENTS_READ,
        LiveMessage,
        status=101,
        query=LiveQuery,
        codes=("http.upgrade_required", "live.beyond_end"),
    ),
    Route(
        "GET",
        f"{BASE}/members",
        "list_members",
        "List the counties of the registry in force here.",
        node.get_members,
        Scope.EVENTS_READ,
        MemberList,
    ),
    Route(
        "GET",
        f"{BASE}/notices",
        "list_notices",
        "List what this county's own duty officer was told.",
        node.get_notices,
        Scope.OPERATE,
        NoticeList,
        query=NoticeQuery,
    ),
    Route(
        "POST",
        f"{BASE}/notices/{{number}}/closing",
        "close_notice",
        "Close a notice: a person has dealt with it. Closing it again changes nothing.",
        node.post_closing,
        Scope.OPERATE,
        NoticeLine,
        path_model=NoticePath,
        codes=("notice.not_found", "notice.ends_itself"),
    ),
    Route(
        "GET",
        f"{BASE}/quarantine",
        "list_quarantine",
        "List refused messages and why.",
        node.get_quarantine,
        Scope.OPERATE,
        QuarantineList,
        query=QuarantineQuery,
    ),
    Route(
        "GET",
        f"{BASE}/whoami",
        "who_am_i",
        "Show what this node knows about the caller's token.",
        node.get_whoami,
        Door.ANY_TOKEN,
        WhoAmI,
    ),
    *_both(Route("GET", f"{BASE}/healthz", "health", "Is the process alive?", node.get_health, Door.OPEN, Health)),
    *_both(
        Route(
            "GET",
            f"{BASE}/readyz",
            "readiness",
            "Can the node do its work?",
            node.get_readiness,
            Door.OPEN,
            Readiness,
            codes=("node.not_ready",),
        )
    ),
    *_both(
        Route(
            "GET",
            f"{BASE}/metrics",
            "metrics",
            "Figures for Prometheus.",
            node.get_metrics,
            Scope.OPERATE,
            None,
            media_type=TEXT,
        )
    ),
    Route(
        "GET",
        f"{BASE}/openapi.json",
        "openapi",
        "This API as OpenAPI 3.1.",
        node.get_openapi,
        Door.OPEN,
        None,
    ),
    Route(
        "GET",
        f"{BASE}/asyncapi.json",
        "asyncapi",
        "The bus and the live stream as AsyncAPI 3.0.",
        node.get_asyncapi,
        Door.OPEN,
        None,
    ),
)
