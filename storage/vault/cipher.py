"""AES-256-GCM. Its library is loaded with the first value that is sealed or opened: a house that keeps no secret does without its 6 MB."""

from __future__ import annotations


class Altered(Exception):
    """The bytes were changed, or were encrypted with another key, or for another place."""


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, bound: bytes) -> bytes:
    """Ciphertext and tag; `bound` is authenticated, too, and has to be given again."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - heavy

    return AESGCM(key).encrypt(nonce, plaintext, bound)


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes, bound: bytes) -> bytes:
    """Raises Altered."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        return AESGCM(key).decrypt(nonce, ciphertext, bound)
    except (InvalidTag, ValueError) as error:
        raise Altered from error
