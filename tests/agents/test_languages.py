"""The same day in four languages: a greeting, a question, a reminder, a booking, a change of mind, the calendar, a cancellation."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.app import House
from tests.agents.talk import someone


@dataclass(frozen=True)
class Day:
    """What is said, and what must be in each answer."""

    language: str
    lines: tuple[tuple[str, tuple[str, ...]], ...]


DAYS = (
    Day("en", (
        ("Hi", ("Sample Salon",)),
        ("what are your opening hours?", ("09:00–18:00", "Sunday: 10:00–17:00")),
        ("remind me tomorrow at 9 to water the plants", ("water the plants", "Sunday 22 November, 09:00")),
        ("book a haircut on Wednesday at 3pm", ("Booked", "haircut", "Wednesday 25 November, 15:00")),
        ("actually make it 4", ("Moved", "Wednesday 25 November, 16:00")),
        ("what's on my calendar next week?", ("haircut", "16:00")),
        ("cancel my appointment", ("Cancelled", "haircut")),
    )),
    Day("de", (
        ("Hallo", ("Sample Salon",)),
        ("Wann habt ihr geöffnet?", ("09:00–18:00", "Sonntag: 10:00–17:00")),
        ("Erinnere mich morgen um 9 daran, die Blumen zu gießen", ("die Blumen gießen", "Sonntag, 22. November, 09:00")),
        ("Buche mir einen Haarschnitt am Mittwoch um 15 Uhr", ("Gebucht", "Haarschnitt", "Mittwoch, 25. November, 15:00")),
        ("doch lieber um 16 Uhr", ("Verschoben", "Mittwoch, 25. November, 16:00")),
        ("Was steht nächste Woche in meinem Kalender?", ("Haarschnitt", "16:00")),
        ("Sage meinen Termin ab", ("Abgesagt", "Haarschnitt")),
    )),
    Day("es", (
        ("Hola", ("Sample Salon",)),
        ("¿Qué horario tienen?", ("09:00–18:00", "domingo: 10:00–17:00")),
        ("Recuérdame mañana a las 9 regar las plantas", ("regar las plantas", "domingo 22 de noviembre, 09:00")),
        ("Quiero reservar un corte de pelo el miércoles a las 15", ("Reservado", "corte de pelo", "miércoles 25 de noviembre, 15:00")),
        ("mejor a las 16", ("Cambiado", "miércoles 25 de noviembre, 16:00")),
        ("¿Qué tengo en mi agenda la próxima semana?", ("corte de pelo", "16:00")),
        ("Cancela mi cita", ("Cancelado", "corte de pelo")),
    )),
    Day("zh", (
        ("你好", ("Sample Salon",)),
        ("你们几点开门？", ("09:00–18:00", "星期日: 10:00–17:00")),
        ("明天上午9点提醒我浇花", ("浇花", "11月22日星期日", "09:00")),
        ("我想预约星期三下午三点剪头发", ("已预约", "剪发", "11月25日星期三 15:00")),
        ("改成四点", ("已改期", "11月25日星期三 16:00")),
        ("我下周有什么安排？", ("剪发", "16:00")),
        ("取消我的预约", ("已取消", "剪发")),
    )),
)  # fmt: skip


@pytest.mark.parametrize("day", DAYS, ids=[day.language for day in DAYS])
@pytest.mark.parametrize("role", ["owner", "guest"])
def test_a_day(house: House, day: Day, role: str) -> None:
    talk = someone(house, role=role, language=day.language)
    for sentence, facts in day.lines:
        said = talk.say(sentence)
        assert [fact for fact in facts if fact not in said] == [], f"{sentence} -> {said}"
