"""The link of a county to its hub, looked at step by step, and what the database says about each partner."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.jetstream.api import COUNTY_PREFIX
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials
from adapters.jetstream.greeting import unreached
from adapters.jetstream.refusals import parsed
from adapters.keys.county_files import CountyFiles
from adapters.sqlite.upkeep import read_once
from schemas.errors import UnavailableError
from schemas.subjects import Lane, consumer_of, streams
from services.bootstrap.node import credentials_of
from services.settings import Settings

__all__ = ["LinkStep", "PartnerFacts", "hub_link", "partner_facts"]

_HUB: Final = "is this county in the registry that the hub was given? Its operator: `sihu hub update`"


@dataclass(frozen=True, slots=True)
class LinkStep:
    """One step to the hub.

    Attributes:
        text: What was found.
        holds: False if this step failed.
        spare: True if another server does what this one does not.
        mend: What to do about it.
    """

    text: str
    holds: bool = True
    spare: bool = False
    mend: str = ""


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    """What is known about one partner.

    Attributes:
        last_stored: When it stored the newest event that it has proved, by its own clock.
        oldest_unstored: When the oldest event was accepted that it has not proved to have.
        clock_ahead: Seconds by which its newest message was ahead of our clock when it came.
    """

    last_stored: datetime | None
    oldest_unstored: datetime | None
    clock_ahead: float | None


def hub_link(settings: Settings, passphrase: str, *, timeout_seconds: float) -> list[LinkStep]:
    """Go the way to the hub as the node does: each address, TLS, the account, the streams, our consumers.

    Raises:
        RequestError: A key or a certificate cannot be used, or no hub is set.
    """
    credentials = credentials_of(settings, CountyFiles(settings.directory), passphrase)

    async def walk() -> list[LinkStep]:
        return [step async for step in _walk(credentials, settings.county, timeout_seconds)]

    return asyncio.run(walk())


def partner_facts(settings: Settings) -> Mapping[str, PartnerFacts] | None:
    """Read what the database says about every county that it knows; None if there is no database yet.

    Raises:
        UnavailableError: It cannot be read.
    """
    path = settings.at(settings.store.path)
    if not path.exists():
        return None
    stored, oldest, ahead = read_once(
        path, lambda snapshot: (snapshot.last_stored(), snapshot.oldest_unstored(), snapshot.clocks_ahead())
    )
    return {
        county: PartnerFacts(stored.get(county), oldest.get(county), ahead.get(county))
        for county in stored.keys() | oldest.keys() | ahead.keys()
    }


async def _walk(credentials: Credentials, county: str, timeout_seconds: float) -> AsyncIterator[LinkStep]:
    problems = {url: await unreached(url, credentials.ssl_context(), timeout_seconds) for url in credentials.urls}
    any_holds = not all(problems.values())
    for url, problem in problems.items():
        yield _server_step(url, problem, spare=any_holds)
    if not any_holds:
        return
    found: list[LinkStep] = []
    async with HubConnection(credentials, who=county).running() as hub:
        for look in (_account, _lanes, _consumers):
            try:
                found.append(await look(hub, county, timeout_seconds))
            except UnavailableError as exc:
                found.append(LinkStep(f"{exc!s} [{exc.code}]", holds=False, mend=_HUB))
                break
    for step in found:
        yield step


def _server_step(url: str, problem: str, *, spare: bool) -> LinkStep:
    if problem:
        mend = "ask the hub's operator (deploy/runbooks/hub-server.md)" if spare else "see deploy/runbooks/hub-lost.md"
        return LinkStep(f"no contact with {url}: {problem}", holds=False, spare=spare, mend=mend)
    return LinkStep(f"contact with {url}{', TLS verified' if url.startswith('tls://') else ''}")


async def _account(hub: HubConnection, county: str, timeout_seconds: float) -> LinkStep:
    await hub.contact(timeout_seconds=timeout_seconds)
    return LinkStep(f"let in as {county} by nats-server {hub.wire.version}")


async def _lanes(hub: HubConnection, county: str, timeout_seconds: float) -> LinkStep:
    appender = JetStreamAppender(hub, county, timeout_seconds=timeout_seconds)
    held = {lane: await appender.last_held(lane) for lane in Lane}
    return LinkStep(f"the hub holds {', '.join(f'{lane} {last:,}' for lane, last in held.items())}")


async def _consumers(hub: HubConnection, county: str, timeout_seconds: float) -> LinkStep:
    waiting = 0
    for stream in streams():
        subject = f"{COUNTY_PREFIX}.CONSUMER.INFO.{stream}.{consumer_of(county)}"
        waiting += int(parsed(await hub.request(subject, timeout_seconds=timeout_seconds)).get("num_pending", 0))
    return LinkStep(f"{len(streams())} streams hand over to {county}, {waiting:,} messages wait there")
