"""The files of a county's duty roster."""
