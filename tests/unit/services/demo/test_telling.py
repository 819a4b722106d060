"""When the officer's answer by SMS does not come, the play says so and goes on by the desk."""

import asyncio
from typing import Any, cast

import pytest

from schemas.errors import Fault, NotFoundError, UnavailableError
from services.demo.crew import CREW, TOLD, Smsc
from services.demo.desks import Desk
from services.demo.phones import Phones
from services.demo.telling import Telling

ALERT = "0123456789abcdef" * 4
SMSC = Smsc("127.0.0.1", 2775, "sihu", "sihu")


class FixedDesk:
    """Answers what a node would; a path without an answer is not there yet."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401 - JSON values
        self.answers = answers

    async def get(self, path: str) -> Any:  # noqa: ANN401
        await asyncio.sleep(0)
        answer = self.answers.get(path.split("/")[1])
        if answer is None:
            raise NotFoundError(Fault("request.not_found", "id", "not yet"))
        return answer


class FixedPhones:
    """Keeps what it was to answer."""

    def __init__(self) -> None:
        self.answered: list[tuple[str, str, str]] = []

    async def answer(self, *words: str) -> None:
        self.answered.append(cast("tuple[str, str, str]", words))


def page(**changes: str) -> dict[str, Any]:
    row = {"recipient": CREW[0].officer, "medium": "sms", "submitted_at": None, "held_for": None, "code": ""}
    return {"pages": [row | {"medium": "console"}, row | changes]}


def board(acknowledged_at: str | None) -> dict[str, Any]:
    return {"deliveries": [{"recipient": TOLD, "acknowledged_at": acknowledged_at}]}


def telling(desk: FixedDesk, said: list[str], phones: FixedPhones | None = None) -> Telling:
    smsc = None if phones else SMSC
    return Telling(cast("Desk", desk), said.append, smsc, cast("Phones | None", phones), patience_seconds=0.3)


async def test_the_officer_answers_the_code_that_the_node_gave_out() -> None:
    """The code of another page would take another alert."""
    desk, phones, said = FixedDesk(), FixedPhones(), list[str]()
    source = FixedDesk(events=board("2026-03-04T08:00:05.000+08:00"))
    answering = asyncio.create_task(telling(desk, said, phones).answered(ALERT, cast("Desk", source)))
    await asyncio.sleep(0.1)
    assert phones.answered == [], "nothing was told yet"
    desk.answers["escalations"] = page(submitted_at="2026-03-04T08:00:01.000+08:00", code="37")
    assert await answering
    assert phones.answered == [(CREW[0].phone, "37", "收到")]
    assert "37 收到" in said[0]


async def test_an_sms_that_waits_for_its_area_does_not_hold_up_the_play() -> None:
    """A second start within a minute of the first: this officer was told of the same area a moment ago."""
    said: list[str] = []
    held = telling(FixedDesk(escalations=page(held_for="area_storm")), said)
    assert not await held.answered(ALERT, cast("Desk", FixedDesk()))
    assert "held back" in said[0]


async def test_nobody_at_the_smsc_answers() -> None:
    """The play ends all the same, and its verdict says that nobody answered by SMS."""
    said: list[str] = []
    told = telling(FixedDesk(escalations=page(submitted_at="2026-03-04T08:00:01.000+08:00", code="37")), said)
    assert not await told.answered(ALERT, cast("Desk", FixedDesk(events=board(None))))
    assert "127.0.0.1:2775" in said[0]
    assert "nobody answered" in said[-1]


async def test_an_smsc_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute of silence and a page without an answer would be all that a person sees."""
    monkeypatch.setattr("services.demo.telling._READY_SECONDS", 0.2)
    provider = {"ready": False, "problem": "no connection: ECONNREFUSED"}
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:2775: no connection: ECONNREFUSED"):
        await telling(FixedDesk(providers={"providers": [provider]}), []).reach()
