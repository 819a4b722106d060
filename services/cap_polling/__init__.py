"""Feeds of CAP documents elsewhere are asked again and again."""
