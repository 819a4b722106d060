"""CAP 1.2 as XML: read, written, signed, verified, and listed in feeds.

``CAP-v1.2.xsd`` is the schema that OASIS publishes at docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2.xsd, unchanged,
with its notice (Copyright OASIS Open 2010); SHA-256 b7798ef25868b068c97b268bda02d067c7d4ba9373adc5638bf37105804ee723.
"""
