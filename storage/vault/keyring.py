"""The key-encryption key in the operating system's keyring (extra `keyring`)."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from storage.vault.errors import KeyFault
from storage.vault.keys import KeySource, LocalKey, new_key_text, parse_key_text

INSTALL = "pip install 'majordomo[keyring]', on a machine with a keyring (Secret Service, Keychain, Credential Manager); else keep the key in a file"


class Keyring(Protocol):
    """The part of the library `keyring` that is used: its module, or one backend of it."""

    def get_password(self, service_name: str, username: str) -> str | None: ...

    def set_password(self, service_name: str, username: str, password: str) -> None: ...

    def delete_password(self, service_name: str, username: str) -> None: ...


class KeyringKeys:
    """Entries `key` and, while rotating, `key.next` under one service name. The keyring's own lock guards them."""

    def __init__(self, service: str = "majordomo", keyring: Keyring | None = None) -> None:
        self._service = service
        self._keyring = keyring

    def current(self) -> KeySource:
        return self._read("key") or self._make("key")

    def readable(self) -> list[KeySource]:
        found = [self._read("key.next"), self._read("key")]
        return [source for source in found if source is not None]

    def prepare(self) -> KeySource:
        return self._read("key.next") or self._make("key.next")

    def promote(self) -> None:
        """First the new key under the present name, then the other name goes: killed in between, it stands under both."""
        prepared = self._get("key.next")
        if prepared is not None:
            self._set("key", prepared)
            self._library().delete_password(self._service, "key.next")

    def _read(self, name: str) -> KeySource | None:
        text = self._get(name)
        return None if text is None else LocalKey(parse_key_text(text, f"the keyring entry {name} of {self._service}"), "keyring")

    def _make(self, name: str) -> KeySource:
        text = new_key_text()
        self._set(name, text)
        if self._get(name) != text:
            raise KeyFault("the keyring did not keep the key.", INSTALL)
        return LocalKey(parse_key_text(text, name), "keyring")

    def _get(self, name: str) -> str | None:
        library = self._library()
        try:
            return library.get_password(self._service, name)
        except Exception as error:  # noqa: BLE001 - backends raise what they like; any of it means that the keyring cannot be used
            raise KeyFault(f"the keyring cannot be read ({type(error).__name__}).", INSTALL) from None

    def _set(self, name: str, text: str) -> None:
        library = self._library()
        try:
            library.set_password(self._service, name, text)
        except Exception as error:  # noqa: BLE001 - as above; the text of such an error could hold the key, so it is left out
            raise KeyFault(f"the keyring cannot be written ({type(error).__name__}).", INSTALL) from None

    def _library(self) -> Keyring:
        if self._keyring is None:
            try:
                self._keyring = cast(Keyring, import_module("keyring"))
            except ImportError as error:
                raise KeyFault("the library for keyrings is not installed.", INSTALL) from error
        return self._keyring
