"""The typed business: what majordomo.yaml says, with what was changed by message on top."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ANY = "*"
"""The language of a text that was written once for all."""
CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")
MAIN_CALENDAR = "main"
"""Where appointments go in a business that names no staff."""
END_OF_DAY = time(23, 59)


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _texts(value: object) -> object:
    """A plain text counts for every language."""
    return {ANY: str(value)} if isinstance(value, str | int | float) else value


def _lists(value: object) -> object:
    if isinstance(value, str):
        return {ANY: (value,)}
    if isinstance(value, list | tuple):
        return {ANY: tuple(value)}
    return {key: (item,) if isinstance(item, str) else item for key, item in value.items()} if isinstance(value, Mapping) else value


Localized = Annotated[dict[str, str], BeforeValidator(_texts)]
"""A text by language; written without languages it counts for all."""
LocalizedList = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_lists)]


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in this language, else the one for all, in English, or the first there is."""
    for wanted in (language, ANY, "en"):
        if wanted in texts:
            return texts[wanted]
    return next(iter(texts.values()), "")


class Profile(StrEnum):
    """Whom the house serves; it decides what guests may reach."""

    ME = "me"
    HOUSEHOLD = "household"
    SHOP = "shop"
    PRACTICE = "practice"


class Hours(Frozen):
    """One stretch of opening, in the business's zone; written as "9:00-18:00"."""

    opens: time
    closes: time

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = [clock for clock in CLOCK.finditer(value)]
        if len(found) != 2:
            raise ValueError('hours look like "9:00-18:00"')
        return {"opens": _clock(found[0]), "closes": _clock(found[1])}

    @model_validator(mode="after")
    def _ordered(self) -> Hours:
        if self.closes <= self.opens:
            raise ValueError("closing time must be after opening time")
        return self

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}–{'24:00' if self.closes == END_OF_DAY else format(self.closes, '%H:%M')}"


def _clock(found: re.Match[str]) -> time:
    hour, minute = int(found.group(1)), int(found.group(2) or 0)
    if hour == 24 and minute == 0:
        return END_OF_DAY
    if hour > 23 or minute > 59:
        raise ValueError(f"{found.group()} is no time of day")
    return time(hour, minute)


def _week(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    week: dict[str, Any] = {}
    for day, hours in value.items():
        if hours in (None, "closed", False, "", []):
            hours = ()
        week[str(day).lower()] = tuple(hours) if isinstance(hours, list | tuple) else tuple(part.strip() for part in str(hours).split(","))
    return week


class Closure(Frozen):
    """Days on which the business is closed, first and last included."""

    first: date
    last: date
    reason: Localized = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if isinstance(value, date | str):
            return {"first": value, "last": value}
        if isinstance(value, Mapping) and "first" in value and "last" not in value:
            return {**value, "last": value["first"]}
        return value


class Service(Frozen):
    """Something that can be booked. `minutes` is its duration; `price` in the business's currency, 0 is free, None is on request."""

    name: Localized
    also: LocalizedList = Field(default_factory=dict)
    minutes: int = Field(default=30, ge=5, le=24 * 60)
    price: Decimal | None = None

    @property
    def id(self) -> str:
        """The name it is stored under, whatever the language."""
        return in_language(self.name, "en")

    def called(self, language: str) -> str:
        return in_language(self.name, language)

    def words(self) -> tuple[str, ...]:
        """Everything people call it, in all languages."""
        return (*self.name.values(), *(word for words in self.also.values() for word in words))


class Staff(Frozen):
    """Somebody whose time can be booked. No `services` means all."""

    name: str
    services: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    def does(self, service: Service) -> bool:
        return not self.services or any(word.casefold() in {s.casefold() for s in self.services} for word in service.words())


class Faq(Frozen):
    """A question that people ask, in several wordings, and its answer."""

    question: LocalizedList
    answer: Localized


class Booking(Frozen):
    """Rules for appointments: `lead` and `step` (appointments begin on these, from opening on) in minutes, `horizon` in days, `remind` in hours before (0: no reminder)."""

    lead: int = Field(default=60, ge=0)
    step: int = Field(default=30, ge=5)
    horizon: int = Field(default=60, ge=1)
    remind: int = Field(default=24, ge=0)


class Business(Frozen):
    """Everything said about the business. `zone` is an IANA name; empty means the machine's."""

    name: str = "Majordomo"
    sample: bool = False
    profile: Profile = Profile.ME
    zone: str = ""
    languages: tuple[str, ...] = ("en", "de", "es", "zh")
    currency: str = "EUR"
    address: Localized = Field(default_factory=dict)
    directions: Localized = Field(default_factory=dict)
    phone: str = ""
    email: str = ""
    website: str = ""
    hours: Annotated[dict[str, tuple[Hours, ...]], BeforeValidator(_week)] = Field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    staff: tuple[Staff, ...] = ()
    services: tuple[Service, ...] = ()
    faq: tuple[Faq, ...] = ()
    documents: Path | None = None
    emergency: Localized = Field(default_factory=dict)
    booking: Booking = Booking()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError(f'{value} is no time zone; write one like "Europe/Berlin"') from error
        return value

    @field_validator("hours")
    @classmethod
    def _known_days(cls, value: dict[str, tuple[Hours, ...]]) -> dict[str, tuple[Hours, ...]]:
        if unknown := set(value) - set(WEEKDAYS):
            raise ValueError(f"{', '.join(sorted(unknown))}: write the days as {', '.join(WEEKDAYS)}")
        return value

    @field_validator("staff", "services", mode="after")
    @classmethod
    def _distinct(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [(item.name if isinstance(item, Staff) else item.id).casefold() for item in value]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"{', '.join(sorted(twice))} stands there twice")
        return value

    @property
    def is_personal(self) -> bool:
        """Nothing to book here but one's own time."""
        return not self.services and self.profile in {Profile.ME, Profile.HOUSEHOLD}

    def open_on(self, day: date) -> tuple[Hours, ...]:
        """The opening hours of one day; empty when closed."""
        return () if self.closure_on(day) else self.usual_on(day)

    def usual_on(self, day: date) -> tuple[Hours, ...]:
        """The hours of that weekday, closures aside."""
        return self.hours.get(WEEKDAYS[day.weekday()], ())

    def closure_on(self, day: date) -> Closure | None:
        return next((closure for closure in self.closures if closure.first <= day <= closure.last), None)

    def is_open(self, moment: datetime) -> bool:
        """Whether it is open at a moment given in the business's zone."""
        return any(hours.opens <= moment.time() < hours.closes for hours in self.open_on(moment.date()))

    def service(self, identity: str) -> Service | None:
        return next((service for service in self.services if service.id == identity), None)

    def staff_for(self, service: Service | None) -> tuple[str, ...]:
        """Whose calendars a service can go into; a business without named staff has one calendar of its own."""
        able = tuple(person.name for person in self.staff if service is None or person.does(service))
        return able if self.staff else (MAIN_CALENDAR,)
