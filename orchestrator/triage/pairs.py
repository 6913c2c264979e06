"""Two requests of one kind in one message, of which the second leaves out the verb: "remind me at 8 to take pills and at 9 to call Ann"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice

from orchestrator import times
from orchestrator.contracts import Method, Route
from orchestrator.triage.cascade import Cascade

REMINDER, BOOKING = "reminder_set", "appointment_booking"
SAME_DAY = "same_day"
"""The slot with the first part's text: its day, or its rhythm, is meant for the second too where that names none."""
SOME_DAY = datetime(2026, 1, 7, 12, tzinfo=UTC)
"""Where only it matters whether a text speaks of a time."""
MOST_TRIED = 8
"""Places at which a message is tried to be cut, and times in a row: where there are more, it is a list of something else, or meant to keep us busy."""
JOINTS = re.compile(
    r"(?P<firm>\s*;\s*|\s*,?\s+(?:and then|and also|and|then|also|und dann|und außerdem|und|sowie|außerdem|y luego|y también|y además|y|e|luego|además)\s+"
    r"|[，,、；。]?\s*(?:然后|并且|还有|以及|再)|；\s*|(?<=[㐀-鿿])[，,]\s*|(?<=[㐀-鿿])(?:和|跟)(?=[\d一二三四五六七八九十上中下早晚今明后周星每半]))"
    r"|(?P<loose>\s*,\s+|[.!]\s+)",
    re.I,
)
VERBS = {"en": "remind me ", "de": "erinnere mich ", "es": "recuérdame ", "zh": "提醒我"}
"""What is put before a second part that leaves it out."""
ASKS_REMINDING = re.compile(
    r"^\W*(?:(?:please|bitte|por favor|请|麻烦|也|and|und|y|also|then|auch|dann)\W*)*(?:.{0,40}?\b)??(?:remind|wake|ping|nudge|alert) me\b|^\W*(?:bitte\s+)?(?:.{0,40}?\b)??(?:erinner\w*|weck\w*) (?:sie )?mich\b"
    r"|^\W*(?:por favor,?\s*)?(?:.{0,40}?\b)??(?:recu[eé]rd[ae]me|av[ií]s[ae]me|despi[eé]rtame)|^.{0,14}?(?:提醒|叫)(?:一下)?我",
    re.I,
)
"""A text that says itself that it asks for a reminder."""
LEAD = re.compile(
    r"\b(?:please|bitte|por favor|can you|could you|will you|kannst du|puedes|set|create|a|an|reminder|remind|wake|me|up|to|of|about|that|erinner\w*|weck\w*|mich|sie|daran|an|den|die|das"
    r"|recu[eé]rd\w*|av[ií]s\w*|me|que|de|para|tengo|recordatorio|erinnerung|eine|on|at|in|by|am|um|im|el|la|los|las)\b|请|麻烦|帮我|提醒|叫|我|一下",
    re.I,
)
BOOK = re.compile(r"^\W*(?:please|bitte|por favor|请)?\W*(?:book|schedule|buch\w*|reserv\w*|预约|预订)(?: me| mir)?\b|^预约|^预订", re.I)
TOWARDS = re.compile(r"^\W*(?:to|of|about|daran|an|zu|de|que|para|a)\s", re.I)
"""So goes on what "remind me" began."""
BETWEEN = re.compile(r"\b(?:between|zwischen|entre)\b[^,;]{0,25}$", re.I)
OTHERWISE = re.compile(
    r"^\W*(?:or|if|else|otherwise|at the latest|preferably|not|because|since|so|but|oder|falls|wenn|sonst|spätestens|lieber|aber|weil|damit|nicht|o|u|si|sino|pero|mejor|porque|como muy tarde|with|mit|con|only|nur|s[oó]lo"
    r"|it|that|this|which|they|es|das|eso|最晚|或|如果|要是|不行|但|因为|那)\b|^\W*(?:或|如果|要是|不行|但|因为|最晚|只|仅|最好|[^，,。；]{2,14}(?:除外|以外|之外|例外|不算|不用|不要|不提醒)\W*$)",
    re.I,
)
"""A part that begins so belongs to the one before it."""
AND = re.compile(r"\s*(?:,?\s+(?:and|und|y|e|sowie)\s+|\s*[,&+]\s*|\s*[、，和跟及]\s*)", re.I)
BARE_CLOCK = re.compile(r"\d{1,2}(?![\d\w:.%€$])(?=\W*$|\s+(?:to|uhr|zu|para|de)\b|\W+(?:and|und|y)\s)", re.I)
ENDS_IN_CLOCK = re.compile(r"(?<!\d)\d{1,2}$")
WOULD_DO = re.compile(
    r"\b(?:free|available|either|i can (?:do|come|make)|i could (?:do|come|make)|any ?time|entweder|ich (?:kann|könnte|hätte|habe) (?:\w+ ){0,2}(?:zeit|am|um)|frei|puedo (?:el|los|ir|venir)|libre|disponible)\b|有空|都行|方便",
    re.I,
)
"""Several times that are named so are such as would do, not such as are wished for."""
ANOTHER = re.compile(
    r"^\W*(?:another|a second|one more)(?:\s+(?:one|reminder))?\s+|^\W*(?:noch\s+)?eine\s+(?:zweite|weitere|andere)?(?:\s*erinnerung)?\s*(?=für|um|an|am|auf)"
    r"|^\W*otro(?:\s+(?:recordatorio|más))?\s+(?=para|a|de)|^[，,]?(?:再|另)(?:设|加|建)?(?:一个|一条)(?:提醒)?",
    re.I,
)
"""Stands for a second reminder whose verb is the first one's."""
ANEW = {"en": "set a reminder ", "de": "stell eine Erinnerung ", "es": "pon un recordatorio ", "zh": "提醒我"}
SPACE = (" ", "")
LAST_VERB = re.compile(r"\s+(?:zu\s+)?erinnern\W*$", re.I)
WORD = re.compile(r"[^\W\d_㐀-鿿]+|[㐀-鿿]{1,2}")
CLOCK_ZH = re.compile(r"(?:凌晨|清晨|早上|上午|中午|下午|傍晚|晚上)?(?:\d{1,2}|[一二三四五六七八九十两]{1,3})[点:：时].*$")


def several_times(text: str, whole: Route, cascade: Cascade) -> list[Route]:
    """One request for each of the times that are named in a row ("at 8 and 20", "on Monday and Wednesday at 9"); empty where there is but one."""
    if whole.intent not in (REMINDER, BOOKING) or not whole.accepted:
        return []
    for span in _read(text, whole.language).spans[:MOST_TRIED]:
        moments, end = _in_a_row(text, span, whole.language)
        if len(moments) < 2 or BETWEEN.search(text[: span.end]) or _is_shared_out(text[: span.start], text[end:]):
            continue
        if whole.intent == REMINDER or _is_booked_each(text, moments, whole.language):
            clock = _clock_in(moments[-1], whole.language)
            moments = [
                moment if not clock or _read(moment, whole.language).has_clock else f"{moment}{SPACE[whole.language == 'zh']}{clock}" for moment in moments
            ]
            texts = [f"{text[: span.start]}{moment}{text[end:]}" for moment in moments]
            return [replace(_as(one, whole, cascade), slots={**whole.slots, **({SAME_DAY: texts[0]} if n else {})}) for n, one in enumerate(texts)]
    return []


def _is_shared_out(before: str, behind: str) -> bool:
    """Whether both what stands before and what stands behind the times says what is to be done: then each may have one of the times."""
    return all(WORD.search(LEAD.sub(" ", part)) for part in (BOOK.sub(" ", before), "" if OTHERWISE.match(behind) else behind))


def _in_a_row(text: str, span: times.Span, language: str) -> tuple[list[str], int]:
    """The time of a span and those that follow it behind an "and"; and where the last one ends."""
    moments, end, last = [text[span.start : span.end]], span.end, ""
    while len(moments) < MOST_TRIED and (joint := AND.match(text, end)) is not None:
        tail = text[joint.end() :]
        bare = BARE_CLOCK.match(tail)
        following = min(_read(tail, language).spans, key=lambda one: one.start, default=None)
        if following is not None and following.start == 0:
            length, moment = following.end, tail[: following.end]
        elif bare is not None and ENDS_IN_CLOCK.search(moments[0]):
            length, moment = bare.end(), ENDS_IN_CLOCK.sub(bare.group(), moments[0])
        else:
            break
        moments, end, last = [*moments, moment], joint.end() + length, joint.group().strip()
    read = [_read(moment, language) for moment in moments]
    alike = all(one.has_clock for one in read) or all(one.has_day for one in read)
    return (moments, end) if alike and last != "," else (moments[:1], span.end)  # "on Saturday, 21 November" is one day


def _clock_in(moment: str, language: str) -> str:
    """The clock time of "Wednesday at 9", which is meant for the Monday before it, too."""
    if language == "zh":
        return found.group() if (found := CLOCK_ZH.search(moment)) else ""
    for start in range(len(moment)):
        reading = _read(moment[start:], language)
        if reading.has_clock and not reading.has_day and not reading.recurrence and reading.spans:
            return moment[start:][reading.spans[0].start : reading.spans[0].end]
    return ""


def _is_booked_each(text: str, moments: list[str], language: str) -> bool:
    """Whether an appointment is wished for at each time, and not at one of those that would do."""
    read = [_read(moment, language) for moment in moments]
    return not WOULD_DO.search(text) and all(one.has_day and one.has_clock for one in read)


def cut(text: str, whole: Route, cascade: Cascade) -> tuple[Route, Route] | None:
    """The first request and all that follows it, where a message holds several of one kind, each with a time of its own; None where that is not sure."""
    reads = {REMINDER: _reminders, BOOKING: _bookings}.get(whole.intent)
    if reads is None or not whole.accepted:
        return None
    for left, right, firm in islice(_cuts(text), MOST_TRIED):
        if BETWEEN.search(left) or OTHERWISE.match(right):
            continue
        if whole.intent == REMINDER:
            right = ANOTHER.sub(ANEW[whole.language], right)
        first, second = _read(left, whole.language), _read(right, whole.language)
        if not (
            (_has_time(first) or _is_left_out(right, whole))
            and _has_time(second)
            and WORD.search(LEAD.sub(" ", first.rest))
            and WORD.search(LEAD.sub(" ", second.rest))
        ):
            continue
        begun = cascade.decide(left, whole.language)
        routes = reads(left, right, firm, whole, cascade) if begun.accepted and begun.intent == whole.intent else None
        if routes is not None:
            return routes[0], replace(routes[1], slots={**routes[1].slots, SAME_DAY: left})
    return None


def _is_left_out(right: str, whole: Route) -> bool:
    """Whether "at 9 to leave" shows that the verb before it is left out; then the first part may do without a time."""
    rest = _without_time_before(right, whole.language)
    return whole.intent == REMINDER and rest != right and TOWARDS.match(rest) is not None


def _reminders(left: str, right: str, firm: bool, whole: Route, cascade: Cascade) -> tuple[Route, Route] | None:
    explicit = ASKS_REMINDING.search(right) is not None or right.startswith(ANEW[whole.language])
    if not explicit and not (TOWARDS.match(_without_time_before(right, whole.language)) if not firm else _goes_on(left, right, whole.language)):
        return None
    said = right if explicit else VERBS[whole.language] + LAST_VERB.sub("", right)
    if not explicit and _is_other(right, cascade, whole.language):
        return None
    return _as(left, whole, cascade), _as(said, whole, cascade)


def _goes_on(left: str, right: str, language: str) -> bool:
    """Whether the second part says its time first, goes on with "to", or has its time where the first one has it: at the end."""
    if TOWARDS.match(right) or _without_time_before(right, language) != right:
        return True
    return all(_ends_with_time(part, language) for part in (left, right))


def _bookings(left: str, right: str, firm: bool, whole: Route, cascade: Cascade) -> tuple[Route, Route] | None:
    second = cascade.decide(right, whole.language)
    if WOULD_DO.search(whole.text):
        return None
    if second.intent != BOOKING or not second.accepted:
        return None
    if not firm and not _read(right, whole.language).has_day:
        return None
    return _as(left, whole, cascade), _as(right, whole, cascade)


def _is_other(right: str, cascade: Cascade, language: str) -> bool:
    """Whether the second part is surely a request of another kind."""
    decided = cascade.decide(right, language)
    return decided.accepted and decided.method is Method.KEYWORDS and decided.intent != REMINDER


def _as(text: str, whole: Route, cascade: Cascade) -> Route:
    return cascade.route(text, whole.intent, whole.confidence, whole.method, whole.language, accepted=True)


def _cuts(text: str) -> Iterator[tuple[str, str, bool]]:
    for joint in JOINTS.finditer(text):
        left, right = text[: joint.start()].strip(), text[joint.end() :].strip()
        if left and right:
            yield left, right, joint["firm"] is not None


@lru_cache(maxsize=256)
def _read(text: str, language: str) -> times.Reading:
    return times.read(text, now=SOME_DAY, zone="UTC", language=language)


def _has_time(reading: times.Reading) -> bool:
    return (
        reading.has_clock or reading.has_day or bool(reading.recurrence or reading.part_of_day) or (reading.start is not None and reading.duration is not None)
    )


def has_time(text: str, language: str) -> bool:
    return _has_time(_read(text, language))


def _without_time_before(text: str, language: str) -> str:
    """A text without the time it begins with."""
    spans = sorted(_read(text, language).spans, key=lambda span: span.start)
    return text[spans[0].end :].lstrip(" ,，") if spans and not text[: spans[0].start].strip(" ,，") else text


def _ends_with_time(text: str, language: str) -> bool:
    spans = _read(text, language).spans
    return bool(spans) and not text[max(span.end for span in spans) :].strip(" .!,，。")


def told_beside(text: str, first: str, reading: times.Reading, *, now: datetime, zone: str, language: str) -> times.Reading:
    """The reading of a second part, with the day or the rhythm of the first one where it names none itself."""
    if reading.has_day or reading.recurrence or reading.start is None or not (reading.has_clock or reading.part_of_day):
        return reading
    before = times.read(first, now=now, zone=zone, language=language)
    if before.start is None or not (before.has_day or before.recurrence):
        return reading
    if not reading.has_clock and before.recurrence is None:
        days = before.start.date() - reading.start.date()
        return replace(reading, start=reading.start + days, end=reading.end and reading.end + days, has_day=True)
    same = times.refine(before.start, text, now=now, zone=zone, language=language)
    start = same.start or reading.start
    rule = before.recurrence.rule if before.recurrence else ""
    if rule:
        bare = re.sub(r";?BY(?:HOUR|MINUTE)=[\d,]+", "", rule)
        rhythm = times.Recurrence(f"{bare};BYHOUR={start.hour};BYMINUTE={start.minute}")
        coming = times.next_after(rhythm.rule, now, zone=zone, start=start) if start <= now else start
        return replace(reading, start=coming or start, recurrence=rhythm, has_day=before.has_day)
    return replace(reading, start=start, has_day=True)
