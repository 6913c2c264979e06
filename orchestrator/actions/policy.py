"""Policy: one readable file says what may be done without asking. Nothing here changes at run time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestrator.business.loading import LOADER
from orchestrator.contracts import Effect, MajordomoError
from orchestrator.outside import Deed, Reach

DEFAULTS = Path(__file__).with_name("policy.yaml")


class PolicyFault(MajordomoError):
    """The policy in majordomo.yaml cannot be used."""


class Verdict(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    REFUSE = "refuse"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mail(_Section):
    exempt_up_to: int = Field(ge=0)


class Approvals(_Section):
    hours: float = Field(gt=0)
    second_after_minutes: float = Field(ge=0)
    second_approver: str = ""


class Limits(_Section):
    calls: int = Field(gt=0)
    minutes: float = Field(gt=0)
    per_tool_minute: int = Field(gt=0)
    per_host_minute: int = Field(gt=0)
    failures: int = Field(gt=0)
    rest_seconds: float = Field(gt=0)


class Budgets(_Section):
    """Limits in credits; `credit` is what one is worth in `currency`."""

    task: float = Field(ge=0)
    day: float = Field(ge=0)
    month: float = Field(ge=0)
    schedule: float = Field(ge=0)
    credit: float = Field(gt=0)
    currency: str = Field(min_length=3, max_length=3)


class Standing(_Section):
    """What a person may allow for a while: which deeds, to how many recipients, how often a day, for how long."""

    deeds: tuple[Deed, ...]
    recipients: int = Field(ge=1, le=10)
    a_day: int = Field(ge=1, le=100)
    days: int = Field(ge=1, le=366)

    @field_validator("deeds")
    @classmethod
    def _never_some(cls, deeds: tuple[Deed, ...]) -> tuple[Deed, ...]:
        if never := {Deed.PAYMENT, Deed.DELETION} & set(deeds):
            raise ValueError(f"{', '.join(sorted(never))}: no standing permission can be given for this")
        return deeds


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a task and its person when a call is judged."""

    own_addresses: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()
    private: bool = False
    hosts: frozenset[str] = frozenset()

    @property
    def tainted(self) -> bool:
        return bool(self.sources)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reasons` are catalogue keys that a person can be shown."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


class Policy(_Section):
    """The rules of FEATURES D5, read from a file."""

    deeds: Mapping[Deed, Verdict]
    mail: Mail
    approvals: Approvals
    limits: Limits
    budgets: Budgets
    standing: Standing
    addresses: Mapping[str, tuple[str, ...]] = {}
    """Verified mail addresses of people, by channel:id; mail to oneself needs no approval."""
    private_hosts: tuple[str, ...] = ()
    """Servers as host:port that tools may reach although their address is not public."""

    def judge(self, effect: Effect, reach: Reach, facts: Facts) -> Judgement:
        """May this call happen, or who must be asked first?"""
        deed = sober(effect, reach.deed)
        verdict = self.deeds.get(deed, Verdict.ASK)
        if deed is Deed.MAIL and verdict is Verdict.ASK and self._to_oneself(reach, facts):
            return Judgement(Verdict.ALLOW)
        if verdict is not Verdict.ALLOW:
            return Judgement(verdict, (f"because-{deed.value.replace('_', '-')}",))
        if facts.tainted and facts.private and _leaves(deed, reach, facts):
            return Judgement(Verdict.ASK, ("because-tainted",))
        return Judgement(Verdict.ALLOW)

    def _to_oneself(self, reach: Reach, facts: Facts) -> bool:
        recipients = frozenset(address.lower() for address in reach.recipients)
        return bool(recipients) and recipients <= facts.own_addresses and len(reach.recipients) <= self.mail.exempt_up_to


def sober(effect: Effect, deed: Deed) -> Deed:
    """A tool whose effect cannot be taken back is never judged as one that only looks."""
    if effect is Effect.IRREVERSIBLE and deed in {Deed.READ, Deed.COMPUTE, Deed.OWN}:
        return Deed.WRITE
    if effect in {Effect.REVERSIBLE, Effect.IDEMPOTENT} and deed is Deed.READ:
        return Deed.OWN
    return deed


def _leaves(deed: Deed, reach: Reach, facts: Facts) -> bool:
    """Whether a call that policy allows could still carry something out of the house."""
    if deed in {Deed.COMPUTE, Deed.OWN} and not reach.hosts:
        return False
    return bool(reach.hosts - facts.hosts)


def load(overrides: Mapping[str, Any] | None = None, budgets: Mapping[str, Any] | None = None) -> Policy:
    """The policy: our defaults with the lines that majordomo.yaml changes. Raises PolicyFault that names the line."""
    merged = _merge(_defaults(), overrides or {})
    merged["budgets"] = {**merged["budgets"], **(budgets or {})}
    try:
        return Policy.model_validate(merged)
    except ValidationError as error:
        wrong = "; ".join(f"policy.{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise PolicyFault(f"{wrong}. The defaults and their meaning stand in orchestrator/actions/policy.yaml.") from error


def read(path: Path) -> Policy:
    """The policy of a house, with what its majordomo.yaml changes. Raises PolicyFault."""
    found = (yaml.load(path.read_text(encoding="utf-8"), LOADER) or {}) if path.is_file() else {}
    policy, budgets, people = found.get("policy") or {}, found.get("budgets") or {}, found.get("people") or {}
    if not all(isinstance(section, Mapping) for section in (policy, budgets, people)):
        raise PolicyFault(f"{path}: policy, budgets and people must be sections with indented lines")
    addresses = {str(who): (facts or {}).get("addresses", []) for who, facts in people.items()}
    return load({**policy, "addresses": addresses}, budgets)


@cache
def _defaults() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    return found


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        inner = base.get(key)
        merged[key] = _merge(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged
