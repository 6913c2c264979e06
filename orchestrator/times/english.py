"""The English words of time."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.times.terms import Kind, Term
from orchestrator.times.vocabulary import Vocabulary, index

ONES_WORDS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
ONES = ONES_WORDS.split()
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
ORDINALS_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
ORDINALS = ORDINALS_WORDS.split()
WEEKDAYS = (
    ("monday", "mon"),
    ("tuesday", "tue", "tues"),
    ("wednesday", "wed"),
    ("thursday", "thu", "thur", "thurs"),
    ("friday", "fri"),
    ("saturday", "sat"),
    ("sunday", "sun"),
)
WEAK_WEEKDAYS = frozenset({"sat", "sun", "wed", "mon"})
MONTHS = (
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may",),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sep", "sept"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
)
WEAK_MONTHS = frozenset({"march", "may", "mar"})
UNITS = {
    "second": ("seconds", "sec", "secs"),
    "minute": ("minute", "minutes", "min", "mins", "m"),
    "hour": ("hour", "hours", "hr", "hrs", "h"),
    "day": ("day", "days"),
    "week": ("week", "weeks", "wk", "wks"),
    "fortnight": ("fortnight", "fortnights"),
    "month": ("month", "months"),
    "year": ("year", "years"),
}
PARTS = {"morning": "morning", "afternoon": "afternoon", "evening": "evening", "night": "night"}

GLUE: dict[Kind, str] = {
    Kind.ARTICLE: "a|an|one",
    Kind.HALF: "half|half a|half an",
    Kind.QUARTER: "quarter",
    Kind.THREE_QUARTERS: "three quarters of",
    Kind.COUNTER: "more|full|whole",
    Kind.ORDINAL_MARK: "st|nd|rd|th",
    Kind.AM: "am|a.m.|a.m|a. m.|in the morning",
    Kind.PM: "pm|p.m.|p.m|p. m.",
    Kind.OCLOCK: "o'clock|oclock|o clock|h|hours sharp",
    Kind.PAST: "past|after",
    Kind.BEFORE_HOUR: "to|till|before",
    Kind.AT: "at|@|at exactly|at about|at around|no later than",
    Kind.NEAR: "around|about|approximately|circa|roughly|shortly after|just after|shortly before|just before",
    Kind.ON: "on",
    Kind.IN: "in|in about|in another|in the next|in around|in exactly|in just",
    Kind.WITHIN: "within|within the next",
    Kind.FOR: "for|lasting|for about|for the next|for at least",
    Kind.BY: "by|before",
    Kind.FROM: "from|starting|starting from|starting on|beginning|as of|since|starting at|from about",
    Kind.TO: "to|through|thru|until",
    Kind.UNTIL: "until|till|til|up to|ending",
    Kind.BETWEEN: "between",
    Kind.AND: "and|&",
    Kind.OF: "of|in|on",
    Kind.THE: "the",
    Kind.PER: "per",
    Kind.EVERY: "every|each|all",
    Kind.OTHER: "other|second",
    Kind.THIS: "this|the current",
    Kind.NEXT: "next|the following",
    Kind.COMING: "coming|this coming|upcoming",
    Kind.LAST: "last|past|the previous|the past",
    Kind.AGO: "ago",
    Kind.LATER: "later",
    Kind.HENCE: "from now|from today|hence|from this moment",
    Kind.EARLIER: "earlier|sooner",
    Kind.BEFORE: "before|beforehand|prior|prior to|ahead of|in advance",
    Kind.AFTER: "after|afterwards|following",
    Kind.END: "end|the end|last day|the last day",
    Kind.START: "start|beginning|the start|the beginning",
    Kind.MIDDLE: "middle|mid|the middle",
    Kind.MOVE: "move|reschedule|postpone|change|shift|push|switch|moved|rescheduled|changed",
    Kind.EVENT: "alarm|reminder|appointment|meeting|alarms|reservation|booking",
    Kind.REJECTED: "not|instead of|rather than|not at|not on",
    Kind.SHADE: "early|late|exactly|right|ish|sharp|at the latest",
    Kind.EXCEPT: "except|but not|other than|excluding|apart from|except for",
    Kind.VAGUE: "later|soon|sometime|some time|some day|someday|asap|as soon as possible|in the spring|in spring|in summer|in the summer|in autumn|in the fall|in winter|in the winter|eventually|at some point|one day|one of these days|in a bit|in a while|in a moment|in a few|shortly|in a few minutes|in a few hours|in a few days|end of day|end of the day|eod|close of business|end of business|later today|the other day|now and then|from time to time",
    Kind.EVENTIDE: "bell|dawn|sunrise|sunset|sundown|dusk|daybreak|teatime|bedtime|breakfast|lunch|dinner|supper|easter|thanksgiving|ramadan|passover|half term|high tide|low tide|twilight|crack of dawn|birthday|witching hour|happy hour|rush hour",
    Kind.MONEY: "dollars|dollar|euros|euro|eur|usd|pounds|bucks|cents|gbp|percent|task|number|room|page|people|persons|guests|version|chapter|kg|km|ml|mg|pills|tablets|floor|table|street|road|avenue|points|items|years old",
    Kind.NOT_TIME: "second opinion|good morning|good afternoon|good evening|good night|good day|have a nice day|one second|just a second|a second|a sec|one sec|just a minute|a minute of|one moment|per cent|mr|first name|last name|last time|first time|next time|this time|next to|last one|next one|first one|day to day|day off|days off|birthday party|to date|up to date|out of date|day job|on time|in time|all day|all the time|good time|at all|at least|at most|at once|at work|at home|at the moment|may i|may we|may you|you may|i may|we may|it may|she may|he may|they may|half of|one of|one point|at one point|one stage|one another|one by one|no one|one or two|on second thought|on second thoughts|the other half|sun cream|sat down|sat on|weekend break|sat nav|the sun",
}  # fmt: skip


def entries() -> Iterator[tuple[str, Term]]:
    yield from _numbers()
    yield from _calendar()
    yield from _days()
    yield from _parts()
    for kind, phrases in GLUE.items():
        for phrase in filter(None, phrases.split("|")):
            yield phrase, Term(kind)


def _numbers() -> Iterator[tuple[str, Term]]:
    for value, word in enumerate(ONES):
        yield word, Term(Kind.NUMBER, value)
    for word, value in TENS.items():
        yield word, Term(Kind.NUMBER, value)
    yield "a couple of", Term(Kind.NUMBER, 2)
    yield "a dozen", Term(Kind.NUMBER, 12)
    for value, word in enumerate(ORDINALS, 1):
        yield word, Term(Kind.ORDINAL, value)
    yield "thirtieth", Term(Kind.ORDINAL, 30)
    for phrase in ("bring forward", "forward", "bring it forward", "pull forward"):
        yield phrase, Term(Kind.MOVE, -1)
    yield "once", Term(Kind.TIMES, 1)
    yield "one time", Term(Kind.TIMES, 1)
    yield "twice", Term(Kind.TIMES, 2)
    yield "thrice", Term(Kind.TIMES, 3)


def _calendar() -> Iterator[tuple[str, Term]]:
    for value, names in enumerate(WEEKDAYS):
        for name in names:
            if name not in WEAK_WEEKDAYS:
                yield name, Term(Kind.WEEKDAY, value)
        for name in names[1:]:
            if name in WEAK_WEEKDAYS:
                yield name, Term(Kind.WEEKDAY_WEAK, value)
                for lead in ("on", "next", "this", "every", "until", "by", "from", "last"):
                    yield f"{lead} {name}", Term(Kind.WEEKDAY, value)
                yield f"{name}.", Term(Kind.WEEKDAY, value)
        yield f"{names[0]}s", Term(Kind.WEEKDAYS, value)
    for value, names in enumerate(MONTHS, 1):
        for name in names:
            yield name, Term(Kind.MONTH_WEAK if name in WEAK_MONTHS else Kind.MONTH, value)
    for unit, words in UNITS.items():
        for word in words:
            yield word, Term(Kind.UNIT, name=unit)
    for word, name in (("weekday", "workday"), ("workday", "workday"), ("working day", "workday"), ("business day", "workday"), ("weekend", "weekend")):
        yield word, Term(Kind.DAY_SET, name=name)
        yield f"{word}s", Term(Kind.DAY_SETS, name=name)
    for word, frequency, interval in (
        ("daily", "DAILY", 1), ("weekly", "WEEKLY", 1), ("monthly", "MONTHLY", 1), ("yearly", "YEARLY", 1), ("annually", "YEARLY", 1),
        ("hourly", "HOURLY", 1), ("fortnightly", "WEEKLY", 2), ("biweekly", "WEEKLY", 2), ("bi-weekly", "WEEKLY", 2),
        ("everyday", "DAILY", 1), ("every single day", "DAILY", 1), ("quarterly", "MONTHLY", 3), ("every quarter", "MONTHLY", 3),
        ("day in day out", "DAILY", 1),
    ):  # fmt: skip
        yield word, Term(Kind.REPEAT, interval, frequency)


def _days() -> Iterator[tuple[str, Term]]:
    for phrase, days in (
        ("today", 0), ("tomorrow", 1), ("tmrw", 1), ("tomorow", 1), ("tommorow", 1), ("tommorrow", 1), ("tmr", 1), ("yesterday", -1),
        ("the day after tomorrow", 2), ("day after tomorrow", 2), ("overmorrow", 2), ("the day before yesterday", -2),
    ):  # fmt: skip
        yield phrase, Term(Kind.OFFSET, days)
    yield "the week after next", Term(Kind.WHOLE, 2, "week")
    yield "week after next", Term(Kind.WHOLE, 2, "week")
    yield "the month after next", Term(Kind.WHOLE, 2, "month")
    yield "the weekend after next", Term(Kind.WHOLE, 2, "weekend")
    for phrase, day in (
        ("christmas eve", 1224), ("christmas day", 1225), ("christmas", 1225), ("boxing day", 1226), ("new year's eve", 1231),
        ("new years eve", 1231), ("new year's day", 101), ("new year's", 101), ("new year", 101), ("halloween", 1031),
        ("valentine's day", 214), ("valentines day", 214),
    ):  # fmt: skip
        yield phrase, Term(Kind.FIXED_DAY, day)


def _parts() -> Iterator[tuple[str, Term]]:
    for word, part in (("wake", "morning"), ("breakfast", "morning"), ("dinner", "evening"), ("supper", "evening"), ("get up", "morning")):
        yield word, Term(Kind.HINT, name=part)
    for word, part in PARTS.items():
        yield word, Term(Kind.BARE_PART, name=part)
        yield f"{word}s", Term(Kind.PARTS, name=part)
        yield f"in the {word}", Term(Kind.PART, name=part)
        yield f"during the {word}", Term(Kind.PART, name=part)
    for phrase, part in (
        ("at night", "night"), ("by night", "night"), ("in the early morning", "morning"), ("first thing in the morning", "morning"),
        ("early in the morning", "morning"), ("late at night", "night"), ("late in the evening", "evening"),
        ("late in the afternoon", "afternoon"), ("early in the evening", "evening"), ("first thing", "morning"),
    ):  # fmt: skip
        yield phrase, Term(Kind.PART, name=part)
    yield "early morning", Term(Kind.BARE_PART, name="morning")
    yield "late afternoon", Term(Kind.BARE_PART, name="afternoon")
    yield "late morning", Term(Kind.BARE_PART, name="morning")
    yield "early afternoon", Term(Kind.BARE_PART, name="afternoon")
    yield "early evening", Term(Kind.BARE_PART, name="evening")
    yield "late evening", Term(Kind.BARE_PART, name="evening")
    for phrase in ("tonight", "tonite"):
        yield phrase, Term(Kind.OFFSET_PART, 0, "evening")
    yield "last night", Term(Kind.OFFSET_PART, -1, "night")
    yield "noon", Term(Kind.CLOCK_WORD, 12 * 60)
    yield "midday", Term(Kind.CLOCK_WORD, 12 * 60)
    yield "lunchtime", Term(Kind.CLOCK_WORD, 12 * 60)
    yield "lunch time", Term(Kind.CLOCK_WORD, 12 * 60)
    yield "midnight", Term(Kind.CLOCK_WORD, 24 * 60)


def vocabulary() -> Vocabulary:
    return Vocabulary("en", index(entries()), day_first=False)
