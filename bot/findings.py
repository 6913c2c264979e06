"""What `majordomo doctor` has found out about one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `fault` is empty where all is well; `remedy` says what to do about it."""

    subject: str
    fault: str = ""
    remedy: str = ""
    note: str = ""

    def __str__(self) -> str:
        if not self.fault:
            return f"ok     {self.subject}" + (f": {self.note}" if self.note else "")
        return f"FAULT  {self.subject}: {self.fault}\n       What to do: {self.remedy}"
