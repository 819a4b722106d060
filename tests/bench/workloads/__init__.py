"""The workloads, in the order of the table."""

from typing import Final

from tests.bench.harness import Workload
from tests.bench.workloads.s1 import S1

WORKLOADS: Final[tuple[Workload, ...]] = (S1,)
