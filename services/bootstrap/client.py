"""The clients of a node's API and of its console, for the commands and the demo that ask the running node."""

from contextlib import AbstractAsyncContextManager

from adapters.api_client.client import ApiClient, connected
from adapters.api_client.forms import FormClient, FormPage, visiting

__all__ = ["ApiClient", "FormClient", "FormPage", "open_client", "open_forms"]


def open_client(address: str, token: str) -> AbstractAsyncContextManager[ApiClient]:
    """Return the client of a node's API; its session lives as long as the block."""
    return connected(address, token)


def open_forms(address: str) -> AbstractAsyncContextManager[FormClient]:
    """Return a browser without script before a node's console; its cookies live as long as the block."""
    return visiting(address)
