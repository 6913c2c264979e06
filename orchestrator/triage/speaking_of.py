"""Whether a short text says only another time for what was made last, or names something else as well."""

from __future__ import annotations

import re
from datetime import datetime

from orchestrator import times
from orchestrator.triage.requests import target_of

WORD = re.compile(r"[^\W\d_]+")
HAN = re.compile(r"[㐀-鿿]")
HAN_AROUND = re.compile(
    r"不好意思|对不起|抱歉|谢谢|麻烦|等等|等一下|或者|还是|应该|其实|可以|可能|预约|预订|提醒|改成|改到|改为|换成|换到|推迟|提前|延后|时间|我是说|我想|刚才|搞错|说错|算了|更好|合适|方便|需要|希望|不行|不对|不是|一下"
    r"|[我你您是说的了吧呢啊吗哦嗯那就请把将它个在到改换要想好行不对错用放定约点再也都晚早后前这会有能得成为从最号]"
)
TELLING = re.compile(
    r"\b(?:tell|write|say to|text|e-?mails?|mails?|ask|send|inform|answer him|schreib\w*|sag\w* (?:ihm|ihr|ihnen|ihm)|frag\w*|schick\w*|antworte\w*|mail\w*|d[ií](?:le|les|gale)|escr[ií]b\w+|pregunt\w+|env[ií]\w+|resp[oó]nd\w+)\b"
    r"|告诉|写信|邮件|发给|问他|问她|回复",
    re.I,
)
"""Something for somebody else, whatever time it speaks of."""
AROUND = (
    "a about actually after again ah all already also am an and anymore any appointment appointments appt around as asap at be because before better booking but by can cannot can't change changed come could "
    "did do doesn don't earlier else even fine for from geht get give good great had half have hello her hey him hm how hmm i i'd i'll i'm i've if in instead is isn it it'll it's its just later let let's lets like "
    "ll m maybe make me mean meant meet mind mine more move much my need no nope not now o'clock of off oh ok okay on one only oops or other our out p pardon perhaps please pls possible prefer put rather re really "
    "reminder remind right s same schedule second set shall should slot so sooner sorry still suit suits sure t take than thank thanks that that's the them then thing think thought thoughts till time times to too "
    "try uh um until up ve wait want wanted was we we'd we'll well what when will wish with work works would wrong yeah yes you your d ask asked said say about "
    "aber ab ach alles als also am an andere anderen auch auf aus bei besser bitte brauche da danke dann das dass dem den der des die dies doch dran du eher eigentlich ein eine einen einer entschuldigung er erinner "
    "erinnere erinnern erinnerung erst es etwas euch fast frei für früher ganz gar geht gehen gemeint genau gern gerne gut haben hab hallo halt hätte heißt ich ihr im in ist ja jetzt kann kannst können könnten "
    "könnte komme leg lege leider lieber lass mach mache machen mal mein meine meinen meinte mich mir mit möchte moment möglich muss nach nee nehmen nein nicht noch nochmal nun nur ob oder ok passt schon sein setz "
    "sich sie sind so sollte soll sondern sorry später statt stattdessen stell tausch termin trag tut uhr um und uns verleg verschieb verschiebe verzeihung vielleicht vom von vor war warte wäre was wenn wieder "
    "wir will wollte würde zeit zu zum zur ändere ändern falsch leid daraus draus anstatt "
    "a ahora al algo antes así aún ay bien bueno buena cambia cambiar cambie cámbialo cámbiala cambies cita citas claro como con creo cuando dar de decir del deja dejar digo disculpa e el ella en entonces era es esa "
    "ese eso espera esta este esto favor fuera gracias ha haga hacer haz hora horas hoy iba la las le lo los luego me mejor mi mismo mismos mover mueve muévelo muévela más mas media mucho muy más necesito ni no nos "
    "o oh ok otra otro para pasa pásalo pásala pensándolo perdón perdona pero podemos podría poner pon ponlo ponla por prefiero preferiría puede puedes pues que qué quería querría quiero quise quizá quizás "
    "realidad recordatorio recuérdame recuérdamelo reserva sea sería sé se ser si sí siento sin solo su también tal tarde tengo tiene toca todo tu u un una va vale vez viene y ya yo equivoqué equivocado lugar "
)
AROUND_WORDS = frozenset(AROUND.split())
BEFORE = "at on by um am gegen ab bis in im the der den dem a al las la los el para please bitte por favor ok okay then dann entonces uhr oclock o'clock pm 在 请 吧 那 就"
BEFORE_TIMES = frozenset(BEFORE.split())
"""What stands around a time that stands alone."""
WITH = re.compile(
    r"^\W*(?:(?:no|oh|actually|and|but|please|nein|eigentlich|lieber|aber|bitte|und|mejor|pero|por favor|y|请|还是|那)\W*)*"
    r"(?:(?:with|bei|mit|con)\s+(\w+)|(?:跟|和|找|让|给)\s*(\w{1,12}?))\s*(?:,?\s*(?:please|instead|bitte|lieber|stattdessen|por favor|mejor|做|剪|来|吧|谢谢))*\W*$",
    re.I,
)
""" "With Kim, please": who shall do what was just booked."""
FOREIGN = 3
"""With so many words about something else, a text is no correction at all."""


def other_words(text: str, title: str, *, now: datetime, zone: str, language: str) -> int:
    """How many words of a correction are about neither its time nor what is corrected; of Chinese, pairs of characters."""
    rest = times.read(target_of(text, language), now=now, zone=zone, language=language).rest
    if target_of(text, language) != text:
        rest = f"{text[: max(0, text.find(target_of(text, language)))]} {rest}"
        rest = times.read(rest, now=now, zone=zone, language=language).rest
    known = {word.casefold() for word in WORD.findall(title)}
    han = [char for char in HAN.findall(HAN_AROUND.sub("", rest)) if char not in title]
    words = [word for word in (found.casefold() for found in WORD.findall(HAN.sub(" ", rest))) if word not in AROUND_WORDS and word not in known]
    return len(words) + (len(han) + 1) // 2


def tells_somebody(text: str) -> bool:
    return TELLING.search(text) is not None


def is_only_a_time(text: str, *, now: datetime, zone: str, language: str) -> bool:
    """ "At 10", "am Freitag", "下午三点": a time, and nothing that is to happen then."""
    reading = times.read(text, now=now, zone=zone, language=language)
    if reading.start is None or reading.recurrence is not None or reading.unread or text.rstrip().endswith(("?", "？")):
        return False
    return all(word.casefold() in BEFORE_TIMES for word in re.findall(r"[㐀-鿿]|[^\W\d_]+", reading.rest))


def whom(text: str) -> str | None:
    """The name in "with Kim, please"; None for a text that says anything else."""
    found = WITH.match(text)
    return next(name for name in found.groups() if name) if found else None
