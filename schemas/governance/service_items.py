"""Items of 跨省通办 that counties of this region meet most: a small table, dated, with its source.

The codes are Sihu's own words. A county that has the codes of the national basic catalogue may use those instead: the
form of ``item_code`` takes both. An item outside the table is no mistake; it is shown by the name that its event gives.

Source: the State Council's guiding opinion on 跨省通办 (``SOURCE``), and its list of 140 items.
The list itself was not at hand: names were compared on 2026-11-30 with public accounts of it.
Days are proposals.
"""

from dataclasses import dataclass
from typing import Final

from schemas.governance.services import ServiceMode

SOURCE: Final = "国办发〔2020〕35号"  # noqa: RUF001 - as printed
AS_OF: Final = "2020-09-24"


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """One row.

    Attributes:
        name: As the list calls it.
        mode: By which it is usually done.
        promised_days: Workdays that are proposed; a county writes its own.
    """

    code: str
    name: str
    mode: ServiceMode
    promised_days: int


ITEMS: Final[dict[str, ServiceItem]] = {
    one.code: one
    for one in (
        ServiceItem("household-certificate", "开具户籍类证明", ServiceMode.COLLECT, 5),
        ServiceItem("no-record-certificate", "开具有无犯罪记录证明", ServiceMode.COLLECT, 5),
        ServiceItem("household-move-work", "工作调动户口迁移", ServiceMode.JOINT, 10),
        ServiceItem("household-move-spouse", "夫妻投靠户口迁移", ServiceMode.JOINT, 10),
        ServiceItem("household-move-parents", "父母投靠子女户口迁移", ServiceMode.JOINT, 10),
        ServiceItem("social-card", "社会保障卡申领", ServiceMode.COLLECT, 10),
        ServiceItem("pension-transfer", "养老保险关系转移接续", ServiceMode.ONLINE, 15),
        ServiceItem("unemployment-transfer", "失业保险关系转移接续", ServiceMode.ONLINE, 15),
        ServiceItem("insurance-record", "社会保险参保缴费记录查询", ServiceMode.ONLINE, 1),
        ServiceItem("injury-treatment-elsewhere", "工伤职工异地居住就医申请确认", ServiceMode.COLLECT, 10),
        ServiceItem("medical-settlement", "异地就医结算备案", ServiceMode.ONLINE, 2),
        ServiceItem("marriage-registration", "婚姻登记", ServiceMode.JOINT, 5),
    )
}
