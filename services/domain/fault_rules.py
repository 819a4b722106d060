"""The rules of the types in Chinese: what a schema's own validator says when its rule is broken.

Each row is the English sentence as the schema raises it, as a pattern whose groups stand in the Chinese one by number.

Source: ``schemas.faults.broken_rule``; docs/events.md
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

_RULES: Final[Mapping[str, str]] = {
    r"give each entry once": "同一项写了两次，只留一次。",
    r"give each count once": "同一组的数写了两次，只留一次。",
    # alerts
    r"a (.+) code of class (.+) has five characters and begins with (\d+)": "这一类别的代码是五位，以 {3} 开头。",
    r"set it after `effective`": "失效时间要晚于生效时间。",
    r"an alert is in force for at most (\d+) days; issue an update to prolong it": "预警最长 {1} 天；要延长请发更新。",
    r"set it before `expires`, or leave it out": "要早于失效时间，或留空。",
    r"the first report has number 1, and later ones count on from 2": "初报写 1，以后各报从 2 起依次加 1。",
    r"check the figures of `impact` and set it to true; a final report needs it": (
        "终报须核定损失数字，并勾选“已核定”。"
    ),
    r"use at most (\d+) polygon points in all; this alert has (\d+)": "多边形的点总共最多 {1} 个，现有 {2} 个。",
    r"name each earlier alert once": "前序预警同一条写了两次，只留一次。",
    r"give this message an alert_id of its own; it cannot replace itself": "请给这条预警新的编号，不能替代自己。",
    r"say in one sentence why the alert is cancelled": "请用一句话说明为什么解除。",
    r"the middle of alert_id is a real Beijing time, YYYYMMDDhhmmss": (
        "编号中间 14 位须是真实的北京时间（年月日时分秒）。"
    ),
    r"set it to null: class safety has no warning colour and no grade": "社会安全事件没有预警颜色和等级，请留空。",
    r"give `altitude` too, or leave `ceiling` out": "填了最高高度就要填最低高度，或都留空。",
    r"end the polygon with its first point": "多边形的最后一点要与第一点相同。",
    r"write latitude \(±90\) first, then longitude \(±180\), in degrees": "先写纬度（±90），再写经度（±180），单位度。",
    # bulletins and reports
    r"set it on or after the day the policy takes effect": "不能早于施行日期。",
    r"give the time by which a reply is wanted, exactly if one is wanted": "需要答复时填答复期限，不需要时留空。",
    r"a document cannot repeal itself": "文件不能废止自己，请去掉。",
    r"set it on or after `starts_on`": "不能早于起始日。",
    r"write the first day of a (.+)": "请写月份或季度的第一天。",
    r"a flow runs between two different counties": "来源地与所在地须是两个不同的县。",
    r"give all (\d+) counts of these dimensions, hidden ones as suppressed; totals may be left out": (
        "这些维度共 {1} 个数，都要给出，隐去的选“隐去”；合计可以不填。"
    ),
    r"this hidden count can be computed from the others; hide one more in its row and column, or a total": (
        "这个隐去的数能由别的数算出；请在同行同列再隐去一个，或隐去合计。"
    ),
    r"null and state suppressed belong together; a hidden count is never 0": "隐去的数留空，并选“隐去”；不要写 0。",
    r"a rounded count is a multiple of method.round_to, which is above 1": "取整的数须是取整值的倍数，取整值大于 1。",
    r"a count that may be below (\d+) is hidden: null, state suppressed": "少于 {1} 的数须隐去：留空，并选“隐去”。",
    r"the totals do not add up; correct them or leave them out": "合计对不上；请改正，或不填合计。",
    r"leave it out; the report has no such dimension": "本通报没有这个统计维度，请留空。",
    r"(\d+) reports of these people are out already; no more are released": (
        "同一批人的通报已发 {1} 份，再发会泄露隐去的数。"
    ),
    # referrals
    r"give what the office needs to act; an empty sheet helps nobody": "请填对方办理所需的项目。",
    r"take it out: it is not needed for (.+)": "这一用途不需要这一项，请删去。",
    r"ask for a separate consent; one line of a form is none \(PIPL art. 29\)": (
        "须单独征得同意，夹在表格里的一行不算（个人信息保护法第二十九条）。"
    ),
    r"the consent must name the very office that it goes to": "同意书写明的接收单位须与转入单位完全一致。",
    r"the consent is for another purpose; ask for one for this purpose": "同意的用途与本次不同，请另征得同意。",
    r"the consent names a field that (.+) does not need": "同意的项目里有这一用途不需要的，请去掉。",
    r"the consent does not name this field; take it out, or ask again": "同意书没有写这一项；请删去，或另征得同意。",
    r"for a child, whoever has the care of it must consent \(PIPL art. 31\)": (
        "涉及儿童，须由监护人同意（第三十一条）。"
    ),
    r"end the referral after the consent was given and not after it ends": "办理期限须在同意之后，且不晚于同意到期。",
    r"a referral goes to another county; inside the county no bus is needed": "对接单发给另一个县；本县内不用。",
    r"the check digit does not fit; compare the number with the document": "校验位不符，请对照证件核对号码。",
    # campaigns, material, offers, projects
    r"set it after `starts`": "结束要晚于开始。",
    r"a campaign lasts at most (\d+) days; announce a longer one in parts": "活动最长 {1} 天；更长的请分次发布。",
    r"set it before `starts`, or leave it out": "要早于开始时间，或留空。",
    r"(\d{6}) leads this campaign; name the others alone": "{county}是牵头县，这里只写其他县。",
    r"leave `reply` out: nobody can have answered yet": "刚发出邀请，谁也没有答复；请留空。",
    r"leave it out: a campaign that was cancelled had no visitors": "活动取消了，人数请留空。",
    r"name an office exactly if the licence is one of CC-BY": "许可要求署名时写署名单位，否则留空。",
    r"a (.+) is a file of (.+)": "附件的类型与素材种类不符，请换文件或改种类。",
    r"give `quantity` and `unit` together, or neither": "数量和单位要么都填，要么都不填。",
    r"say how many posts there are": "请填岗位数。",
    r"name the partner, not the county that offers": "请写对方县，不写供给县。",
    r"give `quantity` or `terms` exactly if the answer is `counter`": "还价时写数量或条件，其他答复不写。",
    r"write what is asked or answered": "请写明询问或回复的内容。",
    r"(\d{6}) leads this project; name the others alone": "{county}是牵头县，这里只写其他县。",
    r"number them 1, 2, 3 … in this order": "请按 1、2、3……依次编号。",
    r"(.+) is neither the lead nor one of `parties`": "负责县须是牵头县或各方之一。",
    # mediation
    r"name parties of exactly two counties": "当事人须恰好来自两个县。",
    r"one of the two counties of the parties leads": "牵头县须是当事人所在的两县之一。",
    r"name references that `parties` gives": "请用当事人一栏里的代号。",
    r"give the day exactly if the matter is `longer_term`": "同意延长期限时写日期，其他事项留空。",
    r"set it after `accepted_on`": "要晚于受理日期。",
    r"name at least one mediator from each of the two counties": "两县各须至少一名调解员。",
    r"give the party exactly if the ground is `objection`": "当事人申请回避时写是谁，其他情形留空。",
    r"give the SHA-256 of the document: canonical JSON, see docs/mediation.md": "摘要与协议文本不符，请重新生成。",
    r"name who agreed, exactly if the form is `oral`": "口头协议写明谁同意，书面协议留空。",
    r"give the reference exactly if a party signs": "当事人签署时写其代号，其他签署留空。",
    r"give the reference exactly if a mediator signs": "调解员签署时写其代号，其他签署留空。",
    r"a signature is `signed`, `sealed` or `electronic`": "签署须是书面签名、盖章或按指印、电子之一。",
    r"set it after `in_force_on`": "要晚于生效日期。",
    r"set it after `reopened_on`": "要晚于恢复日期。",
    # plans and services
    r"name the version before, unless this is the first": "第一版留空，以后各版写明替代哪一版。",
    r"a joint plan gives a duty to offices of two counties at least": "联合预案至少写明两个县的单位职责。",
    r"set it after `started_at`": "结束要晚于开始。",
    r"it was done between the beginning and the end, or not at all": "完成时间须在演练起止之间；没有完成就留空。",
    r"set it on or after the day of the check": "期限不能早于排查当天。",
    r"name the step before, unless this is the first": "第一步留空，以后各步写明上一步。",
    r"a request begins with step 1": "办件从第 1 步开始。",
    r"inside one county no bus is needed": "决定单位须在另一个县；本县内不用跨省通办。",
    r"the receiving office answers until another has taken it": "别的单位受理之前，由收件单位负责。",
    r"a request is granted because its conditions are met, and for nothing else": (
        "准予的原因只能是符合条件，符合条件也只能准予。"
    ),
    r"name the rule by which it is refused; the applicant may appeal": "不予时须写明法律依据，申请人可以救济。",
    # rosters
    r"leave the console out: an officer on duty sees it anyway": "不用写工作台：值班的人总能看到。",
    r"let the layer end on or after the day it starts": "结束日不能早于开始日。",
    r"give two different times, or leave them out for the whole day": "起止时间要不同；全天就留空。",
    r"name each weekday once": "同一星期几写了两次，只留一次。",
    r"leave it out: shifts change at the times of `shift_starts`": "按班次轮换时不填，由班次时间决定。",
    r"give the times of a day's shifts, the first of them the hand-over": "请写每天各班的开始时间，第一个是交接时间。",
    r"write the times in the order of the day, from the hand-over on": "请从交接时间起按先后写。",
    r"leave it out, or make the rotation `shifts`": "请留空，或改为按班次轮换。",
    r"let it end after it starts": "结束要晚于开始。",
    r"let it last at most (\d+) days": "最长 {1} 天。",
    r"say which tier, or whom the officer replaces": "请写明层级，或替谁。",
    r"name somebody else than the one who is replaced": "替班的须是另一个人。",
    r"name two different officers": "请写两个不同的人。",
    r"write it as an address of (.+)": "地址与通知方式不符，请改正。",
    r"let it end on or after its first day, within (\d+) days": "结束日不早于开始日，且在 {1} 天以内。",
    # agreements
    r"`parties` lists each county once, in ascending order of code": "各方每县只写一次，按代码从小到大。",
    r"`control` is reserved": "control 是系统保留的编号，请换一个。",
    r"`valid_until` lies after `valid_from`": "截止要晚于起始。",
    r"(\d+) is named but is no party": "{county}不是各方之一：把它加进各方，或从这一栏去掉。",
    r"`quotas` has one row for a county, and one without a county": "配额每县只写一行，不写县的也只写一行。",
    # questions to the API
    r"write a whole number in digits": "请写整数。",
    r"write true or false": "请选是或否。",
    r"write six digits each, commas between, e.g. (.+)": "请写六位行政区划代码，用逗号隔开。",
    r"ask for at most (\d+) days at once": "一次最多查 {1} 天。",
    r"set it on or after `first`": "不能早于第一天。",
}
_GROUP: Final = re.compile(r"\{([1-9])\}")
RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), sentence) for pattern, sentence in _RULES.items()
)


def rule_zh(mend: str) -> str | None:
    """Return a broken rule in Chinese, None if no row says it; ``{county}`` and the like stay to be filled in."""
    for pattern, sentence in RULES:
        found = pattern.fullmatch(mend)
        if found is not None:
            return _numbered(sentence, found.groups())
    return None


def _numbered(sentence: str, groups: Sequence[str]) -> str:
    return _GROUP.sub(lambda hole: groups[int(hole[1]) - 1], sentence)
