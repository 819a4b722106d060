"""Write the samples of this directory: the very text that `sihu hub` and `sihu leaf` give their servers.

Run it after a change to ``adapters/jetstream/server_config.py``: ``python3 run.py shell`` or the environment's python,
``python deploy/nats/make.py``. A test compares the files with what it would write.
"""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

import nkeys

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from adapters.jetstream.accounts import Member  # noqa: E402
from adapters.jetstream.credentials import TlsFiles, nkey_public_of  # noqa: E402
from adapters.jetstream.server_config import (  # noqa: E402
    Cluster,
    HubConfig,
    LeafConfig,
    Place,
    Ports,
    render_hub,
    render_leaf,
)
from schemas.ids import CountyCode  # noqa: E402

HUB_HEAD: Final = """\
# A hub of two counties (环江 451226 and 荔波 522722), as `sihu hub` writes it. The nkeys are public ones of nobody.
#
# One account owns the streams; each county has an account of its own, and its imports are all that it can reach. That
# is what keeps counties apart: in one account for all, the hub would send its answers wherever a county says, into
# another county's subjects or to JetStream's own API. See docs/decisions/0006-carry-events-over-jetstream.md.
#
# Whoever runs nats-server without `sihu hub` must reload it twice when a county joins: nats-server 2.15.1 gives a new
# account its imports only when the configuration is read once more.
"""
SERVER_HEAD: Final = """\
# The first of three servers that are one hub, of two counties, as `sihu hub` writes it. The other two differ in name,
# addresses and certificates alone: accounts and streams are the same on all three, from the same registry.
#
# What the servers show to each other is signed by an authority that signs nothing else: whoever is let in at the
# cluster's port speaks for every account, and every county holds a certificate of the hub's other authority.
# See docs/decisions/0019-make-a-hub-of-three-servers.md.
"""
LEAF_HEAD: Final = """\
# The leaf of one county (天峨 451222), as `sihu leaf` writes it: the county's systems connect here, and this server to
# the hub, with the county's own nkey and certificate. A node behind it changes nothing but its URL.
# Beside it lies leaf-nkey.conf (mode 0600) with one line: SIHU_LEAF_NKEY: "SU…"
"""
PORTS: Final = Ports(client=4222, monitor=8222, leaf=7422)


def nobody(name: str) -> str:
    """Return the public nkey of a name: anybody can compute its seed, so it is nobody's."""
    seed = nkeys.encode_seed(hashlib.sha256(name.encode()).digest(), nkeys.PREFIX_BYTE_USER)
    return nkey_public_of(cast("bytes", seed).decode())


def samples() -> dict[str, str]:
    """Return the text of each file."""
    hub, leaf = Path("/var/lib/sihu-hub"), Path("/var/lib/sihu/451222/leaf")
    hub_tls = TlsFiles(hub / "ca.pem", hub / "hub.pem", hub / "hub.key")
    leaf_tls = TlsFiles(leaf / "ca.pem", leaf / "leaf.pem", leaf / "leaf.key")
    county_tls = TlsFiles(leaf / "ca.pem", leaf / "county.pem", leaf / "county.key")
    members = tuple(Member(CountyCode(code), nobody(code)) for code in ("451226", "522722"))
    county = CountyCode("451222")
    hub_config = HubConfig(Place(hub / "jetstream", hub_tls, host="0.0.0.0"), nobody("registrar"), members)  # noqa: S104
    leaf_config = LeafConfig(
        Place(leaf / "jetstream", leaf_tls), county, (nobody(county),), ("tls://hub.example:7422",), county_tls
    )
    routes_tls = TlsFiles(hub / "ca" / "routes.pem", hub / "tls" / "routes.pem", hub / "tls" / "routes.key")
    cluster = Cluster(6222, ("hub2.example:6222", "hub3.example:6222"), routes_tls)
    server_config = replace(hub_config, name="hub-1", cluster=cluster)
    return {
        "hub-1-of-3.conf": SERVER_HEAD + render_hub(server_config, PORTS),
        "hub.conf": HUB_HEAD + render_hub(hub_config, PORTS),
        "leaf.conf": LEAF_HEAD + render_leaf(leaf_config, PORTS),
    }


if __name__ == "__main__":
    for name, text in samples().items():
        (HERE / name).write_text(text, encoding="utf-8")
        print(HERE / name)
