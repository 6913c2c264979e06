"""How the house feels: one row a check, so that each turn for the worse or the better is told once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class HealthRow(Base):
    """One check. `state` is what the owner was last told (good, bad); `streak` counts looks in a row that say otherwise."""

    __tablename__ = "health_checks"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    state: Mapped[str] = mapped_column(sa.String(8), default="good")
    streak: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    looked_at: Mapped[datetime]
