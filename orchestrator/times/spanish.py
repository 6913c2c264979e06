"""The Spanish words of time."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.times.terms import Kind, Term
from orchestrator.times.vocabulary import Vocabulary, index

ONES_WORDS = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)
ONES = ONES_WORDS.split()
TENS = {"treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "noventa": 90}
ORDINALS = (
    ("primer", "primero", "primera"),
    ("segundo", "segunda"),
    ("tercer", "tercero", "tercera"),
    ("cuarto", "cuarta"),
    ("quinto", "quinta"),
)
WEEKDAYS: tuple[tuple[str, ...], ...] = (("lunes",), ("martes",), ("miércoles",), ("jueves",), ("viernes",), ("sábado",), ("domingo",))
MONTHS: tuple[tuple[str, ...], ...] = (
    ("enero", "ene"),
    ("febrero", "feb"),
    ("marzo",),
    ("abril", "abr"),
    ("mayo",),
    ("junio", "jun"),
    ("julio", "jul"),
    ("agosto", "ago"),
    ("septiembre", "setiembre", "sept", "sep"),
    ("octubre", "oct"),
    ("noviembre", "nov"),
    ("diciembre", "dic"),
)
UNITS = {
    "second": ("segundos",),
    "minute": ("minuto", "minutos", "min", "minutitos"),
    "hour": ("hora", "horas", "h", "hrs"),
    "day": ("día", "días"),
    "week": ("semana", "semanas"),
    "fortnight": ("quincena", "quincenas"),
    "month": ("mes", "meses"),
    "year": ("año", "años"),
}
PARTS = {"mañana": "morning", "tarde": "afternoon", "noche": "night", "madrugada": "small_hours"}

GLUE: dict[Kind, str] = {
    Kind.ARTICLE: "un|una",
    Kind.HALF: "media|medio",
    Kind.QUARTER: "cuarto|un cuarto de",
    Kind.THREE_QUARTERS: "tres cuartos de",
    Kind.COUNTER: "más",
    Kind.ORDINAL_MARK: "º|ª|°",
    Kind.AM: "am|a.m.|a. m.|a.m",
    Kind.PM: "pm|p.m.|p. m.|p.m",
    Kind.OCLOCK: "h|hrs|horas|en punto|hs",
    Kind.BEFORE_HOUR: "menos",
    Kind.AT: "a las|a la|para las|sobre las|a eso de las|hacia las|antes de las|después de las|a partir de las|desde las|hasta las|alrededor de las|tipo|a las próximas|como a las|cerca de las",
    Kind.NEAR: "aproximadamente|alrededor|más o menos",
    Kind.ON: "el|en|el día|este",
    Kind.IN: "en|dentro de|de aquí a|en unos|dentro de unos|en unas|dentro de unas|en los próximos|en las próximas",
    Kind.WITHIN: "en menos de",
    Kind.FOR: "durante|por|para|de|por unos|para el|durante los próximos",
    Kind.BY: "antes del|antes de|para|para el",
    Kind.FROM: "de|desde|desde el|a partir de|a partir del|desde las|de las|del|empezando|empezando el|comenzando|comenzando el",
    Kind.TO: "a|al|hasta|para el",
    Kind.UNTIL: "hasta|hasta el|hasta las|hasta la",
    Kind.BETWEEN: "entre|entre las|entre el",
    Kind.AND: "y|e",
    Kind.OF: "de|del|de la|en",
    Kind.THE: "el|la|los|las",
    Kind.PER: "por|al|a la|a el",
    Kind.EVERY: "cada|todos los|todas las|todo el|todos|todas",
    Kind.OTHER: "dos|segundo|segunda",
    Kind.THIS: "este|esta|hoy",
    Kind.NEXT: "próximo|próxima|siguiente|que viene|que entra|próx|entrante",
    Kind.LAST: "último|última|últimos|pasado|pasada",
    Kind.AGO: "hace|hace unas|hace unos",
    Kind.LATER: "más tarde|después|luego",
    Kind.EARLIER: "antes|más temprano|más pronto",
    Kind.BEFORE: "antes|antes de|antes del|previo|previa|de antelación|anterior",
    Kind.AFTER: "después de|después del|tras|posterior|siguiente",
    Kind.END: "último día|fin|final|finales|a finales|fines|a fines|a final|al final",
    Kind.START: "principio|principios|a principios|comienzos|a comienzos|inicio|a inicios|al principio|primeros",
    Kind.MIDDLE: "mediados|a mediados",
    Kind.DAY_MARK: "día|el día|los días",
    Kind.MOVE: "cambia|cambiar|cambie|mueve|mover|mueva|reprograma|reprogramar|pasa|pasar|aplazar|traslada|trasladar|cámbiame|cámbialo|muévelo|posponer",
    Kind.REJECTED: "en vez de|en lugar de|en vez del|en lugar del|no a las|no el|en vez de a las|en lugar de a las",
    Kind.SHADE: "temprano|exactamente|justo",
    Kind.EXCEPT: "excepto|menos los|salvo|menos el|excepto los|salvo los|menos|pero no|pero no los|pero no el",
    Kind.VAGUE: "más tarde|luego|pronto|algún día|en algún momento|cuanto antes|en primavera|en verano|en otoño|en invierno|lo antes posible|en un rato|en un momento|dentro de poco|en breve|más adelante|en unos minutos|en unas horas|en unos días|después|de vez en cuando|un día de estos|el otro día",
    Kind.EVENTIDE: "campanada|amanecer|atardecer|anochecer|alba|desayuno|almuerzo|comida|cena|merienda|comer|cenar|desayunar|almorzar|trabajo|cumpleaños|crepúsculo|puesta de sol|salida del sol|semana santa|pascua|siesta|marea",
    Kind.MONEY: "euro|euros|eur|dólar|dólares|pesos|céntimos|por ciento|tarea|número|habitación|página|personas|gente|versión|capítulo|kg|km|ml|mg|pastillas|piso|mesa|calle|puntos|comensales|invitados",
    Kind.NOT_TIME: "buenos días|buenas tardes|buenas noches|buen día|por la presente|un momento|un segundo|un minuto de tu tiempo|un minuto de su tiempo|segunda opinión|por favor|de nada|a la vez|tal vez|otra vez|primera vez|por primera vez|la próxima vez|la última vez|demasiado tarde|muy tarde|llego tarde|tarde o temprano|se hace tarde|media naranja|en medio|por medio|medio ambiente|para nada|en cuanto|a la derecha|a la izquierda|todo el día|todo el mundo|todos modos|de todos modos|a las personas|fin de año fiscal|en fin|por fin|al fin|a fin de|con el fin de|medio de",
}  # fmt: skip


def entries() -> Iterator[tuple[str, Term]]:
    yield from _numbers()
    yield from _calendar()
    yield from _days()
    yield from _parts()
    for kind, phrases in GLUE.items():
        for phrase in phrases.split("|"):
            yield phrase, Term(kind)


def _numbers() -> Iterator[tuple[str, Term]]:
    for value, word in enumerate(ONES):
        yield word, Term(Kind.NUMBER, value)
    for word, value in TENS.items():
        yield word, Term(Kind.NUMBER, value)
    yield "una", Term(Kind.NUMBER, 1)
    for word in ("retrasa", "retrasar", "retrásalo", "retrásala", "aplázalo", "aplaza", "pospón"):
        yield word, Term(Kind.MOVE, 1)
    for word in ("adelanta", "adelantar", "adelántalo", "adelántala"):
        yield word, Term(Kind.MOVE, -1)
    yield "un par de", Term(Kind.NUMBER, 2)
    for value, words in enumerate(ORDINALS, 1):
        for word in words:
            yield word, Term(Kind.ORDINAL, value)
    yield "primeros", Term(Kind.ORDINAL, 1)
    yield "una vez", Term(Kind.TIMES, 1)
    yield "dos veces", Term(Kind.TIMES, 2)
    yield "tres veces", Term(Kind.TIMES, 3)


def _calendar() -> Iterator[tuple[str, Term]]:
    for value, names in enumerate(WEEKDAYS):
        for name in names:
            plural = name if name.endswith("s") else f"{name}s"
            yield name, Term(Kind.WEEKDAY, value)
            if plural != name:
                yield plural, Term(Kind.WEEKDAY, value)
            yield f"los {plural}", Term(Kind.WEEKDAYS, value)
            for phrase in (f"un {name} sí y otro no", f"un {name} sí y un {name} no", f"{name} por medio"):
                yield phrase, Term(Kind.ALTERNATE, value)
    for value, names in enumerate(MONTHS, 1):
        for name in names:
            yield name, Term(Kind.MONTH, value)
    for unit, words in UNITS.items():
        for word in words:
            yield word, Term(Kind.UNIT, name=unit)
    for word in (
        "día laborable",
        "días laborables",
        "día hábil",
        "días hábiles",
        "día de trabajo",
        "días de semana",
        "día de semana",
        "día entre semana",
        "días laborales",
        "día laboral",
    ):
        yield word, Term(Kind.DAY_SET, name="workday")
        yield f"los {word}", Term(Kind.DAY_SETS, name="workday")
        yield f"en {word}", Term(Kind.DAY_SETS, name="workday")
    yield "entre semana", Term(Kind.DAY_SETS, name="workday")
    for word in ("fin de semana", "finde"):
        yield word, Term(Kind.DAY_SET, name="weekend")
    for word in ("fines de semana", "findes", "fin de semanas"):
        yield word, Term(Kind.DAY_SET, name="weekend")
        yield f"los {word}", Term(Kind.DAY_SETS, name="weekend")
    for word, frequency, interval in (
        ("diariamente", "DAILY", 1), ("a diario", "DAILY", 1), ("diario", "DAILY", 1), ("semanalmente", "WEEKLY", 1), ("mensualmente", "MONTHLY", 1),
        ("anualmente", "YEARLY", 1), ("quincenalmente", "WEEKLY", 2), ("cada quince días", "WEEKLY", 2), ("cada 15 días", "WEEKLY", 2), ("cada hora", "HOURLY", 1), ("un día sí y otro no", "DAILY", 2),
        ("un día sí y un día no", "DAILY", 2), ("día por medio", "DAILY", 2), ("trimestralmente", "MONTHLY", 3), ("cada día", "DAILY", 1),
    ):  # fmt: skip
        yield word, Term(Kind.REPEAT, interval, frequency)


def _days() -> Iterator[tuple[str, Term]]:
    for phrase, days in (
        ("hoy", 0), ("mañana", 1), ("pasado mañana", 2), ("ayer", -1), ("anteayer", -2), ("antier", -2), ("hoy mismo", 0), ("mañana mismo", 1),
        ("hoy día", 0),
    ):  # fmt: skip
        yield phrase, Term(Kind.OFFSET, days)
    for phrase, day in (
        ("nochebuena", 1224), ("navidad", 1225), ("nochevieja", 1231), ("noche vieja", 1231), ("año nuevo", 101), ("reyes magos", 106),
        ("día de reyes", 106), ("fin de año", 1231),
    ):  # fmt: skip
        yield phrase, Term(Kind.FIXED_DAY, day)
    yield "fin de mes", Term(Kind.END, 0, "month")
    yield "a fin de mes", Term(Kind.END, 0, "month")
    yield "de hoy en ocho", Term(Kind.OFFSET, 7)
    yield "de mañana en ocho", Term(Kind.OFFSET, 8)


def _parts() -> Iterator[tuple[str, Term]]:
    for word, part in (("despiértame", "morning"), ("despertarme", "morning"), ("desayuno", "morning"), ("cenar", "evening"), ("cena", "evening")):
        yield word, Term(Kind.HINT, name=part)
    for word, part in PARTS.items():
        yield word, Term(Kind.BARE_PART, name=part)
        for lead in ("por la", "en la", "de la", "a la", "por las", "durante la"):
            yield f"{lead} {word}{'s' if lead.endswith('s') else ''}", Term(Kind.PARTS if lead.endswith("s") else Kind.PART, name=part)
        yield f"todas las {word}s", Term(Kind.PARTS, name=part)
        yield f"cada {word}", Term(Kind.PARTS, name=part)
    yield "de madrugada", Term(Kind.PART, name="small_hours")
    yield "de noche", Term(Kind.PART, name="night")
    yield "de tarde", Term(Kind.PART, name="afternoon")
    yield "de la mañana temprano", Term(Kind.PART, name="morning")
    yield "a primera hora", Term(Kind.PART, name="morning")
    yield "temprano por la mañana", Term(Kind.PART, name="morning")
    yield "a última hora de la tarde", Term(Kind.PART, name="afternoon")
    yield "del mediodía", Term(Kind.PART, name="noon")
    yield "esta noche", Term(Kind.OFFSET_PART, 0, "evening")
    yield "anoche", Term(Kind.OFFSET_PART, -1, "night")
    for phrase in ("mediodía", "al mediodía", "a mediodía", "medio día", "al medio día"):
        yield phrase, Term(Kind.CLOCK_WORD, 12 * 60)
    for phrase in ("medianoche", "a medianoche", "a la medianoche", "media noche"):
        yield phrase, Term(Kind.CLOCK_WORD, 24 * 60)


def vocabulary() -> Vocabulary:
    return Vocabulary("es", index(entries()), ago_before=True)
