"""An alert on a telephone: 环江's node tells the officer on duty, and the officer's reply becomes the receipt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import NotFoundError, UnavailableError
from services.demo.ceremony import Say, Stage
from services.demo.crew import CREW, ROOM, TOLD, Smsc, spool_of
from services.demo.desks import Desk
from services.demo.phones import Phones

_READY_SECONDS: Final = 10.0
_BY_HAND_SECONDS: Final = 120.0
"""So long somebody at an SMSC may take to read and type."""
_BY_PHONE_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.05
_WORDS: Final = "收到"


@dataclass(slots=True)
class Telling:
    """How 环江's officer is told, and answers; ``desk`` is 环江's."""

    desk: Desk
    say: Say
    smsc: Smsc | None
    phones: Phones | None
    """None: somebody at the SMSC reads and answers."""
    patience_seconds: float

    @property
    def driver(self) -> str:
        """Which of the product's drivers carries the SMS."""
        return "smstools" if self.smsc is None else "smpp"

    async def answered(self, envelope_id: str, source: Desk) -> bool:
        """Have the officer answer an alert by SMS; False if the answer does not come to be known at its source."""
        try:
            async with asyncio.timeout(self.patience_seconds):
                code = await self._code(envelope_id)
                if not code:
                    self.say("短信按限频并入稍后一条 SMS held back: this officer was told of this area a moment ago")
                    return False
                await self._reply(code)
                while not await _is_known(source, envelope_id):  # noqa: ASYNC110 - asks another process
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            self.say("短信无人回复 nobody answered by SMS")
            return False
        return True

    async def reach(self) -> None:
        """Wait until the node has its way to the telephones.

        Raises:
            UnavailableError: It has none: the SMSC is not there, or lets nobody of this name in.
        """
        problem = ""
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while (problem := await self._problem()) != "":  # noqa: ASYNC110 - asks another process
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            raise UnavailableError(f"no way to {self.smsc or 'the spool folders'}: {problem}") from None

    async def _problem(self) -> str:
        (provider,) = (await self.desk.get("/providers"))["providers"]
        return "" if provider["ready"] else provider["problem"] or "not yet tried"

    async def _code(self, envelope_id: str) -> str:
        """Return the code to answer by once the SMS is out; empty if it waits for a later one."""
        while True:
            page = await self._page(envelope_id)
            if page is not None and page["submitted_at"]:
                return str(page["code"])
            if page is not None and page["held_for"]:
                return ""
            await asyncio.sleep(_LOOK_SECONDS)

    async def _page(self, envelope_id: str) -> dict[str, Any] | None:
        """Return the first officer's SMS, as the county's own timeline shows it."""
        try:
            pages = (await self.desk.get(f"/escalations/{envelope_id}"))["pages"]
        except NotFoundError:
            return None  # the node has not looked at it yet
        return next((one for one in pages if (one["recipient"], one["medium"]) == (CREW[0].officer, "sms")), None)

    async def _reply(self, code: str) -> None:
        who = CREW[0]
        if self.phones is None:
            self.say(f"☎ 短信已交 {self.smsc}，等{who.display}回复 waiting for the reply: {code} {_WORDS}")
            return
        await self.phones.answer(who.phone, code, _WORDS)
        self.say(f"☎ {who.display} 回复 replies：{code} {_WORDS}")


async def _is_known(source: Desk, envelope_id: str) -> bool:
    deliveries = (await source.get(f"/events/{envelope_id}"))["deliveries"]
    return any(one["recipient"] == TOLD and one["acknowledged_at"] for one in deliveries)


@asynccontextmanager
async def telling(stage: Stage, desk: Desk, say: Say, smsc: Smsc | None) -> AsyncIterator[Telling]:
    """Open the telephones, if they are ours, for as long as the block runs; ``reach`` comes next."""
    if smsc is not None:
        yield Telling(desk, say, smsc, None, _BY_HAND_SECONDS)
        return
    names = {person.phone: person.display for person in (*CREW, ROOM)}
    phones = Phones(spool_of(stage), lambda phone, text: say(f"☎ 短信 SMS → {names[phone]}：{text}"))
    async with phones.opened():
        yield Telling(desk, say, None, phones, _BY_PHONE_SECONDS)
