"""What can go wrong with keys, sealed values and credentials. No text of these carries a value or a key."""

from __future__ import annotations


class VaultError(Exception):
    """The vault cannot do this. `remedy` says what to do about it; empty where the caller can do nothing."""

    def __init__(self, fault: str, remedy: str = "") -> None:
        super().__init__(f"{fault}\n  What to do: {remedy}" if remedy else fault)
        self.fault = fault
        self.remedy = remedy


class KeyFileOpen(VaultError):
    """Others than its owner can read the key file."""


class KeyFault(VaultError):
    """A key file, a keyring entry or a key service cannot be used."""


class KeyMissing(VaultError):
    """Data keys are wrapped by a key that is not here."""


class KeyServiceDown(VaultError):
    """The key service did not answer; trying again later may help."""


class CannotOpen(VaultError):
    """A sealed value does not fit its place: altered, moved to another row or column, or another person's."""


class NoSuchCredential(VaultError):
    """This person has no such credential; the same for one that is another person's and one that was forgotten."""


class CredentialExpired(VaultError):
    """The credential's time is over."""


class OutOfScope(VaultError):
    """The credential is not for this scheme, host, port or tool."""
