"""Headers that every answer carries, unless its handler knows better."""

from aiohttp import hdrs, web

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": that takes Origin from a form's POST, which we ask for.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    hdrs.CACHE_CONTROL: "private, no-store",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Called just before any answer's headers are sent."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    # Neither name nor version of what we are made of is anybody's business.
    response.headers[hdrs.SERVER] = "nvr"
