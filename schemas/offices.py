"""``Office``: who acts, as a role at a county; never a person."""

from schemas.base import Model
from schemas.forms import Name
from schemas.ids import CountyId


class Office(Model):
    """An office of a county, by the name on its door."""

    adcode: CountyId
    name: Name
