"""The vault: envelope encryption for each person, and their credentials (`storage.vault.credentials`)."""

from storage.vault.errors import (
    CannotOpen,
    CredentialExpired,
    KeyFault,
    KeyFileOpen,
    KeyMissing,
    KeyServiceDown,
    NoSuchCredential,
    OutOfScope,
    VaultError,
)
from storage.vault.keys import FileKeys, KeyHolder, KeySource
from storage.vault.sealing import Vault

__all__ = [
    "CannotOpen",
    "CredentialExpired",
    "FileKeys",
    "KeyFault",
    "KeyFileOpen",
    "KeyHolder",
    "KeyMissing",
    "KeyServiceDown",
    "KeySource",
    "NoSuchCredential",
    "OutOfScope",
    "Vault",
    "VaultError",
]
