"""What several services put together in the same way."""

from nvr.base.clock import Clock
from nvr.base.settings import Settings
from nvr.store.catalogue import Catalogue
from nvr.store.vault import Vault


def open_catalogue(settings: Settings, clock: Clock) -> Catalogue:
    """The catalogue of these settings; the supervisor has brought it up to date."""
    vault = Vault.open_file(settings.server.data_dir / "secret.key")
    return Catalogue(settings.database_url, clock=clock, vault=vault)
