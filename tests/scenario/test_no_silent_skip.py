"""What ``tests/conftest.py`` promises: in CI a skip is a failure, and a reduced N is printed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

SKIPS = {
    "mark": "import pytest\n@pytest.mark.skip(reason='no browser')\ndef test_a(): ...\n",
    "call": "import pytest\ndef test_a(): pytest.skip('no browser')\n",
    "module": "import pytest\npytest.skip('no browser', allow_module_level=True)\n",
    "expected failure": "import pytest\n@pytest.mark.xfail\ndef test_a(): assert False\n",
}
CHOOSES_N = "def test_a(reduced): assert reduced(5, 5_000) > 0\n"


def run_pytest(folder: Path, text: str, *arguments: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    """Run one test file under the project's own conftest."""
    shutil.copy(CONFTEST, folder)
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_sample.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, str(folder)]
    variables = {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("text", SKIPS.values(), ids=SKIPS)
def test_a_skip_is_a_failure_in_ci(tmp_path: Path, text: str) -> None:
    """A machine that lost its browser or its kernel right would go on green with half of the tests."""
    in_ci = run_pytest(tmp_path, text, ci="true")
    assert in_ci.returncode != 0, in_ci.stdout
    assert "CI does not accept" in in_ci.stdout


@pytest.mark.parametrize("text", [SKIPS["mark"], SKIPS["call"]], ids=["mark", "call"])
def test_elsewhere_a_skip_is_a_skip(tmp_path: Path, text: str) -> None:
    """A person without the right to switch networks off can still work."""
    assert run_pytest(tmp_path, text).returncode == 0


@pytest.mark.parametrize(("arguments", "used"), [((), "N = 5 of 5,000"), (("--full",), "N = 5,000 of 5,000")])
def test_the_n_used_is_printed(tmp_path: Path, arguments: tuple[str, ...], used: str) -> None:
    """A run with a small N must not pass for the stated one."""
    assert used in run_pytest(tmp_path, CHOOSES_N, *arguments).stdout
