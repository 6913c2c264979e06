"""Folders elsewhere, through fsspec: WebDAV, S3, Google Drive and what else it knows by name."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from agents.tools.files.folder import Entry, Limits, Missing
from agents.tools.files.keeping import Keeper, Kept
from orchestrator.contracts import FatalError, ToolError, TransientError
from orchestrator.outside import Secret

WEB = {"webdav": "http", "webdavs": "https"}
HOSTS = {"s3": "s3.amazonaws.com", "gdrive": "www.googleapis.com"}
EXTRAS = {"webdav": "webdav", "webdavs": "webdav", "s3": "s3", "gdrive": "gdrive"}
"""The extra of this package that brings a protocol's library."""
SECONDS = 30.0
AUTHORIZATION = frozenset({401, 403})
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Remote:
    """A folder elsewhere, as the configuration names it.

    `url`: webdavs://host/path, webdav://127.0.0.1:8080/path, s3://bucket/folder, gdrive://folder, memory://folder,
    file:///srv/shared. `credential` is the handle of user name and password (S3: key and secret); `options` go to fsspec.
    """

    name: str
    url: str
    credential: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def protocol(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def server(self) -> str:
        """The address that is contacted and that a credential is for; empty for none."""
        parts = urlsplit(self.url)
        if self.protocol in WEB:
            return urlunsplit((WEB[self.protocol], parts.netloc, parts.path.rstrip("/") + "/", "", ""))
        if endpoint := self.options.get("endpoint_url"):
            return str(endpoint)
        return f"https://{HOSTS[self.protocol]}/" if self.protocol in HOSTS else ""

    @property
    def hosts(self) -> frozenset[str]:
        host = urlsplit(self.server).hostname
        return frozenset({host.lower()}) if host else frozenset()

    @property
    def root(self) -> str:
        """Where the folder begins in fsspec's own words."""
        parts = urlsplit(self.url)
        if self.protocol in WEB:
            return ""
        path = parts.path.rstrip("/")
        return path if self.protocol == "file" else (parts.netloc + path).strip("/")

    def connect(self, secret: Secret | None) -> Any:
        """A file system of fsspec. Raises ToolError where its library is not installed."""
        try:
            fsspec = importlib.import_module("fsspec")
            kind = fsspec.get_filesystem_class("webdav" if self.protocol in WEB else self.protocol)
        except (ImportError, ValueError) as error:
            extra = EXTRAS.get(self.protocol)
            remedy = f"install majordomo[{extra}]" if extra else "fsspec has no such protocol here"
            raise ToolError(f"the place {self.name} ({self.protocol}) cannot be used: {remedy}") from error
        return kind(**self._arguments(secret))

    def _arguments(self, secret: Secret | None) -> dict[str, Any]:
        fields = secret.fields if secret else {}
        given: dict[str, Any] = {"skip_instance_cache": True, **self.options}
        if self.protocol in WEB:
            pair = (fields.get("username", ""), fields.get("password", ""))
            return given | {"base_url": self.server, "timeout": SECONDS, "trust_env": False, "follow_redirects": False} | ({"auth": pair} if secret else {})
        if self.protocol == "s3" and secret:
            return given | {"key": fields.get("username", fields.get("key", "")), "secret": fields.get("password", fields.get("secret", ""))}
        return given | (dict(fields) if secret else {})


@dataclass(frozen=True, slots=True)
class RemoteShelf:
    """Files of a remote place. What a change takes away is kept in the person's own folder. Every method blocks."""

    remote: Remote
    system: Any
    keeper: Keeper
    limits: Limits

    def read(self, name: str, limit: int | None = None) -> bytes:
        """The content of a file; see `Folder.read`."""
        with self._speaking(name):
            path = self._path(name)
            found = self.system.info(path)
            if found["type"] == "directory":
                raise ToolError(f"{name} is no file that can be read: it is a folder")
            if limit is None and (found.get("size") or 0) > self.limits.file_bytes:
                raise ToolError(f"{name} has {found['size']} bytes; at most {self.limits.file_bytes} can be handled")
            with self.system.open(path, "rb") as file:
                data: bytes = file.read(self.limits.file_bytes + 1 if limit is None else limit)
            if len(data) > self.limits.file_bytes:
                raise ToolError(f"{name} has more than the {self.limits.file_bytes} bytes that can be handled")
            return data

    def entries(self, folder: str = "") -> Iterator[Entry]:
        """Every file below a folder, at most `Limits.files` of them."""
        top = self._path(folder)
        with self._speaking(folder or self.remote.name):
            for _, _, files in islice(self.system.walk(top, detail=True), self.limits.files):
                for found in sorted(files.values(), key=lambda file: str(file["name"])):
                    yield Entry(self._name(str(found["name"])), int(found.get("size") or 0), _moment(found))

    def exists(self, name: str) -> bool:
        with self._speaking(name):
            return bool(self.system.exists(self._path(name)))

    def put(self, name: str, data: bytes) -> Kept:
        """Write a file whole."""
        if len(data) > self.limits.file_bytes:
            raise ToolError(f"{name} would have {len(data)} bytes; at most {self.limits.file_bytes} are possible")
        return self._exchange(name, data)

    def delete(self, name: str) -> Kept:
        """Delete a file; its content is kept at home."""
        known = self.keeper.record(self.keeper.key)
        if known is None and not self.exists(name):
            raise Missing(f"there is no file {name} in {self.remote.name}")
        return self._exchange(name, None)

    def restore(self, source: str) -> Kept:
        """Take back a change made under the key `source`."""
        made = self.keeper.record(source)
        if made is None or not made.done or made.place != self.remote.name:
            raise ToolError("that change can no longer be taken back: its former version is not kept any more")
        known = self.keeper.record(self.keeper.key)
        if made.deletes and known is None and self.exists(made.name):
            raise ToolError(f"{made.name} exists again; move or delete it first, then the deleted one can come back")
        return self._exchange(made.name, self.keeper.former(source) if made.former else None, source)

    def move(self, name: str, to: str) -> Kept:
        """Give a file another name. Never onto something that exists."""
        known = self.keeper.record(self.keeper.key)
        if known is not None and known.done:
            return known
        if known is None and self.exists(to):
            raise ToolError(f"{to} exists already; choose another name, or delete it first")
        if known is None and not self.exists(name):
            raise Missing(f"there is no file {name} in {self.remote.name}")
        record = self.keeper.remember(Kept(name=to, place=self.remote.name, at=self.keeper.now, incoming=True), None)
        with self._speaking(name):
            if known is None or self.system.exists(self._path(name)):
                self._parents(to)
                self._rename(self._path(name), self._path(to))
        self.keeper.close()
        return record

    def _exchange(self, name: str, data: bytes | None, source: str = "") -> Kept:
        known = self.keeper.record(self.keeper.key)
        if known is not None and known.done:
            return known
        if known is None:
            former = self.read(name) if self.exists(name) else None
            facts = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} if data is not None else {}
            record = Kept.model_validate(
                {"name": name, "place": self.remote.name, "at": self.keeper.now, "deletes": data is None, "former": former is not None}
                | {"incoming": data is not None, "source": source, **facts}
            )
            known = self.keeper.remember(record, former)
        with self._speaking(name):
            self._send(name, data)
        self.keeper.close()
        return known

    def _send(self, name: str, data: bytes | None) -> None:
        """Make it so that the file has this content, or is gone. The same whether it is done once or twice."""
        path = self._path(name)
        if data is None:
            if self.system.exists(path):
                self.system.rm_file(path)
            return
        self._parents(name)
        if self.remote.protocol not in {*WEB, "file"}:
            self.system.pipe_file(path, data)
            return
        parent = path.rpartition("/")[0]
        part = f"{parent}/.{self.keeper.key[:16]}.part" if parent or path.startswith("/") else f".{self.keeper.key[:16]}.part"
        self.system.pipe_file(part, data)
        self._rename(part, path)

    def _rename(self, path: str, to: str) -> None:
        if self.remote.protocol in WEB:
            self.system.client.move(path, to, overwrite=True)
        else:
            self.system.mv(path, to)

    def _parents(self, name: str) -> None:
        parent = self._path(name).rpartition("/")[0]
        if "/" in name and not self.system.exists(parent):
            self.system.makedirs(parent, exist_ok=True)

    def _path(self, name: str) -> str:
        path = "/".join(filter(None, (self.remote.root, name)))
        if self.remote.protocol == "file" and not _inside(path, self.remote.root):
            raise ToolError(f"{name} leads out of {self.remote.name} through a link")
        return path

    def _name(self, path: str) -> str:
        return path.strip("/").removeprefix(self.remote.root.strip("/")).lstrip("/")

    @contextmanager
    def _speaking(self, name: str) -> Iterator[None]:
        """What goes wrong between us and the server, as typed errors without addresses or secrets."""
        place = self.remote.name
        try:
            yield
        except FileNotFoundError:
            raise Missing(f"there is no file {name} in {place}; files.list shows which there are") from None
        except (ToolError, TransientError, FatalError):
            raise
        except TimeoutError:
            raise TransientError(f"{place} did not answer in time; try again later") from None
        except PermissionError:
            raise ToolError(f"{place} refuses access to {name}: check the credential") from None
        except Exception as error:  # noqa: BLE001 - the edge of foreign libraries: each has errors of its own
            raise _typed(error, place, name) from None


def _typed(error: Exception, place: str, name: str) -> ToolError | TransientError:
    status = _status(error)
    if status in AUTHORIZATION:
        return ToolError(f"{place} refuses access to {name}: check the credential")
    if status is not None and status < SERVER_ERROR and status not in {408, 423, 425, 429}:
        return ToolError(f"{place} refused {name} ({status})")
    if status is None and isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return ToolError(f"{place} cannot do that with {name}: {error.strerror or type(error).__name__}")
    return TransientError(f"{place} cannot be reached or is not well ({status or type(error).__name__}); try again later")


def _status(error: BaseException | None) -> int | None:
    """The HTTP status somewhere in a chain of errors."""
    while error is not None:
        answer = getattr(error, "response", None)
        number = getattr(answer, "status_code", getattr(error, "status_code", None))
        if isinstance(number, int):
            return number
        error = error.__cause__ or error.__context__
    return None


def _inside(path: str, root: str) -> bool:
    real, top = os.path.realpath(path), os.path.realpath(root)
    return real == top or real.startswith(top.rstrip("/") + "/")


def _moment(found: Mapping[str, Any]) -> datetime | None:
    given = next((found[field] for field in ("modified", "LastModified", "mtime", "created") if found.get(field)), None)
    if isinstance(given, int | float):
        given = datetime.fromtimestamp(given, UTC)
    return given.astimezone(UTC).replace(microsecond=0) if isinstance(given, datetime) else None
