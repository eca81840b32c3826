"""Cameras in the catalogue: questions and changes on a connection.

A password goes in and comes out only for `stream_address`; it is sealed by the vault
and bound to its camera. A removed camera keeps its row, because its footage needs it.
"""

from dataclasses import asdict
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from nvr.base.errors import Conflict, NotFound
from nvr.base.model import Camera, CameraId, GapCause, Role, StreamAddress
from nvr.store import counters, tiling
from nvr.store.engine import AnyRow
from nvr.store.tables import camera
from nvr.store.tiles import Tiles
from nvr.store.vault import Vault

_COLUMNS = (
    camera.c.id,
    camera.c.name,
    camera.c.url,
    camera.c.sub_url,
    camera.c.username,
    camera.c.is_enabled,
    camera.c.created_us,
)
_CHANGEABLE = {"name", "url", "sub_url", "username", "password", "is_enabled"}


def add(
    connection: Connection,
    vault: Vault,
    now_us: int,
    *,
    name: str,
    url: str,
    sub_url: str,
    username: str,
    password: str,
) -> Camera:
    """A new camera, and for each of its streams a gap that starts now."""
    _demand_free_name(connection, name, None)
    added = Camera(CameraId(str(uuid4())), name, url, sub_url, username, True, now_us)
    connection.execute(
        insert(camera).values(
            **asdict(added),
            name_key=name.casefold(),
            sealed_password=vault.seal(password, added.id),
        )
    )
    _start_streams(connection, added, now_us)
    counters.next_value(connection, "camera_revision")
    return added


def change(
    connection: Connection,
    vault: Vault,
    now_us: int,
    camera_id: CameraId,
    fields: dict[str, Any],
) -> Camera:
    """The camera with other values in the named fields; `password` is one of them."""
    unknown = fields.keys() - _CHANGEABLE
    if unknown:
        raise TypeError(f"a camera has no field {sorted(unknown)}")
    values = dict(fields)
    one(connection, camera_id)
    if "name" in values:
        _demand_free_name(connection, values["name"], camera_id)
        values["name_key"] = values["name"].casefold()
    if "password" in values:
        values["sealed_password"] = vault.seal(values.pop("password"), camera_id)
    if values:
        connection.execute(
            update(camera).where(camera.c.id == camera_id).values(**values)
        )
    changed = one(connection, camera_id)
    _start_streams(connection, changed, now_us)
    counters.next_value(connection, "camera_revision")
    return changed


def remove(connection: Connection, now_us: int, camera_id: CameraId) -> None:
    """The camera is no longer recorded or listed; its footage ages as before."""
    one(connection, camera_id)
    connection.execute(
        update(camera)
        .where(camera.c.id == camera_id)
        .values(removed_us=now_us, name_key=None, sealed_password=b"")
    )
    counters.next_value(connection, "camera_revision")


def every(connection: Connection) -> list[Camera]:
    """All cameras that were not removed, by name."""
    question = (
        select(*_COLUMNS)
        .where(camera.c.removed_us.is_(None))
        .order_by(camera.c.name_key, camera.c.id)
    )
    return [_camera(row) for row in connection.execute(question)]


def one(connection: Connection, camera_id: CameraId) -> Camera:
    """One camera that was not removed."""
    row = _row(connection, camera_id, *_COLUMNS)
    return _camera(row)


def stream_address(
    connection: Connection, vault: Vault, camera_id: CameraId, role: Role
) -> StreamAddress:
    """All that is needed to connect, the password in the clear."""
    row = _row(
        connection,
        camera_id,
        camera.c.name,
        camera.c.url,
        camera.c.sub_url,
        camera.c.username,
        camera.c.sealed_password,
    )
    url = row.url if role is Role.MAIN else row.sub_url
    if not url:
        raise NotFound(f"camera {row.name!r} has no {role} stream")
    password = vault.open(row.sealed_password, camera_id)
    return StreamAddress(url, row.username, password)


def _row(connection: Connection, camera_id: CameraId, *columns: Any) -> AnyRow:
    question = select(*columns).where(
        camera.c.id == camera_id, camera.c.removed_us.is_(None)
    )
    row = connection.execute(question).one_or_none()
    if row is None:
        raise NotFound("there is no such camera")
    return row


def _demand_free_name(
    connection: Connection, name: str, camera_id: CameraId | None
) -> None:
    question = select(camera.c.id).where(camera.c.name_key == name.casefold())
    holder = connection.execute(question).scalar_one_or_none()
    if holder is not None and holder != camera_id:
        raise Conflict(f"there is already a camera named {name!r}")


def _start_streams(connection: Connection, it: Camera, now_us: int) -> None:
    roles = (Role.MAIN, Role.SUB) if it.sub_url else (Role.MAIN,)
    for role in roles:
        tiles = Tiles(connection, it.id, role)
        tiling.start(tiles, now_us, GapCause.STARTING)


def _camera(row: AnyRow) -> Camera:
    return Camera(*row)
