"""What lies in ``deploy/`` fits the product: units that systemd reads, settings that the node and the hub read."""

import configparser
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import RequestError
from services.cli.app import COMMANDS
from services.sections import Section
from services.settings import HubClusterSettings, HubServerSettings, Settings, read_hub_settings, read_settings
from tests.architecture.commands import judge_command
from tests.architecture.tracked import ROOT, name_of

SYSTEMD = ROOT / "deploy" / "systemd"
UNITS = sorted([*SYSTEMD.glob("*.service"), *SYSTEMD.glob("*.timer")])
SERVICES = [path for path in UNITS if path.suffix == ".service"]
COUNTY, HUB = ROOT / "deploy" / "county.toml.example", ROOT / "deploy" / "hub.toml.example"
ONE_OF_THREE = ROOT / "deploy" / "hub-1-of-3.toml.example"

ANALYZE = shutil.which("systemd-analyze")

KEYS = {
    "Unit": "Description Wants After Before StartLimitIntervalSec",
    "Install": "WantedBy",
    "Timer": "OnCalendar RandomizedDelaySec Persistent",
    "Service": """
        Type User Group ExecStart ExecStartPost Environment LoadCredential Restart RestartSec TimeoutStopSec KillMode
        StateDirectory StateDirectoryMode ReadWritePaths LimitNOFILE TasksMax MemoryHigh MemoryMax Nice
        IOSchedulingClass NoNewPrivileges ProtectSystem ProtectHome PrivateTmp PrivateDevices ProtectKernelTunables
        ProtectKernelModules ProtectKernelLogs ProtectControlGroups ProtectClock ProtectHostname ProtectProc
        RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality RemoveIPC
        SystemCallArchitectures SystemCallFilter CapabilityBoundingSet AmbientCapabilities UMask
    """,
}
"""Keys of systemd.unit(5), systemd.service(5), systemd.exec(5) and systemd.resource-control(5) that are used here."""

HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "SystemCallFilter": "@system-service",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
}


def read_unit(path: Path) -> configparser.ConfigParser:
    """Read a unit; systemd allows a key twice, so repeated ones are joined by blanks."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def commands_of(path: Path) -> Iterator[str]:
    """Yield every ``sihu …`` command that a unit starts, with an instance's name in place of ``%i``."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("Exec") and "/bin/sihu " in line:
            inside = re.search(r"/bin/(sihu [^']*)", line)
            assert inside, line
            yield inside[1].replace("%i", "451226").replace("$$(date +%%Y%%m%%d-%%H%%M%%S)", "now")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_starts_a_command_that_exists(unit: Path) -> None:
    """A unit with an option of last year fails at the first boot after the update."""
    commands = list(commands_of(unit))
    assert commands
    assert [fault for command in commands if (fault := judge_command(command))] == []


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_is_hardened(unit: Path) -> None:
    """A stolen process must reach nothing but its own files and its hub."""
    service = read_unit(unit)["Service"]
    assert {key: service.get(key) for key in HARDENED} == HARDENED
    assert service["User"] in {"sihu", "sihu-hub"}


@pytest.mark.parametrize("unit", [one for one in SERVICES if "backup" not in one.name], ids=lambda path: path.name)
def test_a_service_comes_back_for_ever(unit: Path) -> None:
    """After five quick crashes systemd gives up, unless it is told not to."""
    parser = read_unit(unit)
    assert (parser["Unit"]["StartLimitIntervalSec"], parser["Service"]["Restart"]) == ("0", "always")
    assert parser["Service"]["MemoryMax"]


def test_passphrases_come_as_credentials() -> None:
    """A passphrase in the environment shows in /proc, and one in the county's directory goes wherever that goes."""
    for name in ("sihu@.service", "sihu-leaf@.service"):
        text = (SYSTEMD / name).read_text(encoding="utf-8")
        assert "LoadCredential=passphrase:/etc/sihu/%i.passphrase" in text
        assert "SIHU_PASSPHRASE_FILE=%d/passphrase" in text
        assert "SIHU_PASSPHRASE=" not in text


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_every_key_of_a_unit_is_one_of_systemd(unit: Path) -> None:
    """A misspelt key is only logged and ignored: the hardening we believe in is not there."""
    parser = read_unit(unit)
    assert {(name, key) for name in parser.sections() for key in parser[name]} <= {
        (name, key) for name, keys in KEYS.items() for key in keys.split()
    }


if ANALYZE is not None:  # the same by systemd itself, where it is installed

    def test_systemd_reads_the_units(tmp_path: Path) -> None:
        """What the list of keys cannot know: values, calendars, what belongs together."""
        program = tmp_path / "sihu"
        program.write_text("#!/bin/sh\n", encoding="utf-8")
        program.chmod(0o755)
        named = []
        for unit in UNITS:
            path = tmp_path / unit.name.replace("@.", "@451226.")
            text = unit.read_text(encoding="utf-8").replace("/opt/sihu/bin/sihu", str(program))
            path.write_text(text, encoding="utf-8")
            named.append(str(path))
        outcome = subprocess.run(
            [str(ANALYZE), "verify", "--man=no", *named],
            capture_output=True,
            text=True,
            check=False,
            env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        )
        ours = [line for line in (outcome.stdout + outcome.stderr).splitlines() if "sihu" in line]
        assert ours == []


def test_the_drop_in_slows_restarts_down() -> None:
    """The keys are too new for ``systemd-analyze`` of some machines, so they are compared with their names here."""
    parser = read_unit(SYSTEMD / "sihu@.service.d" / "10-backoff.conf")
    assert dict(parser["Service"]) == {"RestartSteps": "6", "RestartMaxDelaySec": "60"}


def test_users_and_folders_of_the_units_are_made() -> None:
    """A unit whose user does not exist does not start, and says so only in the journal."""
    users = re.findall(r"^u (\S+)", (SYSTEMD / "sihu.sysusers.conf").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(users) == {read_unit(unit)["Service"]["User"] for unit in SERVICES}
    folders = (SYSTEMD / "sihu.tmpfiles.conf").read_text(encoding="utf-8")
    assert re.findall(r"^d (\S+)\s", folders, re.MULTILINE) == [
        "/etc/sihu",
        "/var/lib/sihu",
        "/var/lib/sihu-hub",
        "/var/backups/sihu",
    ]


def uncommented(text: str) -> str:
    """Let every setting that an example only mentions count."""
    return re.sub(r"^# (?=\[\w+\]$|\w+ = )", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("whole", [False, True], ids=["as it is", "with everything that it mentions"])
def test_the_county_example_is_read(tmp_path: Path, whole: bool) -> None:  # noqa: FBT001 - two cases of one test
    """An operator copies it, and the node must start."""
    text = COUNTY.read_text(encoding="utf-8")
    (tmp_path / "county.toml").write_text(uncommented(text) if whole else text, encoding="utf-8")
    settings = read_settings(tmp_path)
    assert (settings.county, settings.hub.urls) == ("451226", ("tls://hub.example:4222",))


def test_the_county_example_mentions_every_setting() -> None:
    """A setting that is in no example is found by nobody."""
    mentioned = tomllib.loads(uncommented(COUNTY.read_text(encoding="utf-8")))
    sections = {
        name: set(field.annotation.model_fields)
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }
    assert {name: set(mentioned[name]) for name in sections} == sections
    assert set(mentioned) - set(sections) == {"county", "office", "duty_phone"}


@pytest.mark.parametrize("section", ["api", "store", "watch", "bus", "log", "leaf"])
def test_what_the_county_example_calls_a_default_is_one(section: str) -> None:
    """A comment that says otherwise than the code is believed."""
    mentioned = tomllib.loads(uncommented(COUNTY.read_text(encoding="utf-8")))[section]
    defaults = Settings.model_fields[section].default
    differing = {key for key, value in mentioned.items() if str(getattr(defaults, key)) != str(value)}
    assert differing == {"api": {"url"}, "store": {"path"}, "leaf": {"hub_urls", "directory"}}.get(section, set())


def test_the_hub_example_is_read_and_mentions_every_setting(tmp_path: Path) -> None:
    """The same for whoever runs a hub."""
    shutil.copy(HUB, tmp_path / "hub.toml")
    settings = read_hub_settings(tmp_path)
    mentioned = tomllib.loads(HUB.read_text(encoding="utf-8"))
    assert set(mentioned) == set(HubServerSettings.model_fields) - {"cluster"}
    given = {name: getattr(settings, name) for name in mentioned}
    own = {name for name, field in HubServerSettings.model_fields.items() if field.default != given.get(name)}
    assert own == {"names", "host"}


def test_the_example_of_one_of_three_servers_is_read_and_mentions_every_setting(tmp_path: Path) -> None:
    """Its certificate must hold the name that the other two and the counties use, and its routes must not be itself."""
    shutil.copy(ONE_OF_THREE, tmp_path / "hub.toml")
    settings = read_hub_settings(tmp_path)
    mentioned = tomllib.loads(ONE_OF_THREE.read_text(encoding="utf-8"))
    assert set(mentioned) == set(HubServerSettings.model_fields)
    assert set(mentioned["cluster"]) == set(HubClusterSettings.model_fields)
    assert settings.cluster is not None
    assert f"{settings.names[0]}:{settings.cluster.port}" not in settings.cluster.routes
    defaults = {name: field.default for name, field in HubServerSettings.model_fields.items()}
    same = {name for name in mentioned if getattr(settings, name) == defaults[name]}
    assert same == set(mentioned) - {"names", "host", "cluster"}


@pytest.mark.parametrize(
    "routes", [[], ["a:6222"], ["a:6222", "b:6222", "c:6222"], ["a", "b:6222"], ["tls://a:1", "b:1"]]
)
def test_a_server_with_another_number_of_others_is_refused(tmp_path: Path, routes: list[str]) -> None:
    """Two servers survive less than one, and four no more than three."""
    text = ONE_OF_THREE.read_text(encoding="utf-8")
    given = ", ".join(f'"{one}"' for one in routes)
    text = re.sub(r"^routes = .*$", f"routes = [{given}]", text, flags=re.MULTILINE)
    (tmp_path / "hub.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match="routes"):
        read_hub_settings(tmp_path)


def test_every_command_has_a_place_in_the_manuals() -> None:
    """A command that no manual mentions is one that no operator uses."""
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("docs", "deploy/runbooks")
        for path in (ROOT / folder).rglob("*.md")
        if "decisions" not in name_of(path)
    ]
    assert [name for name in COMMANDS if not any(f"sihu {name}" in text for text in texts)] == []
