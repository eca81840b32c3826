"""Every error of ours, as a small tree.

    NvrError
      SettingsError          the configuration cannot be used; says what to change
      MediaError             bytes are not what their format says
      CameraError            has a `cause` for the gap and says if retrying can help
        CameraUnreachable    no connection, or no answer in time
        CameraRefused        an error status other than 401; carries `status`
        CameraUnauthorized   the credentials were not accepted
        CameraDistrusted     its certificate is not the right one
        CameraSilent         connected, but nothing (useful) came
        CameraLost           an established stream ended
        BadStream            what came cannot be recorded
        AddressRefused       the address is not allowed or cannot be used
      VolumeError            has the volume's path
        VolumeForeign        not the volume the catalogue knows
        VolumeBusy           another server holds it
        VolumeFull
        VolumeFailed
      CatalogueError
        NotFound
        Conflict             already there, or changed meanwhile
      PluginError

Messages are sentences a person can act on and never hold a secret. Errors of foreign
libraries are wrapped where the library lives.
"""

from nvr.base.model import GapCause


class NvrError(Exception):
    """Base of all. `can_retry` tells whether the same call may succeed later."""

    can_retry = False


class SettingsError(NvrError):
    """The configuration cannot be used."""


class MediaError(NvrError):
    """Bytes are not what their format says they are."""


class CameraError(NvrError):
    """One attempt at one camera stream ended."""

    can_retry = True
    cause = GapCause.LOST


class CameraUnreachable(CameraError):
    """No connection, or no answer in time."""

    cause = GapCause.UNREACHABLE


class CameraRefused(CameraError):
    """The camera answered with an error status."""

    cause = GapCause.REFUSED

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class CameraUnauthorized(CameraError):
    """The camera does not accept these credentials."""

    cause = GapCause.UNAUTHORIZED


class CameraDistrusted(CameraError):
    """What answers could not prove that it is the camera."""

    cause = GapCause.REFUSED


class CameraSilent(CameraError):
    """The session stands, but no pictures come."""

    cause = GapCause.SILENT


class CameraLost(CameraError):
    """An established stream ended."""


class BadStream(CameraError):
    """What came cannot be recorded."""

    cause = GapCause.BAD_STREAM


class AddressRefused(CameraError):
    """The address cannot be used: wrong form, or outside the allowed networks."""

    can_retry = False
    cause = GapCause.REFUSED


class VolumeError(NvrError):
    """A volume cannot be used. `path` says which."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class VolumeForeign(VolumeError):
    """The directory is not the volume it is expected to be."""


class VolumeBusy(VolumeError):
    """Another server holds the volume's lock."""

    can_retry = True


class VolumeFull(VolumeError):
    """No space or no inodes are left."""

    can_retry = True


class VolumeFailed(VolumeError):
    """Writing or syncing failed."""


class CatalogueError(NvrError):
    """The catalogue could not answer or take what it was given."""

    can_retry = True


class NotFound(CatalogueError):
    """No such thing, or none that the asker may see."""

    can_retry = False


class Conflict(CatalogueError):
    """It is there already, or was changed meanwhile."""

    can_retry = False


class PluginError(NvrError):
    """A plugin cannot be loaded or broke its contract."""
