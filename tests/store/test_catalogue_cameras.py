"""Cameras in the catalogue."""

import pytest

from nvr.base.errors import Conflict, NotFound
from nvr.base.model import Camera, CameraId, GapCause, Role
from nvr.store.catalogue import Catalogue
from tests.fakes import FakeClock

NOBODY = CameraId("00000000-0000-4000-8000-000000000000")


def test_an_added_camera_is_found_again(catalogue: Catalogue) -> None:
    added = catalogue.add_camera(
        name="Gate", url="rtsp://10.0.0.5/main", sub_url="rtsp://10.0.0.5/sub"
    )

    assert catalogue.camera(added.id) == added
    assert catalogue.cameras() == [added]


def test_its_password_comes_out_only_with_the_address(catalogue: Catalogue) -> None:
    added = catalogue.add_camera(
        name="Gate", url="rtsp://10.0.0.5/", username="admin", password="canary"
    )

    address = catalogue.stream_address(added.id, Role.MAIN)

    assert (address.username, address.password) == ("admin", "canary")
    assert "canary" not in repr(added) + repr(address)


def test_without_a_sub_stream_there_is_no_address_of_it(
    catalogue: Catalogue, camera: Camera
) -> None:
    with pytest.raises(NotFound, match="no sub stream"):
        catalogue.stream_address(camera.id, Role.SUB)


def test_a_name_is_given_once_in_any_case(catalogue: Catalogue, camera: Camera) -> None:
    with pytest.raises(Conflict, match="already a camera named 'GATE'"):
        catalogue.add_camera(name="GATE", url="rtsp://10.0.0.6/")
    other = catalogue.add_camera(name="Yard", url="rtsp://10.0.0.6/")
    with pytest.raises(Conflict):
        catalogue.change_camera(other.id, name="gate")
    assert catalogue.change_camera(camera.id, name="GATE").name == "GATE"


def test_only_what_is_named_changes(catalogue: Catalogue) -> None:
    added = catalogue.add_camera(
        name="Gate", url="rtsp://10.0.0.5/", username="admin", password="old"
    )

    changed = catalogue.change_camera(added.id, is_enabled=False, password="new")

    assert (changed.name, changed.url, changed.is_enabled) == (
        "Gate",
        "rtsp://10.0.0.5/",
        False,
    )
    assert catalogue.stream_address(added.id, Role.MAIN).password == "new"
    with pytest.raises(TypeError):
        catalogue.change_camera(added.id, created_us=1)


def test_a_removed_camera_is_not_listed_and_frees_its_name(
    catalogue: Catalogue, camera: Camera
) -> None:
    catalogue.remove_camera(camera.id)

    assert catalogue.cameras() == []
    with pytest.raises(NotFound):
        catalogue.camera(camera.id)
    with pytest.raises(NotFound):
        catalogue.remove_camera(camera.id)
    assert catalogue.add_camera(name="Gate", url="rtsp://10.0.0.6/").id != camera.id


def test_what_is_not_there_is_not_found(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound, match="no such camera"):
        catalogue.camera(NOBODY)
    with pytest.raises(NotFound):
        catalogue.change_camera(NOBODY, name="Gate")


def test_the_revision_tells_of_each_change(
    catalogue: Catalogue, camera: Camera
) -> None:
    seen = [catalogue.revision()]

    catalogue.change_camera(camera.id, name="Yard")
    seen.append(catalogue.revision())
    catalogue.remove_camera(camera.id)
    seen.append(catalogue.revision())

    assert len(set(seen)) == 3
    assert catalogue.revision() == seen[-1]


def test_a_stream_begins_with_a_gap_from_its_first_day(
    catalogue: Catalogue, clock: FakeClock
) -> None:
    added = catalogue.add_camera(name="Gate", url="rtsp://10.0.0.5/")
    clock.advance_us(5_000_000)
    catalogue.change_camera(added.id, sub_url="rtsp://10.0.0.5/sub")
    now_us = clock.wall_us + 1

    [main] = catalogue.gaps(added.id, Role.MAIN, 0, now_us)
    [sub] = catalogue.gaps(added.id, Role.SUB, 0, now_us)

    assert (main.start_us, main.end_us) == (added.created_us, None)
    assert (sub.start_us, sub.cause) == (clock.wall_us, GapCause.STARTING)
