"""Commands that change keys, on files alone: what they order, sign, take over and refuse."""

import json
import shutil
from pathlib import Path

import pytest

from tests.commands import Counties, done, prepared, sihu

HUANJIANG, LIBO = "451226", "522722"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Two counties that trust each other."""
    return prepared(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))


@pytest.fixture
def homes(two: Counties, tmp_path: Path) -> dict[str, Path]:
    """Return the directories of both, for a test to change."""
    return {code: Path(shutil.copytree(two.home(code), tmp_path / code)) for code in (HUANJIANG, LIBO)}


@pytest.fixture
def no_ends(tmp_path: Path) -> Path:
    """Return a file that trusts nothing."""
    path = tmp_path / "ends.json"
    path.write_text("[]", encoding="utf-8")
    return path


def event_key(home: Path, county: str = LIBO) -> str:
    """Return the event key in force of a county, as another or itself sees it."""
    keys = done("key", "list", "--county", county, "--dir", home)["keys"]
    (kid,) = [one["kid"] for one in keys if one["use"] == "event"]
    return str(kid)


def test_a_rotation_waits_for_the_node_and_says_so(homes: dict[str, Path]) -> None:
    """The script ends with a fault, and the order stays: the node finds it when it starts."""
    outcome = sihu("key", "rotate", "--wait", "0", "--dir", homes[LIBO])
    assert outcome.code != 0
    assert "the node has not changed the key yet" in outcome.err
    assert (homes[LIBO] / "keys" / "event.order").read_text().strip() == event_key(homes[LIBO])


def test_without_the_next_key_nothing_is_ordered(homes: dict[str, Path]) -> None:
    """A node that found out later could tell nobody."""
    (following,) = (homes[LIBO] / "keys").glob("event-*.pem")
    following.unlink()
    outcome = sihu("key", "rotate", "--dir", homes[LIBO])
    assert "key.no_next" in outcome.err
    assert not (homes[LIBO] / "keys" / "event.order").exists()


def test_a_revoked_key_is_gone_and_another_signs(homes: dict[str, Path], no_ends: Path, tmp_path: Path) -> None:
    """An officer certified after it must be believed by the neighbours who took the change over."""
    old, out = event_key(homes[LIBO]), tmp_path / "revocation.json"
    revoked = done("key", "revoke", "--ends", no_ends, "-o", out, "--dir", homes[LIBO])
    assert (revoked["old"], revoked["reason"], revoked["positions"]) == (old, "revoked", 0)
    assert event_key(homes[LIBO]) == revoked["new"]
    assert not (homes[LIBO] / "keys" / "event.pem").exists()
    done("officer", "add", "duty-b", "--name", "值班员乙", "--role", "duty", "--dir", homes[LIBO])
    adopted = done("key", "adopt", out, "--dir", homes[HUANJIANG])
    assert [one["new"] for one in adopted["changes"]] == [revoked["new"]]
    assert event_key(homes[HUANJIANG]) == revoked["new"]
    assert done("key", "changes", "--dir", homes[HUANJIANG]) == done("key", "changes", "--dir", homes[LIBO])
    for command in (("key", "changes"), ("key", "list"), ("key", "show", "event")):
        assert sihu(*command, "--dir", homes[LIBO]).code == 0


def test_the_recovery_key_may_lie_on_a_stick(homes: dict[str, Path], no_ends: Path, tmp_path: Path) -> None:
    """It belongs in the safe, not beside the node; and no other key does in its place."""
    stick = tmp_path / "stick.pem"
    shutil.move(homes[LIBO] / "keys" / "recovery.pem", stick)
    common = ("--ends", no_ends, "-o", tmp_path / "out.json", "--dir", homes[LIBO])
    assert sihu("key", "revoke", *common).code != 0
    wrong = sihu("key", "revoke", "--recovery", homes[LIBO] / "keys" / "receipt.pem", *common)
    assert "key.change_unsigned" in wrong.err
    assert done("key", "revoke", "--recovery", stick, *common)["reason"] == "revoked"


def test_a_change_that_does_not_count_is_not_taken_over(homes: dict[str, Path], no_ends: Path, tmp_path: Path) -> None:
    """A neighbour who takes everything over trusts whoever brings it."""
    out = tmp_path / "revocation.json"
    done("key", "revoke", "--ends", no_ends, "-o", out, "--dir", homes[LIBO])
    document = json.loads(out.read_text())
    document["signatures"] = document["signatures"][1:]
    out.write_text(json.dumps(document))
    assert "key.change_unsigned" in sihu("key", "adopt", out, "--dir", homes[HUANJIANG]).err
    assert done("key", "changes", "--dir", homes[HUANJIANG])["changes"] == []


def test_a_malformed_list_of_ends_is_refused(homes: dict[str, Path], no_ends: Path, tmp_path: Path) -> None:
    """A key ended at the wrong place cannot be opened again."""
    no_ends.write_text('[{"channel": "x"}]')
    outcome = sihu("key", "revoke", "--ends", no_ends, "-o", tmp_path / "out.json", "--dir", homes[LIBO])
    assert "key.ends_malformed" in outcome.err


def test_a_renewed_card_names_the_key_in_force(homes: dict[str, Path], no_ends: Path, tmp_path: Path) -> None:
    """The next registry would list a key that has ended, and a telephone that nobody answers."""
    revoked = done("key", "revoke", "--ends", no_ends, "-o", tmp_path / "out.json", "--dir", homes[LIBO])
    done("key", "card", "--duty-phone", "0854-7777777", "--dir", homes[LIBO])
    (homes[LIBO] / "trust" / "pinned.json").unlink()
    assert event_key(homes[LIBO]) == revoked["new"]
    done("key", "adopt", tmp_path / "out.json", "--dir", homes[HUANJIANG])
    draft = tmp_path / "registry-2.json"
    card = homes[LIBO] / "card.json"
    done("registry", "propose", card, "--threshold", "1", "-o", draft, "--dir", homes[HUANJIANG])
    shown = done("registry", "sign", draft, "--dir", homes[HUANJIANG])
    assert shown["version"] == 2
