"""Rows of telling people, for the tests of the stores."""

from typing import Any

from schemas.base import Status
from schemas.escalations import Escalation, EscalationKind, PageRow, Purpose
from schemas.page_work import PageWork, WorkKind
from schemas.pages import Medium, Tier
from tests.contract.store.samples import THEM, at

ALERT = "ab" * 32


def escalation(key: str = ALERT, **changes: Any) -> Escalation:  # noqa: ANN401 - any field
    given: dict[str, Any] = {
        "key": key,
        "kind": EscalationKind.ALERT,
        "version": key,
        "incident": "flood",
        "level": 2,
        "status": Status.ACTUAL,
        "source": THEM,
        "opened_at": at(1),
        "acknowledge_by": at(900),
        "wake_at": at(1),
    }
    return Escalation(**(given | changes))


def page(number: int = 1, **changes: Any) -> PageRow:  # noqa: ANN401
    given: dict[str, Any] = {
        "page_id": f"{number:032x}",
        "escalation": ALERT,
        "version": ALERT,
        "recipient": "duty-a",
        "tier": Tier.PRIMARY,
        "purpose": Purpose.STEP,
        "step": 0,
        "medium": Medium.SMS,
        "due_at": at(number),
    }
    return PageRow(**(given | changes))


def work(number: int = 1, **changes: Any) -> PageWork:  # noqa: ANN401
    given: dict[str, Any] = {
        "page_id": f"{number:032x}",
        "kind": WorkKind.PAGE,
        "medium": Medium.SMS,
        "recipient": "duty-a",
        "level": 2,
        "next_at": at(10),
    }
    return PageWork(**(given | changes))
