"""Facts about the business in people's own words: opening hours, services with prices, names and addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pydantic

from orchestrator import languages, times
from orchestrator.business import Business, BusinessBook
from orchestrator.business.model import WEEKDAYS
from orchestrator.contracts import Effect, Json, ToolScope

DAY_NAMES = (
    ("monday", "mon", "montag", "mo", "lunes", "lun", "周一", "星期一", "礼拜一"),
    ("tuesday", "tue", "tues", "dienstag", "di", "martes", "mar", "周二", "星期二", "礼拜二"),
    ("wednesday", "wed", "mittwoch", "mi", "miércoles", "miercoles", "mié", "mie", "周三", "星期三", "礼拜三"),
    ("thursday", "thu", "thur", "thurs", "donnerstag", "do", "jueves", "jue", "周四", "星期四", "礼拜四"),
    ("friday", "fri", "freitag", "fr", "viernes", "vie", "周五", "星期五", "礼拜五"),
    ("saturday", "sat", "samstag", "sonnabend", "sa", "sábado", "sabado", "sáb", "sab", "周六", "星期六", "礼拜六"),
    ("sunday", "sun", "sonntag", "so", "domingo", "dom", "周日", "星期日", "星期天", "周天", "礼拜天"),
)
DAYS = {name: number for number, names in enumerate(DAY_NAMES) for name in names}
DAY = re.compile(
    "|".join(rf"\b{re.escape(name)}s?\b\.?" if name.isascii() or name[0] < "⺀" else re.escape(name) for name in sorted(DAYS, key=len, reverse=True)), re.I
)
WEEKDAYS_WORD = re.compile(r"\b(?:weekdays|werktags|wochentags|entre semana|días laborables)\b|工作日|平日", re.I)
EVERY_DAY_WORD = re.compile(r"\b(?:every ?day|daily|täglich|jeden tag|todos los días|cada día|diario)\b|每天|天天", re.I)
WEEKEND_WORD = re.compile(r"\b(?:weekends?|wochenenden?|am wochenende|fines? de semana)\b|周末", re.I)
TO = re.compile(r"^\s*(?:-|–|—|to|through|till|until|bis|a|al|hasta|到|至)\s*$", re.I)
CLOCK = r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.|uhr|点|时|h)?"
RANGE = re.compile(CLOCK + r"\s*(?:-|–|—|to|till|until|bis|a|hasta(?: las)?|到|至)\s*(?:las\s+)?" + CLOCK, re.I)
CLOSED = re.compile(r"\b(?:closed|geschlossen|zu|cerrado|cerramos)\b|休息|关门|不营业", re.I)
SEGMENTS = re.compile(r"[,;，；、\n]")
NOON = 12
OPENS = re.compile(r"\b(?:open|opens|opening|auf|öffnen|öffnet|aufmachen|abrimos|abre|abrir|abriremos)\b|开门|开始营业|开店", re.I)
CLOSES = re.compile(r"\b(?:close|closes|closing|shut|shuts|zu|schließen|schließt|zumachen|cerramos|cierra|cerrar|cerraremos)\b|关门|打烊", re.I)
AMOUNT = re.compile(r"(\d+(?:[.,]\d{1,2})?)\s*(?:€|eur|euros?|\$|usd|dollars?|£|gbp|pounds?|chf|元|块|rmb)|(?:€|\$|£|¥)\s*(\d+(?:[.,]\d{1,2})?)", re.I)
MINUTES = re.compile(r"(\d{1,3})\s*(?:min(?:ute[ns]?|utos?)?\b|分钟|')", re.I)
HOURS_LONG = re.compile(r"(\d(?:[.,]5)?)\s*(?:h\b|hours?\b|stunden?\b|horas?\b|小时)", re.I)
FREE = re.compile(r"\b(?:free|gratis|kostenlos|umsonst)\b|免费", re.I)
FACT = {
    "name": re.compile(
        r"(?:\b(?:name is(?: now)?|we are(?: now)? called|we're(?: now)? called|call us|name to|name:"
        r"|name ist(?: jetzt| nun)?|wir heißen(?: jetzt| nun)?|namen? (?:in|auf|zu)|nombre es(?: ahora)?|nos llamamos(?: ahora)?|ahora nos llamamos|nombre a)\b"
        r"|(?:名字|店名|名称)(?:现在)?(?:叫|是|改成|改为)|我们(?:现在)?叫)\s*[:：]?\s*(.+)", re.I),
    "address": re.compile(
        r"(?:\b(?:address is(?: now)?|address to|address:|moved to|we are now at|adresse ist(?: jetzt| nun)?|adresse (?:in|auf|zu)|umgezogen (?:in|nach)"
        r"|dirección es(?: ahora)?|dirección a|nos mudamos a|nos hemos mudado a)(?!\w)|(?:地址)(?:现在)?(?:是|改成|改为)|搬到了?)\s*[:：]?\s*(.+)", re.I),
    "phone": re.compile(r"(?:phone|telephone|number|telefon\w*|rufnummer|nummer|teléfono|número|电话|号码)[^\d+]*(\+?\d[\d\s()/-]{4,}\d)", re.I),
    "email": re.compile(r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)"),
}  # fmt: skip


class Text(pydantic.BaseModel):
    """What the owner wrote; `afresh` where days that it leaves out are closed."""

    text: str
    afresh: bool = False


def read_hours(text: str) -> dict[str, str | None]:
    """The hours a text gives, by weekday; None is closed. "Mon-Fri 9-18, Sat 9-14, Sunday closed"."""
    found: dict[str, str | None] = {}
    pending: list[int] = []
    last: list[int] = []
    for segment in SEGMENTS.split(text):
        ranges, named = list(RANGE.finditer(segment)), _days(segment)
        if not ranges and not CLOSED.search(segment):
            pending += named
        elif len(ranges) > 1:
            last = _several(segment, ranges, found) or last
        elif ranges or named or pending or found:  # "closed" alone closes no day
            value = _hours(ranges[0]) if ranges else None
            days = [*pending, *named] or (last if found else list(range(5)))
            _keep(found, days, value, again=not named and not pending)
            pending, last = [], days
    return found


def _several(segment: str, ranges: list[re.Match[str]], found: dict[str, str | None]) -> list[int]:
    """More than one stretch in a breath: each is for the days before it, or again for the same ones."""
    begin = 0
    days: list[int] = []
    for match in ranges:
        named = _days(segment[begin : match.start()])
        days = named or days
        _keep(found, days or list(range(5)), _hours(match), again=not named and begin > 0)
        begin = match.end()
    return days


def _keep(found: dict[str, str | None], days: list[int], value: str | None, *, again: bool) -> None:
    for day in days:
        before = found.get(WEEKDAYS[day])
        found[WEEKDAYS[day]] = f"{before}, {value}" if again and before and value else value


def _days(text: str) -> list[int]:
    if EVERY_DAY_WORD.search(text):
        return list(range(7))
    if WEEKDAYS_WORD.search(text):
        return list(range(5))
    if WEEKEND_WORD.search(text):
        return [5, 6]
    named = [(found.start(), found.end(), _day(found.group())) for found in DAY.finditer(text)]
    days: list[int] = []
    for place, (start, _, day) in enumerate(named):
        if place and TO.match(text[named[place - 1][1] : start]):
            first = named[place - 1][2]
            days += [number % 7 for number in range(first + 1, day + 1 if day >= first else day + 8)]
        else:
            days.append(day)
    return days


def _day(word: str) -> int:
    low = word.casefold().rstrip(".")
    return DAYS[low] if low in DAYS else DAYS[low.removesuffix("s")]


def _hours(match: re.Match[str]) -> str:
    opens, closes = _clock(match.group(1), match.group(2), match.group(3)), _clock(match.group(4), match.group(5), match.group(6))
    if closes <= opens and closes[0] <= NOON and not match.group(6):
        closes = (closes[0] + 12, closes[1])
    return f"{opens[0]:02d}:{opens[1]:02d}-{closes[0]:02d}:{closes[1]:02d}"


def _clock(hour: str, minute: str | None, half: str | None) -> tuple[int, int]:
    number = int(hour)
    low = (half or "").lower().replace(".", "")
    if low == "pm" and number < NOON:
        number += 12
    if low == "am" and number == NOON:
        number = 0
    return number, int(minute or 0)


def read_services(text: str) -> list[dict[str, Any]]:
    """The services a text lists, one a line or between commas: "haircut 30 min 35 EUR"."""
    services = []
    for part in re.split(r"\s*(?:\n|;|；|,(?!\d)|，|、|\band\b|\bund\b|\by\b)\s*", text):
        minutes, hours, price = MINUTES.search(part), HOURS_LONG.search(part), AMOUNT.search(part)
        name = FREE.sub("", AMOUNT.sub("", HOURS_LONG.sub("", MINUTES.sub("", part))))
        bare = re.search(r"\s(\d+(?:[.,]\d{1,2})?)\s*$", name)
        amount = (price.group(1) or price.group(2)) if price else bare.group(1) if bare else None
        name = re.sub(r"[\d.,:()–-]+\s*$", "", name).strip(" .:()–-")
        if not name:
            continue
        length = int(minutes.group(1)) if minutes else int(float(hours.group(1).replace(",", ".")) * 60) if hours else 30
        cost = 0.0 if FREE.search(part) else float(amount.replace(",", ".")) if amount else None
        services.append({"name": name[:100], "minutes": max(5, length), "price": cost})
    return services


@dataclass
class ReadFacts:
    """What a message changes about the business: hours, name, address, phone, e-mail or prices, as majordomo.yaml would have it."""

    book: BusinessBook
    name: str = "business.read"
    version: int = 1
    description: str = "Read facts about the business from a text."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        business, text = self.book.current(scope.connection), arguments.text.strip()
        for fact in ("email", "phone", "name", "address"):
            if found := FACT[fact].search(text):
                return {fact: found.group(1).strip(" .!。！\"“”„'")}
        prices = [s for s in business.services if any(word.casefold() in text.casefold() for word in s.words())]
        amount = AMOUNT.search(text) or (re.search(r"(\d+(?:[.,]\d{1,2})?)\s*[.!。]?$", text) if prices else None)
        if len(prices) == 1 and amount and not DAY.search(text):
            cost = float(next(group for group in amount.groups() if group).replace(",", "."))
            services = [s.model_dump(mode="json") | ({"price": cost} if s.id == prices[0].id else {}) for s in business.services]
            return {"services": services}
        reading = times.read(text, now=scope.now, zone="UTC", language=languages.clear_language(text) or scope.task.language)
        if reading.has_day and not reading.recurrence and not _days(text):
            return None  # a date, or tomorrow: no hours of every week
        if not RANGE.search(text) and (changed := self._one_end(business, text, reading)):
            return {"hours": changed}
        if hours := read_hours(text):
            week = {} if arguments.afresh else {day: [str(h).replace("–", "-") for h in business.hours.get(day, ())] for day in WEEKDAYS}
            return {"hours": week | {day: value.split(", ") if value else [] for day, value in hours.items()}}
        return None

    def _one_end(self, business: Business, text: str, reading: times.Reading) -> dict[str, list[str]] | None:
        """ "On Saturdays we open at 10 now": the other end of those days stays as it was. None where the text says no such thing."""
        opens, closes = OPENS.search(text), CLOSES.search(text)
        rule = re.search(r"BYHOUR=(\d+)(?:;BYMINUTE=(\d+))?", reading.recurrence.rule) if reading.recurrence else None
        if bool(opens) == bool(closes) or not ((reading.has_clock and reading.start) or rule):
            return None
        clock = f"{int(rule[1]):02d}:{int(rule[2] or 0):02d}" if rule else f"{reading.start:%H:%M}"
        days = {WEEKDAYS[number] for number in _days(text)} or {day for day in WEEKDAYS if business.hours.get(day)}
        week = {day: [str(one).replace("–", "-") for one in business.hours.get(day, ())] for day in WEEKDAYS}
        if any(not week[day] for day in days):
            return None
        for day in days:
            place = 0 if opens else -1
            begin, end = week[day][place].split("-")
            week[day][place] = f"{clock}-{end}" if opens else f"{begin}-{clock}"
        return week


@dataclass
class ReadServices:
    """The services that a text lists, with minutes and prices."""

    name: str = "business.read_services"
    version: int = 1
    description: str = "Read a list of services from a text."
    effect: Effect = Effect.READ
    arguments: type[pydantic.BaseModel] = Text

    def run(self, scope: ToolScope, arguments: Text) -> Json:
        return read_services(arguments.text)
