"""Every configured way to reach people, behind its driver; imported only by a node that has somebody to tell."""

import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp
from pydantic import TypeAdapter, ValidationError

from adapters.clock import SystemClock
from adapters.email.smtp import SmtpMail, SmtpSettings
from adapters.fax.hylafax import HylafaxPager, HylafaxSettings
from adapters.ids import SystemIds
from adapters.keys.county_files import read_secret
from adapters.modem.spool import ModemPager, ModemSettings
from adapters.sms.aliyun import AliyunSettings, AliyunSms
from adapters.sms.cmpp import CmppPager
from adapters.sms.cmpp_settings import CmppSettings
from adapters.sms.inbound_http import InboundHttp, InboundSettings
from adapters.sms.kannel import KannelSettings, KannelSms
from adapters.sms.smpp import SmppPager
from adapters.sms.smpp_settings import SmppSettings
from adapters.sms.tencent import TencentSettings, TencentSms
from adapters.sms.yunmas import YunmasSettings, YunmasSms
from adapters.voice.http import HttpCallPager, HttpCallSettings
from adapters.voice.sip import SipPager
from adapters.voice.sip_line import SipSettings
from adapters.webhook.sender import WebhookSender, WebhookSettings
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.faults import faults_of
from schemas.pages import Medium
from services.paging_ports import Pager
from services.settings import ProviderSettings, Settings

_SECRETS_OF: Final[Mapping[str, str]] = {
    "smpp": "password",
    "cmpp": "secret",
    "kannel": "password",
    "aliyun": "key_secret",
    "tencent": "key_secret",
    "yunmas": "secret_key",
    "smtp": "password",
    "sip": "password",
    "voice_http": "secret",
    "hylafax": "password",
}
"""Which field of a driver's settings the secret file fills."""
_ON_PAPER: Final = frozenset({Medium.FAX, Medium.EMAIL})
_MODELS: Final[Mapping[str, type[Any]]] = {
    "smpp": SmppSettings,
    "cmpp": CmppSettings,
    "kannel": KannelSettings,
    "aliyun": AliyunSettings,
    "tencent": TencentSettings,
    "yunmas": YunmasSettings,
    "smtp": SmtpSettings,
    "webhook": WebhookSettings,
    "sip": SipSettings,
    "voice_http": HttpCallSettings,
    "hylafax": HylafaxSettings,
    "smstools": ModemSettings,
}


@dataclass(frozen=True, slots=True)
class Providers:
    """Opened, not yet connected; ``print_page`` turns HTML into PDF, None where nothing goes on paper."""

    pagers: dict[str, Pager]
    print_page: Callable[[str], Awaitable[bytes]] | None


@asynccontextmanager
async def open_providers(settings: Settings, clock: SystemClock) -> AsyncIterator[Providers]:
    """Open what providers share: the listener for pushes, an HTTP session, a printer for faxes and mails.

    Raises:
        RequestError: A setting of a provider does not fit; names it and the mend.
        UnavailableError: The port for pushes is taken.
    """
    async with AsyncExitStack() as stack:
        inbound = await _open_inbound(settings, clock, stack)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        pagers = open_pagers(settings, clock=clock, session=session, inbound=inbound)
        yield Providers(pagers, _printer() if any(one.medium in _ON_PAPER for one in pagers.values()) else None)


def _printer() -> Callable[[str], Awaitable[bytes]]:
    # 25 MiB, and libraries of the system: a county that sends no fax and no mail needs neither.
    from adapters.pdf.printer import PdfPrinter  # noqa: PLC0415

    return PdfPrinter().render


async def _open_inbound(settings: Settings, clock: SystemClock, stack: AsyncExitStack) -> InboundHttp | None:
    given = settings.paging.inbound
    path = settings.at(given.token_file)
    if not path.exists():
        return None
    inbound = InboundHttp(InboundSettings(token=read_secret(path), host=given.host, port=given.port), clock)
    return await stack.enter_async_context(inbound.running())


def open_pagers(
    settings: Settings, *, clock: SystemClock, session: aiohttp.ClientSession, inbound: InboundHttp | None
) -> dict[str, Pager]:
    """Return every configured provider by its name, in the order of the file; nothing is connected yet.

    Raises:
        RequestError: Two have one name, or what a driver needs is missing or does not fit.
    """
    pagers: dict[str, Pager] = {}
    for number, one in enumerate(settings.paging.providers):
        if one.name in pagers:
            raise RequestError(Fault("paging.name", f"paging.providers.{number}.name", "give each a name of its own"))
        pagers[one.name] = _open_one(one, settings.directory, _Parts(clock, session, inbound))
    return pagers


@dataclass(frozen=True, slots=True)
class _Parts:
    """What adapters are built from."""

    clock: SystemClock
    session: aiohttp.ClientSession
    inbound: InboundHttp | None


def _kannel(made: KannelSettings, parts: _Parts) -> Pager:
    if parts.inbound is None:
        mend = "Kannel pushes reports and replies to us: write a token into paging.inbound.token_file"
        raise RequestError(Fault("paging.inbound", f"paging.providers.{made.name}", mend))
    return KannelSms(made, session=parts.session, clock=parts.clock, inbound=parts.inbound)


def _aliyun(made: AliyunSettings, parts: _Parts) -> Pager:
    return AliyunSms(made, session=parts.session, clock=parts.clock, ids=SystemIds(), inbound=parts.inbound)


_FACTORIES: Final[Mapping[str, Callable[[Any, _Parts], Pager]]] = {
    "cmpp": lambda made, parts: CmppPager(made, clock=parts.clock),
    "kannel": _kannel,
    "aliyun": _aliyun,
    "tencent": lambda made, parts: TencentSms(made, session=parts.session, clock=parts.clock, inbound=parts.inbound),
    "yunmas": lambda made, parts: YunmasSms(made, session=parts.session, clock=parts.clock, inbound=parts.inbound),
    "smtp": lambda made, parts: SmtpMail(made, clock=parts.clock),
    "sip": lambda made, parts: SipPager(made, clock=parts.clock),
    "voice_http": lambda made, parts: HttpCallPager(made, clock=parts.clock, callbacks=parts.inbound),
    "hylafax": lambda made, parts: HylafaxPager(made, clock=parts.clock),
    "smstools": lambda made, parts: ModemPager(made, clock=parts.clock),
    "webhook": lambda made, parts: WebhookSender(made, session=parts.session, clock=parts.clock),
}


def _open_one(one: ProviderSettings, root: Path, parts: _Parts) -> Pager:
    made = _settings_of(one, root)
    if isinstance(made, SmppSettings):  # its settings do not know the provider's name
        tls = ssl.create_default_context() if one.tls else None
        return SmppPager(one.name, made, clock=parts.clock, jitter=random.random, tls=tls)
    return _FACTORIES[one.driver](made, parts)


def _settings_of(one: ProviderSettings, root: Path) -> object:
    """Return the driver's own settings.

    Raises:
        RequestError: The secret is missing, an option is unknown, missing, or does not fit.
    """
    where, model = f"paging.providers.{one.name}", _MODELS[one.driver]
    given: dict[str, Any] = dict(one.options)
    if "name" in model.__dataclass_fields__:
        given["name"] = one.name
    unknown = sorted(given.keys() - model.__dataclass_fields__.keys())
    secret = _SECRETS_OF.get(one.driver)
    if unknown or secret in one.options:
        name = unknown[0] if unknown else secret
        mend = "there is no such option" if unknown else "write it into a file of its own and name that as secret_file"
        raise RequestError(Fault("paging.option", f"{where}.options.{name}", mend))
    if secret is not None and one.secret_file is not None:
        given[secret] = _secret(root / one.secret_file, where)
    try:
        return TypeAdapter(model).validate_python(given)
    except ValidationError as exc:
        raise RequestError(*(replace(one, code="paging.option") for one in faults_of(exc, f"{where}.options"))) from exc


def _secret(path: Path, where: str) -> str:
    try:
        return read_secret(path)
    except NotFoundError:
        raise RequestError(Fault("paging.secret", f"{where}.secret_file", f"there is no file {path}")) from None
