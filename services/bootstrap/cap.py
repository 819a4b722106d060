"""The adapters of CAP 1.2 as commands use them."""

from adapters.cap.reader import read_cap
from adapters.cap.signature import load_signer, load_signers, sign_cap, verify_cap
from adapters.cap.writer import write_cap

__all__ = ["load_signer", "load_signers", "read_cap", "sign_cap", "verify_cap", "write_cap"]
