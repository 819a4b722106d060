"""An office without a network installs from a folder of wheels: really here, and by pip's own judgement for arm64."""

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.offline import make_wheelhouse
from tests import lanes

OTHER_MACHINES = [machine for machine in make_wheelhouse.MACHINES if machine != platform.machine()]

pytestmark = pytest.mark.timeout(600)  # the first run downloads 45 MiB; the folder is then kept in pytest's cache


@pytest.fixture(scope="module")
def wheelhouse(pytestconfig: pytest.Config) -> Path:
    """Return the folder, filled by the command that an operator uses."""
    cache = pytestconfig.cache
    assert cache is not None
    folder = cache.mkdir("wheelhouse")
    assert make_wheelhouse.main([str(folder)]) == 0
    return folder


def offline(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command without a network and without a variable of ours."""
    switch = lanes.network_switch()
    if switch is None:
        pytest.skip("the kernel does not let us switch the network off")
    bare = {"PATH": "/usr/local/bin:/usr/bin:/bin", **variables}
    return subprocess.run([*switch, *command], env=bare, capture_output=True, text=True, check=False)


def test_the_folder_installs_with_the_network_off(wheelhouse: Path, tmp_path: Path) -> None:
    """A wheel that was forgotten shows in the office, months later, where nobody can fetch it."""
    target = tmp_path / "sihu"

    installed = offline("sh", str(wheelhouse / "install.sh"), str(target), PYTHON=sys.executable)

    assert installed.returncode == 0, installed.stderr
    packages = "import services, schemas, adapters; print(services.__file__)"
    imported = offline(str(target / "bin" / "python"), "-I", "-c", packages)
    assert imported.stdout.startswith(str(target)), imported.stderr
    server = offline(str(target / "bin" / "nats-server"), "--version")
    assert server.stdout.startswith("nats-server: v2.15.1"), server.stderr
    command = offline(str(target / "bin" / "sihu"), "--help")
    assert command.returncode == 0, command.stderr


def test_a_folder_damaged_on_the_way_installs_nothing(wheelhouse: Path, tmp_path: Path) -> None:
    """One flipped bit on the stick: say so before anything is installed."""
    copy = shutil.copytree(wheelhouse, tmp_path / "stick")
    wheel = next(copy.glob("wheels/sihu-*.whl"))
    damaged = bytearray(wheel.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    wheel.write_bytes(damaged)

    refused = offline("sh", str(copy / "install.sh"), str(tmp_path / "sihu"), PYTHON=sys.executable)

    assert refused.returncode == 1
    assert "copy it again" in refused.stderr
    assert not (tmp_path / "sihu").exists()


@pytest.mark.parametrize("machine", OTHER_MACHINES)
def test_every_wheel_another_machine_needs_is_there(wheelhouse: Path, tmp_path: Path, machine: str) -> None:
    """A folder packed on x86-64 must serve the arm64 server in the next office."""
    judged = judge(wheelhouse, machine, tmp_path)

    assert judged.returncode == 0, judged.stderr
    needed = {match[1] for match in re.finditer(r"^([a-z0-9.-]+)==.*", lock_for_linux(), re.MULTILINE)} | {"sihu"}
    chosen = {name.lower().replace("_", "-") for name in re.findall(r"(\S+)-\d[^\s-]*(?=\s|$)", judged.stdout)}
    assert needed <= chosen


@pytest.mark.parametrize("machine", OTHER_MACHINES)
def test_a_missing_wheel_is_noticed(wheelhouse: Path, tmp_path: Path, machine: str) -> None:
    """The judgement above must be able to go red."""
    copy = shutil.copytree(wheelhouse, tmp_path / "stick")
    next(copy.glob(f"wheels/cryptography-*{machine}.whl")).unlink()

    assert judge(copy, machine, tmp_path).returncode != 0


def judge(folder: Path, machine: str, target: Path) -> subprocess.CompletedProcess[str]:
    """Let pip choose what it would install on ``machine`` from the folder alone, every hash checked."""
    command = [sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--no-index", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--find-links", str(folder / "wheels")]
    command += [*make_wheelhouse.platform_options(machine), "--target", str(target / "none")]
    command += ["--requirement", str(folder / "requirements.txt")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def lock_for_linux() -> str:
    """Return the runtime lock without what it holds for other systems and other Pythons."""
    lines = make_wheelhouse.LOCK.read_text(encoding="utf-8").splitlines()
    elsewhere = ("sys_platform == 'win32'", "platform_python_implementation != 'CPython'")
    return "\n".join(line for line in lines if not any(words in line for words in elsewhere))
