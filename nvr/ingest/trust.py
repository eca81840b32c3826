"""Whom we believe to be the camera when it is reached through TLS (`rtsps://`).

A camera is believed for its certificate, signed by an authority of the system or of
`ca_file`, or for the fingerprint that was pinned for its host: then for nothing else.
No request, and so no proof of a password, is sent before that is settled.
"""

import hmac
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from nvr.base import tls_socket
from nvr.base.errors import CameraDistrusted, CameraUnreachable


@dataclass(frozen=True, slots=True)
class Trust:
    """`ca_file` adds authorities to those of the system; `fingerprints` are SHA-256 of
    whole certificates in hexadecimal, by host or `host:port`."""

    ca_file: Path | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    def pin(self, host: str, port: int) -> str:
        """The fingerprint that this camera must have; empty: any trusted one."""
        pins = {place.lower(): pin for place, pin in self.fingerprints.items()}
        shown = f"[{host}]" if ":" in host else host
        found = pins.get(f"{shown}:{port}".lower()) or pins.get(host.lower(), "")
        return found.replace(":", "").lower()


async def secure(
    sock: socket.socket, *, trust: Trust, host: str, port: int
) -> socket.socket:
    """The connected socket with TLS on it and the right camera at the other end.
    Raises a `CameraError`; `sock` is closed then."""
    pin = trust.pin(host, port)
    try:
        context = _pinned() if pin else _verifying(trust.ca_file)
        wrapped = tls_socket.wrap(sock, context, server_name=host.partition("%")[0])
    except BaseException:
        sock.close()
        raise
    try:
        await _agree(wrapped)
        if pin:
            _compare(wrapped.getpeercert(binary_form=True) or b"", pin)
    except BaseException:
        wrapped.close()
        raise
    return wrapped


async def _agree(sock: tls_socket.TlsSocket) -> None:
    try:
        await tls_socket.shake_hands(sock)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.strip(".")
        raise CameraDistrusted(
            f"The camera's certificate is not trusted: {why}. "
            "Name its authority in `ca_file` or its fingerprint in `fingerprints` of "
            "the settings `[cameras]`."
        ) from error
    except ssl.SSLError as error:
        raise CameraUnreachable(
            "The camera does not speak TLS at this port as it should "
            f"({_reason(error)}). Check the port, or use rtsp:// instead of rtsps://."
        ) from error
    except OSError as error:
        raise CameraUnreachable(
            "The camera closed the connection while TLS was being set up: "
            f"{error.strerror or error}."
        ) from error


def _compare(certificate: bytes, pin: str) -> None:
    found = sha256(certificate).hexdigest()
    if not hmac.compare_digest(found, pin):
        raise CameraDistrusted(
            "The camera's certificate is not the one that was pinned: its SHA-256 "
            f"fingerprint is {found}, and not {pin}. It may have been renewed, or "
            "something else answers in the camera's place."
        )


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or error.strerror or str(error)).lower().replace("_", " ")


@cache
def _verifying(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise CameraDistrusted(
                f"The file {ca_file} of the setting `ca_file` cannot be used: "
                f"{error.strerror or error}."
            ) from error
    return context


@cache
def _pinned() -> ssl.SSLContext:
    """Asks for no more than the pin: it says more than a signature would."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
