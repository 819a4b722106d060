"""Open what exchanges CAP documents; a county that has no office set for it carries none of this."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import structlog
from pydantic import ValidationError

from schemas.errors import Fault, RequestError
from schemas.faults import faults_of
from schemas.information.alert_parts import DutyContact
from services.cap_intake.answering import CapAnswering
from services.cap_intake.intake import CapIntake
from services.cap_polling.polling import FeedPoller, FeedRules
from services.domain.cap_taking import CapAsk, listed_in
from services.gateway.gateway import CapDesk
from services.gateway.submit import Submitter
from services.ports import Clock, Directory, Store
from services.posting import Posting
from services.settings import CapFeedSettings, Settings

log = structlog.get_logger()


@asynccontextmanager
async def exchanging_cap(
    settings: Settings, *, store: Store, posting: Posting, directory: Directory, clock: Clock
) -> AsyncIterator[CapDesk | None]:
    """Take and give CAP documents, and ask feeds, for as long as the block lasts; None where no office is set.

    Raises:
        RequestError: A certificate or key does not fit; names the file and the mend.
    """
    given = settings.cap
    if not given.office:
        yield None
        return
    # XML and its signatures are tens of MiB: only a node that needs them carries them.
    from adapters.cap.feed import CapFeed, feed_session  # noqa: PLC0415
    from adapters.cap.signature import load_signer  # noqa: PLC0415
    from adapters.cap.text import open_text  # noqa: PLC0415

    key, certificate = given.key_file, given.certificate_file
    signer = load_signer(settings.at(key), settings.at(certificate)) if key and certificate else None
    submitter = Submitter(
        store=store,
        posting=posting,
        directory=directory,
        clock=clock,
        second_officer=settings.release.second_officer,
    )
    async with AsyncExitStack() as stack:
        text = await stack.enter_async_context(
            open_text(signers=settings.at(given.signers_folder), signer=signer, on_fault=_warn)
        )
        intake = CapIntake(
            office=given.office,
            contact=_contact(settings),
            county=settings.county,
            text=text,
            submitter=submitter,
            answering=CapAnswering(store=store, posting=posting, trust=directory.trust),
            store=store,
            clock=clock,
        )
        session = await stack.enter_async_context(feed_session())
        pollers = [
            FeedPoller(
                rules=rules_of(one),
                feed=CapFeed(session, one.url, hosts=one.hosts),
                intake=intake,
                store=store,
                clock=clock,
            )
            for one in given.feeds
        ]
        for poller in pollers:
            await stack.enter_async_context(poller.running())
        yield CapDesk(
            text=text,
            intake=intake,
            must_be_signed=given.signature == "required",
            released_by=given.approved_by_role,
            author=settings.office,
            address=given.url or "",
            feeds=lambda: {poller.rules.name: poller.is_ready for poller in pollers},
        )


def _contact(settings: Settings) -> DutyContact:
    """Return our duty room as alerts name it.

    Raises:
        RequestError: Name or telephone have a form that no alert takes.
    """
    try:
        return DutyContact(office=settings.office, phone=settings.duty_phone)
    except ValidationError as exc:
        faults = faults_of(exc, "settings")
        raise RequestError(*(replace(one, field=one.field.replace(".phone", ".duty_phone")) for one in faults)) from exc


def rules_of(given: CapFeedSettings) -> FeedRules:
    """Return a feed of the settings as it is asked."""
    ask = CapAsk(
        origin=listed_in(given.name),
        agreement=given.agreement,
        to=given.to,
        purpose=given.purpose,
        released_by=given.approved_by_role,
        must_be_signed=given.signature == "required",
        signers=frozenset(given.signers),
        unattended=given.approved_by_role is not None,
    )
    return FeedRules(name=given.name, url=given.url, seconds=given.seconds, ask=ask)


def _warn(fault: Fault) -> None:
    log.warning("cap.signers_refused", code=fault.code, field=fault.field, mend=fault.mend)
