"""One message, one or several requests; and the details (slots) of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orchestrator import times
from orchestrator.contracts import Method, Route
from orchestrator.triage import pairs
from orchestrator.triage.cascade import KEYWORD_CONFIDENCE, Cascade
from orchestrator.triage.taxonomy import SMALL, UNCLEAR

JOINTS = re.compile(
    r"\s*(?:[;!?]|(?<!\d)\.)\s+|\s*,?\s+(?:and then|and also|and(?! a half\b)|then|also|und dann|und außerdem|und|außerdem"
    r"|y luego|y también|y además|y(?! (?:media|cuarto)\b)|luego|además)\s+|\s*,\s+|[，。；！？]\s*(?:然后|并且|还有|再)?|(?:然后|并且)",
    re.I,
)
ACKNOWLEDGING = re.compile(
    r"\W*(?:(?:ok(?:ay)?|all ?right|well|right|fine|great|good|perfect|super|yes|sure|gut|na gut|also|prima|perfekt|ja|klar|passt|vale|bueno|bien|perfecto|listo|s[ií]|claro"
    r"|好的?|行|可以|嗯|是的?|那好|那行|没问题)\W*)+",
    re.I,
)
"""Words that only agree; what stands behind them is the message."""
HANGING = re.compile(r"\b(?:daran|dran|dar[uü]ber|davon|that|to|about|of|que|de|para)\W*$", re.I)
"""A part that ends so goes on in the next one."""
SUBORDINATE = re.compile(
    r"^\W*(?:dass|damit|weil|wenn|ob|um|that|because|since|so that|if|que|porque|para que|si|pues)\b|^[，,\s]*(?:因为|如果|要是)"
    r"|^(?!.*[?])(?:\S+ ){0,6}?(?:zu \w+e?n|\w+zu\w+en)\W*$",
    re.I,
)
"""A part that begins or ends so belongs to the one before it ("daran, die Rechnung zu bezahlen")."""
BARE_REMINDER = re.compile(
    r"\W*(?:(?:please|can you|could you|will you|and|then|also|bitte|kannst du|könntest du|und|y|por favor|puedes|请|麻烦|到时候|到时|记得|帮我)\W+|请|麻烦|到时候?|记得|帮我|你能|能)*"
    r"(?:(?:set|create|add|make)(?: up)?(?: me)? (?:a|the) reminder|reminder|remind me(?: of (?:it|that)| then)?"
    r"|(?:erinner(?:e|st|n|n sie)?|weck\w*)(?: du| sie)?(?: mich| mir)?(?: bitte)?(?: daran| dran)?(?: erinnern)?|(?:eine )?erinnerung(?: bitte)?(?: stellen| setzen| machen)?"
    r"|(?:me )?(?:lo )?recu[eé]rd[ae]s?(?:me)?(?:lo)?|(?:pon(?:me)?|crea(?:me)?) un recordatorio|recordatorio|av[ií]s[ae](?:me|s)?"
    r"|(?:设|加|建|弄)(?:置|定)?(?:一?个)?(?:提醒|闹钟)|提醒(?:一下)?我?(?:一下|一声)?)\W*(?:please|bitte|por favor|吧|一下|谢谢)?\W*",
    re.I,
)
"""Asks for a reminder and does not say of what."""
NEEDING = re.compile(
    r"^\W*(?:(?:i|we)(?:'ve)? (?:need|have|got|must|should|ought)\b|(?:ich |wir )?(?:muss|müssen|soll|sollte|darf nicht)\b|(?:tengo|tenemos|debo|debemos|hay) que\b|debo\b)|我(?:得|要|必须|需要)|要(?:去|给|交)",
    re.I,
)
TOWARDS = re.compile(
    r"\b(?:to|for|till|until|onto|auf|gegen|zum?|nach|por(?! la (?:mañana|tarde|noche))|para|al?|hasta)\b(?:\s+(?:the|den|die|das|el|la|los))?|(?:换|改|挪|调|移|推迟?|延)(?:成|到|为|至)",
    re.I,
)
INSTEAD = re.compile(r"\b(?:instead of|rather than|(?:an)?statt|en (?:lugar|vez) de)\b|，?(?:而)?不(?:是|要)", re.I)
A_THING = re.compile(r"\W*(?:the|my|der|die|den|das|meine[nr]?|el|la|los|las|mis?)(?:\s+\w+){1,2}\W*", re.I)
"""A thing with its article, and no word of what is to be done with it."""
MOVING = frozenset({"appointment_reschedule", "reminder_change", "reminder_snooze"})
"""Two of these in one message are about one thing that gets a new time."""
SOME_DAY = datetime(2026, 1, 7, 12, tzinfo=UTC)
"""Where only it matters whether a text speaks of a time."""
LIKELY, SURE_ENOUGH, VERY_SURE = 0.6, 0.85, 0.98
"""A part is a request of its own if it is likely to be one; where a message as a whole is so surely one thing, a part of it must be this surely another."""
HAN = re.compile(r"[㐀-鿿]")
WORD = re.compile(r"[^\W_]+")
OPENING = (
    r"^\W*(?:(?:and|und|y|also|auch|tambi[eé]n)\s+)?(?:what|when|where|who|how|which|do|does|are|is|can|could|tell|show|give|was|wann|wo|wer|wie|welche\w*|kann|k[oö]nn\w+|gibt|hab\w*|nehm\w*"
    r"|sag\w*|zeig\w*|nenn\w*|qu[eé]|cu[aá]\w+|d[oó]nde|qui[eé]n|c[oó]mo|puedo|pued\w+|hay|tien\w+|ten[eé]is|acept\w+|dime|d[ií]game|ens[eé]ñ\w+|mu[eé]str\w+)(?!\w)|[吗呢么]|几|多少|怎么|什么|哪"
)
QUESTION = re.compile(OPENING, re.I)
"""Begins like a question."""
ASKING = re.compile(rf"[?？]|{OPENING}|告诉", re.I)
"""Asks something, by its words or its mark."""
LONGEST_SPLIT = 400
"""Characters; a longer message is taken as one request."""
BRIEF = 30
"""Characters; so short a text names a thing rather than asking for something."""
BARE = 2
"""Words; so few are no question of their own."""
MOST_REQUESTS = 4
ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.\w")
FIRM = re.compile(r"[;.!，。；]|,\s*(?:and|und|y)\b|also|then|dann|außerdem|luego|además|también|然后|还有|再", re.I)
"""A joint behind which something new begins."""
SPLITTING_AGENTS = frozenset({"appointments", "reminders", "inquiries"})


def split(text: str, language: str, cascade: Cascade) -> list[Route]:
    """The requests in a message, each with its route; a message that does not fall apart cleanly is one request."""
    whole = cascade.decide(text, language)
    if len(text) > LONGEST_SPLIT or not (JOINTS.search(text) or pairs.JOINTS.search(text) or pairs.AND.search(text)):
        return [whole]
    best = _divide(text, whole, cascade)
    return best or [whole]


def _divide(text: str, whole: Route, cascade: Cascade, most: int = MOST_REQUESTS) -> list[Route]:
    """The first cut that makes sense, and those behind it; nothing where there is none. The last of `most` is not cut any more."""
    if most < 2:
        return []
    language = whole.language
    if each := pairs.several_times(text, whole, cascade):
        return each[:most]
    if (pair := pairs.cut(text, whole, cascade)) is not None:
        return _with_all_of(pair, cascade, most)
    for left, joint, right in _cuts(text):
        if ACKNOWLEDGING.fullmatch(left):
            found = split(right, language, cascade)
            return found if not _is_small(whole, found[0]) else []
        if HANGING.search(left) or SUBORDINATE.search(right) or BARE_REMINDER.fullmatch(left):
            continue
        if NEEDING.search(left) and BARE_REMINDER.fullmatch(right):
            return [cascade.route(text, "reminder_set", KEYWORD_CONFIDENCE, Method.KEYWORDS, language, accepted=True)]
        first, second = cascade.decide(left, language), cascade.decide(right, language)
        if not (first.accepted and second.accepted):
            continue
        if first.intent in SMALL and second.intent not in SMALL:
            return _divide(right, second, cascade, most) or [second] if not _is_small(whole, second) else []
        if second.intent in SMALL and first.intent not in SMALL:
            if _is_only_time(right, language):
                continue  # "…, mornings only" is no good-bye
            if JOINTS.search(right):
                continue
            return _divide(left, first, cascade, most) or [first]
        if _are_two(first, second, whole) or _is_beside_mail(first, joint, second):
            rest = _divide(right, second, cascade, most - 1) or [second]
            return [first, *(replace(route, slots={**route.slots, "beside": first.text}) for route in rest)]
    return []


def _with_all_of(pair: tuple[Route, Route], cascade: Cascade, most: int) -> list[Route]:
    """The first request of a pair, and those behind it; each has the day of an earlier one that names a day."""
    first, second = pair
    rest = _divide(second.text, second, cascade, most - 1) or [second]
    each = pairs.several_times(first.text, first, cascade) or [first]
    return [*each, *(replace(route, slots={**route.slots, **second.slots}) for route in rest)][:most]


def _is_small(whole: Route, rest: Route) -> bool:
    """Whether a message is rather small talk as a whole than a greeting before a request."""
    return whole.accepted and whole.intent in SMALL and whole.confidence >= rest.confidence


def _are_two(first: Route, second: Route, whole: Route) -> bool:
    """Whether two parts are two requests, and not two halves of one."""
    if first.agent not in SPLITTING_AGENTS or second.agent not in SPLITTING_AGENTS:
        return False
    if first.intent == second.intent:
        return first.intent == "business_faq" and all(QUESTION.search(one.text) and count_words(one.text) > BARE for one in (first, second))
    if not (_stands_alone(first) and _stands_alone(second)) or {first.intent, second.intent} <= MOVING:
        return False
    if first.agent == second.agent and second.method is Method.CLASSIFIER and A_THING.fullmatch(second.text):
        return False  # "delete the reminders about Bob and the pills"
    weaker = min(first, second, key=lambda route: route.confidence)
    if weaker.confidence < LIKELY or (first.agent == "inquiries" and only_names(second)):
        return False
    if whole.confidence >= VERY_SURE and weaker.confidence < SURE_ENOUGH and whole.intent in {first.intent, second.intent}:
        return False
    return not (_is_only_time(first.text, first.language) or _is_only_time(second.text, second.language))


def _is_beside_mail(first: Route, joint: str, second: Route) -> bool:
    """Whether one part is a letter and the other a reminder for the person; what a letter dictates may well go on behind an "and"."""
    if first.agent == "email" and second.intent == pairs.REMINDER:
        return pairs.ASKS_REMINDING.search(second.text) is not None
    clear = ADDRESS.search(second.text) is not None and FIRM.search(joint) is not None
    return second.agent == "email" and first.intent == pairs.REMINDER and clear and pairs.has_time(first.text, first.language)


def only_names(route: Route) -> bool:
    """Whether a text ("a beard trim") names something and does not say what to do with it, though by itself it would be taken for a wish to book it."""
    return len(route.text) <= BRIEF and route.intent == "appointment_booking" and route.method is Method.CLASSIFIER


def _is_only_time(text: str, language: str) -> bool:
    """Whether a part of a message says when and nothing else: "Friday", "Tuesday, Wednesday and Friday at 8"."""
    parts = pairs.AND.split(text)
    return _says_a_time(text, language) or (1 < len(parts) <= pairs.MOST_TRIED and all(_says_a_time(part, language) for part in parts))


def _says_a_time(text: str, language: str) -> bool:
    reading = times.read(text, now=SOME_DAY, zone="UTC", language=language)
    spoken = reading.start or reading.recurrence or reading.duration
    return spoken is not None and count_words(reading.rest) <= 1


def count_words(text: str) -> int:
    """Words of a text; in Chinese, which has no spaces, two characters count as one."""
    han = len(HAN.findall(text))
    return len(WORD.findall(HAN.sub(" ", text))) + (han + 1) // 2


def target_of(text: str, language: str) -> str:
    """Of "from Tuesday to Thursday", "Thursday instead of Tuesday" the part that says the new time; else the whole text."""

    def both(found: re.Match[str], *, name: str) -> bool:
        parts = (text[: found.start()], text[found.end() :])
        return all(getattr(times.read(part, now=SOME_DAY, zone="UTC", language=language), name) for part in parts)

    for found in INSTEAD.finditer(text):
        if both(found, name="has_day") or both(found, name="has_clock"):
            return text[: found.start()]
    towards = list(reversed(list(TOWARDS.finditer(text))))
    last = next((found for name in ("has_day", "has_clock") for found in towards if both(found, name=name)), None)
    return text[last.end() :] if last else text


def _stands_alone(route: Route) -> bool:
    """Whether a part of a message is a request by itself: of questions to the business only what reads like a question."""
    return route.agent != "inquiries" or route.method is Method.KEYWORDS or ASKING.search(route.text) is not None


def _cuts(text: str) -> Iterator[tuple[str, str, str]]:
    for joint in JOINTS.finditer(text):
        left, right = text[: joint.start()].strip(), text[joint.end() :].strip()
        if left and right:
            yield left, joint.group(), right


def with_details(route: Route, *, now: datetime, zone: str, anchor: datetime | None = None, language: str = "") -> Route:
    """The route with what its text says about time, and the text without it. `language` is the text's, where it is not the route's."""
    language = language or route.language
    reading = times.read(route.text, now=now, zone=zone, language=language, anchor=anchor)
    if first := route.slots.get(pairs.SAME_DAY):
        reading = pairs.told_beside(route.text, str(first), reading, now=now, zone=zone, language=language)
    slots: dict[str, Any] = {**route.slots, "rest": reading.rest}
    if (when := when_slot(reading, zone)) is not None:
        slots["when"] = when
    return replace(route, slots=slots, relation="after" if reading.anchored and anchor is None else "")


def when_slot(reading: times.Reading, zone: str) -> dict[str, Any] | None:
    """A reading as the JSON that agents get; None when the text speaks of no time at all."""
    if not (reading.start or reading.recurrence or reading.unread or reading.anchored or reading.duration):
        return None
    return {
        "start": reading.start.isoformat() if reading.start else None,
        "end": reading.end.isoformat() if reading.end else None,
        "recurrence": reading.recurrence.rule if reading.recurrence else None,
        "duration": reading.duration.total_seconds() if reading.duration else None,
        "precision": str(reading.precision) if reading.precision else None,
        "part_of_day": reading.part_of_day,
        "has_clock": reading.has_clock,
        "has_day": reading.has_day,
        "unread": list(reading.unread),
        "anchored": reading.anchored,
        "zone": zone,
    }


def is_unclear(route: Route) -> bool:
    return route.task_type == UNCLEAR or not route.accepted
