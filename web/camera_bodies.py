"""What may be said of a camera to the API, and what it says back."""

from typing import Annotated

from nvr.web.bodies import Body
from nvr.web.describe import FLAG, TEXT, TIME, Schema
from pydantic import AfterValidator, AliasChoices, Field

_MOST_URL = 2048
_MOST_SECRET = 256


def _clean_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise ValueError("a camera needs a name")
    return _clean(name)


def _clean(text: str) -> str:
    """Text of one line: a control character in it is a mistake or an attack."""
    if any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" for c in text):
        raise ValueError("line breaks and control characters cannot be used here")
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("half a character cannot be used here")
    return text


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_clean_name)]
Url = Annotated[str, Field(max_length=_MOST_URL), AfterValidator(str.strip)]
Secret = Annotated[str, Field(max_length=_MOST_SECRET), AfterValidator(_clean)]
_ENABLED = AliasChoices("is_enabled", "enabled")


class NewCamera(Body):
    """A camera to add."""

    name: Name = Field(description="Unique; capital letters do not count.")
    url: Url = Field(description="Address of the main stream, `rtsp://…`.")
    sub_url: Url = Field(default="", description="Address of a smaller stream.")
    username: Secret = Field(default="", description="For the camera.")
    password: Secret = Field(
        default="",
        description="Kept encrypted and never given out.",
        json_schema_extra={"writeOnly": True},
    )
    is_enabled: bool = Field(
        default=True,
        validation_alias=_ENABLED,
        description="False: it is not recorded. `enabled` means the same.",
    )


class CameraChange(Body):
    """New values of a camera; null is not one."""

    name: Name | None = None
    url: Url | None = None
    sub_url: Url | None = Field(default=None, description="Empty: there is none.")
    username: Secret | None = None
    password: Secret | None = Field(default=None, json_schema_extra={"writeOnly": True})
    is_enabled: bool | None = Field(default=None, validation_alias=_ENABLED)


class CameraToProbe(Body):
    """An address to try."""

    url: Url = Field(description="Address of a stream, `rtsp://…`.")
    username: Secret = ""
    password: Secret | None = Field(
        default=None,
        description="Left out: none, or with `camera_id` the stored one.",
        json_schema_extra={"writeOnly": True},
    )
    camera_id: str | None = Field(
        default=None,
        description="A camera whose stored password may be used, on its own host.",
    )


_FOR_ADMINISTRATORS = {"type": "string", "description": "For administrators only."}

CAMERA: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": TEXT,
        "has_sub": FLAG,
        "is_enabled": FLAG,
        "created": TIME,
        "url": _FOR_ADMINISTRATORS,
        "sub_url": _FOR_ADMINISTRATORS,
        "username": _FOR_ADMINISTRATORS,
    },
    "required": ["id", "name", "has_sub", "is_enabled", "created"],
}
