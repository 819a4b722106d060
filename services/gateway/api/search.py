"""Handler: search this county's events."""

from aiohttp import web

from schemas.errors import Fault
from services.domain.search_text import read_query
from services.gateway.api.calls import Call, reply
from services.gateway.api.search_asked import SearchQuery
from services.gateway.desk import Desk
from services.gateway.problems import problem_of
from services.gateway.search_answers import FoundLine, HitLine, SearchPage
from services.gateway.searching import Asked
from services.gateway.views import event_line


async def get_search(desk: Desk, call: Call) -> web.StreamResponse:
    """Search events by words and by what stands outside their content."""
    asked = call.query_as(SearchQuery)
    query = None if asked.q is None else read_query(asked.q)
    if isinstance(query, Fault):
        return problem_of(query).response()
    found = await desk.searcher.search(Asked(query, asked.wanted, asked.before, asked.limit, asked.unacknowledged))
    lines = (
        FoundLine(event=event_line(event), hit=HitLine.model_validate(hit, from_attributes=True) if hit else None)
        for event, hit in found.events
    )
    figures = found.figures
    return reply(
        SearchPage(found=tuple(lines), next_before=found.next_before, indexed=figures.indexed, blocks=figures.blocks)
    )
