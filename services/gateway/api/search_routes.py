"""The part of the route table about searching."""

from typing import Final

from schemas.access import Scope
from services.gateway.api import search
from services.gateway.api.route import BASE, Route
from services.gateway.api.search_asked import SearchQuery
from services.gateway.search_answers import SearchPage

SEARCH: Final = (
    Route(
        "GET",
        f"{BASE}/search",
        "search_events",
        "Search events by words of their content and by what stands outside it; personal content is never searched.",
        search.get_search,
        Scope.EVENTS_READ,
        SearchPage,
        query=SearchQuery,
        codes=("query.too_short", "query.too_many_words"),
    ),
)
