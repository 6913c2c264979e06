"""The kinds of words a time expression is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a word can be. One word may be several ("morgen": tomorrow, morning); the productions decide by position."""

    __hash__ = object.__hash__  # members are singletons; the inherited one hashes their name each time

    NUMBER = auto()  # value; not digits but words: "nine"
    ORDINAL = auto()  # value; "third"
    ORDINAL_MARK = auto()  # "st", "nd", "." after digits
    ARTICLE = auto()  # "a", "an", "ein": one, before a unit
    HALF = auto()
    QUARTER = auto()
    THREE_QUARTERS = auto()
    LENGTH = auto()  # value: minutes; "zweistündig"
    AND_HALF = auto()  # value; "zweieinhalb": and a half
    COUNTER = auto()  # 个 between number and unit
    WEEKDAY = auto()  # value 0 = Monday
    WEEKDAYS = auto()  # value; "mondays", "montags": every such day
    DAY_SET = auto()  # name "workday" or "weekend"
    DAY_SETS = auto()  # name; "on weekdays", "werktags": repeating by itself
    MONTH = auto()  # value
    MONTH_WEAK = auto()  # value; a month's name that is also another word ("may", "march")
    UNIT = auto()  # name: minute hour day week fortnight month year
    DAY_MARK = auto()  # 号, 日: after a number, a day of the month
    MONTH_MARK = auto()  # 月
    YEAR_MARK = auto()  # 年
    OFFSET = auto()  # value: days from today
    OFFSET_PART = auto()  # value, name: "tonight"
    FIXED_DAY = auto()  # value month * 100 + day: "Christmas Eve"
    PART = auto()  # name; may stand alone: "in the morning"
    BARE_PART = auto()  # name; only beside a day: "Monday morning"
    PARTS = auto()  # name; "mornings": repeating by itself
    CLOCK_WORD = auto()  # value minutes of the day: "noon"
    AM = auto()
    PM = auto()
    OCLOCK = auto()
    MINUTES = auto()  # 分
    PAST = auto()
    BEFORE_HOUR = auto()  # "to", "vor", "menos"
    AT = auto()
    NEAR = auto()  # "around", "gegen": like AT
    ON = auto()
    IN = auto()
    WITHIN = auto()
    FOR = auto()
    BY = auto()
    FROM = auto()
    TO = auto()
    UNTIL = auto()
    BETWEEN = auto()
    AND = auto()
    OF = auto()
    THE = auto()
    PER = auto()
    EVERY = auto()
    OTHER = auto()
    REPEAT = auto()  # name is the frequency: "daily"
    ALTERNATE = auto()  # value: every other such weekday
    TIMES = auto()  # value: once, twice
    THIS = auto()
    NEXT = auto()
    AFTER_NEXT = auto()  # "übernächste"
    COMING = auto()
    LAST = auto()
    AGO = auto()  # after a length, or before it ("vor", "hace")
    LATER = auto()  # after a length: "later"
    HENCE = auto()  # after a length: "from now", 后
    EARLIER = auto()
    BEFORE = auto()
    AFTER = auto()
    END = auto()
    START = auto()
    MIDDLE = auto()
    ONTO = auto()  # "auf", 改到: only where something is moved to
    MOVE = auto()  # value -1 for earlier; a verb that moves an appointment: then "from A to B" is no range
    REJECTED = auto()  # "instead of": the time behind it is not meant
    DAY_AROUND = auto()  # value -1 or 1, perhaps a part as name: 前一天, Vorabend
    WHOLE = auto()  # name week, weekend or month, with its offset as value: "this week" said in one word
    VAGUE = auto()  # looks like a time, names none: "later", "soon"
    EVENT = auto()  # "alarm", "appointment": then "for 8" is a clock time
    HINT = auto()  # name: a word that tells the half of the day: "wake", "dinner"
    SHADE = auto()  # "early": belongs to the time, changes nothing
    EXCEPT = auto()
    EXCEPTED = auto()  # 除外: behind the days left out; name "led" counts behind EXCEPT alone, "last" only where nothing goes on
    BUT = auto()  # 但: before days left out
    WEEKDAY_WEAK = auto()  # value; an abbreviation that is also a word ("sat", "so")
    EVENTIDE = auto()  # a moment nobody's clock knows: "dawn", "lunch"
    MONEY = auto()
    NOT_TIME = auto()  # "second opinion", "good morning"


@dataclass(frozen=True, slots=True)
class Term:
    kind: Kind
    value: int = 0
    name: str = ""
