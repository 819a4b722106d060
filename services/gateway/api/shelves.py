"""Handlers: material, joint plans, drills, checks, bulletins, population reports, files."""

from aiohttp import web

from schemas.governance.plans import DrillHeld, HazardChecked
from schemas.information.population import PopulationFlowReported
from schemas.outreach.materials import MaterialShared
from services.gateway.api.asked import EventPath
from services.gateway.api.calls import Call, reply
from services.gateway.api.shelf_asked import (
    BulletinQuery,
    FileQuery,
    FlowQuery,
    MaterialQuery,
    PlanPath,
    ShelfQuery,
)
from services.gateway.desk import Desk
from services.gateway.shelf_answers import (
    BulletinList,
    CheckList,
    DrillList,
    FlowLine,
    FlowList,
    MaterialLine,
    MaterialList,
)
from services.gateway.shelves import (
    BULLETINS,
    Laid,
    bulletin_detail,
    bulletin_line,
    check_detail,
    check_line,
    drill_detail,
    drill_line,
    file_list,
    flow_line,
    look,
    material_line,
    plan_detail,
    plan_list,
)
from services.ports import Snapshot


async def get_materials(desk: Desk, call: Call) -> web.StreamResponse:
    """List material with its licence and its end."""
    asked, now = call.query_as(MaterialQuery), desk.gateway.clock.now()

    def line(one: Laid[MaterialShared]) -> MaterialLine | None:
        made = material_line(one, now)
        fits = asked.kind in {None, made.kind} and asked.licence in {None, made.licence}
        return made if fits and not (asked.usable and made.expired) else None

    page = await desk.gateway.store.read(
        lambda snapshot: look(snapshot, (MaterialShared,), before=asked.since, limit=asked.limit)
    )
    lines = page.lines(line)
    return reply(MaterialList(materials=lines.pop("lines"), **lines))


async def get_plans(desk: Desk, call: Call) -> web.StreamResponse:  # noqa: ARG001 - every handler has one shape
    """List joint plans, of each the newest version."""
    now = desk.gateway.clock.now()
    return reply(await desk.gateway.store.read(lambda snapshot: plan_list(snapshot, now)))


async def get_plan(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one joint plan."""
    number, now = call.path_as(PlanPath).id, desk.gateway.clock.now()
    return reply(await desk.gateway.store.read(lambda snapshot: plan_detail(snapshot, number, now)))


async def get_drills(desk: Desk, call: Call) -> web.StreamResponse:
    """List drills of joint plans."""
    asked = call.query_as(ShelfQuery)
    page = await desk.gateway.store.read(
        lambda snapshot: look(snapshot, (DrillHeld,), before=asked.since, limit=asked.limit)
    )
    lines = page.lines(drill_line)
    return reply(DrillList(drills=lines.pop("lines"), **lines))


async def get_drill(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one drill."""
    envelope_id = call.path_as(EventPath).id
    return reply(await desk.gateway.store.read(lambda snapshot: drill_detail(snapshot, envelope_id)))


async def get_checks(desk: Desk, call: Call) -> web.StreamResponse:
    """List checks along the border."""
    asked = call.query_as(ShelfQuery)
    page = await desk.gateway.store.read(
        lambda snapshot: look(snapshot, (HazardChecked,), before=asked.since, limit=asked.limit)
    )
    lines = page.lines(check_line)
    return reply(CheckList(checks=lines.pop("lines"), **lines))


async def get_check(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one check along the border."""
    envelope_id = call.path_as(EventPath).id
    return reply(await desk.gateway.store.read(lambda snapshot: check_detail(snapshot, envelope_id)))


async def get_bulletins(desk: Desk, call: Call) -> web.StreamResponse:
    """List bulletins, of one kind or of all."""
    asked, now = call.query_as(BulletinQuery), desk.gateway.clock.now()
    kinds = tuple(BULLETINS.values()) if asked.kind is None else (BULLETINS[asked.kind],)
    page = await desk.gateway.store.read(lambda snapshot: look(snapshot, kinds, before=asked.since, limit=asked.limit))
    lines = page.lines(lambda one: bulletin_line(one, now))
    return reply(BulletinList(bulletins=lines.pop("lines"), **lines))


async def get_bulletin(desk: Desk, call: Call) -> web.StreamResponse:
    """Show one bulletin."""
    envelope_id, county, now = call.path_as(EventPath).id, desk.gateway.county, desk.gateway.clock.now()
    return reply(await desk.gateway.store.read(lambda snapshot: bulletin_detail(snapshot, envelope_id, county, now)))


async def get_flows(desk: Desk, call: Call) -> web.StreamResponse:
    """List population reports."""
    asked = call.query_as(FlowQuery)

    def wanted(made: FlowLine) -> bool:
        return (
            asked.source in {None, made.source}
            and asked.origin in {None, made.origin}
            and asked.destination in {None, made.destination}
            and (made.latest or not asked.latest)
        )

    def work(snapshot: Snapshot) -> FlowList:
        def line(one: Laid[PopulationFlowReported]) -> FlowLine | None:
            made = flow_line(snapshot, one)
            return made if wanted(made) else None

        lines = look(snapshot, (PopulationFlowReported,), before=asked.since, limit=asked.limit).lines(line)
        return FlowList(flows=lines.pop("lines"), **lines)

    return reply(await desk.gateway.store.read(work))


async def get_files(desk: Desk, call: Call) -> web.StreamResponse:
    """List events that carry files, or those that carry one of this digest."""
    asked = call.query_as(FileQuery)
    return reply(
        await desk.gateway.store.read(
            lambda snapshot: file_list(snapshot, before=asked.since, limit=asked.limit, sha256=asked.sha256)
        )
    )
