"""What a county may ask of the hub, subject by subject: the engines ask here, the hub's configuration admits just this.

Each county has an account of its own at the hub and reaches the account that owns the streams through these imports
only, under the prefix ``hub.api``. A reply subject is therefore resolved in the asker's own account. In one shared
account it would not be: the hub itself would publish its answer wherever the asker says, be it another county's
subjects or ``$JS.API.STREAM.DELETE…``, and no permission looks at reply subjects.

Source: docs/decisions/0006-carry-events-over-jetstream.md
"""

from typing import Final

from schemas.subjects import Lane, consumer_of, own_space, stream_of

COUNTY_PREFIX: Final = "hub.api"
"""The same from a direct connection and from behind a leaf; a JetStream domain's prefix would be neither."""

OWNER_PREFIX: Final = "$JS.API"
"""JetStream's own prefix, inside the account that owns the streams: the registrar's."""

ACKNOWLEDGE: Final = "$JS.ACK"
FLOW: Final = "$JS.FC"
OFFERED_REQUESTS: Final = ("DIRECT.GET.*.hub.in.>", "CONSUMER.INFO.*.*", "CONSUMER.RESET.*.*")
OFFERED: Final = ("hub.in.>", *(f"{OWNER_PREFIX}.{request}" for request in OFFERED_REQUESTS), "$JS.ACK.>", "$JS.FC.>")
OFFERED_STREAM: Final = "hub.out.>"
"""What the owner of the streams offers to accounts; each county's account imports its own part of it."""


def last_of(county: str, lane: Lane) -> str:
    """Where to ask for the last message of a county's lane (direct get, the subject in the address)."""
    return f"{COUNTY_PREFIX}.DIRECT.GET.{stream_of(county, lane)}.{own_space(county, lane)}"


def handed_to(county: str, stream: str) -> str:
    """Where the hub hands a stream's messages to a county: its account imports this as a stream, not as answers.

    Pulled messages would be answers, and an answer without header and body ends its request for good: any county could
    hold up another one's mail by sending it nothing.
    """
    return f"hub.out.{county}.{stream}"


def reset_of(county: str, stream: str) -> str:
    """Where to set a county's consumer back to the last message that it acknowledged."""
    return f"{COUNTY_PREFIX}.CONSUMER.RESET.{stream}.{consumer_of(county)}"


def requests_of(county: str) -> tuple[str, ...]:
    """Every request that a county may make of JetStream, without the prefix."""
    return (
        f"DIRECT.GET.*.hub.in.{county}.>",
        f"CONSUMER.INFO.*.{consumer_of(county)}",
        f"CONSUMER.RESET.*.{consumer_of(county)}",
    )


def acknowledgements_of(county: str) -> tuple[str, ...]:
    """Where a county acknowledges, and says that it can take more: today's forms, and those with domain and account."""
    consumer = consumer_of(county)
    return tuple(f"{kind}.{tokens}.{consumer}.>" for kind in (ACKNOWLEDGE, FLOW) for tokens in ("*", "*.*.*"))


def publish_allowed(county: str) -> tuple[str, ...]:
    """Everything that a county may publish on."""
    requests = (f"{COUNTY_PREFIX}.{request}" for request in requests_of(county))
    return (f"hub.in.{county}.>", *requests, *acknowledgements_of(county))


def subscribe_allowed(county: str) -> tuple[str, str]:
    """Everything that a county may hear: its own replies, and what the hub hands to it."""
    return f"_R.{county}.>", f"hub.out.{county}.>"
