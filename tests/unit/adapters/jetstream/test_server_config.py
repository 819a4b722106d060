"""The configuration of hub and leaf as text: who may do what, and nothing more."""

import re
from pathlib import Path

import pytest

from adapters.jetstream.accounts import Member, member_account
from adapters.jetstream.server_config import SEED_VARIABLE, HubConfig, Place, Ports, render_hub, render_leaf_seed
from deploy.nats.make import HERE, PORTS, nobody, samples
from schemas.errors import InvariantError
from schemas.ids import CountyCode

COUNTY = CountyCode("451226")
OTHER = CountyCode("522722")


def hub(*members: Member) -> str:
    return render_hub(HubConfig(Place(Path("/store"), None), nobody("registrar"), members), PORTS)


@pytest.mark.parametrize("name", samples())
def test_the_sample_is_what_the_servers_get(name: str) -> None:
    """A sample that somebody edited by hand promises what no server does; write it again by deploy/nats/make.py."""
    assert (HERE / name).read_text(encoding="utf-8") == samples()[name]


def test_a_county_may_do_just_this() -> None:
    """Each line more is a door; each line is listed here on purpose."""
    text = "\n".join(member_account(Member(COUNTY, nobody("x"))))
    publish = re.search(r"publish \{ allow: \[(.*?)\]", text, re.DOTALL)
    assert publish is not None
    assert re.findall(r'"(.+?)"', publish[1]) == [
        "hub.in.451226.>",
        "hub.api.DIRECT.GET.*.hub.in.451226.>",
        "hub.api.CONSUMER.INFO.*.to_451226",
        "hub.api.CONSUMER.RESET.*.to_451226",
        "$JS.ACK.*.to_451226.>",
        "$JS.ACK.*.*.*.to_451226.>",
        "$JS.FC.*.to_451226.>",
        "$JS.FC.*.*.*.to_451226.>",
    ]
    assert re.findall(r"subscribe \{ allow: \[(.*?)\]", text) == ['"_R.451226.>", "hub.out.451226.>"']


def test_every_import_of_a_county_carries_its_own_code() -> None:
    """One import without it would let a county reach another one's mail through the owner's account."""
    text = "\n".join(member_account(Member(COUNTY, nobody("x"))))
    imported = re.findall(r'account: HUB, subject: "(.+?)"', text)
    assert len(imported) == 9
    assert [subject for subject in imported if COUNTY not in subject] == []


def test_counties_do_not_appear_in_each_others_accounts() -> None:
    """The account of one names the other nowhere."""
    accounts = re.split(r"\n  (?=C\d{6} \{)", hub(Member(COUNTY, nobody("a")), Member(OTHER, nobody("b"))))[1:]
    assert len(accounts) == 2
    assert OTHER not in accounts[0]
    assert COUNTY not in accounts[1]


@pytest.mark.parametrize(
    "codes", [(COUNTY, COUNTY), (CountyCode("45122>"),), (CountyCode("*"),), (CountyCode("451226 }"),)]
)
def test_what_is_no_county_never_gets_into_the_text(codes: tuple[CountyCode, ...]) -> None:
    """A code with a wildcard or a brace in it would be a hole, or another configuration."""
    with pytest.raises(InvariantError):
        hub(*(Member(code, nobody("x")) for code in codes))


def test_the_order_of_members_does_not_matter() -> None:
    """The same registry gives the same text, so that a reload that changes nothing is seen to change nothing."""
    one, two = Member(COUNTY, nobody("a")), Member(OTHER, nobody("b"))
    assert hub(one, two) == hub(two, one)


def test_durability_and_secrecy_are_spelled_out() -> None:
    """The settings without which a confirmed message is lost, or a stranger gets in."""
    for name, text in samples().items():
        assert "sync_interval: always" in text, name
        assert "verify: true" in text, name
        assert "strict: true" in text, name
        assert 'http: "127.0.0.1:' in text, name
        assert not re.search(r"\bSU[A-Z2-7]{56}\b", text), f"{name} holds a seed"
    assert "isolate_leafnode_interest: true" in samples()["hub.conf"]
    assert f"nkey: ${SEED_VARIABLE}" in samples()["leaf.conf"]


def test_servers_of_one_hub_differ_in_place_alone() -> None:
    """Accounts that differ between servers let a county in here and shut it out there; routes need their own TLS."""
    one, alone = samples()["hub-1-of-3.conf"], samples()["hub.conf"]
    block = re.search(r"^cluster \{\n.*?^\}\n", one, re.MULTILINE | re.DOTALL)
    assert block is not None
    assert re.findall(r'"(nats-route://.+?)"', block[0]) == [
        *("nats-route://hub2.example:6222", "nats-route://hub3.example:6222"),
    ]
    for wanted in ("no_advertise: true", "verify: true", 'ping_interval: "2s"', "ca/routes.pem"):
        assert wanted in block[0]
    assert "/hub.pem" not in block[0]
    assert one.replace(block[0], "").partition("server_name")[2] == alone.partition("server_name")[2].replace(
        ': "hub"', ': "hub-1"', 1
    )


def test_paths_are_quoted() -> None:
    """A directory with a blank, a quote or Chinese in its name is a directory."""
    place = Place(Path('/data/环江 "hub"'), None)
    text = render_hub(HubConfig(place, nobody("registrar")), Ports())
    assert 'store_dir: "/data/环江 \\"hub\\""' in text
    assert render_leaf_seed('SU"x') == f'{SEED_VARIABLE}: "SU\\"x"\n'
