"""The adapters of CAP 1.2 as commands and routes use them."""

from adapters.cap.feed_text import FeedEntry, write_feed
from adapters.cap.reader import CapFile, read_cap
from adapters.cap.signature import Signers, Verified, load_signer, load_signers, sign_cap, verify_cap
from adapters.cap.writer import canonical, write_cap

__all__ = [
    "CapFile",
    "FeedEntry",
    "Signers",
    "Verified",
    "canonical",
    "load_signer",
    "load_signers",
    "read_cap",
    "sign_cap",
    "verify_cap",
    "write_cap",
    "write_feed",
]
