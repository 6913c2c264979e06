"""The words by which people name one of their things, and how surely a text means it."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

SHORT, STEM = 5, 6
"""Letters: words shorter than SHORT must be alike as a whole; those that share STEM are alike whatever follows."""
ENDING = 2
"""Letters that may follow a word of three."""
HAN_RUN = re.compile(r"[㐀-鿿]+")
WORD = re.compile(r"[^\W\d_㐀-鿿]{2,}")
HAN_EMPTY = re.compile(
    r"提醒(?:我|事项)?|闹钟|定时器?|删除|删掉|删去|删了|取消|去掉|移除|撤销|更改|修改|改(?:成|到|为)|推迟|推后|延后|提前|提早|换(?:成|到)|挪到?|移到?|调到?|设(?:置|定)?|安排|完成|做完|办完|搞定|弄好"
    r"|已经|刚才|刚刚|那[个条]|这[个条]|哪[个条]|一[个条]|关于|不要|不用|不需要|别|帮我|麻烦|请|我的|我们|您|你|我|还是|一下|好了|谢谢|可以|能不能|能|吗|吧|呢|啊|的|了|把|将|给|到|在|从|于|掉|再|也|都|要|想|改|删|事情?|时间|最后|上[个次]|点|分|半|早上|上午|中午|下午|晚上|今天|明天|后天|每天"
)
"""What is said around the name of a Chinese reminder."""
EMPTY = (
    # English
    "the an and or for that this these those with without about from into on at in of to by as is are was be it its my mine me you your our we us so if up no not don do does did any "
    "one ones reminder reminders remind reminded reminding alarm alarms alert notification delete deleted cancel cancelled canceled remove erase drop scrap clear rid get take away kill "
    "change changed move moved reschedule shift push postpone put switch set make edit update please pls thanks thank can could would will want need like just now then later earlier instead "
    "rather actually sorry oh ok okay hey hi also done finished complete completed mark off out new old time date day other last latest next first second thoughts thought which called named saying "
    "says there longer anymore more again back only all after before hour hours minute minutes half quarter am pm forget let should must have has had been got ve ll re already did "
    "number no. nr "
    # German
    "der die das den dem des ans fürs beim vom ein eine einen einem einer und oder aber mit ohne für von vom zu zum zur an am im in auf bei um ab aus nach bis vor es ist sind war mein meine meinen meinem meiner "
    "dein deine ich du er sie wir ihr mir mich dir uns dass erinnerung erinnerungen erinnere erinnern erinnert wecker lösche löschen lösch gelöscht entferne entfernen streiche streich streichen "
    "storniere stornieren absagen sag sage ändere ändern änder verschiebe verschieben verschieb verlege verlegen leg lege stell stelle stellen umstellen setz setze mach mache machen bitte danke "
    "kannst können könntest könnten würdest möchte will soll sollte doch lieber nun jetzt mal noch nicht mehr kein keine brauche nur auch erledigt fertig gemacht getan schon habe hab hat weg raus "
    "neue neuen alte alten zeit uhr uhrzeit letzte letzten diese dieser dieses diesen jene eben gerade stattdessen wieder später früher stunde stunden minute minuten halb dann nummer brauch "
    # Spanish
    "pensándolo bien el la los las lo le un una unos unas al del de en con sin por para que se te su sus tu tus mi mis es son era ya no ni sí si más mas muy me nos yo usted recordatorio recordatorios "
    "recuerda recuérdame recordar recordarme recuerdo aviso avisos alarma borra borrar borre bórralo bórrame elimina eliminar elimine quita quitar quítame cancela cancelar cancele anula anular "
    "cambia cambiar cambie cámbiame modifica modificar mueve mover mueva pasa pasar pase aplaza aplazar retrasa retrasar adelanta adelantar pon poner ponlo ponme haz hacer hecho hecha listo "
    "favor gracias puedes puede podrías podría quiero quisiera quería necesito mejor ahora luego después antes tarde temprano entonces otra otro vez nueva nuevo hora horas minuto minutos media "
    "cuarto último última ese esa este esta eso esto aquel sobre acerca terminé terminado he tengo ha número "
)
EMPTY_WORDS = frozenset(EMPTY.split())
"""Words that say nothing about which is meant."""
FOLDED = str.maketrans({"ß": "ss"})
COMPOUND = re.compile(r"(?<=\w\w)s?-?(?:erinnerung(?:en)?|wecker)$")
"""German writes "Müllerinnerung" in one word."""
INFIX = re.compile(
    r"^(ab|an|auf|aus|raus|rein|runter|rauf|heraus|bei|durch|ein|fertig|fest|her|hin|los|mit|nach|um|vor|vorbei|weg|weiter|zu|zurück|zusammen)zu(?=\w{3,}n$)"
)


class Meant(StrEnum):
    """How surely something is what is meant."""

    SURE = "sure"
    OPEN = "open"
    """Nothing was said about which."""
    UNLIKE = "unlike"
    """Something was said, and this does not fit it, or not wholly."""


def meaning(text: str) -> set[str]:
    """The words that tell one thing from another; Chinese by pairs of characters, or the one there is."""
    low = unicodedata.normalize("NFC", text.casefold())
    words = {INFIX.sub(r"\1", COMPOUND.sub("", word)) for word in WORD.findall(low) if word not in EMPTY_WORDS}
    found = {_folded(word) for word in words if word not in EMPTY_WORDS}
    for run in HAN_RUN.findall(HAN_EMPTY.sub(" ", low)):
        found |= {run[n : n + 2] for n in range(len(run) - 1)} or {run}
    return found


def _folded(word: str) -> str:
    """Without accents: "médico" and "medico", "Bäume" and "Baum" are alike."""
    return "".join(char for char in unicodedata.normalize("NFKD", word.translate(FOLDED)) if not unicodedata.combining(char))


def alike(one: str, other: str) -> bool:
    """Whether two words are forms of one ("pill" and "pills", "watering" and "water")."""
    short, long = sorted((one, other), key=len)
    if HAN_RUN.match(short):
        return short in long
    shared = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if shared >= STEM:
        return True
    if len(short) < SHORT:
        return shared == len(short) and (len(short) > 3 or len(long) - shared <= ENDING)
    return shared >= len(short) - 1
