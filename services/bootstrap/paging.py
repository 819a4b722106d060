"""Open what tells people: roster, PINs, policy; providers are opened only where there is somebody to tell."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from adapters.clock import SystemClock
from adapters.keys.durable import read_bytes
from adapters.keys.pins import PinFiles
from schemas.errors import RequestError
from schemas.escalations import Policy
from services.domain.policies import USUAL_POLICY, parse_policy
from services.domain.sms_text import Signature, judge_signature
from services.duty import RosterDuty
from services.gateway.gateway import People
from services.notifier.duty_telling import DutyTeller
from services.notifier.paging import PagingDesk, PagingRules
from services.ports import Directory, Store
from services.posting import Posting
from services.rostering import Rostering
from services.settings import Settings

_POLICY_MAX_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Opened:
    """What tells people: for the node's gateway and for the notifier."""

    desk: PagingDesk
    people: People
    policy: Callable[[], Policy]


@asynccontextmanager
async def telling_people(
    settings: Settings,
    *,
    rostering: Rostering,
    store: Store,
    posting: Posting,
    directory: Directory,
    clock: SystemClock,
) -> AsyncIterator[Opened | None]:
    """Open providers for as long as the block lasts; None where the county has no roster.

    Raises:
        RequestError: A setting of a provider or of the policy does not fit; names it and the mend.
        UnavailableError: The port for pushes is taken.
    """
    if not rostering.files.exists():
        yield None
        return
    policy, signature = read_policy(settings), read_signature(settings)
    duty = RosterDuty(rostering)
    # A node that tells nobody must not carry what tells: mail, PDF and calls are tens of MiB.
    from services.bootstrap.providers import open_providers  # noqa: PLC0415

    async with open_providers(settings, clock) as providers:
        desk = PagingDesk(
            store=store,
            posting=posting,
            directory=directory,
            clock=clock,
            duty=duty,
            pins=PinFiles(settings.directory),
            pagers=providers.pagers,
            rules=PagingRules(lambda: policy, signature, providers.print_page, settings.paging.number_tests),
            jitter=random.random,
        )
        yield Opened(desk, People(duty, providers.pagers, lambda: policy), lambda: policy)


@asynccontextmanager
async def telling_partners(
    settings: Settings,
    *,
    rostering: Rostering,
    store: Store,
    posting: Posting,
    directory: Directory,
    clock: SystemClock,
) -> AsyncIterator[None]:
    """Tell partners who is on duty for as long as the block lasts, also by a roster that comes later."""
    teller = DutyTeller(
        store=store,
        posting=posting,
        trust=directory.trust,
        duty=RosterDuty(rostering),
        clock=clock,
        office=settings.office,
        is_on=settings.duty.tell_partners,
    )
    async with teller.running():
        yield


def read_policy(settings: Settings) -> Policy:
    """Return the county's policy, the usual one if it has none of its own.

    Raises:
        RequestError: It does not fit, with every fault.
    """
    if settings.paging.policy_file is None:
        return USUAL_POLICY
    data = read_bytes(settings.at(settings.paging.policy_file), what="paging.policy_file", max_bytes=_POLICY_MAX_BYTES)
    found = parse_policy(data.decode("utf-8", "replace"))
    if isinstance(found, tuple):
        raise RequestError(*found)
    return found


def read_signature(settings: Settings) -> Signature:
    """Return the signature of this county's SMS.

    Raises:
        RequestError: No carrier would take it.
    """
    signature = Signature(settings.paging.signature, settings.paging.signature_place)
    fault = judge_signature(signature)
    if fault is not None:
        raise RequestError(replace(fault, field=f"paging.{fault.field.replace('.', '_')}"))
    return signature
