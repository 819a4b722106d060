"""``sihu doctor``: it must find what is broken, say the mend, and end with 1 only then."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.bootstrap.link_checks import PartnerFacts
from services.cli.findings import State
from services.cli.link import partner
from services.demo.troupe import start_hub
from tests.commands import Counties, sihu
from tests.counties import TRIO, World
from tests.desks import DiskWorld, desks, founded

HUANJIANG, LIBO = "451226", "522722"


@pytest.fixture(scope="module")
def founded_home(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Found two counties, once."""
    return founded(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))


@pytest.fixture
def home(founded_home: Counties, tmp_path: Path) -> Path:
    """Return the directory of 环江 without a node, for a test to break."""
    return Path(shutil.copytree(founded_home.home(HUANJIANG), tmp_path / HUANJIANG))


@pytest.fixture
async def world(founded_home: Counties, tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Return the counties with their APIs open."""
    shutil.copytree(founded_home.root, tmp_path, dirs_exist_ok=True)
    async with desks(Counties(tmp_path, founded_home.codes)) as opened:
        yield opened


def examined(home: Path) -> dict[str, list[dict[str, Any]]]:
    """Run the doctor and return its findings by step."""
    outcome = sihu("doctor", "--dir", home, "--json")
    found: dict[str, list[dict[str, Any]]] = {}
    for one in outcome.json["steps"]:
        found.setdefault(one["step"], []).append(one)
    failed = any(one["state"] == "fail" for lines in found.values() for one in lines)
    assert outcome.code == int(failed)
    assert outcome.json["ok"] is not failed
    return found


def states(found: dict[str, list[dict[str, Any]]]) -> dict[str, set[str]]:
    """Return how each step came out."""
    return {step: {one["state"] for one in lines} for step, lines in found.items()}


def test_a_county_without_hub_and_node_is_told_just_that(home: Path) -> None:
    """Right after the ceremony everything else is in order, and the two lines say what to do next."""
    found = examined(home)
    assert {step for step, came in states(found).items() if "fail" in came} == {"hub", "node"}
    assert "tls://" in found["hub"][0]["mend"]
    assert "sihu node" in found["node"][0]["text"]
    assert states(found)["registry"] == {"ok"}
    assert states(found)["agreements"] == {"ok"}
    assert states(found)["officers"] == {"ok"}
    assert "governance" in found["keys"][-1]["text"]


async def test_a_running_node_is_found(world: DiskWorld) -> None:
    """The doctor asks the node itself, and tells of open notices."""
    outcome = await world.desks[HUANJIANG].command("doctor", "--json")
    node = [one for one in outcome.json["steps"] if one["step"] == "node"]
    assert [one["state"] for one in node] == ["ok"]
    world.desks[HUANJIANG].checks["hub"] = False
    outcome = await world.desks[HUANJIANG].command("doctor", "--json")
    node = [one for one in outcome.json["steps"] if one["step"] == "node"]
    assert [one["state"] for one in node] == ["fail"]


def test_a_hub_that_does_not_answer_is_told_in_time(home: Path) -> None:
    """A dead address must be a line after seconds, never a hang."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = home / "county.toml"
        text = settings.read_text(encoding="utf-8").replace("[hub]", f'[hub]\nurls = ["nats://127.0.0.1:{port}"]')
        settings.write_text(text, encoding="utf-8")
        found = examined(home)
    assert states(found)["hub"] == {"fail"}
    assert "no contact" in found["hub"][0]["text"]


def test_a_missing_certificate_says_who_gives_it(home: Path) -> None:
    """The operator of the hub, from the card: not something to be searched for."""
    settings = home / "county.toml"
    text = settings.read_text(encoding="utf-8").replace("[hub]", '[hub]\nurls = ["tls://127.0.0.1:1"]')
    settings.write_text(text, encoding="utf-8")
    found = examined(home)
    assert states(found)["certificate"] == {"fail"}
    assert "sihu hub certify" in found["certificate"][0]["mend"]


def test_without_settings_there_is_one_finding(tmp_path: Path) -> None:
    """Twelve lines that all say the same would hide the one that matters."""
    found = examined(tmp_path)
    assert list(found) == ["settings"]
    assert states(found)["settings"] == {"fail"}


def test_strange_and_missing_keys_are_told(home: Path) -> None:
    """A key file of another county, or none, would sign what no neighbour believes, or nothing."""
    shutil.copy(home / "keys" / "receipt.pem", home / "keys" / "event.pem")
    found = examined(home)
    assert "no event key here is in force" in found["keys"][0]["mend"]
    (home / "keys" / "event.pem").unlink()
    assert states(examined(home))["keys"] == {"fail"}


def test_damaged_trust_is_told_and_the_rest_still_examined(home: Path) -> None:
    """One broken file must not hide the other findings."""
    (home / "trust" / "registry-1.json").unlink()
    found = states(examined(home))
    assert found["registry"] == found["agreements"] == {"fail"}
    assert found["tokens"] == {"ok"}
    assert "disk" in found


def test_a_full_disk_is_told_before_the_node_stops(home: Path) -> None:
    """Below the floor the node takes no more events: the officer must learn it from here, not from a neighbour."""
    settings = home / "county.toml"
    text = settings.read_text(encoding="utf-8").replace("# floor_mib = 256", "floor_mib = 1048576")
    settings.write_text(text, encoding="utf-8")
    assert states(examined(home))["disk"] <= {"warn", "fail"}


def test_a_damaged_database_is_told(home: Path) -> None:
    """A file that is no database must be a finding, not a traceback."""
    (home / "sihu.db").write_bytes(b"this is no database, though it is long enough to be taken for one" * 200)
    found = examined(home)
    assert states(found)["store"] == {"fail"}


def test_a_county_in_order_is_told_so_on_real_parts(tmp_path: Path) -> None:
    """With a real hub, a leaf, two nodes and certificates nothing fails, and the link is really tried out."""
    asyncio.run(_examine_running(World.prepared(tmp_path, TRIO[:2])))


async def _examine_running(world: World) -> None:
    async with world.running():
        for part in world.cast:
            home = world.stage.county(part.code)
            for _ in range(20):  # a node takes a moment until it is ready
                outcome = await asyncio.to_thread(sihu, "doctor", "--dir", home, "--json")
                if outcome.code == 0:
                    break
                await asyncio.sleep(0.5)
            came = {one["step"]: one["state"] for one in outcome.json["steps"]}
            assert outcome.code == 0, outcome.out
            assert (came["hub"], came["node"], came["store"]) == ("ok", "ok", "ok"), outcome.out
            assert came["certificate"] == ("warn" if part.behind_leaf else "ok")
        await _examine_links(world)


async def _examine_links(world: World) -> None:
    """Each step of the link is named, each partner as it was last seen; a server or partner that is away shows."""
    behind, direct = (part.code for part in world.cast)
    await world.load(direct, 3, seed=1)
    await world.complete(60)
    found = await _lines(world, direct)
    assert [line["state"] for line in found["hub"]] == ["ok"] * 4
    for line, words in zip(found["hub"], ("TLS verified", "let in as", "the hub holds", "5 streams"), strict=True):
        assert words in line["text"]
    assert "stored the newest that it proved" in found["partners"][0]["text"]
    assert "clock " in found["partners"][0]["text"]
    assert [line["state"] for line in found["partners"]] == ["ok"]
    assert "TLS verified" not in (await _lines(world, behind))["hub"][0]["text"]

    _add_address(world, direct, "tls://127.0.0.1:1")
    found = await _lines(world, direct)
    assert [line["state"] for line in found["hub"]] == ["warn", "ok", "ok", "ok", "ok"], found["hub"]
    await world.troupe.stop("hub")
    found = await _lines(world, direct)
    assert [line["state"] for line in found["hub"]] == ["fail", "fail"]
    assert all("no contact with tls://" in line["text"] for line in found["hub"])
    await world.load(direct, 1, seed=2)
    assert "owes a receipt since" in (await _lines(world, direct))["partners"][0]["text"]


async def _lines(world: World, code: str) -> dict[str, list[dict[str, Any]]]:
    return await asyncio.to_thread(examined, world.stage.county(code))


def _add_address(world: World, code: str, url: str) -> None:
    path = world.stage.county(code) / "county.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('urls = ["', f'urls = ["{url}", "', 1), encoding="utf-8")


def test_a_county_that_the_hub_does_not_know_is_told_whom_to_ask(tmp_path: Path) -> None:
    """TLS holds, and there is no account: the registry that the operator gave the hub is an older one."""
    world = World.prepared(tmp_path, TRIO[1:])
    others = World.prepared(tmp_path / "others", TRIO[:2])
    shutil.rmtree(world.stage.hub / "agreements")
    shutil.copy(others.stage.hub / "registry.json", world.stage.hub / "registry.json")
    asyncio.run(_examine_stranger(world))


async def _examine_stranger(world: World) -> None:
    await start_hub(world.stage, world.troupe)
    try:
        hub = (await _lines(world, world.cast[1].code))["hub"]
    finally:
        await world.troupe.stop_all()
    assert [one["state"] for one in hub] == ["ok", "fail"], hub
    assert "sihu hub update" in hub[1]["mend"]


async def test_a_partner_is_judged_by_what_it_proved_and_by_its_clock() -> None:
    """Ten minutes without a proof ask for the telephone; a clock behind is the way that took its time."""
    now = datetime(2026, 3, 4, 8, tzinfo=UTC)
    ago = now - timedelta(minutes=30)
    seen = {
        PartnerFacts(ago, None, -3.0): State.OK,
        PartnerFacts(ago, now - timedelta(minutes=2), 0.1): State.OK,
        PartnerFacts(None, ago, None): State.WARN,
        PartnerFacts(ago, None, 7.5): State.WARN,
        None: State.OK,
    }
    for facts, state in seen.items():
        finding = partner(LIBO, facts, now, "0854-3610110")
        assert finding.state is state, finding
        assert ("0854-3610110" in finding.mend) is (state is State.WARN)


def test_the_table_says_it_in_words(home: Path) -> None:
    """Marks and colours are not enough on paper."""
    out = sihu("doctor", "--dir", home).out
    for part in ("✓ 正常", "✗ 故障", "! 注意", "→ "):
        assert part in out
