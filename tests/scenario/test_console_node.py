"""A real node serves the console beside its API: to who has entered by two factors, and to nobody else."""

import shutil
from pathlib import Path

import aiohttp
import pytest

from adapters.clock import SystemClock
from adapters.ids import SystemIds
from adapters.keys.signing_keys import SigningKeyFiles
from services.bootstrap.cli import open_directory
from services.bootstrap.entrance import open_door
from services.bootstrap.node import Node, open_node, open_signers
from services.console.door import Door
from services.console.lobby import Caller
from services.domain.governance import kid_of
from services.rekeying.signers import EventSigner
from services.settings import Settings, read_settings
from tests.commands import PASSPHRASE, Counties, done, prepared
from tests.entering import PASSWORD, Telephone, sure

HUANJIANG, LIBO = "451226", "522722"
DESK = Caller("127.0.0.1")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Two counties that trust each other."""
    return prepared(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))


@pytest.fixture
def home(two: Counties, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of 环江, whose hub does not answer."""
    monkeypatch.setenv("SIHU_HUB__URLS", "nats://127.0.0.1:9")
    monkeypatch.setenv("SIHU_API__PORT", "0")
    monkeypatch.setenv("SIHU_STORE__FLOOR_MIB", "1")
    return Path(shutil.copytree(two.home(HUANJIANG), tmp_path / HUANJIANG))


def crash(bug: BaseException) -> None:
    """Fail."""
    raise bug


async def door_of(settings: Settings, node: Node) -> Door:
    """Return a second door of the same house: pages for entering are another matter."""
    directory = open_directory(settings.directory, monotonic=SystemClock().monotonic)
    signers = open_signers(SigningKeyFiles(settings.directory, PASSPHRASE, kid_of), directory.trust, HUANJIANG)
    return await open_door(
        settings,
        PASSPHRASE,
        store=node.store,
        directory=directory,
        signer=EventSigner(signers),
        clock=SystemClock(),
        ids=SystemIds(),
    )


async def asked(node: Node, path: str, cookie: str = "") -> tuple[int, str]:
    """Return status and where to, or what a browser gets."""
    cookies = {"sihu": cookie} if cookie else None
    address = f"http://127.0.0.1:{node.port}{path}"
    async with (
        aiohttp.ClientSession(cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
        session.get(address, allow_redirects=False) as reply,
    ):
        return reply.status, reply.headers.get("Location") or await reply.text()


async def test_only_who_has_entered_sees_a_page_and_still_does_after_a_restart(home: Path) -> None:
    """From the command on the machine to a page in the browser, with the node's own files and clock."""
    secret = done("officer", "invite", "duty-a", "--name", "值班员甲", "--role", "duty", "--dir", home)["secret"]
    settings = read_settings(home)
    async with open_node(settings, PASSPHRASE, crash=crash) as node:
        door = await door_of(settings, node)
        half = sure(await door.enrolling.enrol(secret, PASSWORD, DESK))
        telephone = Telephone(sure(await door.enrolling.enrolment_of(half.secret)).secret, SystemClock())
        assert await asked(node, "/inbox") == (303, "/login?next=/inbox")
        assert (await asked(node, "/inbox", half.secret))[0] == 303
        entered = sure(await door.enrolling.confirm(half.secret, telephone.code(), DESK)).entered
        await SystemClock().sleep(1.1)  # the node looks at its files once a second
        status, page = await asked(node, "/inbox", entered.secret)
        assert (status, "值班员甲" in page) == (200, True)
    async with open_node(settings, PASSPHRASE, crash=crash) as node:
        assert (await asked(node, "/inbox", entered.secret))[0] == 200
        door = await door_of(settings, node)
        await door.entering.log_out(entered.secret)
        assert (await asked(node, "/inbox", entered.secret))[0] == 303


async def test_a_node_without_a_console_serves_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A county that wants the API alone."""
    monkeypatch.setenv("SIHU_CONSOLE__ENABLED", "false")
    settings = read_settings(home)
    async with open_node(settings, PASSPHRASE, crash=crash) as node:
        assert (await asked(node, "/inbox"))[0] == 404
        assert (await asked(node, "/api/v1/healthz"))[0] == 200
    assert not (home / "keys/console.pem").exists()
