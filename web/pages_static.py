"""The files that pages are made of: styles, scripts, icons.

Their address holds a digest of all of them, so that browsers keep them for ever and
still get new ones with a new version, relative imports between scripts included.
"""

from hashlib import sha256
from pathlib import Path

from aiohttp import web

_ROOT = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER = "public, max-age=31536000, immutable"


class StaticFiles:
    """All static files, in memory: they are small and asked for together."""

    def __init__(self) -> None:
        paths = sorted(p for p in _ROOT.rglob("*") if p.suffix in _TYPES)
        self._files = {p.relative_to(_ROOT).as_posix(): p.read_bytes() for p in paths}
        digest = sha256()
        for name, content in self._files.items():
            digest.update(f"{name}\n{len(content)}\n".encode() + content)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file; a name that is not there is an error of ours."""
        if name not in self._files:
            raise KeyError(f"there is no static file {name}")
        return f"/static/{self.version}/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """A file; an old version's address gets the new file, but not for ever."""
        name = request.match_info["name"]
        content = self._files.get(name)
        if content is None:
            raise web.HTTPNotFound
        is_current = request.match_info["version"] == self.version
        headers = {
            "Content-Type": _TYPES[Path(name).suffix],
            "Cache-Control": _FOR_EVER if is_current else "no-cache",
            "X-Content-Type-Options": "nosniff",
        }
        response = web.Response(body=content, headers=headers)
        response.enable_compression()
        return response
