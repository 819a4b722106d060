"""The directories of a hub: made once, with no authority's key where it does not belong."""

from pathlib import Path

import pytest

from adapters.tls.authority import ends_at
from schemas.errors import NotFoundError, RequestError
from services.bootstrap.hub_files import HubFiles, Ports, Server, make_hub, make_servers, renew, servers_in
from services.settings import read_hub_settings

PORTS = Ports(4222, 8222, 7422)
HOSTS = ("hub1.example", "hub2.example", "hub3.example")


def three(root: Path, hosts: tuple[str, ...] = HOSTS) -> tuple[Path, ...]:
    return make_servers(root, [Server(host, PORTS, 6222) for host in hosts], names=["hub.example"], host="0.0.0.0")  # noqa: S104


def test_each_server_knows_the_other_two_and_shows_its_own_name_first(tmp_path: Path) -> None:
    """A server that lists itself as a route, or shows a name that nobody dials, is alone."""
    homes = three(tmp_path)
    assert homes == servers_in(tmp_path) == tuple(tmp_path / f"hub-{number}" for number in (1, 2, 3))
    for home, host in zip(homes, HOSTS, strict=True):
        settings = read_hub_settings(home)
        assert settings.names == (host, "hub.example")
        assert settings.cluster is not None
        assert settings.cluster.server == home.name
        assert set(settings.cluster.routes) == {f"{other}:6222" for other in HOSTS if other != host}
        assert servers_in(home) == (home,)


def test_the_three_are_one_hub_for_the_counties(tmp_path: Path) -> None:
    """One registrar, one authority; and the routes trust another one than the counties do."""
    files = [HubFiles(home) for home in three(tmp_path)]
    assert len({one.registrar_seed.read_bytes() for one in files}) == 1
    assert len({one.authority[0].read_bytes() for one in files}) == 1
    assert len({one.routes_authority[0].read_bytes() for one in files}) == 1
    assert files[0].authority[0].read_bytes() != files[0].routes_authority[0].read_bytes()
    assert [path for one in files for path in (one.authority[1], one.routes_authority[1]) if path.exists()] == []
    for one in files:
        for key in (one.tls.key, one.routes_tls.key, one.registrar_seed):
            assert key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("hosts", [HOSTS[:2], (*HOSTS, "hub4.example"), ("a", "a", "b"), ()])
def test_other_than_three_different_servers_are_refused(tmp_path: Path, hosts: tuple[str, ...]) -> None:
    """Two stop when either stops, and three on one address are one."""
    with pytest.raises(RequestError, match="three"):
        three(tmp_path, hosts)
    assert list(tmp_path.iterdir()) == []


def test_a_hub_is_not_made_over_another_one(tmp_path: Path) -> None:
    """Every county's certificate would be worth nothing."""
    three(tmp_path / "three")
    make_hub(tmp_path / "one", names=["hub.example"], host="127.0.0.1", ports=PORTS)
    for root in (tmp_path / "three", tmp_path / "one"):
        with pytest.raises(RequestError, match="not overwritten"):
            three(root)
        with pytest.raises(RequestError, match="not overwritten"):
            make_hub(root, names=["x"], host="127.0.0.1", ports=PORTS)


def test_renewing_needs_the_authority_and_renews_every_certificate(tmp_path: Path) -> None:
    """Routes whose certificates ended take the whole hub down, all three servers at once."""
    homes = three(tmp_path)
    shown = [path for home in homes for path in (HubFiles(home).tls.certificate, HubFiles(home).routes_tls.certificate)]
    before = [path.read_bytes() for path in shown]
    assert renew(tmp_path) > 300
    assert not set(before) & {path.read_bytes() for path in shown}
    assert all(ends_at(path.read_bytes()) >= ends_at(old) for path, old in zip(shown, before, strict=True))
    with pytest.raises(RequestError, match="not here"):
        renew(homes[0])


def test_where_no_hub_is_nothing_is_renewed(tmp_path: Path) -> None:
    """A wrong --dir must say so."""
    with pytest.raises(NotFoundError, match="holds no hub"):
        renew(tmp_path)
