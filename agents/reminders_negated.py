"""What is said with a "not": "don't forget the milk" asks for a reminder, "don't remind me of the pills" for none; and politeness, which asks for nothing."""

from __future__ import annotations

import re

BEFORE_EN = r"^\W*(?:(?:please|and|also|oh|ok|okay|hey|then|but|well|so|no|just)\b\W*)*"
BEFORE_DE = r"^\W*(?:(?:bitte|und|auch|ach|nein|ok|okay|also|dann|aber)\b\W*)*"
BEFORE_ES = r"^\W*(?:(?:por favor|y|tambi[eé]n|ah|ya|ok|vale|pero|oye)\b\W*)*"
BEFORE_ZH = r"^(?:请|麻烦|你|您|那|就|还有|对了|哦|也|都|好的|好|可以|可|千万|以后|今后|今天|明天|每天|早上|晚上|[，,、 ])*"
NOT_TO_FORGET = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        BEFORE_EN
        + r"(?:do not|don['’]?t|never|(?:i|we) (?:must not|mustn['’]?t|should not|shouldn['’]?t|can(?:no|['’])t)) (?:(?:you|ever|let me) )*forget\b\W*(?:(?:to|about|that)\b\s*)?(?P<what>.*)$",
        BEFORE_DE + r"(?:vergiss|vergesst|vergessen sie)\b(?: (?:bitte|ja|bloß|auch|mir))* nicht\b\W*(?:dass\b\s*)?(?P<what>.*)$",
        BEFORE_DE + r"(?:vergiss|vergesst|vergessen sie)\b\s+(?P<what>.+?)\s+(?:(?:bitte|ja|bloß|auch)\s+)*nicht(?P<more>\s+(?:zu\s+)?\w+n)?\W*$",
        BEFORE_DE + r"(?:(?:ich|wir) (?:darf|d[üu]rfen|will|wollen|sollten?) )?(?P<what>(?!nicht).+?)[ ,]+(?:bitte )?nicht (?:zu )?vergessen\W*$",
        BEFORE_DE + r"nicht vergessen\b\W*(?P<what>.*)$",
        BEFORE_ES + r"(?:no (?:(?:te|se|me|lo|nos) )*olvid(?:es|e|[eé]is)|que no se (?:me|te|nos|le) olvide)\b\W*(?:(?:de que|de|que)\b\s*)?(?P<what>.*)$",
        BEFORE_ZH + r"(?:别|不要|勿|莫|甭)(?:让我)?(?:把(?P<more>.+?))?忘(?:记了|掉了|了|记|掉)?[\s，,：:]*(?P<what>.*)$",
    )
)
NOTHING_NAMED = re.compile(r"\W*(?:it|that|this|es|das|lo|eso|esto|它|这个|那个|了|哦|啊)?\W*", re.I)
UNWANTED = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        BEFORE_EN
        + r"(?:do not|don['’]?t|never) (?:set|make|create|add)(?: me)? (?:an?|any|another|the) (?:reminder|alarm)s?\b\W*(?:(?:for|of|about|to)\b\s*)?(?P<what>.*)$",
        BEFORE_EN + r"(?:do not|don['’]?t|never) wake (?:me|us)\b(?: up)?(?P<what>).*$",
        BEFORE_DE
        + r"(?:stelle?|setze?|mache?|erstelle?)(?: mir)?(?: bitte)? keine (?:erinnerung|wecker)\w*\W*(?:(?:an (?:die|den|das)|ans|an|für)\b\W*)?(?P<what>.*)$",
        BEFORE_DE + r"(?:weck\w* (?:mich|uns)(?: bitte)? nicht|stell\w* (?:mir )?keinen wecker)\b(?P<what>).*$",
        BEFORE_DE
        + r"(?:du|sie) (?:musst|müssen|brauchst|brauchen|sollst|sollen) (?:mich|uns) nicht (?:(?:an (?:die|den|das)|ans|an|daran)\b\W*)?(?P<what>.*?)\W*(?:zu )?erinnern\W*$",
        BEFORE_ES
        + r"no (?:pongas?|hagas?|cre(?:es|e)|programes?) (?:un|ning[uú]n|el|otro) (?:recordatorio|aviso)\b\W*(?:(?:de|para|sobre)\b\s*)?(?P<what>.*)$",
        BEFORE_ES + r"no (?:me|nos) despiertes?\b(?P<what>).*$",
        BEFORE_ZH + r"(?:别|不要|不用)(?:叫醒我|叫我起床)(?P<what>).*$",
        BEFORE_ZH + r"(?:别|不要|不用)(?:设置?|定|加|建)(?:一?个)?(?P<what>.*?)的?(?:提醒|闹钟)\W*$",
        BEFORE_EN + r"(?:do not|don['’]?t|never) (?:ever )?remind (?:me|us)\b(?! not\b)\W*(?:(?:of|about|to|that)\b\s*)?(?P<what>.*)$",
        BEFORE_DE
        + r"erinner(?:e|n sie)? (?:mich|uns)(?: (?:bitte|doch|mal|auch|daran|jetzt))* (?:nicht|nie|niemals)\b(?! zu\b)\W*(?:(?:an (?:die|den|das)|ans|an|wegen|daran)\b\W*)?(?P<what>.*)$",
        BEFORE_ES + r"no (?:me|nos) (?:l[oa]s? )?recuerd(?:es|e)\b\W*(?:(?:de que|de|que)\b\s*)?(?P<what>.*)$",
        BEFORE_ZH + r"(?:别|不要|不用|不必|无需|甭)提醒我[\s，,：:]*(?P<what>.*)$",
    )
)
ANY_MORE = re.compile(r"\b(?:any ?more|any longer|again|ever|mehr|nie|niemals|wieder|más)\b|再|[了]\W*$", re.I)
"""Wants an end of what goes on."""
CONTRAST = re.compile(r"\b(?:but|instead|rather|sondern|lieber|stattdessen|sino|mejor)\b|而是|改", re.I)
"""Wants another time, not an end."""
POLITE = re.compile(
    r"\W*(?:(?:ok(?:ay)?|great|perfect|cool|fine|super|prima|gut|perfekt|vale|genial|perfecto|bien|好的|好|行)\W+)?"
    r"(?:(?:(?:many )?thanks|thank you|thx|cheers|(?:vielen |besten )?dank|danke|merci|(?:muchas |mil )?gracias)(?: (?:so|very) much| a lot| sehr| schön| dir| ihnen| por todo)*"
    r"|dankesch[oö]n|(?:非常)?(?:谢谢|多谢|谢了|谢啦|感谢|辛苦了)(?:你|您|啦|了|啊)*"
    r"|ok(?:ay)?|good|great|perfect|super|prima|perfekt|vale|genial|perfecto|hello|hi|hallo|hola|please|bitte|por favor|好的|好|行|你好|嗯)\W*",
    re.I,
)
"""Words that thank, greet or agree, and name nothing."""


def not_to_forget(text: str) -> str | None:
    """What "don't forget …" asks to be kept in mind; empty where it is not named, None where a text asks for something else."""
    for pattern in NOT_TO_FORGET:
        if found := pattern.match(text):
            what = " ".join(part for part in (found["what"], found.groupdict().get("more")) if part).strip()
            return "" if NOTHING_NAMED.fullmatch(what) else what
    return None


def unwanted(text: str) -> str | None:
    """What a person does not want to be reminded of; None where a text says no such thing, or wants an end of something that goes on."""
    if ANY_MORE.search(text):
        return None
    found = next((found for pattern in UNWANTED if (found := pattern.match(text))), None)
    return found["what"].strip(" .!。！") if found else None


def is_polite(text: str) -> bool:
    return POLITE.fullmatch(text) is not None
