"""Pages by family: what a visitor asks is asked of the API, what came back is rendered."""

from typing import Final

from services.console.pages.compose import COMPOSE
from services.console.pages.desk import DESK
from services.console.pages.drafts import DRAFTS
from services.console.pages.events import EVENTS
from services.console.pages.uploads import UPLOADS
from services.console.visit import Page

PAGES: Final[tuple[Page, ...]] = (*DESK, *EVENTS, *COMPOSE, *DRAFTS, *UPLOADS)
"""Every address of the console behind a session; dispatch and the tests of roles walk this table."""
