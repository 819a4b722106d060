"""Settings of one county's node: ``county.toml`` and ``SIHU_*`` variables, read once, never changed.

A variable beats the file: ``SIHU_API__PORT=8641`` stands for ``port`` under ``[api]``.
"""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from schemas.agreements import Purpose
from schemas.envelope import CHUNK_MAX_BYTES, CHUNK_MIN_BYTES
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.faults import broken_rule, faults_of
from schemas.forms import Name
from schemas.ids import AgreementId, CountyId
from schemas.registry import PhoneText, Text
from services.domain.files import CHUNK_SIZE
from services.domain.sms_text import SignaturePlace
from services.sections import ConsoleSettings, DutySettings, Section

SETTINGS_FILE: Final = "county.toml"
OFFICE_KEYS_FOLDER: Final = "office-keys"
FILES_FOLDER: Final = "files"
PREFIX: Final = "SIHU_"
_BETWEEN: Final = "__"
_OFFICE_DIGITS: Final = 14

Driver = Literal[
    "smpp",
    "cmpp",
    "kannel",
    "aliyun",
    "tencent",
    "yunmas",
    "smtp",
    "webhook",
    "sip",
    "voice_http",
    "hylafax",
    "smstools",
]
"""How a provider is spoken to; docs/alerting/README.md says where to read what each needs."""

CapSignature = Literal["required", "if_present"]
"""Whether a document without a signature is taken; one that bears a signature is never taken unverified."""


def _listed(value: object) -> object:
    """A variable lists several addresses with commas between."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class ApiSettings(Section):
    """Where the HTTP API listens, and where the commands find it."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8640
    """0 takes any free port."""
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")] | None = None
    """Address for the commands, if it is not ``http://<host>:<port>``."""

    @property
    def address(self) -> str:
        """The address that the commands call."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, never bound
        return self.url or f"http://{host}:{self.port}"


class HubSettings(Section):
    """The link to the hub. Paths are relative to the county's directory."""

    urls: Annotated[
        tuple[Annotated[str, Field(pattern=r"^(?:tls|nats)://[^\s/]+$")], ...], NoDecode, BeforeValidator(_listed)
    ] = ()
    ca_file: Path = Path("transport/ca.pem")
    certificate_file: Path = Path("transport/county.crt")
    key_file: Path = Path("transport/tls.key")
    nkey_file: Path = Path("transport/nkey.key")


class LeafSettings(Section):
    """The county's own nats-server between its systems and the hub, if it runs one (`sihu leaf`)."""

    hub_urls: Annotated[
        tuple[Annotated[str, Field(pattern=r"^tls://[^\s/]+$")], ...], NoDecode, BeforeValidator(_listed)
    ] = ()
    """Leaf listeners of the hub; empty if the county has no leaf."""
    port: Annotated[int, Field(ge=-1, le=65535)] = 4222
    """Loopback port for the county's own systems; -1 takes any free one."""
    monitor_port: Annotated[int, Field(ge=-1, le=65535)] = 8222
    directory: Path = Path("leaf")


class StoreSettings(Section):
    """The one database."""

    path: Path = Path("sihu.db")
    floor_mib: Annotated[int, Field(ge=1, le=1_048_576)] = 256
    """Below this much free space the node takes no more events."""


class FileSettings(Section):
    """Files that events carry."""

    chunk_kib: Annotated[int, Field(ge=CHUNK_MIN_BYTES >> 10, le=CHUNK_MAX_BYTES >> 10)] = CHUNK_SIZE >> 10
    """Of our own files, a power of two. On a line of 256 kbit/s, 64 take two seconds; a fast line may carry more."""
    arriving_mib: Annotated[int, Field(ge=64, le=1_048_576)] = 512
    """Of one source's files while they arrive; later ones wait for room."""
    quiet_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """After so long without a chunk the missing ones are asked for."""

    @field_validator("chunk_kib")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError("write 16, 32, 64, 128, 256 or 512")
        return value


class KeySettings(Section):
    """How the key files are opened."""

    passphrase_file: Path | None = None


class LogSettings(Section):
    """How the node logs."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class WatchSettings(Section):
    """The source's own watch."""

    seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """How often overdue receipts are looked for."""


class BusSettings(Section):
    """Carrying."""

    receipt_range_max: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Events that one *stored* receipt covers at most."""
    verify_threads: Annotated[int, Field(ge=1, le=64)] = 2
    resend_seconds: Annotated[float, Field(ge=1, le=600)] = 30.0
    """An event whose receipts stand still for that long is published again; then less and less often."""
    beacon_seconds: Annotated[float, Field(ge=1, le=600)] = 60.0
    """How often partners are told how far our channels go; the same at every member."""
    batch_signatures: bool = False
    """Sign what waits for one commit at once. Every partner must run a version that reads it: 0.1.0 does not."""


class ProviderSettings(Section):
    """One way to reach people; what its driver needs beside, stands under ``options``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """Unique in this node; stands in logs and in the timeline of an alert."""
    driver: Driver
    secret_file: Path | None = None
    """Holds the password or key, one line; relative to the county's directory."""
    tls: bool = False
    """For a protocol that may do without: SMPP."""
    options: dict[str, JsonValue] = Field(default_factory=dict)


class InboundSettings(Section):
    """Where providers push reports and replies; a reverse proxy with TLS stands before it."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8643
    token_file: Path = Path("secrets/inbound.token")
    """32 characters or more, which stand in the address that the providers are given."""


class ReleaseSettings(Section):
    """Who stands behind what is sent."""

    second_officer: bool = True
    """Alerts of levels 1 and 2 and bulletins are sent by two officers only; false leaves each to its author."""


class PagingSettings(Section):
    """Whom to tell, and how. Without a roster (``roster.toml``) nobody is told."""

    policy_file: Path | None = None
    """How fast an escalation climbs; the usual policy if left out."""
    signature: Annotated[str, Field(max_length=12)] = ""
    """【…】 of this county's SMS, as the carrier registered it, without the brackets."""
    signature_place: SignaturePlace = SignaturePlace.NONE
    seconds: Annotated[float, Field(gt=0, le=10)] = 1.0
    """How often what is due is looked for at the least; what falls due or has just come is looked at at once."""
    number_tests: bool = True
    """Whether each officer's number has a test page a month, in office hours."""
    inbound: InboundSettings = InboundSettings()
    providers: tuple[ProviderSettings, ...] = ()
    """In the order of preference; for each medium the first that is ready is taken."""


class CapFeedSettings(Section):
    """One feed of CAP documents that is asked again and again: ``[[cap.feeds]]``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """Unique in this node; stands in logs, notices and figures."""
    url: Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s/]+(?:/\S*)?$")]
    """Atom or RSS; https, or http on this machine."""
    seconds: Annotated[float, Field(ge=1, le=86_400)] = 60.0
    """Between two rounds; after failures up to an hour."""
    agreement: AgreementId
    """Under which its alerts go out."""
    to: Annotated[tuple[CountyId, ...], Field(max_length=512)] = ()
    """Every other party if left out."""
    purpose: Purpose | None = None
    """The usual one if left out."""
    approved_by_role: Name | None = None
    """Role that stands behind whatever this feed says; left out, an officer decides on each document."""
    signature: CapSignature = "required"
    signers: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = ()
    """Names of registered authorities whose signatures count here; every one if left out."""
    hosts: tuple[Annotated[str, Field(min_length=1, max_length=253)], ...] = ()
    """Further hosts that its documents may lie on."""

    @field_validator("url")
    @classmethod
    def _in_clear_only_here(cls, value: str) -> str:
        host = value.partition("://")[2].partition("/")[0].rpartition("@")[2]
        if value.startswith("http://") and host.partition(":")[0] not in {"localhost", "127.0.0.1"}:
            raise ValueError("write https://; in clear only this machine itself is asked")
        return value


class CapSettings(Section):
    """Alerts of other systems in CAP 1.2, both ways. Without ``office`` nothing of it runs."""

    office: str = ""
    """14 digits of our office, the first half of every alert id that is given."""
    signers_folder: Path = Path("cap/signers")
    """Certificates of registered authorities, one PEM file each, named after it."""
    signature: CapSignature = "if_present"
    """Whether what is posted must be signed; a signature that is there is always verified."""
    approved_by_role: Name | None = None
    """Role that stands behind what is posted without naming one; left out, an officer decides on each."""
    key_file: Path | None = None
    """Our private key (PEM: P-256 or RSA) and its certificate: what we give is signed."""
    certificate_file: Path | None = None
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")] | None = None
    """Address of the API as readers of our feed reach it; left out, the feed's links follow from where it was read."""
    feeds: Annotated[tuple[CapFeedSettings, ...], Field(max_length=64)] = ()

    @field_validator("office")
    @classmethod
    def _fourteen_digits(cls, value: str) -> str:
        if value and (len(value) != _OFFICE_DIGITS or not (value.isascii() and value.isdecimal()) or value[0] == "0"):
            raise ValueError("write the 14 digits of our office, as in our alert ids")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.feeds and not self.office:
            raise broken_rule("office", "write the 14 digits of our office: alerts of the feeds are numbered by it")
        if (self.key_file is None) != (self.certificate_file is None):
            raise broken_rule("certificate_file", "name key_file and certificate_file, or neither")
        names = [one.name for one in self.feeds]
        if len(set(names)) != len(names):
            raise broken_rule("feeds", "give each feed a name of its own")
        return self


class Settings(BaseSettings):
    """Everything that an operator may set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=_BETWEEN, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    directory: Path
    """The county's directory; never in the file."""
    county: CountyId
    office: Text
    duty_phone: PhoneText
    api: ApiSettings = ApiSettings()
    hub: HubSettings = HubSettings()
    leaf: LeafSettings = LeafSettings()
    store: StoreSettings = StoreSettings()
    keys: KeySettings = KeySettings()
    log: LogSettings = LogSettings()
    watch: WatchSettings = WatchSettings()
    bus: BusSettings = BusSettings()
    files: FileSettings = FileSettings()
    paging: PagingSettings = PagingSettings()
    duty: DutySettings = DutySettings()
    cap: CapSettings = CapSettings()
    console: ConsoleSettings = ConsoleSettings()
    release: ReleaseSettings = ReleaseSettings()

    def at(self, path: Path) -> Path:
        """Return a path of these settings from the county's directory on; absolute ones stay."""
        return self.directory / path

    @property
    def origin(self) -> str:
        """Scheme, host and port under which browsers find the console."""
        return self.console.origin or f"http://localhost:{self.api.port}"

    @property
    def office_keys(self) -> Path:
        """The folder of the short-lived keys: beside the database, for the node makes and destroys them itself."""
        return self.at(self.store.path).parent / OFFICE_KEYS_FOLDER

    @property
    def files_folder(self) -> Path:
        """The folder of files that events carry: beside the database, for its rows make them count."""
        return self.at(self.store.path).parent / FILES_FOLDER

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment beat the file; no other source is asked."""
        return env_settings, init_settings


def read_settings(directory: Path) -> Settings:
    """Read the settings of the county that lives in ``directory``.

    Raises:
        NotFoundError: There is no ``county.toml``.
        RequestError: A key is unknown, or a value does not fit; names the key and the mend.
    """
    values = _read_file(directory / SETTINGS_FILE)
    if "directory" in values:
        raise RequestError(Fault("settings.unknown_field", "settings.directory", "remove it; `--dir` says it"))
    _refuse_unknown_variables()
    try:
        settings = Settings(**{**values, "directory": directory})
    except ValidationError as exc:
        raise RequestError(*_faults(exc)) from exc
    except SettingsError as exc:
        raise RequestError(Fault("settings.malformed", PREFIX + "*", f"{exc}; write JSON or unset it")) from exc
    return settings.model_copy(update={"directory": directory})  # no variable moves a county


def _faults(error: ValidationError) -> Iterator[Fault]:
    for detail, fault in zip(error.errors(include_input=False), faults_of(error, "settings"), strict=False):
        # The table of mends speaks of JSON; a setting that it has no words for keeps pydantic's own.
        known = not fault.code.endswith((".invalid", ".wrong_form")) or "JSON Schema" not in fault.mend
        yield fault if known else replace(fault, mend=detail["msg"])


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        mend = f"{path} is not there; name the county's directory with --dir, or make one with `sihu init`"
        raise NotFoundError(Fault("settings.not_found", "dir", mend)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise RequestError(Fault("settings.malformed", SETTINGS_FILE, f"it is not valid TOML: {exc}")) from exc
    except OSError as exc:
        raise RequestError(Fault("settings.unreadable", SETTINGS_FILE, f"{path}: {exc.strerror}")) from exc


def _variables() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from (f"{PREFIX}{name}{_BETWEEN}{inner}".upper() for inner in field.annotation.model_fields)


def _refuse_unknown_variables() -> None:
    """Refuse a misspelt variable instead of ignoring it.

    Only names with ``__`` are ours for sure: Kubernetes sets ``SIHU_PORT`` and the like for a service named sihu.
    """
    known = set(_variables())
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and _BETWEEN in name and name.upper() not in known:
            raise RequestError(Fault("settings.unknown_variable", name, "there is no such setting; unset the variable"))


HUB_FILE: Final = "hub.toml"


class HubClusterSettings(Section):
    """What makes this server one of the three that are one hub."""

    server: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    """Its name among the three."""
    port: Annotated[int, Field(ge=1, le=65535)] = 6222
    """Where the other two reach it."""
    routes: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^\s/:]+:[0-9]{1,5}$")], ...], Field(min_length=2, max_length=2)
    ]
    """``host:port`` of the other two."""


class HubServerSettings(Section):
    """Everything that the operator of a hub may set on one server: ``hub.toml``."""

    names: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=253)], ...], Field(min_length=1)]
    """Host names and addresses under which counties reach the hub; they stand in its certificate."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=-1, le=65535)] = 4222
    leaf_port: Annotated[int, Field(ge=-1, le=65535)] = 7422
    monitor_port: Annotated[int, Field(ge=-1, le=65535)] = 8222
    max_messages_per_subject: Annotated[int, Field(ge=1, le=100_000_000)] = 1_000_000
    """A county that floods fills its own subjects with this many, and no other county's."""
    store_mib: Annotated[int, Field(ge=64)] = 50 * 1024
    look_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 5.0
    """How often a server looks at its own copies of the streams; a turn to repair them is twelve looks long."""
    cluster: HubClusterSettings | None = None
    """None for a hub of one server."""


def read_hub_settings(directory: Path) -> HubServerSettings:
    """Read the settings of the hub that lives in ``directory``.

    Raises:
        NotFoundError: There is no ``hub.toml``.
        RequestError: A key is unknown, or a value does not fit; names the key and the mend.
    """
    try:
        return HubServerSettings(**_read_file(directory / HUB_FILE))
    except ValidationError as exc:
        raise RequestError(*_faults(exc)) from exc
