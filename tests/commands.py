"""Run the product's own commands inside the test's process; walk counties through the ceremony of trust with them."""

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.cli import main

SIX: Final = {
    "451221": "南丹",
    "451222": "天峨",
    "451226": "环江",
    "522722": "荔波",
    "522728": "罗甸",
    "532628": "富宁",
}
PASSPHRASE: Final = "four words of a test"  # noqa: S105 - opens keys that live for one test
AGREEMENT: Final = "qiangui-border"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: exit code, and what it printed on both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The one JSON value on standard output."""
        return json.loads(self.out)


def sihu(*arguments: str | Path, stdin: str = "") -> Outcome:
    """Run one command; standard input is no terminal."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([str(one) for one in arguments])
    finally:
        sys.stdin = before
    return Outcome(code, out.getvalue(), err.getvalue())


def done(*arguments: str | Path) -> Any:  # noqa: ANN401 - any JSON value
    """Run one command with ``--json`` that must succeed; return its value."""
    outcome = sihu(*arguments, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    return outcome.json


@dataclass(frozen=True, slots=True)
class Counties:
    """Directories of counties below one folder, and the files they pass to each other."""

    root: Path
    codes: tuple[str, ...]

    def home(self, code: str) -> Path:
        """Return a county's directory."""
        return self.root / code

    def card(self, code: str) -> Path:
        """Return a county's member card."""
        return self.home(code) / "card.json"

    def found(self) -> None:
        """Let each county make its keys and card."""
        secret = self.root / "passphrase"
        secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
        for code in self.codes:
            office = ("--office", f"{SIX[code]}县联络办", "--duty-phone", f"0778-{code}")
            done("init", code, *office, "--dir", self.home(code), "--passphrase-file", secret)

    def registry(self, *, threshold: int, signed_by: Sequence[str] | None = None) -> Path:
        """Propose a registry, let counties sign copies, and put their signatures together."""
        draft = self.root / "registry.json"
        cards = [self.card(code) for code in self.codes]
        done(
            "registry", "propose", *cards, "--threshold", str(threshold), "-o", draft, "--dir", self.home(self.codes[0])
        )
        return self.passed_round("registry", draft, signed_by or self.codes)

    def agreement(self, *, signed_by: Sequence[str] | None = None, version: int = 1) -> Path:
        """Propose an agreement of all, let counties sign copies, and put their signatures together."""
        text, draft = self.root / "agreement.toml", self.root / f"agreement-{version}.json"
        text.write_text(agreement_text(self.codes, version), encoding="utf-8")
        done("agreement", "propose", "--file", text, "-o", draft, "--dir", self.home(self.codes[0]))
        return self.passed_round("agreement", draft, signed_by or self.codes)

    def trust(self, file: Path, digest: str | None = None) -> None:
        """Let every county pin the registry."""
        heard = digest or done("registry", "show", file)["digest"]
        for code in self.codes:
            done("registry", "trust", heard, "--file", file, "--dir", self.home(code))

    def adopt(self, file: Path) -> None:
        """Let every county install the agreement."""
        for code in self.codes:
            done("agreement", "adopt", file, "--dir", self.home(code))

    def passed_round(self, what: str, draft: Path, signed_by: Sequence[str]) -> Path:
        """Let counties sign a copy each, and put the signatures together."""
        copies = []
        for code in signed_by:
            copy = draft.with_name(f"{draft.stem}-{code}.json")
            shutil.copy(draft, copy)
            done(what, "sign", copy, "--dir", self.home(code))
            copies.append(copy)
        final = draft.with_name(f"{draft.stem}-signed.json")
        here = ("--dir", self.home(self.codes[0])) if what == "agreement" else ()
        done(what, "assemble", draft, *copies, "-o", final, *here)
        return final


def agreement_text(parties: Sequence[str], version: int = 1) -> str:
    """Return the draft of an agreement as an officer writes it."""
    return f"""\
id = "{AGREEMENT}"
version = {version}
title = "黔桂边界信息互通协议"
parties = {json.dumps(list(parties))}
coordinators = ["{parties[0]}"]
valid_from = 2025-01-01T00:00:00+08:00
valid_until = 2099-01-01T00:00:00+08:00
class_ceiling = "internal"
internal_in_clear = true
purposes = ["emergency_warning", "policy_exchange", "work_exchange"]
retention_days = 365

[[grants]]
types = [
  "cn.sihu.information.attachment_shared.v1",
  "cn.sihu.information.alert_issued.v1",
  "cn.sihu.information.alert_updated.v1",
  "cn.sihu.information.alert_cancelled.v1",
  "cn.sihu.information.policy_bulletin_published.v1",
]
"""


def prepared(root: Path, codes: Sequence[str] = tuple(SIX)) -> Counties:
    """Return counties that have pinned one registry and adopted one agreement."""
    counties = Counties(root, tuple(codes))
    counties.found()
    counties.trust(counties.registry(threshold=len(codes) // 2 + 1))
    counties.adopt(counties.agreement())
    return counties
