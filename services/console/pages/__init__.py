"""Pages by family: what a visitor asks is asked of the API, what came back is rendered."""

from typing import Final

from services.console.pages.agreements import AGREEMENTS
from services.console.pages.audit import AUDIT
from services.console.pages.audit_log import AUDIT_LOG
from services.console.pages.campaigns import CAMPAIGNS
from services.console.pages.cases import CASES
from services.console.pages.compose import COMPOSE
from services.console.pages.desk import DESK
from services.console.pages.development import DEVELOPMENT
from services.console.pages.drafts import DRAFTS
from services.console.pages.enrol import ENROL
from services.console.pages.entrance import ENTRANCE
from services.console.pages.erasing import ERASING
from services.console.pages.events import EVENTS
from services.console.pages.handover import HANDOVER
from services.console.pages.ledger import LEDGER
from services.console.pages.me import ME
from services.console.pages.officers import OFFICERS
from services.console.pages.partners import PARTNERS
from services.console.pages.plans import PLANS
from services.console.pages.population import POPULATION
from services.console.pages.proving import PROVING
from services.console.pages.roster import ROSTER
from services.console.pages.roster_changes import ROSTER_CHANGES
from services.console.pages.services import SERVICES
from services.console.pages.system import SYSTEM
from services.console.pages.telling import TELLING
from services.console.pages.tokens import TOKENS
from services.console.pages.uploads import UPLOADS
from services.console.threshold import OpenPage
from services.console.visit import Page

PAGES: Final[tuple[Page, ...]] = (
    *DESK,
    *EVENTS,
    *ERASING,
    *COMPOSE,
    *DRAFTS,
    *UPLOADS,
    *CASES,
    *SERVICES,
    *POPULATION,
    *CAMPAIGNS,
    *DEVELOPMENT,
    *PLANS,
    *LEDGER,
    *HANDOVER,
    *ROSTER,
    *ROSTER_CHANGES,
    *PARTNERS,
    *AGREEMENTS,
    *AUDIT,
    *SYSTEM,
    *TELLING,
    *ME,
    *PROVING,
    *OFFICERS,
    *TOKENS,
    *AUDIT_LOG,
)
"""Every address of the console behind a session; dispatch and the tests of roles walk this table."""
OPEN_PAGES: Final[tuple[OpenPage, ...]] = (*ENTRANCE, *ENROL)
"""Every address for who has not entered yet."""
