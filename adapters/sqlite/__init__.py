"""The one database of a county node: one writing connection, group commits, readers beside it."""
