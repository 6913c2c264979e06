"""Every way in which work can fail. Specialists get these from `orchestrator.contracts`."""

from __future__ import annotations


class MajordomoError(Exception):
    """Something went wrong that Majordomo can explain."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or type(self).__name__).strip().splitlines()[0])


class TransientError(MajordomoError):
    """A part outside did not answer in time; trying again later may help."""


class ToolError(MajordomoError):
    """A tool could not do what it was asked; the agent may choose another way."""


class FatalError(MajordomoError):
    """This cannot succeed however often it is tried."""


class IllegalTransition(MajordomoError):
    """A task cannot go from its state to the one asked for."""


class LostRace(MajordomoError):
    """Somebody else decided first: the task was stopped, corrected, paused or taken over."""


class DuplicateKey(FatalError):
    """An agent used the same step key twice in one run."""


class JournalMismatch(FatalError):
    """A journaled effect was asked for again with other arguments."""


class Waiting(BaseException):
    """Raised to leave `process` until a person answers. A BaseException, so that `except Exception` cannot swallow it."""
