"""SMS through a modem of our own, for when the Internet is gone: the spool folders of ``smsd``."""
