"""The title of a reminder: what is left of a request without the words that ask for it."""

from __future__ import annotations

import re

LONGEST_TITLE = 400
"""Characters; what is longer is cut, and that is said."""
LEADS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"^\W*(?:please|can you|could you|would you|will you|hey|hi|ok|and|also|then|i(?:'d| would) like you to|i need you to|i want you to)\b[\s,]*",
        r"^\W*(?:set|create|add|make|put|give me|i need|i want|schedule)\s+(?:up\s+)?(?:me\s+)?(?:a|an|another|one)?\s*(?:new\s+)?(?:daily\s+|weekly\s+)?reminder\b[\s,:]*",
        r"^\W*reminder\b[\s,:]*",
        r"^\W*(?:do not|don't) let me forget\b[\s,:]*",
        r"^\W*(?:(?:please )?(?:remember|note(?: down)?|keep in mind)(?: that)?|merk(?:e|en sie)?(?: dir| sich)?(?: bitte)?,?(?: dass)?|(?:toma )?nota(?: de)? que|ten en cuenta que|acu[eé]rdate de que)\b[\s,:]*",
        r"^[\s，,]*(?:请)?(?:记住|记一下|记下)[\s，,：:]*",
        r"^\W*(?:remind|ping|nudge|wake|alert|tell) me\b(?:\s+up)?[\s,:]*",
        r"^\W*(?:to|about|of|that i (?:need|have|must)\s*(?:to)?|that|for|i (?:need|have) to|with)\b[\s,:]*",
        r"^\W*(?:bitte|kannst du|können sie|könntest du|könnten sie|und|auch|dann|ich möchte,? dass du|ich brauche)\b[\s,]*",
        r"^\W*(?:setz|setze|stell|stelle|erstell|erstelle|leg|lege|mach|mache)\s+(?:mir\s+)?(?:bitte\s+)?(?:eine|ne|die)?\s*erinnerung(?:\s+an)?\b[\s,:]*",
        r"^\W*(?:eine\s+)?erinnerung\b(?:\s+(?:an|für))?[\s,:]*",
        r"^\W*(?:erinner(?:e|n sie)?|weck(?:e|en sie)?|sag(?:e|en sie)?)\s+(?:mich|mir)\b[\s,:]*",
        r"^\W*(?:erinnern?|bitte|daran|dass ich|dass|an (?:den|die|das)|an|ans|für|fürs|zu|mich|bescheid|auch)\b[\s,:]*",
        r"^\W*(?:por favor|puedes|podrías|puede|podría|quiero que|necesito que|y|también|luego)\b[\s,]*",
        r"^\W*(?:pon(?:me)?|crea(?:me)?|añade|programa|haz(?:me)?|quiero|necesito)\s+(?:un|otro)?\s*recordatorio\b[\s,:]*",
        r"^\W*(?:un\s+)?recordatorio\b[\s,:]*",
        r"^\W*(?:me\s+(?:l[oa]s?\s+)?)?(?:recu[eé]rd[ae](?:me|nos|s)?(?:l[oa]s?)?|record[aá]r(?:mel[oa]s?)|recordar(?:me|nos)?|av[ií]s[ae](?:me)?(?:l[oa]s?)?|avisarme|acuérda(?:me|te)?)\b[\s,:]*",
        r"^\W*(?:que tengo que|que debo|de que|que|de|para|tengo que|sobre)\b(?!\w)[\s,:]*",
        r"^[\s，,。：:]*(?:请|麻烦|帮我|你能|能不能|可以|记得|别忘了|到时候|到时|然后|还有|并且|并|再|也|设(?:置|定)?(?:一?个)?(?:闹钟|提醒)|(?:一?个)?提醒[：:，,]?(?!我)|要|得|的时候|时候|时)[\s，,]*",
        r"^[\s，,。]*(?:提醒一下我|提醒(?:我|一下)|叫我|通知我|告诉我)[\s，,]*",
    )
)
TAIL = re.compile(r"[\s,.;:!?，。！？、]*(?:\b(?:please|bitte|por favor|daran|at|on|um|am|a las|el)\b|吧|一下|好吗|谢谢)?[\s,.;:!?，。！？、]*$", re.I)
JOINED = re.compile(
    r"\b(ab|an|auf|raus|rein|runter|rauf|heraus|herein|hinaus|aus|bei|durch|ein|fertig|fest|her|hin|los|mit|nach|um|vor|vorbei|weg|weiter|zu|zurück|zusammen)zu(\w{3,}n)\b|\bzu\s+(?=\w+e?n\b\W*$)",
    re.I,
)
WAKING = re.compile(r"\b(?:wake me|alarm|weck\w*|wecker|despiért\w*|alarma)\b|叫醒|起床|闹钟", re.I)
TIMER = re.compile(
    r"(?:(?:set|start|run)\s+)?(?:a|an|the|my)?\s*\b(?:timer|countdown)\b(?:\s+(?:for|of))?|(?:(?:stell|starte?)\w*\s+)?(?:einen|den|mir einen)?\s*\b(?:timer|eieruhr|kurzzeitwecker)\b(?:\s+(?:auf|für|von))?"
    r"|(?:(?:pon(?:me)?|inicia|programa)\s+)?(?:un|una|el|la)?\s*\b(?:temporizador|cuenta atrás)\b(?:\s+(?:de|para))?|(?:设|开|定)?(?:置|始)?(?:一?个)?(?:倒计时|计时器?|定时器?)",
    re.I,
)
MEANS_EVENT = re.compile(
    r"(?:about |of )?(?:it|that|this|(?:my|the|this) (?:appointment|booking|visit))(?: too| also| as well)?|(?:an )?(?:es|das|(?:meinen|den|diesen) termin)(?: auch)?|auch"
    r"|(?:lo|la|eso|(?:mi|la|esta) (?:cita|reserva))(?: también)?|(?:它|这个|那个|我的预约|预约|这件事)",
    re.I,
)
"""A subject that is no more than the appointment itself."""
CLAIM = re.compile(r"[\s,]+(?:is|are|falls|ist|sind|es|son|cae|será)[\s.!]*$|是?在?[\s。！]*$", re.I)
"""What a statement ("her birthday is on May 4") ends with, once its day is taken out."""
ASKING = re.compile(
    r"\b(?:what|who|where|how|why|which|when|if|whether|was|wer|wo|wie|warum|welche\w*|wann|ob|qué|quién|dónde|cómo|cuál|cuándo|si)\b|什么|谁|哪|怎", re.I
)
FREE_DAYS = (
    r"(?:(?:public|bank|national|school|legal)\s+)?(?:holidays?|vacations?)|(?:gesetzliche[nr]?\s+)?(?:feiertag(?:e|en|s)?|ferien|urlaub)|(?:d[ií]as?\s+)?(?:festivos?|feriados?|de fiesta)"
    r"|vacaciones|weekends?|wochenenden?|fines? de semana|weekdays?|wochentag(?:e|en|s)?|werktag(?:e|en|s)?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:mon|diens|donners|frei|sams|sonn)tag(?:e|en|s)?|mittwochs?|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bados?|domingos?"
)
EXCEPTION = re.compile(
    r"[\s,;(]*\b(?:but not|just not|not|except(?: for)?|excluding|apart from|aber nicht|nur nicht|nicht|außer|ausgenommen|pero no|no|excepto|salvo|menos)\s+"
    rf"(?P<days>(?:(?:on|at|in|during|over|the|am|an|zu|den|der|im|en|los|el|las|durante|any)\s+)*(?:{FREE_DAYS})(?:\s*(?:and|or|und|oder|y|o|,)\s*(?:on\s+|an\s+|los\s+)?(?:{FREE_DAYS}))*)"
    r"(?:\s+(?:though|please|bitte|por favor))?[\s).!]*$"
    r"|[\s，,、]*(?:但是?|不过|可是)?(?:除了)?(?P<zh>(?:法定)?(?:节假日|假日|假期|节日|放假|周末|周[一二三四五六日天]|星期[一二三四五六日天]))(?:除外|不要|不用|不算|不提醒|以外|之外)[\s。！]*$"
    r"|[\s，,、]*(?:但是?|不过|可是)?(?:不包括|不含|除了)(?P<zh_after>(?:法定)?(?:节假日|假日|假期|节日|周末|周[一二三四五六日天]|星期[一二三四五六日天]))(?:以外|之外|外)?[\s。！]*$",
    re.I,
)
"""The days that a rhythm is to leave out."""


def subject_of(rest: str, language: str) -> str:
    """What to be reminded of, without the words that ask for it: "remind me to call mum" is "call mum"."""
    text, before = rest.strip(), ""
    while text != before:
        before = text
        for lead in LEADS:
            text = lead.sub("", text, count=1)
    text = re.sub(r"\s{2,}", " ", TAIL.sub("", text)).strip(" ,，：:")
    if language == "de":
        text = JOINED.sub(lambda found: f"{found.group(1)}{found.group(2)}" if found.group(1) else "", text)
    if language == "zh":
        text = re.sub(r"(?:的时候|时)?[，,]?(?:请|记得)?提醒我?$", "", text)
    return text


def stated(rest: str) -> str:
    """A statement without the verb that only tied its day to it ("my sister's birthday is"); a question keeps it."""
    return rest if ASKING.search(rest) else CLAIM.sub("", rest)


def exception_in(rest: str) -> tuple[str, str]:
    """A request without the days that its rhythm is to leave out, and those days; empty where it names none."""
    found = EXCEPTION.search(rest)
    if found is None:
        return rest, ""
    return rest[: found.start()], next(group for group in found.groups() if group).strip()


def shortened(title: str) -> str:
    """A title within its length, cut visibly at a word."""
    if len(title) <= LONGEST_TITLE:
        return title
    cut = title[: LONGEST_TITLE - 1]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[LONGEST_TITLE // 2 :] else cut}…"
