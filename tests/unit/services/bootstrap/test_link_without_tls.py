"""What leaves this machine goes by TLS; only the own leaf beside us may be reached without."""

import pytest

from schemas.errors import RequestError
from services.bootstrap.node import refuse_to_leave_this_machine


@pytest.mark.parametrize("url", ["nats://hub.example:4222", "nats://192.0.2.7:4222", "nats://127.0.0.1.example:4222"])
def test_a_hub_elsewhere_without_tls_is_refused(url: str) -> None:
    """Anybody on the way could read and delay what is not encrypted yet."""
    with pytest.raises(RequestError) as refused:
        refuse_to_leave_this_machine(["tls://hub.example:4222", url])
    assert (refused.value.fault.code, refused.value.fault.field) == ("settings.no_tls", "hub.urls")


@pytest.mark.parametrize("url", ["nats://127.0.0.1:4222", "nats://[::1]:4222", "nats://localhost:4222", "tls://hub:1"])
def test_the_own_leaf_or_tls_is_fine(url: str) -> None:
    """A county's own leaf on this machine needs no certificate."""
    refuse_to_leave_this_machine([url])
