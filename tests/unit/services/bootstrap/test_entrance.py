"""The console's door over a real county's directory: what enrolling writes counts at once, and after a restart."""

import json
import shutil
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.ids import SystemIds
from adapters.keys.signing_keys import SigningKeyFiles
from adapters.sqlite.store import open_store
from schemas.officers import Role
from services.bootstrap.cli import open_directory
from services.bootstrap.entrance import open_door
from services.bootstrap.node import open_signers
from services.console.door import Door
from services.console.lobby import Caller
from services.domain.governance import kid_of
from services.ports import Store
from services.rekeying.signers import EventSigner
from services.settings import read_settings
from tests.commands import PASSPHRASE, Counties, done, prepared
from tests.entering import PASSWORD, Telephone, sure

HUANJIANG, LIBO = "451226", "522722"
DESK = Caller("127.0.0.1")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Two counties that trust each other."""
    return prepared(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))


@pytest.fixture
def home(two: Counties, tmp_path: Path) -> Path:
    """Return the directory of 环江, for a test to change."""
    return Path(shutil.copytree(two.home(HUANJIANG), tmp_path / HUANJIANG))


async def door_of(home: Path, store: Store) -> Door:
    """Open the door as a node does."""
    clock = SystemClock()
    directory = open_directory(home, monotonic=clock.monotonic)
    signers = open_signers(SigningKeyFiles(home, PASSPHRASE, kid_of), directory.trust, HUANJIANG)
    return await open_door(
        read_settings(home),
        PASSPHRASE,
        store=store,
        directory=directory,
        signer=EventSigner(signers),
        clock=clock,
        ids=SystemIds(),
    )


async def test_the_first_administrator_enters_and_disables_an_officer_of_the_commands(home: Path) -> None:
    """With real passwords, real files, the real clock; from the command to the browser and back."""
    secret = done("officer", "invite", "admin-a", "--name", "管理员甲", "--role", "administrator", "--dir", home)[
        "secret"
    ]
    done("officer", "add", "duty-a", "--name", "值班员甲", "--role", "duty", "--dir", home)
    async with open_store(home / "sihu.db", floor_bytes=0) as store:
        door = await door_of(home, store)
        half = sure(await door.enrolling.enrol(secret, PASSWORD, DESK))
        shown = sure(await door.enrolling.enrolment_of(half.secret))
        telephone = Telephone(shown.secret, SystemClock())
        entered = sure(await door.enrolling.confirm(half.secret, telephone.code(), DESK)).entered
        admin = await door.entering.visitor_of(entered.secret)
        assert admin is not None
        assert [one["officer"] for one in done("officer", "list", "--dir", home)["officers"]] == ["admin-a", "duty-a"]
        again = await door_of(home, store)
        assert await again.entering.visitor_of(entered.secret) is not None
        invited = sure(await again.enrolling.invite(admin, "duty-a", "值班员甲", [Role.DUTY]))
        half = sure(await again.enrolling.enrol(invited.secret, PASSWORD, DESK))
        telephone = Telephone(sure(await again.enrolling.enrolment_of(half.secret)).secret, SystemClock())
        duty = sure(await again.enrolling.confirm(half.secret, telephone.code(), DESK)).entered
        assert await again.entering.visitor_of(duty.secret) is not None
        assert len(json.loads((home / "officers/revoked.json").read_text())) == 1
        assert await again.accounts.disable(admin, "duty-a") is None
        assert await again.entering.visitor_of(duty.secret) is None
        assert [one["officer"] for one in done("officer", "list", "--dir", home)["officers"]] == ["admin-a"]
        tokens = done("token", "list", "--dir", home)["tokens"]
        assert [one["revoked_at"] is not None for one in tokens if one["officer"] == "duty-a"] == [True]


async def test_revoking_by_the_command_ends_the_session(home: Path) -> None:
    """Whoever sits at the machine ends what is open in a browser, within a second."""
    secret = done("officer", "invite", "duty-a", "--name", "值班员甲", "--role", "duty", "--dir", home)["secret"]
    async with open_store(home / "sihu.db", floor_bytes=0) as store:
        door = await door_of(home, store)
        half = sure(await door.enrolling.enrol(secret, PASSWORD, DESK))
        telephone = Telephone(sure(await door.enrolling.enrolment_of(half.secret)).secret, SystemClock())
        entered = sure(await door.enrolling.confirm(half.secret, telephone.code(), DESK)).entered
        done("officer", "revoke", "duty-a", "--dir", home)
        await SystemClock().sleep(1.1)
        assert await door.entering.visitor_of(entered.secret) is None
