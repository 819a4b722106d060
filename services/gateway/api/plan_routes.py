"""The part of the route table about joint plans, drills and checks along the border."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from schemas.access import Scope
from schemas.base import Model
from schemas.governance.plans import PlanId
from services.gateway.api.asked import PAGE_DEFAULT, Limit
from services.gateway.api.calls import Call, reply
from services.gateway.api.route import BASE, Route
from services.gateway.desk import Desk
from services.gateway.plans import PlanDetail, PlanList, plan_detail, plan_list


class PlanPath(Model):
    """Which plan."""

    id: Annotated[PlanId, Field(description="Its `plan_id`, the same for every version.")]


class PlanQuery(Model):
    """How many."""

    limit: Annotated[Limit, Field(description="Of plans, of drills and of checks, at most.")] = PAGE_DEFAULT


async def get_plans(desk: Desk, call: Call) -> web.StreamResponse:
    """List plans, drills and checks."""
    limit = call.query_as(PlanQuery).limit
    return reply(await desk.gateway.store.read(lambda snapshot: plan_list(snapshot, limit)))


async def get_plan(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one plan."""
    plan_id = call.path_as(PlanPath).id
    return reply(await desk.gateway.store.read(lambda snapshot: plan_detail(snapshot, plan_id)))


PLANS: Final = (
    Route(
        "GET",
        f"{BASE}/plans",
        "list_joint_plans",
        "List joint plans in their newest versions, drills, and checks along the border.",
        get_plans,
        Scope.EVENTS_READ,
        PlanList,
        query=PlanQuery,
    ),
    Route(
        "GET",
        f"{BASE}/plans/{{id}}",
        "show_joint_plan",
        "Show one joint plan: its newest version, all versions, its drills and its checks.",
        get_plan,
        Scope.EVENTS_READ,
        PlanDetail,
        path_model=PlanPath,
        codes=("request.not_found",),
    ),
)
