"""The audit log and the head of its chain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, new_id


class AuditRow(Base):
    """One entry. `mac` covers every other column, `previous` is the mac of the entry before.

    No foreign keys: what was done stays told when its task is archived or its person has gone.
    """

    __tablename__ = "audit"
    __table_args__ = (sa.Index("ix_audit_task", "task_id", "seq"), sa.Index("ix_audit_person", "person_id", "seq"))

    seq: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(sa.String(36), unique=True, default=new_id)
    at: Mapped[datetime]
    person_id: Mapped[str | None] = mapped_column(sa.String(36))
    task_id: Mapped[str | None] = mapped_column(sa.String(36))
    kind: Mapped[str] = mapped_column(sa.String(16))
    subject: Mapped[str] = mapped_column(sa.Text)
    data: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(sa.String(64))
    mac: Mapped[str] = mapped_column(sa.String(64))


class AuditHeadRow(Base):
    """The last entry's number and mac. One row: whoever appends locks it."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    mac: Mapped[str] = mapped_column(sa.String(64))
