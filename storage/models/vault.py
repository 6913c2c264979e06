"""What the vault keeps: wrapped keys, sealed credentials, receipts of their use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, identifier, reference


class KeyStateRow(Base):
    """Which key-encryption key wraps new data keys. One row; rotation moves it, so that no process wraps under the old key any more."""

    __tablename__ = "key_state"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_id: Mapped[str] = mapped_column(sa.String(300))


class DataKeyRow(Base):
    """A data key, wrapped by the key-encryption key `key_id`. Scope is `person:<id>` or `audit`; deleting a person's makes their values unreadable."""

    __tablename__ = "data_keys"

    id: Mapped[str] = identifier()
    scope: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[str | None] = reference("people.id", nullable=True, index=True)
    wrapped: Mapped[bytes]
    key_id: Mapped[str] = mapped_column(sa.String(300), index=True)
    created_at: Mapped[datetime]


class CredentialRow(Base):
    """A person's secret for one service. The columns beside `sealed` are for lists; what it may be used for is sealed with it.

    Kinds: email, health_portal, pharmacy, insurance, api_key, other. `verification`: unverified, verified, failed.
    A forgotten one keeps its row and receipts; `sealed` is gone.
    """

    __tablename__ = "credentials"
    __table_args__ = (sa.Index("ix_credentials_person", "person_id", "service"),)

    id: Mapped[str] = identifier()
    person_id: Mapped[str] = reference("people.id")
    service: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(24))
    label: Mapped[str] = mapped_column(sa.String(200), default="")
    sealed: Mapped[bytes | None]
    scheme: Mapped[str] = mapped_column(sa.String(16))
    host: Mapped[str] = mapped_column(sa.String(255))
    port: Mapped[int]
    tools: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    verification: Mapped[str] = mapped_column(sa.String(16), default="unverified")
    forgotten_at: Mapped[datetime | None]


class CredentialUseRow(Base):
    """A receipt: which tool used a credential for which task, against which host."""

    __tablename__ = "credential_uses"

    id: Mapped[str] = identifier()
    credential_id: Mapped[str] = reference("credentials.id", index=True)
    person_id: Mapped[str] = reference("people.id", index=True)
    task_id: Mapped[str | None] = mapped_column(sa.String(36))
    tool: Mapped[str] = mapped_column(sa.String(100))
    host: Mapped[str] = mapped_column(sa.String(255))
    at: Mapped[datetime]
