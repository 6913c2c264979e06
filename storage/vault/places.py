"""Which place holds the key, by its name in the settings; and two places at once, for moving from one to another."""

from __future__ import annotations

from pathlib import Path

from storage.vault.errors import KeyFault
from storage.vault.keys import FileKeys, KeyHolder, KeySource


def place(name: str, key_file: Path) -> KeyHolder:
    """`file` (in `key_file`), `file:<path>`, `keyring`, `keyring:<service>` or `kms:<key ARN or id>`. Raises KeyFault for any other."""
    kind, _, detail = name.partition(":")
    if kind == "file":
        return FileKeys(Path(detail) if detail else key_file)
    if kind == "keyring":
        from storage.vault.keyring import KeyringKeys  # noqa: PLC0415 - extras stay unread until they are asked for

        return KeyringKeys(detail or "majordomo")
    if kind == "kms" and detail:
        from storage.vault.kms import KmsKeys  # noqa: PLC0415

        return KmsKeys(detail)
    raise KeyFault(f"{name!r} names no place for the vault's key.", "write file, keyring, or kms: and the key's ARN")


class Move:
    """Two places, as one whose next key is the other's: rotating it moves every data key from `old` to `new`.

    The old key stays where it was. Interrupted, the same move is run again; until then only both places together read everything.
    """

    def __init__(self, old: KeyHolder, new: KeyHolder) -> None:
        self._old, self._new = old, new

    def current(self) -> KeySource:
        return self._old.current()

    def readable(self) -> list[KeySource]:
        return [*self._new.readable(), *self._old.readable()]

    def prepare(self) -> KeySource:
        return self._new.current()

    def promote(self) -> None:
        """Nothing to do: the settings name the place."""
