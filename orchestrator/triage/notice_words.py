"""Wishes about notifications in words: "no notifications after 10 pm", "Zusammenfassung um 8", in English, German, Spanish and Chinese.

A wish is read strictly: where one word is left over that no such sentence has, it is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

EVENING, MORNING = 22 * 60, 7 * 60
"""What quiet hours begin and end with where only the other is named."""
LONGEST = 160


class About(StrEnum):
    QUIET = "quiet"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Wish:
    """`times` in minutes into the day; none means: no more of it. `after` and `before` tell which end of the quiet a single time is."""

    about: About
    times: tuple[int, ...] = ()
    before: bool = False


QUIET = re.compile(
    r"\bquiet\b|\bdo not disturb\b|\b(?:no|don'?t|stop|without)\b.*\b(?:notif\w*|messages?)|\bruhe\w*|\b(?:keine|nicht)\b.*\b(?:benachrichtig\w*|mitteilung\w*)|\bsilencio\b|\b(?:sin|no)\b.*\b(?:notifica\w*|avis\w*)"
    r"|\b(?:notifica\w*|avis\w*)\b.*\bno\b|免打扰|安静|(?:不要|别|勿).*(?:通知|打扰)",
    re.I,
)  # fmt: skip
DIGEST = re.compile(r"\bdigest\b|\bsummary\b|\bzusammenfassung\b|\bresumen\b|摘要|汇总|总结", re.I)
OFF = re.compile(
    r"\b(?:off|aus|abschalten|desactivar|fuera|never|nie|nunca)\b|\bno (?:quiet|digest|summary)\b|\bkeine (?:ruhe\w*|zusammenfassung)|\bsin (?:silencio|resumen)|关闭|取消",
    re.I,
)
BEFORE = re.compile(r"\b(?:before|until|till|vor|bis|antes(?: de)?|hasta)\b|之前|以前|前", re.I)
AFTER = re.compile(r"\b(?:after|from|nach|ab|von|despu[eé]s|desde|de)\b|之后|以后|后|从", re.I)
CLOCK = re.compile(
    r"(?P<early>凌晨|早上|上午)?(?P<late>晚上|下午|夜里)?\s*(?<![\d:.])(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?:(?P<pm>p\.?\s?m\b\.?)|(?P<am>a\.?\s?m\b\.?)|(?P<clock>uhr|o'?clock|h\b|点钟?|點))?"
    r"(?P<half>半)?(?:\s*(?:in the|de la|por la|am)?\s*(?P<evening>evening|night|noche|tarde|abends?|nachts)|\s*(?:in the|de la|por la|am)?\s*(?P<morning>morning|mañana|morgens|früh))?",
    re.I,
)
WORDS = """a an and any anything at before between by daily day digest disturb do don't dont every everything from get give hours i in me messages my no not notification
    notifications notify o'clock of off on once please quiet send set summary stop the till to until want with without after never one each want would like notices
    ab abends am an aus bekommen benachrichtigung benachrichtigungen benachrichtige bis bitte die ein eine einmal erst ich jeden kein keine mich mir mitteilung mitteilungen morgens
    möchte nach nachts nicht nie ruhe ruhezeit ruhezeiten schick schicke sende senden tag täglich tägliche um und uhr von vor will zusammenfassung zwischen
    a antes avisa aviso avisos cada con de desde después despues diario día dia el en entre envía envia envíame enviame envíes envies hasta horas la las los manda
    mándame mandame mandes me mi ninguna ningún no noche notificación notificacion notificaciones notifiques por favor quiero que resumen silencio sin tarde un una y al mañana"""
KNOWN = frozenset(WORDS.split())
KNOWN_CHINESE = re.compile(
    r"每天|每日|之后|以后|之前|以前|请|给我|我|发送|发|一份|一个|通知|消息|摘要|汇总|总结|免打扰|安静|不要|别|勿|打扰|再|任何|从|到|至|在|的|后|前|关闭|取消|时间|了|，|。|、|！"
)
WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’](?=[^\W\d_]))*")


def read(text: str) -> Wish | None:
    """The wish in a sentence; None where it is about something else, or about more than that."""
    said = " ".join(text.replace("’", "'").split()).rstrip(".!。！")
    if not said or len(said) > LONGEST:
        return None
    about = About.DIGEST if DIGEST.search(said) else About.QUIET if QUIET.search(said) else None
    if about is None or _left_over(said):
        return None
    times = _times(said, about)
    if OFF.search(said) and not times:
        return Wish(about)
    if not times or (about is About.DIGEST and len(times) != 1) or len(times) > 2:
        return None
    if about is About.DIGEST and re.search(r"\b(?:no|keine|sin|not|nicht)\b|不要|别", said, re.I):
        return None
    before = len(times) == 1 and BEFORE.search(said) is not None and AFTER.search(BEFORE.sub("", said)) is None
    return Wish(about, times, before)


def hours(wish: Wish, start: int | None = None, end: int | None = None) -> tuple[int, int]:
    """The quiet hours of a wish; a single time keeps the other end as it was."""
    if len(wish.times) == 2:
        return wish.times[0], wish.times[1]
    known_start, known_end = EVENING if start is None else start, MORNING if end is None else end
    return (known_start, wish.times[0]) if wish.before else (wish.times[0], known_end)


def clock(text: str) -> int | None:
    """One time of day and nothing else, in minutes into the day."""
    found = CLOCK.fullmatch(text.strip())
    return _minutes(found) if found else None


def _times(said: str, about: About) -> tuple[int, ...]:
    found = [(_minutes(match), match) for match in CLOCK.finditer(said)]
    if any(minutes is None for minutes, _ in found):
        return ()
    times = [(minutes, match) for minutes, match in found if minutes is not None]
    return tuple(
        minutes + 12 * 60
        if about is About.QUIET and place == 0 and _is_bare(match) and 6 * 60 <= minutes < 12 * 60 and not _only_before(said, times)
        else minutes
        for place, (minutes, match) in enumerate(times)
    )


def _only_before(said: str, times: list[tuple[int, re.Match[str]]]) -> bool:
    return len(times) == 1 and BEFORE.search(said) is not None


def _is_bare(match: re.Match[str]) -> bool:
    """A number that says neither half of the day: quiet that begins at "10" begins in the evening."""
    return not any(match[name] for name in ("early", "late", "pm", "am", "clock", "evening", "morning", "minute"))


def _minutes(match: re.Match[str]) -> int | None:
    hour, minute = int(match["hour"]), int(match["minute"] or (30 if match["half"] else 0))
    if hour > 24 or minute > 59 or ((match["pm"] or match["am"]) and not 1 <= hour <= 12):
        return None
    later = match["pm"] or match["late"] or match["evening"]
    if later and hour < 12:
        hour += 12
    elif (match["am"] or match["early"] or match["morning"]) and hour == 12:
        hour = 0
    elif (match["evening"] or match["late"]) and hour == 12:
        hour = 24
    return (hour % 24) * 60 + minute


def _left_over(said: str) -> bool:
    rest = KNOWN_CHINESE.sub(" ", CLOCK.sub(" ", said))
    return any(word.lower() not in KNOWN for word in WORD.findall(rest))
