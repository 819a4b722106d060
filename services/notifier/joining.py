"""What became of a page became of every page that its SMS stood for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from schemas.escalations import PageRow, PageState
from schemas.sms import PartTry
from services.domain.escalation import woken
from services.domain.page_delivery import Standing, join
from services.ports import Transaction

BUNDLE: Final = "bundle:"
"""Begins the holder of a code that answers several alerts; behind it stands the page whose SMS tells of them."""
_ON_ITS_WAY: Final = frozenset({PageState.SUBMITTED, PageState.FAILED})
_STATE_OF: Final = {Standing.DELIVERED: PageState.DELIVERED, Standing.FAILED: PageState.FAILED}


def join_reports(tx: Transaction, page: PageRow, tries: Sequence[PartTry], now: datetime) -> None:
    """Work out what became of a page, and wake its escalation if that is news. It never goes back from delivered."""
    reports = [tx.paging.report(one.provider, one.reference) for one in tries if one.reference]
    total = max((one.part for one in tries), default=1)
    joined = join(total, tries, [one for one in reports if one is not None])
    state = _STATE_OF.get(joined.standing)
    if state is None or page.state not in _ON_ITS_WAY or state is page.state:
        return
    delivered_at = now if state is PageState.DELIVERED else None
    for one in (page, *stood_for(tx, page)):
        keep_and_wake(tx, replace(one, state=state, delivered_at=delivered_at))


def stood_for(tx: Transaction, page: PageRow) -> list[PageRow]:
    """Return the other pages that a page's SMS tells of and whose fate is its own."""
    members = tx.paging.members_of(f"{BUNDLE}{page.page_id}")
    pages = [tx.paging.page(one.page_id) for one in members if one.page_id != page.page_id]
    return [one for one in pages if one is not None and one.state in _ON_ITS_WAY]


def keep_and_wake(tx: Transaction, page: PageRow) -> None:
    """Keep a page whose state has changed, and have its escalation planned anew."""
    tx.paging.keep_page(page)
    escalation = tx.paging.escalation(page.escalation)
    if escalation is not None:
        tx.paging.keep(woken(escalation))


def no_longer_held(tx: Transaction, page_id: str, now: datetime) -> None:
    """A page goes out by itself, or not at all: nothing need tell of it any more."""
    held = tx.paging.suppression(page_id)
    if held is not None and held.told_at is None:
        tx.paging.keep_suppression(replace(held, told_at=now))
