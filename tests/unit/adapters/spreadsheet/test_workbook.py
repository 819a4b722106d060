"""The ledger as a workbook: what ``openpyxl`` and, where it is installed, LibreOffice read in it."""

import io
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from adapters.spreadsheet.workbook import write_workbook
from schemas.ledgers import DeliveryGroup, EventGroup, Ledger, MatterGroup
from schemas.records import Direction
from services.bootstrap.ledgers import ledger_xlsx
from services.domain.ledger import Counted, ledger_of
from services.domain.ledger_sheets import LedgerSheet, sheets_of
from tests.papers import HUANJIANG, LIBO, NOW

ALERT = "cn.sihu.information.alert_issued.v1"
FAIR = "cn.sihu.outreach.campaign_announced.v1"


def ledger() -> Ledger:
    """Figures of a month, with matters of every sort, and of a family that the ledger knows nothing of."""
    out, came = Direction.OUTGOING, Direction.INCOMING
    events = [EventGroup("2026-03", out, ALERT, False, 5), EventGroup("2026-03", came, FAIR, False, 2)]  # noqa: FBT003
    events.append(EventGroup("2026-03", out, ALERT, True, 7))  # noqa: FBT003
    deliveries = [
        DeliveryGroup("2026-03", out, LIBO, ALERT, False, 3, 61, False, 4),  # noqa: FBT003
        DeliveryGroup("2026-03", out, LIBO, ALERT, False, 9, None, False, 1),  # noqa: FBT003
        DeliveryGroup("2026-03", came, LIBO, FAIR, False, 1, 5, False, 2),  # noqa: FBT003
    ]
    matters = [
        MatterGroup("2026-03", "campaign", "festival", "held", "", 1),
        MatterGroup("2026-03", "campaign", "festival", "accepted", LIBO, 1),
        MatterGroup("2026-03", "case", "water", "performed", "", 3),
        MatterGroup("2026-03", "case", "water", "performed", LIBO, 3),
        MatterGroup("2026-03", "service", "collect", "granted", "", 2),
        MatterGroup("2026-03", "service", "collect", "granted", LIBO, 2),
        MatterGroup("2026-03", "referral", "", "completed", "", 1),
        MatterGroup("2026-03", "referral", "", "withdrawn", "", 1),
        MatterGroup("2026-03", "rainbow", "arc", "seen", "", 1),
    ]
    counted = Counted(events, deliveries, matters)
    return ledger_of(counted, county=HUANJIANG, first=date(2026, 3, 1), last=date(2026, 3, 31), now=NOW)


def test_a_number_becomes_a_text() -> None:
    """Every cell of every sheet is read back as it was written: numbers to add up, texts as texts."""
    book = openpyxl.load_workbook(io.BytesIO(ledger_xlsx(ledger())))
    sheets = sheets_of(ledger())
    assert book.sheetnames == [one.name for one in sheets]
    for one in sheets:
        rows = list(book[one.name].iter_rows(values_only=True))
        assert rows[0] == one.columns
        assert rows[1:] == list(one.rows)
    assert book.properties.title == "环江毛南族自治县跨省协作台账（2026-03-01至2026-03-31）"


def test_a_familys_matters_are_left_out() -> None:
    """Disputes, requests and referrals stand in sheet and checklist; a family without words, as it names itself."""
    sheets = {one.name: one.rows for one in sheets_of(ledger())}
    assert ("联合调解", "水利", "已履行", 3) in sheets["协作事项"]
    assert ("联合调解", "水利", "荔波 522722", "已履行", 3) in sheets["事项中各县"]
    assert (46, "应急预案、定期排查与纠纷调处", "联合调解案件", 3) in sheets["清单指标"]
    assert ("跨省通办", "异地代收代办", "准予", 2) in sheets["协作事项"]
    assert ("服务对接", "不分用途", "不分结果", 2) in sheets["协作事项"]
    assert ("rainbow", "arc", "seen", 1) in sheets["协作事项"]
    assert (29, "流动人口服务与来源地、流入地衔接", "服务对接单办结", None) in sheets["清单指标"]
    assert ("演练与测试消息（不计入其他数字）", 7) in sheets["概况"]
    assert ("荔波 522722", 5, 2, 5, 3, 9, 4, 61, 61, 2, 5, 5, 0) in sheets["按协作县"]


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=1", "<b>&amp;"])
def test_a_text_is_carried_out_as_a_formula(text: str) -> None:
    """Whatever a text begins with, it stays one."""
    data = write_workbook([LedgerSheet("表", ("列",), ((text,),))], title="t", made_at=NOW)
    cell = openpyxl.load_workbook(io.BytesIO(data))["表"]["A2"]
    assert (cell.value, cell.data_type) == (text, "s")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_an_empty_ledger_is_no_workbook() -> None:
    """A month in which nothing happened is a record, too."""
    nothing = ledger_of(Counted([], [], []), county=HUANJIANG, first=date(2026, 3, 1), last=date(2026, 3, 1), now=NOW)
    book = openpyxl.load_workbook(io.BytesIO(ledger_xlsx(nothing)))
    assert book["按协作县"].max_row == 1
    assert book["清单指标"].max_row > 20


def test_libreoffice_reads_something_else(tmp_path: Path) -> None:
    """The office suite of many counties opens it, and says the same figures."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    (tmp_path / "ledger.xlsx").write_bytes(ledger_xlsx(ledger()))
    words = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to"]
    words += [
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
        "--outdir",
        str(tmp_path),
    ]
    subprocess.run([*words, str(tmp_path / "ledger.xlsx")], check=True, capture_output=True, timeout=100)
    text = (tmp_path / "ledger-按协作县.csv").read_text(encoding="utf-8")
    assert "荔波 522722,5,2,5,3,9,4,61,61,2,5,5,0" in text
