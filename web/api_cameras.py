"""Cameras: listed by whoever is signed in, changed by administrators."""

import asyncio
from typing import Any

from aiohttp import web
from nvr.web import asked
from nvr.web.audit_trail import AuditTrail
from nvr.web.bodies import read_body
from nvr.web.camera_address import CameraAddresses
from nvr.web.camera_bodies import CAMERA, CameraChange, NewCamera
from nvr.web.context import Visitor, visitor
from nvr.web.describe import Answer, Description, rows, shape
from nvr.web.policy import Policy, Routes
from nvr.web.problems import invalid

from nvr.base import rfc3339
from nvr.base.model import Camera
from nvr.store.catalogue import Catalogue

PATH = "/api/v1/cameras"


class CameraApi:
    """`/cameras` and `/cameras/{id}`. A password goes in and never comes out."""

    def __init__(
        self, *, catalogue: Catalogue, addresses: CameraAddresses, trail: AuditTrail
    ) -> None:
        self._catalogue = catalogue
        self._addresses = addresses
        self._trail = trail

    def add_to(self, routes: Routes) -> None:
        one = f"{PATH}/{{id}}"
        for method, path, handler, policy, description in (
            ("GET", PATH, self.every, Policy.SIGNED_IN, _LIST),
            ("POST", PATH, self.add, Policy.ADMIN, _ADD),
            ("GET", one, self.one, Policy.SIGNED_IN, _ONE),
            ("PATCH", one, self.change, Policy.ADMIN, _CHANGE),
            ("DELETE", one, self.remove, Policy.ADMIN, _REMOVE),
        ):
            routes.add(method, path, handler, policy=policy, description=description)

    async def every(self, request: web.Request) -> web.Response:
        cameras = await asyncio.to_thread(self._catalogue.cameras)
        listed = [camera_json(camera, visitor(request)) for camera in cameras]
        return web.json_response({"cameras": listed})

    async def one(self, request: web.Request) -> web.Response:
        camera_id = asked.camera_id(request)
        camera = await asyncio.to_thread(self._catalogue.camera, camera_id)
        return web.json_response(camera_json(camera, visitor(request)))

    async def add(self, request: web.Request) -> web.Response:
        body = await read_body(request, NewCamera)
        main = await self._addresses.main(body.url, body.username, body.password)
        sub_url = await self._addresses.sub(body.sub_url, main)
        camera = await asyncio.to_thread(
            self._catalogue.add_camera,
            name=body.name,
            url=main.url,
            sub_url=sub_url,
            username=main.username,
            password=main.password or "",
        )
        if not body.is_enabled:
            camera = await asyncio.to_thread(
                self._catalogue.change_camera, camera.id, is_enabled=False
            )
        who = visitor(request)
        await self._trail.record(
            who, "camera-add", f"camera {camera.id}", name=camera.name, url=camera.url
        )
        return web.json_response(
            camera_json(camera, who),
            status=201,
            headers={"Location": f"{PATH}/{camera.id}"},
        )

    async def change(self, request: web.Request) -> web.Response:
        camera_id = asked.camera_id(request)
        body = await read_body(request, CameraChange)
        before = await asyncio.to_thread(self._catalogue.camera, camera_id)
        fields = await self._changed(before, body)
        camera = await asyncio.to_thread(
            self._catalogue.change_camera, camera_id, **fields
        )
        who = visitor(request)
        told = {k: "changed" if k == "password" else v for k, v in fields.items()}
        await self._trail.record(who, "camera-change", f"camera {camera_id}", **told)
        return web.json_response(camera_json(camera, who))

    async def _changed(self, before: Camera, body: CameraChange) -> dict[str, Any]:
        """The fields to store, addresses checked and taken apart."""
        fields = body.model_dump(exclude_unset=True)
        for name, value in fields.items():
            if value is None:
                raise invalid(name, f"“{name}” may be left out, but not be null.")
        if not {"url", "sub_url", "username"} & fields.keys():
            return fields
        main = await self._addresses.changed(before, body)
        fields |= {"url": main.url, "username": main.username}
        if main.password is not None:
            fields["password"] = main.password
        if "sub_url" in fields:
            fields["sub_url"] = await self._addresses.sub(body.sub_url or "", main)
        return fields

    async def remove(self, request: web.Request) -> web.Response:
        camera_id = asked.camera_id(request)
        camera = await asyncio.to_thread(self._catalogue.camera, camera_id)
        await asyncio.to_thread(self._catalogue.remove_camera, camera_id)
        await self._trail.record(
            visitor(request), "camera-remove", f"camera {camera_id}", name=camera.name
        )
        return web.Response(status=204)


def camera_json(camera: Camera, who: Visitor) -> dict[str, Any]:
    """A camera as this visitor may see it: where it is, only administrators."""
    shown = {
        "id": camera.id,
        "name": camera.name,
        "has_sub": bool(camera.sub_url),
        "is_enabled": camera.is_enabled,
        "created": rfc3339.text(camera.created_us),
    }
    if who.is_admin:
        shown |= {
            "url": camera.url,
            "sub_url": camera.sub_url,
            "username": camera.username,
        }
    return shown


_LIST = Description(
    "List the cameras",
    answers=(Answer(200, "All of them, by name.", shape(cameras=rows(CAMERA))),),
    tag="cameras",
)
_ONE = Description(
    "Look at a camera",
    parameters=(asked.CAMERA,),
    answers=(Answer(200, "The camera.", CAMERA),),
    failures=(404,),
    tag="cameras",
)
_ADD = Description(
    "Add a camera",
    "Recording begins within seconds. Credentials inside an address are taken out of "
    "it. The camera is not tried first: `POST /cameras/probe` does that.",
    body=NewCamera,
    answers=(
        Answer(201, "It was added.", CAMERA, headers={"Location": "Its address."}),
    ),
    failures=(400, 409, 413, 415, 422),
    tag="cameras",
)
_CHANGE = Description(
    "Change a camera",
    "What is not sent stays. A stored password is never sent to another host: with a "
    "new host, give the password again.",
    parameters=(asked.CAMERA,),
    body=CameraChange,
    answers=(Answer(200, "As it is now.", CAMERA),),
    failures=(400, 404, 409, 413, 415, 422),
    tag="cameras",
)
_REMOVE = Description(
    "Remove a camera",
    "It is no longer recorded or listed. Its footage is kept as the rules say.",
    parameters=(asked.CAMERA,),
    answers=(Answer(204, "It was removed."),),
    failures=(404,),
    tag="cameras",
)
