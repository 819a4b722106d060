"""Officers enrol and log in on a real node over HTTP, as the demo lets them."""

import shutil
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from schemas.errors import RequestError, UnavailableError
from schemas.officers import Role
from services.bootstrap.client import open_forms
from services.bootstrap.node import open_node
from services.demo.console_desk import Seat, enrol, enrol_all, log_in
from services.domain.one_time import STEP_SECONDS
from services.settings import read_settings
from tests.commands import PASSPHRASE, done, prepared
from tests.entering import PASSWORD, Telephone
from tests.scenario.test_console_node import HUANJIANG, LIBO, crash


@pytest.fixture(scope="module")
def counties(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two counties that trust each other."""
    return prepared(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO)).home(HUANJIANG)


@pytest.fixture
def home(counties: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of 环江, whose hub does not answer."""
    monkeypatch.setenv("SIHU_HUB__URLS", "nats://127.0.0.1:9")
    monkeypatch.setenv("SIHU_API__PORT", "0")
    monkeypatch.setenv("SIHU_STORE__FLOOR_MIB", "1")
    return Path(shutil.copytree(counties, tmp_path / HUANJIANG))


async def test_an_officer_enrols_on_a_running_node_and_logs_in(home: Path) -> None:
    """From the printed link to the desk; the node certifies the officer at once, and a link counts once."""
    link = done("officer", "invite", "duty-a", "--name", "值班员甲", "--role", "duty", "--dir", home)["link"]
    async with open_node(read_settings(home), PASSPHRASE, crash=crash) as node:
        address = f"http://127.0.0.1:{node.port}"
        handed = await enrol(address, link, PASSWORD, clock=SystemClock())
        telephone = Telephone(handed.totp_secret, SystemClock())
        async with open_forms(address) as browser:
            await log_in(browser, "duty-a", PASSWORD, telephone.code(STEP_SECONDS))  # the one now is used up
            desk = await browser.get("/")
        with pytest.raises(RequestError, match="邀请已用过"):
            await enrol(address, link, PASSWORD, clock=SystemClock())
        async with open_forms(address) as browser:
            with pytest.raises(RequestError, match="账号或密码不对"):
                await log_in(browser, "duty-a", "not this one at all", "000000")

    assert len(handed.recovery_codes) == 10
    assert (desk.status, "值班员甲" in desk.text) == (200, True)
    assert handed.totp_secret not in repr(handed)


async def test_every_role_of_the_play_gets_a_console(home: Path) -> None:
    """Somebody who tries the demo as reviewer, auditor or administrator must get in, and see that role's page first."""

    def invite(seat: Seat) -> str:
        words = ("officer", "invite", seat.officer, "--name", seat.display_name, "--role", seat.role.value)
        return str(done(*words, "--dir", home)["link"])

    clock, homes = SystemClock(), dict[Seat, str]()
    async with open_node(read_settings(home), PASSPHRASE, crash=crash) as node:
        address = f"http://127.0.0.1:{node.port}"
        handed = await enrol_all(address, HUANJIANG, invite, PASSWORD, clock=clock)
        for seat, out in handed.items():
            async with open_forms(address) as browser:
                code = Telephone(out.totp_secret, clock).code(STEP_SECONDS)
                await log_in(browser, seat.officer, PASSWORD, code)
                page = await browser.get("/login")
                shown = await browser.get(page.location)
                assert (shown.status, seat.display_name in shown.text) == (200, True)
                homes[seat] = page.location
    assert {seat.role for seat in handed} == set(Role)
    assert {path for seat, path in homes.items() if seat.role is not Role.ADMINISTRATOR} == {"/"}


async def test_a_node_that_is_not_there_is_said() -> None:
    """The demo must not end in a traceback of a library."""
    with pytest.raises(UnavailableError, match="no console answers"):
        await enrol("http://127.0.0.1:9", "0" * 64, PASSWORD, clock=SystemClock())
