"""What may be said of people and tokens to the API."""

from typing import Annotated

from nvr.web.bodies import Body
from nvr.web.passwords import LONGEST, SHORTEST
from pydantic import AfterValidator, Field

MOST_NAME = 64
_SECRET = {"writeOnly": True}


def _clean_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise ValueError("give a name")
    if not name.isprintable():
        raise ValueError("line breaks and control characters cannot be used here")
    return name


Name = Annotated[
    str, Field(min_length=1, max_length=MOST_NAME), AfterValidator(_clean_name)
]
NewPassword = Annotated[
    str, Field(min_length=SHORTEST, max_length=LONGEST, json_schema_extra=_SECRET)
]
Password = Annotated[str, Field(max_length=LONGEST, json_schema_extra=_SECRET)]


class SignIn(Body):
    """Who wants to sign in."""

    name: Annotated[str, Field(max_length=MOST_NAME)]
    password: Password


class PasswordChange(Body):
    """A new password for whoever is signed in."""

    password: Password = Field(description="The one of until now.")
    new_password: NewPassword


class FirstUser(Body):
    """The first account, made by whoever has the one-time link."""

    token: Annotated[str, Field(max_length=200)] = Field(
        description="The last part of the link's address."
    )
    name: Name
    password: NewPassword


class NewUser(Body):
    """A user to add."""

    name: Name
    password: NewPassword
    is_admin: bool = Field(
        default=False, description="May change everything, users included."
    )


class UserChange(Body):
    """New values of a user; null is not one."""

    name: Name | None = None
    password: NewPassword | None = None
    is_admin: bool | None = None
    is_enabled: bool | None = Field(
        default=None, description="False: all their sessions end at once."
    )


class NewToken(Body):
    """A token to make."""

    name: Name = Field(description="Tells later what breaks when it is revoked.")
