"""The Chinese words of time. Every character is a lexeme of its own, so a phrase is its characters."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.times.terms import Kind, Term
from orchestrator.times.vocabulary import Vocabulary, index

DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "百": 100}
WEEK_WORDS = ("周", "星期", "礼拜", "週")
DAYS = ("一", "二", "三", "四", "五", "六", "日")
UNITS = {
    "second": ("秒", "秒钟"),
    "minute": ("分钟",),
    "quarter_hour": ("刻钟",),
    "hour": ("小时", "钟头"),
    "day": ("天",),
    "week": ("周", "星期", "礼拜", "週"),
    "month": ("月",),
    "year": ("年",),
}
PARTS = {
    "早上": "morning", "早晨": "morning", "上午": "morning", "清晨": "morning", "清早": "morning", "一早": "morning", "一大早": "morning",
    "中午": "noon", "正午": "noon", "下午": "afternoon", "午后": "afternoon", "傍晚": "evening", "晚上": "evening", "晚间": "evening",
    "夜里": "night", "深夜": "night", "半夜": "night", "夜晚": "night", "凌晨": "small_hours",
}  # fmt: skip

GLUE: dict[Kind, str] = {
    Kind.HALF: "半",
    Kind.QUARTER: "刻",
    Kind.COUNTER: "个|個",
    Kind.AM: "am|a.m.",
    Kind.PM: "pm|p.m.",
    Kind.OCLOCK: "点|点钟|點|时|點鐘|点整",
    Kind.MINUTES: "分",
    Kind.AT: "在|于",
    Kind.BEFORE_HOUR: "差",
    Kind.NEAR: "大约|大概|差不多",
    Kind.ON: "在",
    Kind.IN: "过|再过|在",
    Kind.FOR: "持续|为期|长达",
    Kind.FROM: "从|自|自从",
    Kind.TO: "到|至",
    Kind.ONTO: "改到|改成|改为|推迟到|提前到|延到|挪到|换到|调到|移到|改约|改在",
    Kind.UNTIL: "到|直到|至|截止到",
    Kind.AND: "和|与|及|跟",
    Kind.OF: "的|之",
    Kind.EVERY: "每|每个|逢|每隔|每到|每逢",
    Kind.OTHER: "隔",
    Kind.THIS: "这|这个|本|这一|今",
    Kind.NEXT: "下|下个|下一个|下一",
    Kind.LAST: "上|上个|最后一|最后|上一个",
    Kind.AGO: "前|之前|以前",
    Kind.HENCE: "后|之后|以后|过后|後|内|以内|之内",
    Kind.LATER: "推迟|晚|延后|延迟|往后推|推后|往后|迟",
    Kind.EARLIER: "提前|早|往前|提早",
    Kind.DAY_MARK: "号|日|號",
    Kind.MONTH_MARK: "月|月份",
    Kind.YEAR_MARK: "年",
    Kind.END: "底|末|最后一天",
    Kind.START: "初",
    Kind.MIDDLE: "中旬",
    Kind.MOVE: "改|换|挪|调|移|改期|改时间",
    Kind.SHADE: "左右|开始|起|前后|整",
    Kind.REJECTED: "不是|而不是|不要",
    Kind.EXCEPT: "除了|除|不包括|不含|除去",
    Kind.BUT: "但|但是|可是|只是",
    Kind.VAGUE: "晚点|晚些|以后|回头|改天|稍后|待会|待会儿|一会儿|一会|过会儿|过一会儿|等会|等会儿|尽快|不久|哪天|某天|过几天|过几个小时|过几分钟|几天后|几分钟后|几个小时后|早晚|抽空",
    Kind.EVENTIDE: "星期八|周八|礼拜八|星期九|周九|黎明|日出|日落|黄昏|天亮|天黑|午饭|晚饭|早饭|早餐|午餐|晚餐|下班|除夕|饭后|吃完饭|春节|中秋|中秋节|端午|端午节|清明|钟声|睡觉|放学",
    Kind.MONEY: "元|块|块钱|美元|欧元|人民币|任务|个人|位|人|页|号楼|号线|房间|楼|层|第|次|片|粒|毫升|公斤|岁|号任务|个任务|号桌|号房",
    Kind.NOT_TIME: "早上好|下午好|晚上好|中午好|上午好|一下|一起|一些|一样|一定|一般|一直|一共|万一|早一点|晚一点|快一点|慢一点|好一点|大一点|小一点|多一点|少一点|便宜一点|近一点|一点也|一点都|一点时间|一点时间也|有一点|有点|一点儿|周围|周到|周末愉快|年级|年轻|天气|时候|时间|时区|同时|及时|按时|准时|临时|平时|有时|半天|分手|分享|分析|日程|日历|日期|生日|日常|日记|下次|上次|这次|每次|第一次|第二次|第一|第二|第三|上面|下面|上班|下载|上网|上海|晚安|早安|号码|电话号码|在线|在家|在哪|在哪里|正在|现在|天天向上|星期几|几点|几号|哪一天|月亮|月饼|过来|过去|通过|不过|经过|超过|难过|从来|从不|前面|以前的|后面|最后一次|之一|到底|到达|收到|看到|找到|得到|达到|想到|提到|到了|签到|小时候|后来|前台|末尾|初步|当初|最初|四川|三明治|五金|七夕|这个|那个",
}  # fmt: skip
AMBIGUOUS = frozenset({"这个", "第一", "第二", "第三", "半天"})


def entries() -> Iterator[tuple[str, Term]]:
    yield from _numbers()
    yield from _week()
    yield from _calendar()
    yield from _days()
    yield from _parts()
    for kind, phrases in GLUE.items():
        for phrase in phrases.split("|"):
            if kind is Kind.NOT_TIME and phrase in AMBIGUOUS:
                continue
            yield phrase, Term(kind)


def _numbers() -> Iterator[tuple[str, Term]]:
    for word, value in DIGITS.items():
        yield word, Term(Kind.NUMBER, value)
    for value, word in enumerate(("一", "二", "三", "四", "五"), 1):
        yield f"第{word}", Term(Kind.ORDINAL, value)
        yield f"第{value}", Term(Kind.ORDINAL, value)
    for phrase in ("一次", "1次"):
        yield phrase, Term(Kind.TIMES, 1)
    for phrase in ("两次", "2次"):
        yield phrase, Term(Kind.TIMES, 2)
    for phrase in ("三次", "3次"):
        yield phrase, Term(Kind.TIMES, 3)


def _week() -> Iterator[tuple[str, Term]]:
    for word in WEEK_WORDS:
        for value, day in enumerate(DAYS):
            yield word + day, Term(Kind.WEEKDAY, value)
        yield f"{word}天", Term(Kind.WEEKDAY, 6)
        for value in range(1, 7):
            yield f"{word}{value}", Term(Kind.WEEKDAY, value - 1)
        yield f"{word}末", Term(Kind.DAY_SET, name="weekend")
    for phrase in ("工作日", "上班日"):
        yield phrase, Term(Kind.DAY_SETS, name="workday")
        yield phrase, Term(Kind.DAY_SET, name="workday")


def _calendar() -> Iterator[tuple[str, Term]]:
    for unit, words in UNITS.items():
        for word in words:
            yield word, Term(Kind.UNIT, name=unit)
    for phrase, frequency, interval in (
        ("每天", "DAILY", 1), ("每日", "DAILY", 1), ("天天", "DAILY", 1),
        ("每小时", "HOURLY", 1), ("每个小时", "HOURLY", 1), ("隔天", "DAILY", 2),
        ("每隔一天", "DAILY", 2), ("隔周", "WEEKLY", 2), ("每隔一周", "WEEKLY", 2), ("每两周", "WEEKLY", 2), ("每双周", "WEEKLY", 2),
        ("每分钟", "MINUTELY", 1), ("每半小时", "MINUTELY", 30), ("每半个小时", "MINUTELY", 30),
    ):  # fmt: skip
        yield phrase, Term(Kind.REPEAT, interval, frequency)
    yield "每季度", Term(Kind.REPEAT, 3, "MONTHLY")


def _days() -> Iterator[tuple[str, Term]]:
    for phrase, days in (
        ("今天", 0), ("今日", 0), ("明天", 1), ("明日", 1), ("明儿", 1), ("后天", 2), ("大后天", 3), ("昨天", -1), ("前天", -2), ("大前天", -3),
        ("後天", 2),
    ):  # fmt: skip
        yield phrase, Term(Kind.OFFSET, days)
    for phrase, days, part in (
        ("今早", 0, "morning"), ("今晚", 0, "evening"), ("今夜", 0, "night"), ("明早", 1, "morning"), ("明晚", 1, "evening"), ("昨晚", -1, "evening"),
        ("后晚", 2, "evening"), ("当晚", 0, "evening"),
    ):  # fmt: skip
        yield phrase, Term(Kind.OFFSET_PART, days, part)
    for phrase, steps in (("明年", 1), ("今年", 0), ("后年", 2), ("去年", -1)):
        yield phrase, Term(Kind.WHOLE, steps, "year")
    for phrase, steps in (("本月", 0),):
        yield phrase, Term(Kind.WHOLE, steps, "month")
    for phrase, edge in (
        ("月底", Kind.END),
        ("月末", Kind.END),
        ("这个月底", Kind.END),
        ("本月底", Kind.END),
        ("这个月初", Kind.START),
        ("月初", Kind.START),
        ("月中", Kind.MIDDLE),
    ):
        yield phrase, Term(edge, 0, "month")
    yield "年底", Term(Kind.END, 0, "year")
    yield "年末", Term(Kind.END, 0, "year")
    yield "下月底", Term(Kind.END, 1, "month")
    yield "下个月底", Term(Kind.END, 1, "month")
    yield "下个月初", Term(Kind.START, 1, "month")
    for phrase, day in (("平安夜", 1224), ("圣诞节", 1225), ("圣诞", 1225), ("元旦", 101), ("国庆节", 1001), ("劳动节", 501), ("情人节", 214)):
        yield phrase, Term(Kind.FIXED_DAY, day)


def _parts() -> Iterator[tuple[str, Term]]:
    for word, part in (("叫醒", "morning"), ("起床", "morning"), ("叫我起床", "morning"), ("早饭", "morning"), ("晚饭", "evening"), ("晚餐", "evening")):
        yield word, Term(Kind.HINT, name=part)
    for word, part in PARTS.items():
        yield word, Term(Kind.PART, name=part)
    yield "早", Term(Kind.BARE_PART, name="morning")
    yield "晚", Term(Kind.BARE_PART, name="evening")
    for phrase, days in (("前一天", -1), ("头一天", -1), ("提前一天", -1), ("第二天", 1), ("后一天", 1)):
        yield phrase, Term(Kind.DAY_AROUND, days)
    yield "前一晚", Term(Kind.DAY_AROUND, -1, "evening")
    for phrase, name in (
        ("除外", ""), ("以外", ""), ("之外", ""), ("例外", ""), ("不算", ""), ("外", "led"),
        ("不用", "last"), ("不要", "last"), ("不必", "last"), ("不提醒", "last"), ("不用提醒", ""), ("不要提醒", ""), ("不用提醒我", ""), ("不要提醒我", ""), ("不响", "last"),
    ):  # fmt: skip
        yield phrase, Term(Kind.EXCEPTED, name=name)
    yield "午夜", Term(Kind.CLOCK_WORD, 24 * 60)
    yield "零点", Term(Kind.CLOCK_WORD, 24 * 60)


def vocabulary() -> Vocabulary:
    return Vocabulary("zh", index(entries()), month_first=True)
