"""SCRAM-SHA-256 as a client, from RFC 5802 and 7677 with hashlib only: an oracle that shares no code with ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


class Scram:
    def __init__(self, user: str, password: str) -> None:
        self.password = password
        self.nonce = base64.b64encode(os.urandom(12)).decode()
        self.bare = f"n={user},r={self.nonce}"
        self.salt = b""
        self.iterations = 0

    def first(self) -> bytes:
        return ("n,," + self.bare).encode()

    def final(self, challenge: bytes) -> bytes:
        text = challenge.decode()
        fields = dict(part.split("=", 1) for part in text.split(","))
        assert fields["r"].startswith(self.nonce)
        self.salt, self.iterations = base64.b64decode(fields["s"]), int(fields["i"])
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), self.salt, self.iterations)
        client = _hmac(salted, b"Client Key")
        without = f"c=biws,r={fields['r']}"
        message = f"{self.bare},{text},{without}".encode()
        signature = _hmac(hashlib.sha256(client).digest(), message)
        proof = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        self.expected = b"v=" + base64.b64encode(_hmac(_hmac(salted, b"Server Key"), message))
        return f"{without},p={base64.b64encode(proof).decode()}".encode()
