"""The catalogue's part about people: users, what lets them in, what they did."""

from typing import Any

from nvr.store import admission, audit, stored_settings, users
from nvr.store.admission import Link, Session, Token
from nvr.store.audit import AuditEntry
from nvr.store.database import Database
from nvr.store.users import User, UserId


class PeopleCatalogue(Database):
    """See `Catalogue`. Secrets are told once, by the method that makes them."""

    # Users

    def add_user(
        self, *, name: str, password_hash: str, is_admin: bool = False
    ) -> User:
        """A new user. Raises `Conflict` if the name is taken in any case."""
        return self._write(
            users.add,
            self._now_us(),
            name=name,
            password_hash=password_hash,
            is_admin=is_admin,
        )

    def change_user(self, user_id: UserId, **fields: Any) -> User:
        """Other values for `name`, `password_hash`, `is_admin`, `is_enabled`.

        A new password or a ban ends the user's sessions. Raises `Conflict` if nobody
        would be left who may administer.
        """
        return self._write(users.change, user_id, fields)

    def remove_user(self, user_id: UserId) -> None:
        """The user and every session, token and link of theirs."""
        self._write(users.remove, user_id)

    def users(self) -> list[User]:
        """All users by name."""
        return self._read(users.every)

    def user(self, user_id: UserId) -> User:
        """One user."""
        return self._read(users.one, user_id)

    def credentials(self, name: str) -> tuple[User, str] | None:
        """A user and the password's hash; None: there is no such name."""
        return self._read(users.credentials, name)

    # Sessions

    def begin_session(self, user_id: UserId, *, idle_us: int) -> str:
        """The secret of a session that ends so long after its last use."""
        return self._write(admission.begin_session, user_id, idle_us, self._now_us())

    def find_session(self, secret: str) -> Session | None:
        """The session of a secret if it goes on; its use is noted each minute."""
        now_us = self._now_us()
        found = self._read(admission.find_session, secret, now_us)
        if found is not None and now_us - found.used_us >= admission.TOUCH_US:
            self._write(admission.touch_session, found.id, now_us)
        return found

    def end_session(self, secret: str) -> None:
        """Sign out; an unknown secret is signed out already."""
        self._write(admission.end_session, secret)

    def end_sessions(self, user_id: UserId) -> None:
        """Sign a user out everywhere."""
        self._write(admission.end_sessions, user_id)

    def sweep_secrets(self) -> None:
        """Remove sessions and links that have run out."""
        self._write(admission.sweep, self._now_us())

    # API tokens

    def add_token(self, name: str, *, user_id: UserId | None = None) -> str:
        """The secret of a token that acts as a user, or as the server's owner."""
        return self._write(admission.add_token, name, user_id, self._now_us())

    def find_token(self, secret: str) -> Token | None:
        """The token of a secret if it is valid; its use is noted each minute."""
        now_us = self._now_us()
        found = self._read(admission.find_token, secret)
        if found is not None and now_us - (found.used_us or 0) >= admission.TOUCH_US:
            self._write(admission.touch_token, found.id, now_us)
        return found

    def tokens(self) -> list[Token]:
        """Tokens that were not revoked, by name."""
        return self._read(admission.tokens)

    def revoke_token(self, token_id: int) -> None:
        """Nobody comes in with this token any more; its name is free."""
        self._write(admission.revoke_token, token_id, self._now_us())

    # One-time links

    def add_link(
        self, purpose: str, *, lifetime_us: int, user_id: UserId | None = None
    ) -> str:
        """The secret of a link for `setup` or `sign-in` that works once."""
        return self._write(
            admission.add_link, purpose, user_id, lifetime_us, self._now_us()
        )

    def find_link(self, secret: str, purpose: str) -> Link | None:
        """The link of a secret if it still works; looking does not use it up."""
        return self._read(admission.find_link, secret, purpose, self._now_us())

    def use_link(self, secret: str, purpose: str) -> Link | None:
        """Use a link up. Of many who try at once, one gets it."""
        return self._write(admission.use_link, secret, purpose, self._now_us())

    # Settings made in the UI

    def stored_settings(self) -> dict[str, Any]:
        """JSON values by key."""
        return self._read(stored_settings.every)

    def stored_setting(self, key: str) -> Any:
        """One JSON value; None: nothing was stored."""
        return self._read(stored_settings.one, key)

    def store_setting(self, key: str, value: Any) -> None:
        """Keep a JSON value; None removes it."""
        self._write(stored_settings.store, key, value)

    # Audit

    def audit(
        self, actor: str, action: str, object: str, detail: dict[str, Any] | None = None
    ) -> int:
        """Append to the audit log; the entry's number. On disk when this returns."""
        return self._write(
            audit.add, self._now_us(), actor, action, object, detail or {}
        )

    def audit_entries(
        self, *, before: int | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """Entries with smaller numbers than `before`, latest first."""
        return self._read(audit.entries, before, limit)

    def audit_head(self) -> tuple[int, bytes]:
        """Number and digest of the last entry, to be noted where nobody can reach."""
        return self._read(audit.head)

    def verify_audit(self) -> int | None:
        """Number of the first entry that was tampered with; None: the chain holds."""
        return self._read(audit.first_bad)
