"""Personal content is opened by those alone whose work it is, for a reason that is written down."""

from aiohttp import web

from schemas.errors import Fault, RequestError
from services.console.navigation import openers_of
from services.console.visit import Visit
from services.gateway.answers import EventDetail


async def judge_opener(visit: Visit, envelope_id: str) -> None:
    """Make sure that the visitor's roles open what travels for the purpose of an event.

    Raises:
        RequestError: They do not, or there is no such event.
    """
    detail = await visit.api.ask("show_event", EventDetail, path={"id": envelope_id})
    if not visit.visitor.is_any(openers_of(detail.header.purpose)):
        raise RequestError(Fault("access.role", "why", "your roles do not open what travels for this purpose"))


async def opened_file(visit: Visit, envelope_id: str) -> web.StreamResponse:
    """Give the file of an event for the reason in the form, judged by the file's own purpose, not by who names it."""
    await judge_opener(visit, envelope_id)
    return await visit.api.fetch("read_content", path={"id": envelope_id}, query={"why": visit.form.get("why")})
