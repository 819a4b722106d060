"""What every handler works with: the ports, and the few objects made from them once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from services.gateway.acknowledge import Acknowledger
from services.gateway.agreements import Agreements
from services.gateway.gateway import Gateway
from services.gateway.live import Live
from services.gateway.meters import Meters
from services.gateway.releasing import Releasing
from services.gateway.searching import Searcher
from services.gateway.submit import Submitter
from services.gateway.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Desk:
    """One gateway at work. ``openapi`` and ``asyncapi`` give the documents as JSON."""

    gateway: Gateway
    submitter: Submitter
    uploads: Uploads
    acknowledger: Acknowledger
    live: Live
    searcher: Searcher
    releasing: Releasing
    agreements: Agreements
    meters: Meters
    openapi: Callable[[], bytes]
    asyncapi: Callable[[], bytes]

    @classmethod
    def of(cls, gateway: Gateway, *, openapi: Callable[[], bytes], asyncapi: Callable[[], bytes]) -> Self:
        """Make what works from what is given; opens nothing."""
        store, posting, directory, clock = gateway.store, gateway.posting, gateway.directory, gateway.clock
        submitter = Submitter(
            store=store,
            posting=posting,
            directory=directory,
            clock=clock,
            most_at_once=gateway.limits.submissions,
            folder=gateway.folder,
            silent_after=gateway.silent_after,
            second_officer=gateway.second_officer,
        )
        return cls(
            gateway=gateway,
            submitter=submitter,
            releasing=Releasing(
                store=store,
                posting=posting,
                directory=directory,
                submitter=submitter,
                ids=gateway.ids,
                clock=clock,
            ),
            agreements=Agreements(
                store=store,
                directory=directory,
                folder=gateway.trust_folder,
                clock=clock,
                county=gateway.county,
            ),
            uploads=Uploads(
                store=store,
                folder=gateway.folder,
                posting=posting,
                clock=clock,
                ids=gateway.ids,
                chunk_size=gateway.chunk_size,
            ),
            acknowledger=Acknowledger(store=store, posting=posting, directory=directory, clock=clock),
            live=Live(gateway),
            searcher=Searcher(store, gateway.search_key),
            meters=Meters(),
            openapi=openapi,
            asyncapi=asyncapi,
        )
