"""The part of the route table about material, joint plans, bulletins, population reports and files."""

from typing import Final

from schemas.access import Scope
from schemas.base import Model
from services.gateway.api import shelves
from services.gateway.api.asked import EventPath, NoQuery
from services.gateway.api.calls import Handler
from services.gateway.api.route import BASE, Route
from services.gateway.api.shelf_asked import (
    BulletinQuery,
    FileQuery,
    FlowQuery,
    MaterialQuery,
    PlanPath,
    ShelfQuery,
)
from services.gateway.shelf_answers import (
    BulletinDetail,
    BulletinList,
    CheckDetail,
    CheckList,
    DrillDetail,
    DrillList,
    FileList,
    FlowList,
    MaterialList,
    PlanDetail,
    PlanList,
)


def _lists(path: str, summary: str, handler: Handler, answer: type[Model], query: type[Model] = ShelfQuery) -> Route:
    name = f"list_{path.replace('-', '_')}"
    return Route("GET", f"{BASE}/{path}", name, summary, handler, Scope.EVENTS_READ, answer, query=query)


def _shows(path: str, name: str, summary: str, handler: Handler, answer: type[Model]) -> Route:
    return Route(
        "GET",
        f"{BASE}/{path}/{{id}}",
        f"show_{name}",
        summary,
        handler,
        Scope.EVENTS_READ,
        answer,
        path_model=EventPath,
        codes=("request.not_found", "access.no_reason"),
    )


SHELVES: Final = (
    _lists(
        "materials",
        "List material that partners may use, with its licence and its end; what has expired is marked.",
        shelves.get_materials,
        MaterialList,
        MaterialQuery,
    ),
    _lists(
        "joint-plans",
        "List joint plans, of each the newest version that is here.",
        shelves.get_plans,
        PlanList,
        NoQuery,
    ),
    Route(
        "GET",
        f"{BASE}/joint-plans/{{id}}",
        "show_joint_plan",
        "Show one joint plan: its newest version, all versions, and the drills and checks under it.",
        shelves.get_plan,
        Scope.EVENTS_READ,
        PlanDetail,
        path_model=PlanPath,
        codes=("request.not_found",),
    ),
    _lists("joint-drills", "List drills of joint plans, the newest first.", shelves.get_drills, DrillList),
    _shows("joint-drills", "joint_drill", "Show one drill of a joint plan.", shelves.get_drill, DrillDetail),
    _lists("hazard-checks", "List checks along the border, the newest first.", shelves.get_checks, CheckList),
    _shows("hazard-checks", "hazard_check", "Show one check along the border.", shelves.get_check, CheckDetail),
    _lists(
        "bulletins",
        "List policy bulletins, work bulletins and situation briefs, the newest first.",
        shelves.get_bulletins,
        BulletinList,
        BulletinQuery,
    ),
    _shows("bulletins", "bulletin", "Show one bulletin.", shelves.get_bulletin, BulletinDetail),
    _lists(
        "flows",
        "List population reports, the newest first, and which is the latest about the same people.",
        shelves.get_flows,
        FlowList,
        FlowQuery,
    ),
    _lists(
        "files",
        "List events that carry files, or find those that carry the file of a digest.",
        shelves.get_files,
        FileList,
        FileQuery,
    ),
)
