"""When a file ends and the next begins."""

from hypothesis import given
from hypothesis import strategies as st

from nvr.base.model import SECOND_US, CameraId, Role
from nvr.record.rotation import MOST_BYTES, PATIENCE_US, next_cut_us, should_cut

MINUTE = 60 * SECOND_US
A = CameraId("0b5f7f0e-6a5c-4a5e-9c43-0b1d1f0f7a01")


@given(st.integers(0, 4 * 10**15), st.integers(10, 600), st.uuids())
def test_a_file_lasts_between_a_quarter_and_one_and_a_quarter_lengths(
    start_us: int, seconds: int, camera: object
) -> None:
    length = seconds * SECOND_US

    cut = next_cut_us(CameraId(str(camera)), Role.MAIN, start_us, length)

    assert length // 4 <= cut - start_us <= length + length // 4


def test_files_follow_one_another_at_their_full_length() -> None:
    first = next_cut_us(A, Role.MAIN, 1_800_000_012_345_678, MINUTE)

    assert next_cut_us(A, Role.MAIN, first, MINUTE) == first + MINUTE


def test_streams_are_cut_at_different_times() -> None:
    cuts = {
        next_cut_us(CameraId(f"camera-{n}"), Role.MAIN, 0, MINUTE) for n in range(60)
    }

    assert len(cuts) == 60


def test_a_file_ends_before_a_key_frame_after_its_time() -> None:
    assert not should_cut(wall_us=9, cut_us=10, size_bytes=0, is_key=True)
    assert not should_cut(wall_us=10, cut_us=10, size_bytes=0, is_key=False)
    assert should_cut(wall_us=10, cut_us=10, size_bytes=0, is_key=True)


def test_a_camera_without_key_frames_is_cut_after_some_minutes_all_the_same() -> None:
    late = 10 + PATIENCE_US

    assert not should_cut(wall_us=late - 1, cut_us=10, size_bytes=0, is_key=False)
    assert should_cut(wall_us=late, cut_us=10, size_bytes=0, is_key=False)


def test_an_enormous_file_is_cut_before_its_time() -> None:
    assert should_cut(wall_us=0, cut_us=10, size_bytes=MOST_BYTES, is_key=True)
    assert not should_cut(wall_us=0, cut_us=10, size_bytes=MOST_BYTES, is_key=False)
    assert should_cut(wall_us=0, cut_us=10, size_bytes=2 * MOST_BYTES, is_key=False)
