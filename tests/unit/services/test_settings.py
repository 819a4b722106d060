"""Settings: the file, the variables that beat it, and every mistake named with its mend."""

from pathlib import Path

import pytest

from schemas.errors import NotFoundError, RequestError
from services.settings import SETTINGS_FILE, Settings, read_settings

FEED = '[cap]\noffice = "52272241600000"\n[[cap.feeds]]\nname = "w"\nagreement = "b"\nurl = '
GOOD = 'county = "451226"\noffice = "环江县联络办"\nduty_phone = "0778-8820110"\n'


def written(folder: Path, text: str = "") -> Settings:
    """Read settings made of the good lines and more."""
    (folder / SETTINGS_FILE).write_text(GOOD + text, encoding="utf-8")
    return read_settings(folder)


def refusal(folder: Path, text: str) -> RequestError:
    """Return why settings are refused."""
    with pytest.raises(RequestError) as caught:
        written(folder, text)
    return caught.value


def test_three_lines_are_enough(tmp_path: Path) -> None:
    """Everything else has a value that works, and paths begin at the county's directory."""
    settings = written(tmp_path)
    assert settings.county == "451226"
    assert settings.at(settings.store.path) == tmp_path / "sihu.db"
    assert settings.at(Path("/elsewhere")) == Path("/elsewhere")
    assert settings.api.address == "http://127.0.0.1:8640"


def test_a_variable_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers set variables; the file must not win over them, and lists are written with commas."""
    monkeypatch.setenv("SIHU_API__PORT", "9000")
    monkeypatch.setenv("SIHU_HUB__URLS", "tls://one:4222, tls://two:4222")
    settings = written(tmp_path, '[api]\nport = 8000\nhost = "0.0.0.0"\n')
    assert settings.api.address == "http://127.0.0.1:9000"
    assert settings.hub.urls == ("tls://one:4222", "tls://two:4222")


def test_no_variable_moves_a_county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--dir` says where a county lives; a stray variable must not make it write another's files."""
    monkeypatch.setenv("SIHU_DIRECTORY", "/elsewhere")
    assert written(tmp_path).directory == tmp_path


def test_what_kubernetes_sets_for_a_service_named_sihu_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the node would not start in the very place it was made for."""
    monkeypatch.setenv("SIHU_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("SIHU_PORT_8640_TCP", "tcp://10.0.0.1:8640")
    assert written(tmp_path).api.port == 8640


def test_a_misspelt_variable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is silently ignored is found out at night."""
    monkeypatch.setenv("SIHU_API__PROT", "9000")
    assert refusal(tmp_path, "").fault.field == "SIHU_API__PROT"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("colour = 1\n", "settings.colour"),
        ("[api]\nprot = 1\n", "settings.api.prot"),
        ("[api]\nport = 70000\n", "settings.api.port"),
        ('[api]\nport = "many"\n', "settings.api.port"),
        ('[api]\nurl = "8640"\n', "settings.api.url"),
        ('[hub]\nurls = ["http://hub:4222"]\n', "settings.hub.urls.0"),
        ("[store]\nfloor_mib = 0\n", "settings.store.floor_mib"),
        ('[log]\nformat = "xml"\n', "settings.log.format"),
        ('directory = "/elsewhere"\n', "settings.directory"),
        ('county = "451222"\n', SETTINGS_FILE),
        ('[cap]\noffice = "522722"\n', "settings.cap.office"),
        ('[cap]\nsignature = "maybe"\n', "settings.cap.signature"),
        ('[cap]\nkey_file = "a.key"\n', "settings.cap.certificate_file"),
        ('[cap]\nurl = "alerts.example/x"\n', "settings.cap.url"),
        ('[[cap.feeds]]\nname = "w"\nurl = "https://a"\nagreement = "b"\n', "settings.cap.office"),
        (
            '[cap]\noffice = "52272241600000"\n[[cap.feeds]]\nname = "w"\nurl = "https://a"\n',
            "settings.cap.feeds.0.agreement",
        ),
        (FEED + '"http://a.example/f"\n', "settings.cap.feeds.0.url"),
        (FEED + '"http://127.0.0.1@a.example/f"\n', "settings.cap.feeds.0.url"),
        (FEED + '"https://a/f"\n' + FEED.partition("\n[[")[2].join(("[[", '"https://b/f"\n')), "settings.cap.feeds"),
    ],
)
def test_every_mistake_names_its_field_and_a_mend(tmp_path: Path, text: str, field: str) -> None:
    """Unknown keys, wrong values and bad TOML are refused before anything starts."""
    fault = refusal(tmp_path, text).fault
    assert fault.field == field
    assert "JSON Schema" not in fault.mend
    assert fault.mend


def test_a_variable_that_is_no_value_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole section in one variable must be JSON; anything else is told, not a traceback."""
    monkeypatch.setenv("SIHU_API", "not json")
    assert refusal(tmp_path, "").fault.code == "settings.malformed"


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The commonest mistake of all: a command run in the wrong folder."""
    with pytest.raises(NotFoundError) as caught:
        read_settings(tmp_path)
    assert "--dir" in caught.value.fault.mend


def test_a_feed_needs_a_name_an_address_and_an_agreement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else has a value that is on the safe side: signed only, and an officer decides."""
    (one,) = written(tmp_path, FEED + '"https://a.example/f"\n').cap.feeds
    assert (one.signature, one.approved_by_role, one.to, one.seconds) == ("required", None, (), 60.0)
    monkeypatch.setenv("SIHU_CAP__OFFICE", "45122641600000")
    assert written(tmp_path).cap.office == "45122641600000"


def test_settings_are_frozen(tmp_path: Path) -> None:
    """Read once, never changed: nobody may turn a running node by assigning."""
    settings = written(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.county = settings.county  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.api.port = 1  # type: ignore[misc]
