"""HTTP authentication as RTSP uses it: digest (RFC 2617, RFC 7616) and basic.

The strongest way that the camera offers is taken. Never logs, never raises with a
secret in its text.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

_DIGESTS = {"SHA-256": "sha256", "MD5": "md5"}
"""Strongest first."""
_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))')
# A challenge begins at a word that is followed by a parameter, not by "=".
_SCHEME = re.compile(r"(?:^|,)\s*(Digest|Basic)(?=\s|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to prove who we are. `algorithm` is empty for basic."""

    realm: str
    algorithm: str = ""
    is_session: bool = False
    nonce: str = ""
    opaque: str | None = None
    has_qop: bool = False
    is_stale: bool = False

    @property
    def strength(self) -> int:
        ranked = ("", *reversed(_DIGESTS))
        return ranked.index(self.algorithm)


def best_challenge(headers: Sequence[str]) -> Challenge | None:
    """The strongest of the `WWW-Authenticate` headers; `None`: none is supported."""
    challenges = [c for header in headers for c in _challenges(header)]
    return max(challenges, key=lambda c: c.strength, default=None)


class Authorization:
    """Proves who we are with one user name and password, for as long as the camera's
    nonce is good."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._challenge: Challenge | None = None
        self._count = 0
        self._is_proven = False

    @property
    def has_credentials(self) -> bool:
        return bool(self._username or self._password)

    def accept(self, challenge: Challenge) -> bool:
        """Take a new challenge. False when a proof was refused already, so that
        another try would only bring an account nearer to being locked."""
        is_worth_trying = (
            self._challenge is None or challenge.is_stale or self._is_proven
        )
        self._challenge, self._count = challenge, 0
        return is_worth_trying

    def succeeded(self) -> None:
        """The camera answered; a later refusal means that its nonce is old."""
        self._is_proven = self._challenge is not None

    def header(self, method: str, url: str) -> str:
        """The value of the `Authorization` header; empty before a challenge."""
        challenge = self._challenge
        if challenge is None:
            return ""
        if not challenge.algorithm:
            pair = f"{self._username}:{self._password}".encode()
            return "Basic " + base64.b64encode(pair).decode()
        return self._digest(challenge, method, url)

    def _digest(self, challenge: Challenge, method: str, url: str) -> str:
        self._count += 1
        client_nonce, count = secrets.token_hex(8), f"{self._count:08x}"

        def hashed(*parts: str) -> str:
            text = ":".join(parts).encode()
            name = _DIGESTS[challenge.algorithm]
            return hashlib.new(name, text, usedforsecurity=False).hexdigest()

        who = hashed(self._username, challenge.realm, self._password)
        if challenge.is_session:
            who = hashed(who, challenge.nonce, client_nonce)
        what = hashed(method, url)
        fields = [
            f"username={_quoted(self._username)}",
            f"realm={_quoted(challenge.realm)}",
            f"nonce={_quoted(challenge.nonce)}",
            f"uri={_quoted(url)}",
        ]
        middle: tuple[str, ...]
        if challenge.has_qop:
            middle = (challenge.nonce, count, client_nonce, "auth")
            fields += [f"qop=auth, nc={count}, cnonce={_quoted(client_nonce)}"]
        else:
            middle = (challenge.nonce,)
            if challenge.is_session:
                fields += [f"cnonce={_quoted(client_nonce)}"]
        fields.append(f"response={_quoted(hashed(who, *middle, what))}")
        if challenge.opaque is not None:
            fields.append(f"opaque={_quoted(challenge.opaque)}")
        # Cameras that know only RFC 2069 stumble over an algorithm they did not name.
        if challenge.algorithm != "MD5" or challenge.is_session:
            suffix = "-sess" if challenge.is_session else ""
            fields.append(f"algorithm={challenge.algorithm}{suffix}")
        return "Digest " + ", ".join(fields)


def _challenges(header: str) -> list[Challenge]:
    starts = [(m.start(1), m.end(), m[1].lower()) for m in _SCHEME.finditer(header)]
    ends = [*(start for start, _, _ in starts[1:]), len(header)]
    found = []
    for (_, begin, scheme), end in zip(starts, ends, strict=False):
        challenge = _challenge(scheme, header[begin:end])
        if challenge is not None:
            found.append(challenge)
    return found


def _challenge(scheme: str, text: str) -> Challenge | None:
    values = {
        m[1].lower(): m[3] if m[2] is None else re.sub(r"\\(.)", r"\1", m[2])
        for m in _PARAMETER.finditer(text)
    }
    realm = values.get("realm", "")
    if scheme == "basic":
        return Challenge(realm)
    algorithm = values.get("algorithm", "MD5").upper() or "MD5"
    name = algorithm.removesuffix("-SESS")
    qop = [word.strip().lower() for word in values.get("qop", "").split(",")]
    if name not in _DIGESTS or not values.get("nonce"):
        return None
    if any(qop) and "auth" not in qop:
        return None
    return Challenge(
        realm=realm,
        algorithm=name,
        is_session=algorithm != name,
        nonce=values["nonce"],
        opaque=values.get("opaque"),
        has_qop="auth" in qop,
        is_stale=values.get("stale", "").lower() == "true",
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
