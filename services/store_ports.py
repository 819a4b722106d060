"""Every book of the store beside the chains, in one: what a snapshot shows and what a transaction keeps.

A new book is added here, and nowhere in ``services.ports``, which see.
"""

from typing import Protocol

from services.cap_ports import KeepsCap, ShowsCap
from services.case_ports import KeepsCases, ShowsCases
from services.completeness_ports import ShownWhole
from services.console_ports import KeepsConsole, ShowsConsole
from services.course_ports import InCourses, ShownCourses
from services.custody_ports import InCustody, ShownCustody
from services.duty_ports import KeepsDuties, ShowsDuties
from services.file_ports import KeepsFiles, ShowsFiles
from services.paging_ports import KeepsPaging, ShowsPaging
from services.release_ports import KeepsReleases, ShowsReleases
from services.search_ports import KeepsSearch, ShowsSearch
from services.thread_ports import KeepsThreads, ShowsThreads


class ShowsBooks(
    ShownWhole,
    ShownCustody,
    ShownCourses,
    ShowsFiles,
    ShowsPaging,
    ShowsCap,
    ShowsCases,
    ShowsConsole,
    ShowsThreads,
    ShowsSearch,
    ShowsReleases,
    ShowsDuties,
    Protocol,
):
    """What a snapshot shows of them."""


class KeepsBooks(
    InCustody,
    InCourses,
    KeepsFiles,
    KeepsPaging,
    KeepsCap,
    KeepsCases,
    KeepsConsole,
    KeepsThreads,
    KeepsSearch,
    KeepsReleases,
    KeepsDuties,
    Protocol,
):
    """What a transaction does with them."""
