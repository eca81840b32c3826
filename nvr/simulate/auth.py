"""Asking for credentials and checking them: basic and digest (RFC 2617, 7616)."""

import base64
import hashlib
import hmac
import re
import secrets

from nvr.simulate.camera import Auth, VirtualCamera
from nvr.simulate.rtsp_message import Request

_REALM = "virtual camera"
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')
_DIGESTS = {
    Auth.DIGEST: ("MD5", hashlib.md5),
    Auth.DIGEST_SHA256: ("SHA-256", hashlib.sha256),
}


class Doorkeeper:
    """Knows the nonces it gave out; they are good until it ends."""

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(16)

    def challenge(self, camera: VirtualCamera) -> str:
        """What to send as `WWW-Authenticate`."""
        if camera.auth is Auth.BASIC:
            return f'Basic realm="{_REALM}"'
        name, _ = _DIGESTS.get(camera.auth, _DIGESTS[Auth.DIGEST])
        return f'Digest realm="{_REALM}", nonce="{self._nonce}", algorithm={name}'

    def admits(self, camera: VirtualCamera, request: Request) -> bool:
        """Whether the request may be answered."""
        if camera.auth is Auth.NONE:
            return True
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if camera.auth is Auth.BASIC:
            expected = base64.b64encode(
                f"{camera.username}:{camera.password}".encode()
            ).decode()
            return scheme.lower() == "basic" and _same(rest.strip(), expected)
        if scheme.lower() != "digest":
            return False
        fields = {name: a or b for name, a, b in _FIELD.findall(rest)}
        return (
            fields.get("nonce") == self._nonce
            and fields.get("username") == camera.username
            and _same(fields.get("response", ""), _response(camera, request, fields))
        )


def _response(camera: VirtualCamera, request: Request, fields: dict[str, str]) -> str:
    _, digest = _DIGESTS[camera.auth]

    def hashed(*parts: str) -> str:
        return digest(":".join(parts).encode()).hexdigest()

    who = hashed(camera.username, _REALM, camera.password)
    what = hashed(request.method, fields.get("uri", ""))
    nonce = fields.get("nonce", "")
    if "qop" not in fields:
        return hashed(who, nonce, what)
    count, own = fields.get("nc", ""), fields.get("cnonce", "")
    return hashed(who, nonce, count, own, fields["qop"], what)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
