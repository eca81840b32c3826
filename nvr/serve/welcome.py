"""One-time links for whoever has the machine: nobody has a password before them."""

from nvr.base.model import SECOND_US
from nvr.base.settings import Settings
from nvr.serve.web_address import running_address
from nvr.store.catalogue import Catalogue

LINK_LIVES_US = 24 * 3600 * SECOND_US
NO_PASSWORD = "!"
"""No hash of any password: this user comes in by links alone."""


def welcome_link(settings: Settings, catalogue: Catalogue) -> str:
    """A link that makes the first account, or signs the first administrator in."""
    address = running_address(settings) or _configured_address(settings)
    if not catalogue.users():
        secret = catalogue.add_link("setup", lifetime_us=LINK_LIVES_US)
        return f"{address.rstrip('/')}/welcome/{secret}"
    return sign_in_link(catalogue, address)


def sign_in_link(catalogue: Catalogue, address: str) -> str:
    """A link that signs an administrator in, who is made if there is none."""
    admins = [user for user in catalogue.users() if user.is_admin and user.is_enabled]
    if admins:
        admin = admins[0]
    else:
        admin = catalogue.add_user(
            name="admin", password_hash=NO_PASSWORD, is_admin=True
        )
    secret = catalogue.add_link("sign-in", lifetime_us=LINK_LIVES_US, user_id=admin.id)
    return f"{address.rstrip('/')}/welcome/{secret}"


def _configured_address(settings: Settings) -> str:
    scheme = "https" if settings.web.tls_certificate else "http"
    host = settings.web.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.web.port}"
