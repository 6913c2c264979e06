"""A small key service that speaks AWS KMS's protocol (JSON 1.1 over HTTP): Encrypt and Decrypt with an encryption context."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@dataclass
class KeyService:
    """Its keys by id, what it was asked, and a fault to answer with instead."""

    url: str = ""
    keys: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fault: tuple[int, str] | None = None

    def answer(self, target: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append(target)
        if self.fault is not None:
            return self.fault[0], {"__type": self.fault[1]}
        key = self.keys.get(body["KeyId"])
        if key is None:
            return 400, {"__type": "NotFoundException", "message": "no such key"}
        context = json.dumps(body.get("EncryptionContext", {}), sort_keys=True).encode()
        if target == "TrentService.Encrypt":
            nonce = os.urandom(12)
            blob = nonce + AESGCM(key).encrypt(nonce, base64.b64decode(body["Plaintext"]), context)
            return 200, {"CiphertextBlob": base64.b64encode(blob).decode(), "KeyId": body["KeyId"], "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
        blob = base64.b64decode(body["CiphertextBlob"])
        try:
            plain = AESGCM(key).decrypt(blob[:12], blob[12:], context)
        except InvalidTag:
            return 400, {"__type": "InvalidCiphertextException"}
        return 200, {"Plaintext": base64.b64encode(plain).decode(), "KeyId": body["KeyId"], "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}


@contextmanager
def running(*keys: str) -> Iterator[KeyService]:
    """A service on loopback that has these keys."""
    service = KeyService(keys={key: os.urandom(32) for key in keys})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            signed = self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 ")
            status, answer = service.answer(self.headers["X-Amz-Target"], body) if signed else (403, {"__type": "MissingAuthenticationTokenException"})
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
