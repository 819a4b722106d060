"""Commands that read and change the files of trust without a node: keys, members, officers, tokens, schemas."""

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from schemas.catalogue import TYPES
from services.domain.encoding import digest_of
from tests import papers
from tests.commands import AGREEMENT, Counties, done, prepared, sihu

HUANJIANG, LIBO = "451226", "522722"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Two counties that trust each other."""
    return prepared(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))


@pytest.fixture
def home(two: Counties, tmp_path: Path) -> Path:
    """Return the directory of 环江, for a test to change."""
    return Path(shutil.copytree(two.home(HUANJIANG), tmp_path / HUANJIANG))


def test_members_are_listed_with_their_telephones(home: Path) -> None:
    """This list is what the officer reaches for when nothing else works: it needs no node."""
    value = done("members", "--dir", home)
    assert [one["duty_phone"] for one in value["members"]] == [f"0778-{HUANJIANG}", f"0778-{LIBO}"]
    assert value["members"][1]["agreements"] == [AGREEMENT]
    table = sihu("members", "--dir", home).out
    for part in ("荔波 522722", f"0778-{LIBO}", "本县", AGREEMENT):
        assert part in table


def test_keys_are_listed_with_where_they_are(home: Path) -> None:
    """Whoever moved the governance key into the safe must see that it is away, and only that one."""
    (home / "keys" / "governance.pem").unlink()
    keys = {one["use"]: one for one in done("key", "list", "--dir", home)["keys"]}
    assert len(keys) == 5
    assert all(one["in_registry"] for one in keys.values())
    assert [use for use, one in keys.items() if not one["file_here"]] == ["governance"]
    assert "离线" in sihu("key", "list", "--dir", home).out


def test_an_office_key_is_made_by_hand_and_listed(home: Path) -> None:
    """After a laptop was lost nobody waits for the end of the month."""
    made = done("key", "rotate-office", "--dir", home)
    assert (made["use"], made["algorithm"]) == ("encryption", "x25519")
    assert [one["kid"] for one in done("key", "list", "--dir", home)["office_keys"]] == [made["kid"]]
    assert made["kid"][:16] in sihu("key", "list", "--dir", home).out
    (path,) = (home / "office-keys").glob("*.key")
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_no_office_key_is_made_that_the_node_could_not_open(home: Path, tmp_path: Path) -> None:
    """A mistyped passphrase would stop the node from publishing anything."""
    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase, long enough")
    assert sihu("key", "rotate-office", "--dir", home, "--passphrase-file", wrong).code != 0
    assert list((home / "office-keys").glob("*")) == []


def test_a_key_is_shown_by_use_or_id_and_of_others_too(home: Path) -> None:
    """Fingerprints are compared by telephone: the same key must be found from both ends."""
    by_use = done("key", "show", "event", "--dir", home)
    assert done("key", "show", by_use["kid"], "--dir", home) == by_use
    groups = [by_use["kid"][at : at + 4] for at in range(0, 32, 4)]
    assert "   ".join(groups) in sihu("key", "show", "event", "--dir", home).out
    theirs = done("key", "show", "event", "--county", LIBO, "--dir", home)
    assert theirs["county"] == LIBO
    assert not theirs["file_here"]
    assert done("key", "list", "--county", LIBO, "--dir", home)["county"] == LIBO


@pytest.mark.parametrize(
    "words", [("show", "nothing"), ("show", "event", "--county", "532628"), ("list", "--county", "1")]
)
def test_a_key_that_is_not_there_is_one_line(home: Path, words: tuple[str, ...]) -> None:
    """A stranger's county or a misspelt use must not show some other key."""
    outcome = sihu("key", *words, "--dir", home)
    assert (outcome.code, outcome.out) == (2, "")


def test_a_token_is_printed_once_and_kept_as_its_digest(home: Path) -> None:
    """Whoever reads the file must not be able to call the API with what is in it."""
    issued = done("token", "issue", "dispatch", "--scope", "events:read", "--dir", home)
    kept = (home / "tokens.json").read_text(encoding="utf-8")
    assert issued["token"] not in kept
    assert digest_of(issued["token"].encode()) in kept
    listed = done("token", "list", "--dir", home)["tokens"]
    assert [one["name"] for one in listed] == ["cli", "dispatch"]
    assert "digest" not in listed[0]


def test_an_address_of_the_calendar_is_printed_once_and_opens_nothing_else(home: Path) -> None:
    """It holds the token, so it is kept nowhere; beside another scope it would open more to whoever gets it."""
    issued = done("token", "issue", "wall", "--scope", "calendar:read", "--dir", home)
    assert issued["address"] == f"http://127.0.0.1:8640/api/v1/calendar/{issued['token']}.ics"
    assert issued["token"] not in (home / "tokens.json").read_text(encoding="utf-8")
    said = sihu("token", "issue", "hall", "--scope", "calendar:read", "--dir", home).out
    assert "/api/v1/calendar/sihu_" in said
    both = sihu("token", "issue", "both", "--scope", "calendar:read", "--scope", "events:read", "--dir", home)
    assert (both.code, "token.not_alone" in both.err) == (2, True)


def test_a_token_has_a_life_of_its_own(home: Path) -> None:
    """Issued, listed, revoked, and only then its name is free again."""
    issue = ("token", "issue", "dispatch", "--scope", "events:write", "--dir", home)
    assert "只显示这一次" in sihu(*issue).out
    assert sihu(*issue).code == 2
    assert "已撤销" in sihu("token", "revoke", "dispatch", "--dir", home).out
    assert sihu("token", "revoke", "dispatch", "--dir", home).code == 2
    assert sihu(*issue).code == 0
    assert "已撤销 revoked" in sihu("token", "list", "--dir", home).out


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("Desk!", "--scope", "events:read"), 2, "token.name"),
        (("desk", "--scope", "events:acknowledge"), 2, "--officer"),
        (("desk", "--scope", "roster:write"), 2, "--officer"),
        (("desk", "--scope", "events:unattended", "--officer", "duty-a"), 2, "automatic source"),
        (("desk", "--scope", "events:read", "--officer", "duty-z"), 3, "sihu officer add duty-z"),
    ],
)
def test_a_token_that_must_not_be_is_refused(home: Path, words: tuple[str, ...], exit_code: int, said: str) -> None:
    """A machine never acknowledges, and nobody is bound to an officer who is not certified."""
    outcome = sihu("token", "issue", *words, "--dir", home)
    assert outcome.code == exit_code
    assert said in outcome.err


def test_an_officer_comes_and_goes(home: Path) -> None:
    """Certified once, revoked with every token, and certified anew with another key."""
    add = ("officer", "add", "duty-a", "--name", "值班员甲", "--role", "duty", "--role", "liaison", "--dir", home)
    first = done(*add)
    assert first["roles"] == ["duty", "liaison"]
    mine = next(one for one in done("token", "list", "--dir", home)["tokens"] if one.get("officer") == "duty-a")
    assert mine["scopes"] == ["events:read", "events:acknowledge", "node:operate", "roster:write"]
    assert sihu(*add).code == 3
    assert "值班员甲" in sihu("officer", "list", "--dir", home).out
    assert done("officer", "revoke", "duty-a", "--dir", home)["credential_digest"] == first["credential_digest"]
    assert done("officer", "list", "--dir", home) == {"officers": []}
    tokens = [one for one in done("token", "list", "--dir", home)["tokens"] if one.get("officer") == "duty-a"]
    assert all(one["revoked_at"] for one in tokens)
    assert sihu("officer", "revoke", "duty-a", "--dir", home).code == 2
    assert done(*add)["public"] != first["public"]


def test_an_officers_key_may_have_a_passphrase_of_its_own(home: Path, tmp_path: Path) -> None:
    """Then whoever opens the county's keys cannot answer in the officer's name."""
    own = tmp_path / "own"
    own.write_text("words of the officer alone\n", encoding="utf-8")
    words = ("officer", "add", "duty-b", "--name", "值班员乙", "--role", "duty", "--officer-passphrase-file", own)
    done(*words, "--dir", home)
    refused = sihu("acknowledge", "0" * 64, "--officer", "duty-b", "--dir", home)
    assert "key.wrong_passphrase" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("../keys/event", "--name", "值班员甲", "--role", "duty"), "request.officer"),
        (("duty-a", "--name", "值" * 81, "--role", "duty"), "request.display_name"),
    ],
)
def test_an_officer_that_does_not_fit_is_refused_before_anything_is_written(
    home: Path, words: tuple[str, ...], said: str
) -> None:
    """An id that is a path would overwrite a key."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    outcome = sihu("officer", "add", *words, "--dir", home)
    assert outcome.code == 2
    assert said in outcome.err
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_an_agreement_is_shown_by_id_or_file(home: Path, two: Counties) -> None:
    """What an officer is asked to sign and what is in force must look the same."""
    adopted = done("agreement", "show", AGREEMENT, "--dir", home)
    assert adopted["signed"] == [HUANJIANG, LIBO]
    file = two.root / "agreement-1-signed.json"
    assert done("agreement", "show", file, "--dir", home)["digest"] == adopted["digest"]
    table = sihu("agreement", "show", AGREEMENT, "--dir", home).out
    for part in ("黔桂边界信息互通协议", "预警发布", "环江 451226", "已签"):
        assert part in table
    assert sihu("agreement", "show", "nothing", "--dir", home).code == 2
    assert AGREEMENT in sihu("agreement", "list", "--dir", home).out


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("draft.toml", "id =", "draft.malformed"),
        ("draft.toml", 'id = "No Id"\n', "draft.id"),
        ("draft.toml", "retention = 1.5\n", "json.float"),
        ("draft.json", '{"id": "a", "id": "b"}', "json.duplicate_key"),
        ("draft.json", "[]", "draft"),
    ],
)
def test_a_draft_that_does_not_fit_is_one_line(home: Path, tmp_path: Path, name: str, text: str, said: str) -> None:
    """Whoever writes an agreement by hand must see which line to mend."""
    draft = tmp_path / name
    draft.write_text(text, encoding="utf-8")
    outcome = sihu("agreement", "propose", "--file", draft, "-o", tmp_path / "out.json", "--dir", home)
    assert outcome.code == 2
    assert said in outcome.err
    assert not (tmp_path / "out.json").exists()


def test_an_agreement_file_that_does_not_count_is_told(home: Path) -> None:
    """A damaged file must be seen in the list, for what it permitted is refused from now on."""
    (home / "trust" / "agreements" / "broken@1.json").write_text("{", encoding="utf-8")
    listed = done("agreement", "list", "--dir", home)
    assert [one["id"] for one in listed["agreements"]] == [AGREEMENT]
    assert listed["left_out"][0]["field"].startswith("trust/agreements/broken@1.json")
    assert "不算数" in sihu("agreement", "list", "--dir", home).out


def test_a_changed_registry_stops_every_command_with_its_name(home: Path) -> None:
    """Trust that was tampered with on the disk must not be worked with, by whichever command."""
    file = home / "trust" / "registry-1.json"
    file.write_bytes(file.read_bytes().replace(b'"payload": "ey', b'"payload": "eX'))
    for words in (("members",), ("agreement", "list"), ("registry", "show")):
        outcome = sihu(*words, "--dir", home)
        assert outcome.code == 3
        assert "trust/registry-1.json" in outcome.err


def test_every_schema_is_printed_listed_and_written(tmp_path: Path) -> None:
    """A stranger who builds a sender needs them: each must be a valid JSON Schema, and valid for our own events."""
    listed = done("schema")["types"]
    assert [one["type"] for one in listed] == [model.wire_type for model in TYPES]
    assert papers.ALERT in sihu("schema").out
    assert len(done("schema", "--all", "-o", tmp_path)["files"]) == len(TYPES)
    for model in TYPES:
        schema = json.loads((tmp_path / f"{model.wire_type}.json").read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
    printed = json.loads(sihu("schema", "policy_bulletin_published").out)
    Draft202012Validator(printed).validate(papers.policy_content())
    for words in (("nothing",), ("--all",)):
        assert sihu("schema", *words).code == 2
