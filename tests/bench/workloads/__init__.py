"""The workloads, in the order of the table."""

from typing import Final

from tests.bench.harness import Workload
from tests.bench.workloads.s1 import S1
from tests.bench.workloads.s2 import S2
from tests.bench.workloads.s3 import S3
from tests.bench.workloads.w1 import W1, W1B
from tests.bench.workloads.w2 import W2

WORKLOADS: Final[tuple[Workload, ...]] = (S1, S2, S3, W1, W1B, W2)
