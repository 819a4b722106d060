"""The workloads, in the order of the table."""

from typing import Final

from tests.bench.harness import Workload
from tests.bench.workloads.batches import S2X, S3X, W1X
from tests.bench.workloads.c1 import C1
from tests.bench.workloads.s1 import S1
from tests.bench.workloads.s2 import S2
from tests.bench.workloads.s3 import S3
from tests.bench.workloads.w1 import W1, W1B
from tests.bench.workloads.w2 import W2
from tests.bench.workloads.w3 import W3
from tests.bench.workloads.w4 import W4
from tests.bench.workloads.w5 import W5
from tests.bench.workloads.w6 import W6
from tests.bench.workloads.w7 import W7
from tests.bench.workloads.w8 import W8
from tests.bench.workloads.w9 import W9
from tests.bench.workloads.w10 import W10, W10C

WORKLOADS: Final[tuple[Workload, ...]] = (
    *(S1, S2, S2X, S3, S3X),
    *(W1, W1B, W1X, W2, W3, W4, W5, W6, W7, W8, W9, W10, W10C),
    C1,
)
