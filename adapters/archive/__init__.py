"""Backups as one file: a plain tar whose first member says what the others must be."""
