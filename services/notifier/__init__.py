"""Deadlines that passed -> this county's own duty officer is told."""
