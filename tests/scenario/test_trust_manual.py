"""The operator's manual of trust, run as it is written: whoever follows it must arrive."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.commands import PASSPHRASE, done, sihu

MANUAL: Final = Path(__file__).resolve().parents[2] / "docs" / "operator" / "trust.md"
BLOCK: Final = re.compile(r"^```(console|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINE: Final = re.compile(r"^(环江|南丹|荔波|枢纽)\$ (.+)$")


def steps() -> Iterator[tuple[str, str]]:
    """Yield every command and every file that the manual shows, in order."""
    for kind, body in BLOCK.findall(MANUAL.read_text(encoding="utf-8")):
        if kind == "toml":
            name = body.splitlines()[0].removeprefix("# ")
            yield "file", f"{name}\n{body}"
            continue
        for line in body.splitlines():
            found = LINE.fullmatch(line)
            assert found, f"the manual has a line that is no command: {line}"
            yield "command", found[2]


def carry_out(command: str, heard: str) -> str:
    """Carry out one command; return the digest that a registry shown last would be read out with."""
    words = shlex.split(command)
    if words[0] == "cp":
        shutil.copy(words[1], words[2])
        return heard
    assert words[0] == "sihu"
    if "DIGEST" in words:
        at = words.index("DIGEST")
        words[at : at + 1] = [heard[group : group + 4] for group in range(0, len(heard), 4)]
    outcome = sihu(*words[1:])
    assert outcome.code == 0, f"{command}\n{outcome.err}"
    shown = re.findall(r"^ {2}[1-4]\. +((?:[0-9a-f]{4} *){4})$", outcome.out, re.MULTILINE)
    digest = "".join("".join(shown).split())
    return digest if words[1:3] == ["registry", "show"] else heard


def test_the_manual_leads_to_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator who copies the commands in order must end with three counties that trust the same."""
    (tmp_path / "secret").write_text(PASSPHRASE + "\n", encoding="utf-8")
    (tmp_path / "post").mkdir()
    monkeypatch.setenv("SIHU_PASSPHRASE_FILE", str(tmp_path / "secret"))
    monkeypatch.chdir(tmp_path)
    heard = ""
    for kind, text in steps():
        if kind == "file":
            name, _, body = text.partition("\n")
            Path(name).write_text(body, encoding="utf-8")
        else:
            heard = carry_out(text, heard)
    folders = [name for name in ("huanjiang", "nandan", "libo") if Path(name).is_dir()]
    seen = {done("members", "--dir", folder)["registry_digest"] for folder in folders}
    assert len(folders) == 3
    assert seen == {heard}


def test_the_manual_shows_every_step() -> None:
    """A step that is told in prose only is a step that nobody tests."""
    commands = [text for kind, text in steps() if kind == "command"]
    for group in (
        "init",
        "registry propose",
        "registry sign",
        "registry assemble",
        "registry trust",
        "agreement adopt",
    ):
        assert any(text.startswith(f"sihu {group} ") for text in commands), group
