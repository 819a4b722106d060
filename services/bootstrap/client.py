"""The client of a node's API, for the commands that ask the running node."""

from contextlib import AbstractAsyncContextManager

from adapters.api_client.client import ApiClient, connected

__all__ = ["ApiClient", "open_client"]


def open_client(address: str, token: str) -> AbstractAsyncContextManager[ApiClient]:
    """Return the client of a node's API; its session lives as long as the block."""
    return connected(address, token)
