"""The part of the route table about telling people until somebody answers."""

from typing import Final

from schemas.access import Scope
from schemas.drafts import DrillDraft, SilenceDraft
from services.gateway.api import paging
from services.gateway.api.asked import EscalationPath, EscalationQuery, SilencePath
from services.gateway.api.route import BASE, OF_KEYS, Route
from services.gateway.paging_answers import (
    DutyList,
    EscalationLine,
    EscalationList,
    ProviderList,
    SilenceLine,
    SilenceList,
    Timeline,
)

PAGING: Final = (
    Route(
        "GET",
        f"{BASE}/escalations",
        "list_escalations",
        "List events that are told to this county's people until somebody takes them.",
        paging.get_escalations,
        Scope.EVENTS_READ,
        EscalationList,
        query=EscalationQuery,
    ),
    Route(
        "GET",
        f"{BASE}/escalations/{{id}}",
        "show_timeline",
        "Show everything that was done to have one event answered: pages, answers, what happened and why.",
        paging.get_timeline,
        Scope.EVENTS_READ,
        Timeline,
        path_model=EscalationPath,
        codes=("request.not_found",),
    ),
    Route(
        "POST",
        f"{BASE}/escalations/{{id}}/silence",
        "order_silence",
        "Let nobody be told of an event for a while; of an actual alert of level 1 or 2 by the leader on duty alone.",
        paging.post_silence,
        Scope.ACKNOWLEDGE,
        SilenceLine,
        status=202,
        path_model=EscalationPath,
        body=SilenceDraft,
        codes=("request.not_found", "paging.off", "silence.leader_only", "silence.too_long"),
    ),
    Route(
        "GET",
        f"{BASE}/silences",
        "list_silences",
        "List silences in force.",
        paging.get_silences,
        Scope.EVENTS_READ,
        SilenceList,
    ),
    Route(
        "POST",
        f"{BASE}/silences/{{number}}/ending",
        "end_silence",
        "End a silence now.",
        paging.post_silence_ending,
        Scope.ACKNOWLEDGE,
        SilenceList,
        path_model=SilencePath,
        codes=("request.not_found",),
    ),
    Route(
        "POST",
        f"{BASE}/drills",
        "begin_drill",
        "Tell this county's own people of an exercise, the whole way; nothing leaves the county.",
        paging.post_drill,
        Scope.OPERATE,
        EscalationLine,
        status=202,
        body=DrillDraft,
        body_required=False,
        codes=("paging.off", *OF_KEYS),
        idempotent_by_key=True,
    ),
    Route(
        "GET",
        f"{BASE}/providers",
        "list_providers",
        "List the configured ways to reach people, and how they are doing.",
        paging.get_providers,
        Scope.OPERATE,
        ProviderList,
    ),
    Route(
        "GET",
        f"{BASE}/duty",
        "show_duty",
        "Tell who is on duty now; no telephone numbers.",
        paging.get_duty,
        Scope.EVENTS_READ,
        DutyList,
        codes=("paging.off",),
    ),
)
