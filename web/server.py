"""The web service: listens, tells where, and stops in bounded time."""

import asyncio
import contextlib
import json
import logging
import os
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web
from argon2 import PasswordHasher
from nvr.web.app import make_app
from nvr.web.gate import Gate, Newcomers

from nvr.base.clock import Clock, SystemClock
from nvr.base.errors import SettingsError
from nvr.base.settings import Settings, WebSettings
from nvr.hook_calls import Plugins
from nvr.store.catalogue import Catalogue

ADDRESS_FILE = "web.json"
BACKLOG = 512

_log = logging.getLogger(__name__)


async def run_web(
    settings: Settings,
    catalogue: Catalogue,
    *,
    plugins: Plugins,
    clock: Clock | None = None,
    hasher: PasswordHasher | None = None,
) -> None:
    """Serve until cancelled. Where, is written to `web.json` in the run folder, as
    soon as requests are answered. Raises `SettingsError` with what to change."""
    async with serving(
        settings, catalogue, plugins=plugins, clock=clock, hasher=hasher
    ):
        await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def serving(
    settings: Settings,
    catalogue: Catalogue,
    *,
    plugins: Plugins,
    clock: Clock | None = None,
    hasher: PasswordHasher | None = None,
) -> AsyncIterator[str]:
    """Requests are answered meanwhile; gives the base URL."""
    context = _tls(settings.web)
    _demand_safe(settings.web, context)
    app = make_app(
        settings=settings,
        catalogue=catalogue,
        clock=clock or SystemClock(),
        plugins=plugins,
        hasher=hasher,
    )
    newcomers = Newcomers()
    app.middlewares.insert(0, newcomers.middleware())
    runner = web.AppRunner(app, shutdown_timeout=settings.server.stop_seconds / 4)
    await runner.setup()
    address_file = settings.run_dir / ADDRESS_FILE
    try:
        assert runner.server is not None, "the runner is set up"
        server = await _listen(settings.web, Gate(runner.server, newcomers), context)
        try:
            url = _url(settings.web, server, is_secure=context is not None)
            _tell(address_file, url)
            _log.info("listening on %s", url)
            yield url
        finally:
            server.close()
    finally:
        address_file.unlink(missing_ok=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(settings.server.stop_seconds * 0.8):
                await runner.cleanup()


async def _listen(
    settings: WebSettings, gate: Gate, context: ssl.SSLContext | None
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(
            gate, settings.host, settings.port, ssl=context, backlog=BACKLOG
        )
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {settings.host}:{settings.port}: "
            f"{error.strerror or error}; choose another `host` or `port` in [web]"
        ) from error


def _demand_safe(settings: WebSettings, context: ssl.SSLContext | None) -> None:
    """Passwords and pictures do not cross a network in the clear by accident."""
    if context is not None or settings.allow_plain_http or _is_loopback(settings.host):
        return
    raise SettingsError(
        f"[web] host {settings.host} is reachable from other machines, but there is no "
        "TLS: set `tls_certificate` and `tls_key`, or, behind a reverse proxy that has "
        "them, `allow_plain_http = true`"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(settings: WebSettings) -> ssl.SSLContext | None:
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise SettingsError("[web] needs `tls_certificate` and `tls_key`, or neither")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"[web] the certificate {certificate} and the key {key} cannot be used: "
            f"{error.strerror or error}"
        ) from error
    return context


def _url(settings: WebSettings, server: asyncio.Server, *, is_secure: bool) -> str:
    """The address by which this machine reaches us."""
    port = server.sockets[0].getsockname()[1]
    host = settings.host
    with contextlib.suppress(ValueError):
        ip = ip_address(host)
        if ip.is_unspecified:
            host = "127.0.0.1" if ip.version == 4 else "::1"
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if is_secure else 'http'}://{shown}:{port}"


def _tell(path: Path, url: str) -> None:
    """Whoever reads the file finds all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n")
    new.replace(path)
