"""What the reasons of a refused evidence file mean, for the person who has to explain it to somebody."""

from services.domain.fault_words_proof import REFUSALS, REFUSED


def meaning_of(code: str) -> str:
    """Return in Chinese what a reason means; empty if it is none of an evidence file."""
    return REFUSALS.get(code) or REFUSED.get(code.partition(".")[0], "")
