"""Signals by hand: what closes them to everybody but their recipient."""

from services.domain.office_keys import listed_key
from services.domain.signals import Closing
from services.domain.trust import Trust
from tests import papers
from tests.encrypted import KEY, SALT, keyring


def closing(to: str, trust: Trust | None = None) -> Closing | None:
    """Return what closes a signal to a county, as its source finds it in the registry; None if that lists no key."""
    reader = listed_key(to, papers.NOW, trust or papers.trust())
    return Closing(reader, KEY, SALT, keyring(to).wrap) if reader else None
