"""Open what lets officers into the console."""

import asyncio

from adapters.keys.access import AccessFile
from adapters.keys.directory import Directory
from adapters.keys.own_keys import SeedKeys
from adapters.keys.sealing import open_sealer
from adapters.passwords.argon import ArgonHasher
from adapters.security_keys.fido import FidoKeys
from services.bootstrap.cli import open_officer_files
from services.bootstrap.console import console_mount
from services.console.door import Door
from services.console.lobby import Lobby
from services.domain.evidence_writing import TrustPapers
from services.domain.trust import Trust
from services.gateway.app import Mount
from services.ports import Clock, Ids, Signer, Store
from services.settings import Settings


async def open_door(
    settings: Settings,
    passphrase: str,
    *,
    store: Store,
    directory: Directory[Trust, TrustPapers],
    signer: Signer,
    clock: Clock,
    ids: Ids,
) -> Door:
    """Return what lets people in; ``signer`` is the county's event key.

    Raises:
        RequestError: The passphrase does not open the console's key.
        UnavailableError: The disk is full or failing.
    """
    sealer = await asyncio.to_thread(open_sealer, settings.directory, passphrase)
    lobby = Lobby(
        store=store,
        clock=clock,
        ids=ids,
        directory=directory,
        hasher=ArgonHasher(),
        sealer=sealer,
        own_keys=SeedKeys(),
        security_keys=FidoKeys(settings.origin),
        papers=open_officer_files(settings.directory, directory.refresh_officers),
        tokens=AccessFile(settings.directory, changed=directory.refresh_officers),
        signer=signer,
        county=settings.county,
        audit_days=settings.console.audit_days,
        credential_days=settings.console.credential_days,
        invitation_hours=settings.console.invitation_hours,
    )
    return Door.of(lobby)


async def console_mounts(
    settings: Settings,
    passphrase: str,
    *,
    store: Store,
    directory: Directory[Trust, TrustPapers],
    signer: Signer,
    clock: Clock,
    ids: Ids,
) -> list[Mount]:
    """Return what adds the console to a node's API; nothing if it is not enabled.

    Raises:
        RequestError: The passphrase does not open the console's key.
        UnavailableError: The disk is full or failing.
    """
    if not settings.console.enabled:
        return []
    door = await open_door(settings, passphrase, store=store, directory=directory, signer=signer, clock=clock, ids=ids)
    origin, forwarded = settings.console.origin or "", settings.console.forwarded
    return [console_mount(settings.county, door, clock.now, origin, forwarded=forwarded)]
