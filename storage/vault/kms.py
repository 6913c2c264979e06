"""The key-encryption key in AWS KMS (extra `aws`): it never leaves the service, which wraps and unwraps data keys.
The library is an extra and slow to load: it is loaded by name, at first need.

The scope of a data key is its encryption context. KMS rotates the material of a key by itself; moving to another key is a
rotation to a `KmsKeys` of that one.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any

from storage.vault.errors import CannotOpen, KeyFault, KeyServiceDown
from storage.vault.keys import KeySource

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 3, 5, 3
REFUSED = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KmsKey:
    """One symmetric key of KMS, by its ARN or id. Credentials and region come from where boto3 finds them."""

    def __init__(self, key: str, endpoint: str | None = None) -> None:
        self.key_id = f"kms:{key}"
        self._key, self._endpoint = key, endpoint
        self._client: Any = None
        self._lock = threading.Lock()

    def wrap(self, key: bytes, scope: str) -> bytes:
        answer = self._call("encrypt", scope, Plaintext=key)
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, scope: str) -> bytes:
        answer = self._call("decrypt", scope, CiphertextBlob=wrapped)
        return bytes(answer["Plaintext"])

    def _call(self, operation: str, scope: str, **arguments: bytes) -> Any:
        client = self._ready()
        wrong = import_module("botocore.exceptions")
        try:
            return getattr(client, operation)(KeyId=self._key, EncryptionContext={"majordomo": scope}, **arguments)
        except wrong.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code in REFUSED:
                raise CannotOpen(f"the data key of {scope} was altered, or was wrapped by another key") from None
            if status >= 500 or "Throttling" in code or code == "KMSInternalException":
                raise KeyServiceDown(f"AWS KMS does not answer now ({code}).", "try again later") from None
            raise KeyFault(
                f"AWS KMS refuses the key ({code}).", f"give this role kms:Encrypt and kms:Decrypt on {self._key}, and see that it is enabled"
            ) from None
        except (wrong.NoCredentialsError, wrong.NoRegionError) as error:
            raise KeyFault(f"AWS KMS cannot be used ({type(error).__name__}).", "set AWS_REGION and credentials, as for the aws command") from None
        except wrong.BotoCoreError as error:
            raise KeyServiceDown(f"AWS KMS cannot be reached ({type(error).__name__}).", "check the network, then try again") from None

    def _ready(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _client(self._key, self._endpoint)
            return self._client


def _client(key: str, endpoint: str | None) -> Any:
    try:
        boto3, config, wrong = import_module("boto3"), import_module("botocore.config"), import_module("botocore.exceptions")
    except ImportError as error:
        raise KeyFault("the library for AWS is not installed.", "pip install 'majordomo[aws]'") from error
    region = key.split(":")[3] if key.startswith("arn:") and key.count(":") >= 5 else None
    limits = config.Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"total_max_attempts": ATTEMPTS, "mode": "standard"})
    try:
        return boto3.client("kms", region_name=region, endpoint_url=endpoint, config=limits)
    except (wrong.BotoCoreError, ValueError) as error:
        raise KeyFault(f"AWS KMS cannot be used ({type(error).__name__}).", "set AWS_REGION, or name the key by its whole ARN") from None


class KmsKeys:
    """A key of KMS as a place where keys stand: there is no making and no second one; `rotation.rotate` moves from and to it."""

    def __init__(self, key: str, endpoint: str | None = None) -> None:
        self._source = KmsKey(key, endpoint)

    def current(self) -> KeySource:
        return self._source

    def readable(self) -> list[KeySource]:
        return [self._source]

    def prepare(self) -> KeySource:
        return self._source

    def promote(self) -> None:
        """Nothing to do: the old key stays where its owner keeps it."""
