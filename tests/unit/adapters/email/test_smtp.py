"""Mail against aiosmtpd, a server that others wrote: TLS, refusals, and connections that end at the wrong moment."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.email.smtp import Security, SmtpMail, SmtpSettings
from adapters.memory.clock import ManualClock
from schemas.errors import RequestError
from schemas.pages import Attachment, Dispatch, Medium, Refused, Retry, Submitted
from tests.http_peer import PAGE_ID, TEXT, Heard, a_page

PASSWORD = "no-real-secret"  # noqa: S105 - of a server that lives for one test
OFFICE = "office@neighbour.example"


class Post:
    """What the server does with what it is given."""

    def __init__(self, **answers: str) -> None:
        """Answer ``mail``, ``rcpt`` and ``data`` as told, else 250."""
        self.answers = answers
        self.kept: list[Envelope] = []
        self.secured: list[bool] = []
        self.cut_after_data = False

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.secured.append(session.ssl is not None)
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.get("rcpt", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.kept.append(envelope)
        if self.cut_after_data:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            await asyncio.sleep(0)
        return self.answers.get("data", "250 kept")


class Certificate:
    """A certificate for 127.0.0.1, and who trusts it."""

    def __init__(self, folder: Path) -> None:
        """Make one."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(UTC)  # noqa: TID251 - a certificate is judged by the machine's clock
        import ipaddress  # noqa: PLC0415

        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        chain, secret = folder / "server.pem", folder / "server.key"
        chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(chain, secret)
        self.client = ssl.create_default_context(cafile=str(chain))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make one for the module."""
    return Certificate(tmp_path_factory.mktemp("tls"))


def authenticator(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401
    """Let in who knows the password."""
    return AuthResult(success=data.login == b"duty" and data.password == PASSWORD.encode(), handled=False)


@asynccontextmanager
async def serving(post: Post, *, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[SmtpSettings]:  # noqa: ANN401
    """Run the server; yield settings towards it."""
    made: list[SMTP] = []

    def factory() -> SMTP:
        made.append(SMTP(post, hostname="peer", enable_SMTPUTF8=False, loop=asyncio.get_running_loop(), **options))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=tls)
    try:
        port = server.sockets[0].getsockname()[1]
        yield SmtpSettings("mail", "127.0.0.1", port, "duty@county.example", "联络办", security=Security.NONE)
    finally:
        server.close()
        for one in made:
            if isinstance(one.transport, asyncio.WriteTransport):
                one.transport.abort()
        await asyncio.sleep(0)


def a_mail(**changes: Any) -> Dispatch:  # noqa: ANN401
    """Return a page by mail."""
    return a_page(medium=Medium.EMAIL, address=OFFICE, subject="泄洪预警", **changes)


async def sent(post: Post, page: Dispatch | None = None, **options: Any) -> object:  # noqa: ANN401
    """Send one page to a server on loopback and return what came of it."""
    async with serving(post, **options) as settings:
        (result,) = await SmtpMail(settings, clock=ManualClock()).submit(page or a_mail())
        return result


async def test_a_page_goes_out_and_reads_as_it_was_written() -> None:
    """What the server kept is what an officer reads."""
    post = Post()
    result = await sent(post, a_mail(attachment=Attachment("预案.pdf", "application/pdf", b"%PDF-1.7 \xff\x00")))
    assert result == Submitted(1, f"<{PAGE_ID}@county.example>")
    (kept,) = post.kept
    assert (kept.mail_from, kept.rcpt_tos) == ("duty@county.example", [OFFICE])
    assert isinstance(kept.content, bytes)
    mail = email.message_from_bytes(kept.content, policy=email.policy.default)
    assert (mail["Subject"], mail["To"]) == ("泄洪预警", OFFICE)
    body = mail.get_body()
    (attachment,) = mail.iter_attachments()
    assert body is not None
    assert body.get_content().splitlines() == [TEXT]
    assert (attachment.get_filename(), attachment.get_content()) == ("预案.pdf", b"%PDF-1.7 \xff\x00")


@pytest.mark.parametrize(
    ("answers", "retry", "code", "ready"),
    [
        ({"rcpt": "451 4.7.1 greylisted, come back later"}, Retry.TEMPORARY, "smtp.451", True),
        ({"rcpt": f"550 5.1.1 <{OFFICE}>: no such user"}, Retry.PERMANENT, "smtp.550", True),
        ({"mail": "553 5.7.1 not your address"}, Retry.PERMANENT, "smtp.553", False),
        ({"mail": "421 4.3.2 closing"}, Retry.TEMPORARY, "smtp.421", False),
        ({"data": "452 4.3.1 disk full"}, Retry.TEMPORARY, "smtp.452", True),
        ({"data": "554 5.7.1 looks like spam"}, Retry.PERMANENT, "smtp.554", True),
        ({"mail": "530 5.7.0 authenticate first"}, Retry.TEMPORARY, "smtp.530", False),
    ],
)
async def test_a_refusal_says_what_to_do(answers: dict[str, str], retry: Retry, code: str, ready: bool) -> None:  # noqa: FBT001
    """A greylisted page comes in at the second attempt; a wrong address never does."""
    async with serving(Post(**answers)) as settings:
        pager = SmtpMail(settings, clock=ManualClock())
        async with pager.running(Heard()):
            await until(lambda: pager.health().ready)
            (result,) = await pager.submit(a_mail())
            health = pager.health()
    assert isinstance(result, Refused)
    assert (result.retry, result.code, health.ready) == (retry, code, ready)
    assert OFFICE not in result.text + health.problem


async def until(true: Callable[[], bool]) -> None:
    """Let real sockets work until something is so."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_connection_that_ends_after_the_text_may_have_delivered_it() -> None:
    """Tried again it is a double, with the same Message-ID; counted as sent it may be lost."""
    post = Post()
    post.cut_after_data = True
    result = await sent(post)
    assert isinstance(result, Refused)
    assert (result.retry, result.code, len(post.kept)) == (Retry.TEMPORARY, "timeout", 1)


async def test_a_server_that_is_not_there_took_nothing() -> None:
    """Nothing went out: there is no double to fear."""
    settings = SmtpSettings("mail", "127.0.0.1", 9, "duty@county.example", security=Security.NONE)
    pager = SmtpMail(settings, clock=ManualClock())
    (result,) = await pager.submit(a_mail())
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "unreachable")
    assert pager.health().problem.startswith("unreachable")


async def test_a_server_that_says_nothing_is_left() -> None:
    """A hung server would hold a page while the next medium waits."""

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()
        _writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        settings = SmtpSettings(
            "mail", "127.0.0.1", port, "duty@county.example", security=Security.NONE, call_seconds=0.3
        )
        (result,) = await SmtpMail(settings, clock=ManualClock()).submit(a_mail())
    finally:
        server.close()
        await asyncio.sleep(0.05)
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "unreachable")


async def test_a_mail_above_the_server_s_bound_is_not_sent() -> None:
    """The server would refuse it after all of it came, and the page be tried three times."""
    post = Post()
    result = await sent(
        post, a_mail(attachment=Attachment("a.pdf", "application/pdf", b"x" * 4000)), data_size_limit=3000
    )
    assert result == Refused(1, Retry.PERMANENT, "size", "the server takes at most 3000 bytes")
    async with serving(post) as settings:
        pager = SmtpMail(replace(settings, mail_max_bytes=1000), clock=ManualClock())
        (result,) = await pager.submit(a_mail(attachment=Attachment("a.pdf", "application/pdf", b"x" * 4000)))
    assert isinstance(result, Refused)
    assert (result.code, post.kept) == ("size", [])


async def test_by_starttls_nothing_is_said_in_the_clear(certificate: Certificate) -> None:
    """Sender, number of the page and password stand in the first lines."""
    post = Post()
    options: dict[str, Any] = {
        "tls_context": certificate.server,
        "authenticator": authenticator,
        "auth_require_tls": True,
    }
    async with serving(post, **options) as settings:
        secure = replace(settings, security=Security.STARTTLS, username="duty", password=PASSWORD)
        pager = SmtpMail(secure, clock=ManualClock(), tls=certificate.client)
        async with pager.running(Heard()):
            await until(lambda: pager.health().ready)
            assert await pager.submit(a_mail()) == (Submitted(1, f"<{PAGE_ID}@county.example>"),)
    assert post.secured == [True]


async def test_by_tls_from_the_first_byte(certificate: Certificate) -> None:
    """Port 465, as providers recommend."""
    post = Post()
    options: dict[str, Any] = {"tls": certificate.server, "authenticator": authenticator, "auth_require_tls": False}
    async with serving(post, **options) as settings:
        secure = replace(settings, security=Security.TLS, username="duty", password=PASSWORD)
        pager = SmtpMail(secure, clock=ManualClock(), tls=certificate.client)
        assert await pager.submit(a_mail()) == (Submitted(1, f"<{PAGE_ID}@county.example>"),)
    assert len(post.kept) == 1


async def test_a_server_without_starttls_is_not_used() -> None:
    """Who sits between takes the offer away and reads along: the oldest trick against mail."""
    post = Post()
    async with serving(post) as settings:
        pager = SmtpMail(replace(settings, security=Security.STARTTLS), clock=ManualClock())
        (result,) = await pager.submit(a_mail())
    assert isinstance(result, Refused)
    assert (result.retry, result.code, post.kept) == (Retry.TEMPORARY, "unsupported", [])
    assert not pager.health().ready


async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Certificate) -> None:
    """Encrypted towards a stranger is not private."""
    post = Post()
    for security, options in (
        (Security.STARTTLS, {"tls_context": certificate.server}),
        (Security.TLS, {"tls": certificate.server}),
    ):
        async with serving(post, **options) as settings:
            pager = SmtpMail(replace(settings, security=security), clock=ManualClock())
            (result,) = await pager.submit(a_mail())
        assert isinstance(result, Refused)
        assert (result.retry, result.code in {"tls", "unreachable"}, post.kept) == (Retry.TEMPORARY, True, [])


async def test_a_wrong_password_shows_before_the_next_alert(certificate: Certificate) -> None:
    """Found out by the first page of an alert, it would cost that page; and it must not stand in health."""
    options: dict[str, Any] = {"tls_context": certificate.server, "authenticator": authenticator}
    async with serving(Post(), **options) as settings:
        wrong = replace(settings, security=Security.STARTTLS, username="duty", password=PASSWORD[::-1])
        pager = SmtpMail(wrong, clock=ManualClock(), tls=certificate.client)
        async with pager.running(Heard()):
            await until(lambda: pager.health().problem != "not running")
            assert pager.health().problem.startswith("smtp.535")
            (result,) = await pager.submit(a_mail())
    assert isinstance(result, Refused)
    assert (result.retry, result.code) == (Retry.TEMPORARY, "smtp.535")
    assert PASSWORD[::-1] not in pager.health().problem + result.text + repr(wrong)


async def test_an_address_that_is_none_is_not_tried() -> None:
    """It would stand in a command of the protocol."""
    post = Post()
    result = await sent(post, replace(a_mail(), address="a@x.example>\r\nDATA"))
    assert isinstance(result, Refused)
    assert (result.retry, result.code, post.kept) == (Retry.PERMANENT, "address", [])


def test_an_open_way_is_refused() -> None:
    """A password and a page must not travel open."""
    with pytest.raises(RequestError, match="starttls"):
        SmtpMail(
            SmtpSettings("mail", "mail.example", 25, "duty@county.example", security=Security.NONE), clock=ManualClock()
        )
    with pytest.raises(RequestError, match="sender"):
        SmtpMail(SmtpSettings("mail", "mail.example", 587, "nobody"), clock=ManualClock())


async def test_ten_pages_at_once_all_go() -> None:
    """More connections than a server likes would be refused."""
    post = Post()
    async with serving(post) as settings:
        pager = SmtpMail(settings, clock=ManualClock())
        results = await asyncio.gather(*(pager.submit(replace(a_mail(), page_id=f"{n:032x}")) for n in range(10)))
    assert [result for (result,) in results] == [Submitted(1, f"<{n:032x}@county.example>") for n in range(10)]
    assert len(post.kept) == 10
