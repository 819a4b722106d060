"""One night: 荔波 and its neighbours, and 环江's people on duty, with providers that keep what they are given."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from schemas.escalations import EscalationState
from schemas.notices import NoticeKind
from schemas.pages import Medium
from schemas.records import Delivery
from services.domain.policies import USUAL_POLICY
from services.domain.sms_text import Signature, SignaturePlace
from services.gateway.gateway import People
from services.notifier.paging import PagingDesk, PagingRules
from services.ports import Store
from tests import papers
from tests.pagers import CALLS, PLAIN, SMS, FixedDuty, FixedPins, KeptPager, reply
from tests.papers import HUANJIANG, LIBO
from tests.world import World, alert_draft

if TYPE_CHECKING:
    from adapters.memory.store import MemoryStore


class Night:
    """荔波 and its neighbours, with 环江's people on duty."""

    def __init__(self, store: Store | None = None) -> None:
        self.world = World()
        self.clock = self.world.clock
        self.began = self.clock.now()
        self.county = self.world[HUANJIANG]
        if store is not None:
            self.county.store = cast("MemoryStore", store)  # a real store has everything but the test's switches
        for officer, name in (("duty-b", "值班员乙"), ("leader-a", "带班领导")):
            self.county.directory.credentials[officer] = papers.credential(
                HUANJIANG, officer=officer, display_name=name
            )
        self.duty = FixedDuty()
        self.rules = PagingRules(lambda: USUAL_POLICY, Signature("环江应急", SignaturePlace.FIRST))
        self.sms = KeptPager("mobile", Medium.SMS, SMS)
        self.voice = KeptPager("calls", Medium.VOICE, CALLS)
        self.fax = KeptPager("fax", Medium.FAX, PLAIN)
        self.mail = KeptPager("mail", Medium.EMAIL, PLAIN)
        pagers = {one.name: one for one in (self.sms, self.voice, self.fax, self.mail)}
        self.desk = self.opened(pagers)
        self.county.people = People(self.duty, pagers, lambda: USUAL_POLICY)

    def opened(self, pagers: Mapping[str, KeptPager]) -> PagingDesk:
        """Open the desk anew: after a crash nothing is left but the store."""
        county = self.county
        return PagingDesk(
            store=county.store,
            posting=county.posting,
            directory=county.directory,
            clock=self.clock,
            duty=self.duty,
            pins=FixedPins(),
            pagers=pagers,
            rules=self.rules,
            jitter=lambda: 0.5,
        )

    async def send_alert(self, level: int = 2, *, number: int = 1, **content: Any) -> str:  # noqa: ANN401
        """Let 荔波 send an alert of a level, and have it carried."""
        given = papers.alert_content(
            warning_level=level,
            alert_id=f"52272241600000_20260304074500_{number}",
            report_stage="followup",
            report_no=2,
        )
        posted = await self.world[LIBO].send(alert_draft(content=given | content))
        await self.world.carry()
        return posted.envelope_id

    async def alert(self, level: int = 2, *, number: int = 1, **content: Any) -> str:  # noqa: ANN401
        """Let 荔波 send an alert of a level, and have it carried and told."""
        alert = await self.send_alert(level, number=number, **content)
        await self.desk.run_once()
        return alert

    async def later(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass second by second, as the ticks do."""
        for _ in range(int(minutes * 60 + seconds)):
            await self.clock.move(1)
            await self.desk.run_once()

    async def says(self, officer: str, text: str, *, number: int = 1, extension: str = "") -> None:
        """An officer answers by SMS; what follows is carried."""
        await self.clock.move(6)
        await self.desk.hearer.hear(
            reply(self.sms, officer, text, self.clock.now(), number=number, extension=extension)
        )
        await self.desk.run_once()
        await self.world.carry()

    async def at_source(self, envelope_id: str) -> Delivery:
        """Return what 荔波 knows of 环江."""
        rows = await self.world[LIBO].store.read(lambda s: s.deliveries(envelope_id))
        return next(one for one in rows if one.recipient == HUANJIANG)

    async def state(self, envelope_id: str) -> EscalationState:
        one = await self.county.store.read(lambda s: s.paging.escalation(envelope_id))
        assert one is not None
        return one.state

    async def notices(self) -> set[NoticeKind]:
        rows = await self.county.store.read(lambda s: s.notices(open_only=True, limit=50))
        return {one.kind for one in rows}


def code_in(text: str) -> str:
    """Return the code that an SMS asks for."""
    return text.partition("回复")[2].partition("收到")[0]
