"""Six counties come to trust each other by files and a telephone, with the real commands; and what must be refused."""

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.keys.key_file import load
from schemas.documents import SignedDocument
from schemas.registry import MemberCard
from services.bootstrap.cli import open_directory
from services.domain.encoding import from_base64url, to_base64url
from tests.commands import AGREEMENT, PASSPHRASE, SIX, Counties, agreement_text, done, prepared, sihu
from tests.terminal import Screen

HUANJIANG = "451226"
LIBO = "522722"
REFUSED = 3
USAGE = 2


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Six counties that went through the whole ceremony."""
    return prepared(tmp_path_factory.mktemp("six"))


@pytest.fixture
def three(six: Counties, tmp_path: Path) -> Counties:
    """Three counties with keys and cards that trust nothing yet: copies, for a test to spoil."""
    codes = ("451221", HUANJIANG, LIBO)
    shutil.copy(six.root / "passphrase", tmp_path)
    for code in codes:
        shutil.copytree(six.home(code), tmp_path / code)
        shutil.rmtree(tmp_path / code / "trust")
    return Counties(tmp_path, codes)


def altered(document: Path, old: str, new: str) -> Path:
    """Write a copy of a signed document whose payload says something else, its signatures kept."""
    value = json.loads(document.read_text(encoding="utf-8"))
    payload = (from_base64url(value["payload"]) or b"").decode()
    assert old in payload
    value["payload"] = to_base64url(payload.replace(old, new, 1).encode())
    copy = document.with_name(f"altered-{document.name}")
    copy.write_text(json.dumps(value), encoding="utf-8")
    return copy


def assert_refused(outcome_of: tuple[str | Path, ...], code: str, *, exit_code: int = REFUSED) -> str:
    """Run a command that must be refused with one line that ends in its code; return the line."""
    outcome = sihu(*outcome_of)
    assert outcome.code == exit_code, outcome.err
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert outcome.err.rstrip().endswith(f"[{code}]"), outcome.err
    return outcome.err


# --- the way it goes well ----------------------------------------------------------------------------


def test_after_the_ceremony_all_six_trust_the_same(six: Counties) -> None:
    """If two counties ended with different registries or agreements, what one signs the other would refuse."""
    seen = {
        (
            done("members", "--dir", six.home(code))["registry_digest"],
            done("agreement", "list", "--dir", six.home(code))["agreements"][0]["digest"],
        )
        for code in SIX
    }
    assert len(seen) == 1
    assert [one["county"] for one in done("members", "--dir", six.home(LIBO))["members"]] == sorted(SIX)


def test_the_node_reads_what_the_commands_wrote(six: Counties) -> None:
    """Commands and node must speak of the same files, or a county would install trust that its node never sees."""
    trust = open_directory(six.home(LIBO), monotonic=lambda: 0.0).trust()
    assert set(trust.members) == set(SIX)
    assert set(trust.agreements) == {AGREEMENT}


def test_the_card_names_the_keys_that_lie_in_the_files(six: Counties) -> None:
    """A card with other keys than the files' would make the county unable to prove anything it signs."""
    card = SignedDocument.model_validate_json(six.card(LIBO).read_bytes())
    member = MemberCard.model_validate_json(from_base64url(card.payload) or b"").member
    for key in member.keys:
        opened = load(six.home(LIBO) / "keys" / f"{key.use}.pem", PASSPHRASE)
        assert to_base64url(opened.public) == key.public
        assert opened.algorithm == key.algorithm


def test_the_second_registry_needs_the_first_ones_threshold(six: Counties, tmp_path: Path) -> None:
    """A later version must follow from the pinned one: signed by its members, installed by digest, judged again."""
    counties = Counties(tmp_path, tuple(SIX))
    shutil.copytree(six.root, tmp_path, dirs_exist_ok=True)
    draft = tmp_path / "registry-2.json"
    proposal = done(
        "registry", "propose", counties.card(LIBO), "--threshold", "4", "-o", draft, "--dir", counties.home(LIBO)
    )
    assert proposal["version"] == 2
    signed = counties.passed_round("registry", draft, tuple(SIX)[:4])
    counties.trust(signed)
    assert done("members", "--dir", counties.home(HUANJIANG))["registry_version"] == 2
    assert done("agreement", "list", "--dir", counties.home(HUANJIANG))["agreements"][0]["id"] == AGREEMENT


# --- what must be refused ----------------------------------------------------------------------------


def test_a_digest_that_was_misheard_is_refused(three: Counties) -> None:
    """One wrong digit on the telephone must never pin another registry."""
    file = three.registry(threshold=2)
    digest = done("registry", "show", file)["digest"]
    wrong = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    home = three.home(LIBO)
    assert_refused(("registry", "trust", wrong, "--file", file, "--dir", home), "registry.not_pinned")
    assert_refused(("registry", "trust", digest[:-4], "--file", file, "--dir", home), "request.digest", exit_code=USAGE)
    assert not (home / "trust").exists()


def test_a_digest_is_taken_as_it_is_spoken(three: Counties) -> None:
    """It is read out in groups of four, in capitals if the officer likes: that must be no reason to fail."""
    file = three.registry(threshold=2)
    digest = done("registry", "show", file)["digest"].upper()
    groups = [digest[at : at + 4] for at in range(0, 64, 4)]
    assert done("registry", "trust", *groups, "--file", file, "--dir", three.home(LIBO))["version"] == 1


def test_too_few_signatures_are_refused(three: Counties) -> None:
    """One member alone must not be able to write the registry of all."""
    file = three.registry(threshold=2, signed_by=[HUANJIANG])
    digest = done("registry", "show", file)["digest"]
    line = assert_refused(
        ("registry", "trust", digest, "--file", file, "--dir", three.home(LIBO)), "registry.too_few_signatures"
    )
    assert "2 members must sign, 1 did" in line


def test_a_tampered_card_is_refused(three: Counties) -> None:
    """Whoever carries the card must not be able to put another telephone into it."""
    card = altered(three.card(LIBO), f"0778-{LIBO}", "0778-999999")
    command = ("registry", "propose", card, "--threshold", "1", "-o", three.root / "x.json", "--dir", three.home(LIBO))
    assert_refused(command, "card.unsigned")


def test_an_exchanged_card_is_noticed_by_its_owner(three: Counties) -> None:
    """Somebody who gives the assembler a card of their own with our county code: signing and pinning must stop."""
    forged = three.root / "forged"
    office = ("--office", "荔波县联络办", "--duty-phone", "0778-522722")
    done("init", LIBO, *office, "--dir", forged, "--passphrase-file", three.root / "passphrase")
    draft = three.root / "registry.json"
    cards = [three.card("451221"), three.card(HUANJIANG), forged / "card.json"]
    done("registry", "propose", *cards, "--threshold", "1", "-o", draft, "--dir", forged)
    assert_refused(("registry", "sign", draft, "--dir", three.home(LIBO)), "registry.not_our_keys")
    signed = done("registry", "sign", draft, "--dir", three.home(HUANJIANG))
    command = ("registry", "trust", signed["digest"], "--file", draft, "--dir", three.home(LIBO))
    assert_refused(command, "registry.not_our_keys")


def test_a_registry_altered_after_signing_is_refused(three: Counties) -> None:
    """Signatures of another text must not carry over, even for who pins the altered text's digest."""
    file = altered(three.registry(threshold=2), '"threshold":2', '"threshold":1')
    digest = done("registry", "show", file)["digest"]
    command = ("registry", "trust", digest, "--file", file, "--dir", three.home(LIBO))
    assert_refused(command, "registry.too_few_signatures")


def test_an_agreement_without_every_partys_signature_is_refused(three: Counties) -> None:
    """A county must not be bound, nor its neighbours let in, by an agreement that it did not sign."""
    three.trust(three.registry(threshold=2))
    file = three.agreement(signed_by=["451221", HUANJIANG])
    line = assert_refused(("agreement", "adopt", file, "--dir", three.home(LIBO)), "agreement.unsigned")
    assert LIBO in line
    assert done("agreement", "list", "--dir", three.home(LIBO))["agreements"] == []


def test_an_adopted_version_is_not_exchanged_for_another_text(three: Counties) -> None:
    """Two texts under one version would let each party show the one it likes."""
    three.trust(three.registry(threshold=2))
    three.adopt(three.agreement())
    text = three.root / "other.toml"
    text.write_text(agreement_text(three.codes).replace("365", "30"), encoding="utf-8")
    draft = three.root / "other.json"
    propose = ("agreement", "propose", "--file", text, "-o", draft, "--dir", three.home(LIBO))
    assert_refused(propose, "agreement.older")
    held = three.home(LIBO) / "trust/agreements" / f"{AGREEMENT}@1.json"
    kept = held.read_bytes()
    held.unlink()
    done(*propose)
    held.write_bytes(kept)
    signed = three.passed_round("agreement", draft, three.codes)
    assert_refused(("agreement", "adopt", signed, "--dir", three.home(LIBO)), "agreement.version_taken")
    assert held.read_bytes() == kept


def test_a_stranger_cannot_be_a_party(three: Counties) -> None:
    """An agreement with a county that is no member could never be signed validly."""
    three.trust(three.registry(threshold=2))
    text = three.root / "strangers.toml"
    text.write_text(agreement_text((*three.codes, "532628")), encoding="utf-8")
    command = ("agreement", "propose", "--file", text, "-o", three.root / "y.json", "--dir", three.home(LIBO))
    assert_refused(command, "agreement.not_member")


def test_a_wrong_passphrase_is_one_clear_line(three: Counties) -> None:
    """Whoever mistypes it must learn that, and nothing must be half signed."""
    file = three.registry(threshold=2, signed_by=[HUANJIANG])
    before = file.read_bytes()
    wrong = three.root / "wrong"
    wrong.write_text("five words of a test\n", encoding="utf-8")
    command = ("registry", "sign", file, "--dir", three.home(LIBO), "--passphrase-file", wrong)
    assert_refused(command, "key.wrong_passphrase", exit_code=USAGE)
    assert file.read_bytes() == before


def test_without_a_passphrase_and_a_terminal_it_says_so(three: Counties, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service without its secret must not hang on a question that nobody sees."""
    settings = three.home(LIBO) / "county.toml"
    settings.write_text(settings.read_text(encoding="utf-8").partition("[keys]")[0], encoding="utf-8")
    monkeypatch.delenv("SIHU_PASSPHRASE", raising=False)
    file = three.registry(threshold=2, signed_by=[HUANJIANG])
    assert_refused(("registry", "sign", file, "--dir", three.home(LIBO)), "key.no_passphrase", exit_code=USAGE)


def test_nothing_is_overwritten_by_a_second_init(three: Counties) -> None:
    """A second `init` in the same directory would destroy the keys that the neighbours trust."""
    office = ("--office", "荔波县联络办", "--duty-phone", "0778-522722")
    command = ("init", LIBO, *office, "--dir", three.home(LIBO), "--passphrase-file", three.root / "passphrase")
    assert_refused(command, "init.exists", exit_code=USAGE)


# --- what lies on the disk ---------------------------------------------------------------------------


def secrets_of(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield each key file and the secret bytes that must not be found in any file."""
    for path in sorted([*home.glob("keys/*.pem"), *home.glob("transport/*.key"), *home.glob("officers/*.key")]):
        private = load(path, PASSPHRASE).private
        if hasattr(private, "private_bytes_raw"):
            yield path, private.private_bytes_raw()
        else:
            yield path, private.private_numbers().private_value.to_bytes(32, "big")


def test_no_file_holds_a_key_in_plain(six: Counties) -> None:
    """A stolen disk or a forgotten copy must be worth nothing without the passphrase."""
    done("officer", "add", "duty-a", "--name", "值班员甲", "--role", "duty", "--dir", six.home(HUANJIANG))
    home = six.home(HUANJIANG)
    found = dict(secrets_of(home))
    assert len(found) == 10
    everything = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    for path, secret in found.items():
        for spelled in (secret, secret.hex().encode(), to_base64url(secret).encode()):
            assert spelled not in everything, f"{path} lies in plain"
    assert PASSPHRASE.encode() not in everything


def test_secrets_are_their_owners_alone(six: Counties) -> None:
    """Another account on the same machine must not even read the encrypted keys, nor the tokens."""
    home = six.home(HUANJIANG)
    secret = [*home.glob("keys/*"), *home.glob("transport/*"), *home.glob("officers/*.key")]
    secret += [*home.glob("officers/*.token"), home / "tokens.json", home / "cli.token"]
    assert len(secret) >= 9
    for path in secret:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for folder in (home, home / "keys", home / "transport"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_key_file_that_others_may_read_is_not_used(three: Counties) -> None:
    """If somebody opened the file's permissions, the key may be copied: the officer must learn of it."""
    (three.home(LIBO) / "keys" / "governance.pem").chmod(0o644)
    file = three.registry(threshold=2, signed_by=[HUANJIANG])
    assert_refused(("registry", "sign", file, "--dir", three.home(LIBO)), "key.open_to_others", exit_code=USAGE)


def test_another_countys_key_file_signs_nothing(three: Counties) -> None:
    """Two sticks that were mixed up would give a signature that counts for nobody, found out only at the next desk."""
    key = three.home(LIBO) / "keys" / "governance.pem"
    shutil.copy(three.home(HUANJIANG) / "keys" / "governance.pem", key)
    file = three.registry(threshold=2, signed_by=[HUANJIANG])
    before = file.read_bytes()
    assert_refused(("registry", "sign", file, "--dir", three.home(LIBO)), "key.not_ours", exit_code=USAGE)
    assert file.read_bytes() == before


async def test_the_passphrase_is_asked_twice_and_never_shown(tmp_path: Path) -> None:
    """Typed once with a slip, the keys could never be opened; shown, it is read over the shoulder."""
    home = tmp_path / LIBO
    office = ("--office", "荔波县联络办", "--duty-phone", "0854-3610110")
    async with Screen.of("init", LIBO, *office, "--dir", str(home)) as screen:
        await screen.until("New passphrase")
        screen.press(PASSPHRASE)
        await screen.until("The same again")
        screen.press("with a slip of the fingers")
        assert await screen.ended() == USAGE
    assert not home.exists()
    async with Screen.of("init", LIBO, *office, "--dir", str(home)) as screen:
        await screen.until("New passphrase")
        screen.press(PASSPHRASE)
        await screen.until("The same again")
        screen.press(PASSPHRASE)
        await screen.until("is set up in", "成员卡")
        assert await screen.ended() == 0
        assert PASSPHRASE not in screen.shown
    assert load(home / "keys" / "event.pem", PASSPHRASE).algorithm == "ed25519"
