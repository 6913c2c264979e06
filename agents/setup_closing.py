"""What an owner's sentence about being open or closed asks for. Closures are whole days, and a question changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from orchestrator.contracts import AnswerKind, Card, Context, Declined, Done, Option, Outcome, Task

WHOLE, EVERY, LEAVE = "whole", "every", "leave"
MOST_OFFERED = 8

MARK = re.compile(r"[?？¿]")
OPENER = r"^\W*(?:(?:and|so|hey|hi|hello|ok(?:ay)?|sorry|und|also|hallo|na|y|oye|hola|perd[oó]n)\W+)*"
INTERROGATIVE = re.compile(
    OPENER + r"(?:(?:at|until|till|from|since|on|in|by|ab|bis|seit|von|um|an|zu|in|a|de|desde|hasta|en|por) )?"
    r"(?:what|when|where|who|why|which|how|wann|warum|wieso|welche\w*|wie|was|wer|wo|ob|qué|(?<= )que|cu[aá]ndo|cu[aá]l\w*|d[oó]nde|cómo|quién\w*|si(?= (?:cerramos|abrimos|estamos)))\b"
    r"|吗|[呢么][。！!\s]*$|[几哪谁]|什么|多久|多少|多晚|为什么|怎么|是不是|有没有|会不会|开不开|关不关|休不休|(?:营业|开门|关门|休息)不[。\s]*$",
    re.I,
)
INVERTED = re.compile(
    OPENER
    + r"(?:(?:am|are|is|do|does|did|will|shall|should|can|could|may|must|have|has|were|was|would|aren't|isn't|don't|won't) (?:we|i|they|the|our|it|there)\b"
    r"|(?:haben|sind|schließen|machen|öffnen|bleiben|arbeiten|werden|können|müssen|sollen|sollten|dürfen|hat|ist|schließt|öffnet|macht|bleibt|wird) "
    r"(?:wir|ich|der|die|das|unser\w*|es)\b)",
    re.I,
)
TELL_ME = re.compile(
    r"\b(?:tell me|let me know|do you know|(?:like|want|need) to know|remind me (?:when|whether|if)|sag(?:en sie)? mir|weißt du|wissen sie|wissen,? (?:ob|wann)|wüsste gern"
    r"|dime|d[ií]game|decirme|sabes|sabe si|quiero saber|saber si)\b|告诉我|想知道|知不知道|你知道",
    re.I,
)
POLITE = re.compile(
    r"^\W*(?:(?:please|bitte|por favor|hey|hi)\W+)*(?:(?:can|could|would|will) you|(?:kannst|könntest|würdest|magst) du|(?:können|könnten|würden) sie|(?:me )?pued[eo]s?|podr[ií]as?)\b"
    r"|^\W*请?(?:你|您)?(?:能不能|可不可以|能否|可以|能)(?!.*(?:营业吗|开门吗))|[,，]?\s*\b(?:ok(?:ay)?|please|bitte|vale|por favor)\s*[?？]\s*$|[,，]?\s*(?:好吗|可以吗|行吗)[?？]?\s*$",
    re.I,
)
"""Asks us to do something rather than for something; what it would close is asked back."""
PARTLY = re.compile(
    r"\b(?:early|earlier|late|later|half|partly|only (?:open |closed )?(?:until|till|from)|früher|früh|später|halbtags|erst (?:um|ab)|nur (?:\w+ )?(?:bis|von|ab)|antes|temprano|m[aá]s tarde|medio d[ií]a|s[oó]lo (?:\w+ )?(?:hasta|desde))\b"
    r"|提前|提早|早点|晚点|推迟|半天|才(?:开门|营业)|只(?:开|营业)",
    re.I,
)
LASTING = re.compile(
    r"\b(?:from now on|for good|permanently|always|every|each|(?:we|'re|are) now|now[.! ]*$|weekdays|weekends|(?:mon|tues|wednes|thurs|fri|satur|sun)days"
    r"|ab (?:jetzt|sofort|nun|heute)|künftig|in zukunft|dauerhaft|immer|jede[nrs]?|jetzt|nun|\w+tags|a partir de (?:ahora|hoy)|desde (?:ahora|hoy)|ahora|siempre"
    r"|(?:los|todos los) (?:lunes|martes|miércoles|jueves|viernes|sábados?|domingos?|d[ií]as))\b|以后|今后|从现在|每|改成|改为|都改",
    re.I,
)
STRETCH = re.compile(r"\d\s*(?:uhr|am|pm|h|点|时)?\s*(?:-|–|—|to|till|until|bis|a|hasta(?: las)?|到|至)\s*(?:las\s+)?\d", re.I)
HOURS_NOUN = re.compile(r"\b(?:hours|opening times|öffnungszeit\w*|geschäftszeit\w*|sprechzeit\w*|horarios?)\b|营业时间|开门时间|工作时间", re.I)
WEEKDAY = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    r"|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo)s?\b|\b(?:mon|tues?|wed|thur?s?|fri|sat|sun|mo|di|mi|fr|sa|lun|mi[eé]|jue|vie|s[aá]b|dom)\b|(?:周|星期|礼拜)[一二三四五六日天]",
    re.I,
)
OFF = re.compile(
    r"\b(?:cancel|remove|delete|drop|lift|undo|take back|end|scrap)\b.{0,30}\b(?:closures?|closing|closed days?|holidays?|day off)\b"
    r"|\b(?:schließung|schließtage?|betriebsferien|betriebsurlaub|ruhetage?|urlaub)\b.{0,50}\b(?:aufheben|absagen|löschen|streichen|stornieren|entfernen|zurücknehmen|rückgängig)\b"
    r"|\b(?:heb|hebe|lösch|lösche|streich|streiche|storniere|entferne|nimm|sag|sage)\b.{0,30}\b(?:schließung|schließtag|betriebsferien|betriebsurlaub|ruhetag|urlaub)\b"
    r"|\b(?:cancel|anul|quit|elimin|borr)\w*\b.{0,20}\b(?:cierres?|d[ií]a de cierre|vacaciones|festivo)\b"
    r"|(?:取消|撤销|删除|去掉).{0,14}(?:停业|休息|关店|关门|歇业|休假|放假)",
    re.I,
)
SHUT = re.compile(
    r"\b(?:clos(?:e|ed|es|ing|ure)|shut|holidays?|vacation|geschlossen|geschl|schließ(?:en|e|t)?|zumachen|zugemacht|dicht|urlaub|feiertag|ruhetag"
    r"|cerramos|cerrad[oa]s?|cierr[ae]|cierre|cerrar(?:emos)?|cerremos|vacaciones|festivo)\b"
    r"|\bzu(?=\W*(?:$|[.!,;]|am\b|an\b|vom\b|von\b|ab\b|über\b|zwischen\b|heute\b|morgen\b|übermorgen\b|haben\b|machen\b|bleiben\b|sind\b))"
    r"|不(?:会|再)?(?:营业|开门|开店|上班)|关门|关店|休息|放假|歇业|停业|打烊",
    re.I,
)
OPEN = re.compile(
    r"\b(?:open(?:ed|s|ing(?! hours| times))?|re-?open\w*|offen|geöffnet|öffnen|öffnet|aufmachen|auf(?=\W*(?:$|[.!,;]))|abrimos|abiert[oa]s?|abr[ei]|abrir(?:emos)?|reabr\w+)\b|(?:营业|开门|上班)(?!时间)|开店",
    re.I,
)
NOT = re.compile(r"\b(?:not|never|no longer|nicht|kein\w*|nunca|tampoco)\b|n't\b|(?<![,\w])\bno(?= (?:\w+ ){0,3}?(?:cerr|cierr|abr|est[aá]|vamos))|不|没", re.I)
CLAUSE = re.compile(r"[,;.，；。]")
AT_THE_END = re.compile(r"\bnicht\W*$", re.I)


class Meant(StrEnum):
    """What a sentence says about open and closed."""

    ASKS = "asks"
    SHUT = "shut"
    OPEN = "open"
    NEITHER = "neither"


def is_request(text: str) -> bool:
    """ "Can you close on Friday?": a question by its form only."""
    return POLITE.search(text) is not None and TELL_ME.search(text) is None


def is_question(text: str) -> bool:
    """Whether a text wants to know something; such a text never changes anything."""
    return not is_request(text) and any(sign.search(text) for sign in (MARK, INTERROGATIVE, INVERTED, TELL_ME))


def meant(text: str) -> Meant:
    """Of several words the first counts; one that is denied says the opposite."""
    if is_question(text):
        return Meant.ASKS
    if OFF.search(text):
        return Meant.OPEN
    found = min((hit for hit in (SHUT.search(text), OPEN.search(text)) if hit is not None), key=lambda hit: (hit.start(), -hit.end()), default=None)
    if found is None:
        return Meant.NEITHER
    shuts = SHUT.fullmatch(found.group()) is not None or SHUT.match(text, found.start()) is not None
    return Meant.SHUT if shuts != _denied(text, found.start()) else Meant.OPEN


def _denied(text: str, place: int) -> bool:
    before = [hit for hit in NOT.finditer(text) if hit.end() <= place and not CLAUSE.search(text[hit.end() : place])]
    return bool(before) or AT_THE_END.search(text) is not None


def is_about_hours(text: str) -> bool:
    return any(words.search(text) for words in (SHUT, OPEN, HOURS_NOUN))


def of_one_day(text: str, when: Mapping[str, Any]) -> bool:
    """Whether the hours of certain days are meant ("tomorrow at 3"), rather than those of every week ("on Fridays", "from now on")."""
    if not when.get("start") or not when.get("has_day") or when.get("recurrence") or LASTING.search(text):
        return False
    named = WEEKDAY.findall(text)
    if not named or not is_partly(text, when):
        return True
    return HOURS_NOUN.search(text) is None and (len(named) == 1 or STRETCH.search(text) is None)


def is_partly(text: str, when: Mapping[str, Any]) -> bool:
    return bool(when.get("has_clock") or when.get("part_of_day") or when.get("duration")) or PARTLY.search(text) is not None


async def tell(task: Task, context: Context) -> Outcome:
    """The answer to a question of the owner's, which changes nothing."""
    if not is_about_hours(task.text):
        return Done(Card(context.words("closing-asked")))
    when = task.slots.get("when") or {}
    hours = await context.call("business.hours", key="hours", day=when.get("start") if when.get("has_day") else None)
    if not hours["known"]:
        return Done(Card(context.words("hours-unknown")))
    lines = [_of_day(context, hours["day"])] if hours.get("day") else _of_week(context, hours, "hours-title")
    return Done(Card("\n".join([*lines, *(context.words("hours-closure", days=days) for days in hours["closures"] if not hours.get("day"))])))


def _of_day(context: Context, day: Mapping[str, Any]) -> str:
    if day["hours"]:
        return context.words("hours-open-on", day=day["day"], hours=day["hours"])
    return context.words("hours-closed-for", day=day["day"], reason=day["reason"]) if day["reason"] else context.words("hours-closed-on", day=day["day"])


def _of_week(context: Context, hours: Mapping[str, Any], title: str) -> list[str]:
    return [context.words(title), *(f"- {day['weekday']}: {day['hours'] or context.words('hours-closed')}" for day in hours["week"])]


async def handled(task: Task, context: Context) -> Outcome | None:
    """What came of closing or opening days; None where something else is wanted."""
    text, when = task.text, task.slots.get("when") or {}
    wanted = meant(text)
    if wanted is Meant.NEITHER:
        return await _partly(context, text, when) if of_one_day(text, when) and is_partly(text, when) and HOURS_NOUN.search(text) else None
    if of_one_day(text, when):
        if is_partly(text, when):
            return await _partly(context, text, when)
        return await (_close(context, when, sure=not is_request(text)) if wanted is Meant.SHUT else _open(context, when))
    if when.get("recurrence") or LASTING.search(text) or WEEKDAY.search(text) or when.get("has_clock"):
        return None
    return await (_close_when(context, text) if wanted is Meant.SHUT else _open_which(context))


async def close(context: Context, when: Mapping[str, Any]) -> Outcome:
    """Close whole days, and name what is booked then: it stays booked until the owner decides."""
    closed = await context.call("business.close", key="close", start=when["start"], end=when.get("end"))
    lines = [context.words("setup-closed", days=closed["days"])]
    if closed["booked"]:
        listed = await context.call("calendar.list", key="booked", start=closed["start"], end=closed["end"])
        shown = [event for event in listed if event["service"]]
        lines.append(context.words("setup-closed-booked", count=closed["booked"]))
        lines += [f"- {event['when']}: {event['title']}" + (f", {event['who']}" if event["who"] else "") for event in shown]
        if closed["booked"] > len(shown):
            lines.append(context.words("closing-more", count=closed["booked"] - len(shown)))
    return Done(Card("\n".join(lines)))


async def _close(context: Context, when: Mapping[str, Any], *, sure: bool) -> Outcome:
    if sure:
        return await close(context, when)
    found = await context.call("business.hours", key="day", day=when["start"])
    options = [Option(context.words("closing-whole", day=found["day"]["day"]), WHOLE), Option(context.words("closing-leave"), LEAVE)]
    chosen = await context.choose("sure", context.words("closing-sure", day=found["day"]["day"]), options)
    return await close(context, when) if chosen == WHOLE else Done(Card(context.words("closing-left")))


async def _close_when(context: Context, text: str) -> Outcome:
    """No day that could be read: never guessed."""
    told = await context.ask("day", context.words("closing-which-day"), AnswerKind.WHEN)
    when = told if isinstance(told, dict) else {}
    if not when.get("start") or not when.get("has_day"):
        return Declined(Card(context.words("closing-no-day")), "no day was named")
    return await (_partly(context, text, when) if is_partly("", when) else close(context, when))


async def _partly(context: Context, text: str, when: Mapping[str, Any]) -> Outcome:
    """A part of a day cannot be closed, nor one day's hours changed: say so, and do only what is chosen then."""
    day = (await context.call("business.hours", key="day", day=when["start"]))["day"]
    if not day["hours"]:
        return Done(Card(_of_day(context, day)))
    options = [Option(context.words("closing-whole", day=day["day"]), WHOLE)]
    facts = await context.call("business.read", key="every", text=text) if WEEKDAY.search(text) and when.get("has_clock") else None
    if facts and set(facts) == {"hours"}:
        options.append(Option(context.words("closing-every", weekday=day["weekday"]), EVERY))
    options.append(Option(context.words("closing-leave"), LEAVE))
    chosen = await context.choose("part", context.words("closing-partly", day=day["day"], hours=day["hours"]), options)
    if chosen == WHOLE:
        return await close(context, when)
    if chosen == EVERY:
        await context.call("business.change", key="change", facts=facts)
        return Done(Card(await week(context)))
    return Done(Card(context.words("closing-left")))


async def week(context: Context) -> str:
    """The hours of every week as they are now."""
    return "\n".join(_of_week(context, await context.call("business.hours", key="hours"), "setup-changed-hours"))


async def _open(context: Context, when: Mapping[str, Any]) -> Outcome:
    opened = await context.call("business.reopen", key="reopen", start=when["start"], end=when.get("end"))
    day = (await context.call("business.hours", key="day", day=when["start"]))["day"]
    said = context.words("closing-opened", days=opened["days"]) if opened["spans"] else context.words("closing-none-then", day=day["day"])
    return Done(Card(f"{said}\n{_of_day(context, day)}" if day["hours"] or not opened["spans"] else said))


async def _open_which(context: Context) -> Outcome:
    """Which closure is taken back, where no day was named."""
    closed = (await context.call("business.hours", key="closures"))["closed"]
    if not closed:
        return Done(Card(context.words("closing-none")))
    options = [Option(one["days"], str(place)) for place, one in enumerate(closed[:MOST_OFFERED])] + [Option(context.words("closing-leave"), LEAVE)]
    chosen = await context.choose("which", context.words("closing-which"), options)
    if chosen == LEAVE:
        return Done(Card(context.words("closing-left")))
    span = {"first": closed[int(str(chosen))]["first"], "last": closed[int(str(chosen))]["last"]}
    opened = await context.call("business.reopen", key="reopen", spans=[span])
    return Done(Card(context.words("closing-opened", days=opened["days"])))
