"""Camera addresses that people send: checked, and credentials taken out of them.

A stored password goes only to the host it was entered for: who could point a camera
elsewhere and keep its password would have read it.
"""

import asyncio
from dataclasses import dataclass

from nvr.web.camera_bodies import CameraChange
from nvr.web.problems import Problem, invalid

from nvr.base.errors import AddressRefused, CameraUnreachable
from nvr.base.model import Camera, CameraId, Role, StreamAddress
from nvr.ingest.address import AddressPolicy, RtspUrl, check_url, split_credentials
from nvr.store.catalogue import Catalogue

_NAMES_SECONDS = 5.0
"""For DNS; a camera whose name is not known today may be known tomorrow."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A checked address. `password` of None: the stored one stays."""

    url: str
    username: str
    password: str | None

    def __repr__(self) -> str:
        return f"Entered(url={self.url!r}, username={self.username!r})"


class CameraAddresses:
    """Checks what is entered against the networks cameras may be in."""

    def __init__(self, *, policy: AddressPolicy, catalogue: Catalogue) -> None:
        self._policy = policy
        self._catalogue = catalogue

    async def main(self, url: str, username: str, password: str) -> Entered:
        """The main stream of a new camera; what is entered wins over the address."""
        plain, own_username, own_password = split_credentials(url)
        checked = await self._checked(plain, "url")
        return Entered(checked.text, username or own_username, password or own_password)

    async def sub(self, url: str, main: Entered) -> str:
        """The smaller stream: empty, or at the same credentials as the main one."""
        if not url:
            return ""
        plain, username, password = split_credentials(url)
        checked = await self._checked(plain, "sub_url")
        is_same_user = not username or username == main.username
        is_same_password = not password or password == main.password
        if not (is_same_user and is_same_password):
            raise invalid(
                "sub_url", "Both streams of a camera use the same user and password."
            )
        return checked.text

    async def changed(self, before: Camera, change: CameraChange) -> Entered:
        """The main stream of a camera after a change."""
        plain, username, password = split_credentials(
            before.url if change.url is None else change.url
        )
        checked = await self._checked(plain, "url")
        if change.username is not None:
            username = change.username
        entered = change.password if change.password is not None else password or None
        if entered is None:
            urls = [checked.text, split_credentials(change.sub_url or "")[0]]
            await self._demand_own_places(before, [url for url in urls if url])
        if change.username is None and not username:
            username = before.username
        return Entered(checked.text, username, entered)

    async def stored(self, camera_id: CameraId, url: str) -> str:
        """The stored password of a camera, for where it is now and nowhere else."""
        camera = await asyncio.to_thread(self._catalogue.camera, camera_id)
        await self._demand_own_places(camera, [split_credentials(url)[0]])
        return (await self._address(camera_id)).password

    async def to_try(self, url: str, username: str, password: str) -> StreamAddress:
        """An address to connect to now."""
        made = await self.main(url, username, password)
        return StreamAddress(made.url, made.username, made.password or "")

    async def _demand_own_places(self, camera: Camera, urls: list[str]) -> None:
        known = {_place(url) for url in (camera.url, camera.sub_url) if url}
        if all(_place(url) in known for url in urls):
            return
        if (await self._address(camera.id)).password:
            raise invalid(
                "password",
                "The address names another host; enter the camera's password again.",
            )

    async def _address(self, camera_id: CameraId) -> StreamAddress:
        return await asyncio.to_thread(
            self._catalogue.stream_address, camera_id, Role.MAIN
        )

    async def _checked(self, url: str, field: str) -> RtspUrl:
        try:
            checked = check_url(url)
            async with asyncio.timeout(_NAMES_SECONDS):
                await self._policy.resolve(checked.host, checked.port)
        except AddressRefused as error:
            raise _refused(field, str(error)) from None
        except (CameraUnreachable, TimeoutError):
            # The recorder checks again whenever it connects.
            pass
        return checked


def _place(url: str) -> tuple[str, int]:
    try:
        checked = check_url(url)
    except AddressRefused as error:
        raise _refused("url", str(error)) from None
    return checked.host.lower(), checked.port


def _refused(field: str, detail: str) -> Problem:
    problem = invalid(field, detail)
    problem.kind = "address-refused"
    return problem
