"""The directory of one county as ``sihu init`` and the ceremony leave it, with the keys of ``tests.bench.members``."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from adapters.keys.access import TOKENS_FILE
from adapters.keys.county_files import CountyFiles
from schemas.access import Access, AccessList, Scope
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.ids import CountyCode
from schemas.registry import KeyUse
from services.domain.documents import document_digest
from services.domain.encoding import digest_of
from services.domain.trust_files import PINS_FILE, agreement_file, registry_file
from services.settings import SETTINGS_FILE
from tests.bench.events import AGREEMENT_ID
from tests.bench.members import agreement_of, key_of, nkey_of_file, registry_of, signed

PASSPHRASE: Final = "a phrase that everybody may know"  # noqa: S105
TOKEN: Final = "sihu_bench"  # noqa: S105  good for this run's counties only
_SETTINGS: Final = """\
county = "{county}"
office = "{county}联络办"
duty_phone = "0778-8821110"
[api]
port = 0
[hub]
urls = ["{url}"]
[log]
format = "json"
[store]
floor_mib = 64
[bus]
receipt_range_max = {range_max}
batch_signatures = {in_runs}
"""


def make_folders(
    root: Path, counties: Sequence[CountyCode], *, url: str, range_max: int = 100, in_runs: bool = False
) -> dict[CountyCode, Path]:
    """Write every county's directory: settings, keys, pinned registry, agreement; return them by county."""
    registry = signed(PayloadType.REGISTRY, registry_of(counties), counties[:1])
    agreement = signed(PayloadType.AGREEMENT, agreement_of(counties), counties)
    folders = {county: root / county for county in counties}
    for county, folder in folders.items():
        files = CountyFiles(folder)
        settings = _SETTINGS.format(county=county, url=url, range_max=range_max, in_runs=str(in_runs).lower())
        files.write(SETTINGS_FILE, settings.encode())
        files.write(TOKENS_FILE, access_list().model_dump_json().encode())
        files.write(PINS_FILE, json.dumps({"1": document_digest(registry)}).encode())
        files.write(registry_file(1), _bytes(registry))
        files.write(agreement_file(AGREEMENT_ID, 1), _bytes(agreement))
        keys = {f"keys/{use}.pem": key_of(county, use) for use in (KeyUse.EVENT, KeyUse.RECEIPT)}
        files.save_keys({**keys, "transport/nkey.key": nkey_of_file(county)}, PASSPHRASE)
    return folders


def access_list() -> AccessList:
    """Return who may use a county's HTTP API: the measurement, to post and to read."""
    began, scopes = datetime(2026, 1, 1, tzinfo=UTC), (Scope.EVENTS_WRITE, Scope.UNATTENDED, Scope.EVENTS_READ)
    access = Access(
        name="bench",
        digest=digest_of(TOKEN.encode()),
        scopes=scopes,
        issued_at=began,
        expires_at=began + timedelta(days=3650),
    )
    return AccessList(tokens=(access,))


def _bytes(document: SignedDocument) -> bytes:
    return document.model_dump_json().encode()
