"""What must never be committed: keys, large files, traces of one machine, files that got away.

Also a pre-commit hook: ``python3 run.py check files``. Words that are looked for are put together from
parts, so that this file does not find itself.
"""

import ast
import re

import pytest

from tests.architecture.tracked import name_of, python_files, tracked

LARGEST_BYTES = 512 * 1024
LONGEST_LINES = 450

PRIVATE_KEY = re.compile(
    rb"-----BEGIN [A-Z ]*" + rb"PRIVATE KEY-----(?:\s|\\n|[\"'])*[A-Za-z0-9+/=]{16}"  # PEM with a body, in a string too
    rb"|AGE-SECRET" + rb"-KEY-1[0-9A-Z]+"
    rb"|\bS[ACNOU][A-Z2-7]{56}\b"  # nkey seed of an account, cluster, node, operator or user
)
MACHINE_PATH = re.compile(rb"(?<![\w.~$}-])/(?:" + rb"w" + rb"ork|ro" + rb"ot|(?:ho" + rb"me|Us" + rb"ers)/[a-z]\w*)/")
REGISTRY_HOST = re.compile(rb"https?:" + rb"//[^\s/]*(?:pypi|pythonhosted|npmjs|debian|docker)\b", re.IGNORECASE)


def findings(pattern: re.Pattern[bytes]) -> list[str]:
    """Return ``file:line: match`` for every match in a tracked file."""
    return [
        f"{name_of(path)}:{line_at(content, match.start())}: {match.group().decode(errors='replace')[:40]}"
        for path in tracked()
        for content in [path.read_bytes()]
        for match in pattern.finditer(content)
    ]


def line_at(content: bytes, offset: int) -> int:
    """Return the number of the line that holds the byte at ``offset``; the first is 1."""
    return content.count(b"\n", 0, offset) + 1


def test_no_private_key_is_tracked() -> None:
    """A key that was pushed once is public for ever."""
    assert findings(PRIVATE_KEY) == []


def test_no_path_of_one_machine_is_tracked() -> None:
    """A path that exists on the author's machine alone breaks on everybody else's."""
    assert findings(MACHINE_PATH) == []


def test_no_registry_host_is_tracked() -> None:
    """An office behind a mirror must not be sent to a host it cannot reach: pip's settings decide that."""
    assert findings(REGISTRY_HOST) == []


def test_no_large_file_is_tracked() -> None:
    """A clone must stay small: binaries and captures are made, not kept."""
    large = {name_of(path): path.stat().st_size for path in tracked() if path.stat().st_size > LARGEST_BYTES}
    assert large == {}


def test_no_python_file_gets_away() -> None:
    """A file above the limit holds a second room: find the seam."""
    lengths = {name_of(path): len(path.read_bytes().splitlines()) for path in python_files()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    """A reader who opens a file needs one sentence on why it exists; tests are readers' first stop."""
    silent = [name_of(path) for path in python_files() if ast.get_docstring(ast.parse(path.read_bytes())) is None]
    assert silent == []


@pytest.mark.parametrize(
    ("pattern", "sample"),
    [
        (PRIVATE_KEY, b"-----BEGIN ENCRYPTED PRIVATE" + b" KEY-----\nMC4CAQAwBQYDK2VwBCIEIA"),
        (PRIVATE_KEY, b'"-----BEGIN EC PRIVATE' + b' KEY-----\\n"\n  "MHcCAQEEIAd4qs9Z'),
        (PRIVATE_KEY, b'seed = "SU' + b"A" * 56 + b'"'),
        (MACHINE_PATH, b"cd /ro" + b"ot/sihu"),
        (MACHINE_PATH, b'open("/ho' + b'me/li/county.toml")'),
        (REGISTRY_HOST, b"--index-url https:" + b"//pypi.org/simple"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[bytes], sample: bytes) -> None:
    """A pattern that matches nothing would pass every file."""
    assert pattern.search(sample)
