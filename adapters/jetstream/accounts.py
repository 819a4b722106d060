"""Who may log in at a hub or leaf, and what each may do: the accounts of nats-server's configuration.

One account owns the streams, and one belongs to each county; see ``adapters.jetstream.api`` for why.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from adapters.jetstream.api import (
    COUNTY_PREFIX,
    OFFERED,
    OFFERED_STREAM,
    OWNER_PREFIX,
    acknowledgements_of,
    handed_to,
    publish_allowed,
    requests_of,
    subscribe_allowed,
)
from adapters.jetstream.config_text import indented, quoted
from schemas.ids import CountyCode

REGISTRAR: Final = "registrar"
_STREAM_REQUESTS: Final = ("STREAM.CREATE.*", "STREAM.UPDATE.*", "STREAM.INFO.*")
_CONSUMER_REQUESTS: Final = ("CONSUMER.CREATE.>", "CONSUMER.LIST.*", "CONSUMER.DELETE.*.*")
_READ_REQUESTS: Final = ("DIRECT.GET.*",)  # reads a stream through; the registrar's machine holds its files anyway
_CONNECTIONS_MAX: Final = 16
_LEAFS_MAX: Final = 2


@dataclass(frozen=True, slots=True)
class Member:
    """One county that the hub lets in: its code and the public nkey that the registry names."""

    county: CountyCode
    nkey: str


def owner_account(registrar_nkey: str) -> list[str]:
    """Return the account that owns the streams and offers the counties the handful of requests they need."""
    requests = [f"{OWNER_PREFIX}.{request}" for request in (*_STREAM_REQUESTS, *_CONSUMER_REQUESTS, *_READ_REQUESTS)]
    return [
        "HUB {  # owns the streams; the registrar alone logs in here",
        "  jetstream: enabled",
        "  users: [",
        *indented(_permissions(registrar_nkey, requests, [f"_R.{REGISTRAR}.>"], "STANDARD"), 4),
        "  ]",
        "  exports: [",
        *(f"    {{ service: {quoted(subject)} }}" for subject in OFFERED),
        f"    {{ stream: {quoted(OFFERED_STREAM)} }}",
        "  ]",
        "}",
    ]


def member_account(member: Member) -> list[str]:
    """Return a county's account: one user, and the imports that are all it can reach."""
    county = member.county
    as_asked = {f"{COUNTY_PREFIX}.{request}": f"{OWNER_PREFIX}.{request}" for request in requests_of(county)}
    same = {subject: subject for subject in (f"hub.in.{county}.>", *acknowledgements_of(county))}
    handed = quoted(handed_to(county, ">"))
    return [
        f"C{county} {{",
        f"  limits {{ max_connections: {_CONNECTIONS_MAX}, max_leafnodes: {_LEAFS_MAX} }}",
        "  users: [",
        *indented(user_of(member.nkey, county, "STANDARD", "LEAFNODE"), 4),
        "  ]",
        "  imports: [",
        *(
            f"    {{ service: {{ account: HUB, subject: {quoted(there)} }}, to: {quoted(here)} }}"
            for here, there in (same | as_asked).items()
        ),
        f"    {{ stream: {{ account: HUB, subject: {handed} }} }}",
        "  ]",
        "}",
    ]


def user_of(nkey: str, county: str, *connections: str) -> list[str]:
    """Return a user who may do what the county may; ``connections`` are nats-server's connection types."""
    return _permissions(nkey, publish_allowed(county), subscribe_allowed(county), *connections)


def _permissions(nkey: str, publish: Iterable[str], subscribe: Iterable[str], *connections: str) -> list[str]:
    return [
        "{",
        f"  nkey: {nkey}",
        f"  allowed_connection_types: [{', '.join(map(quoted, connections))}]",
        "  permissions {",
        "    publish { allow: [",
        *(f"      {quoted(subject)}" for subject in publish),
        "    ] }",
        f"    subscribe {{ allow: [{', '.join(map(quoted, subscribe))}] }}",
        "  }",
        "}",
    ]
