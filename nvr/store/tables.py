"""The catalogue's tables: what we believe, as constraints and named indexes.

Rows are written and read with SQLAlchemy Core; there are no mapped objects, because
what leaves this room is a frozen value of `base/model.py`. Times are whole
microseconds UTC in BIGINT. An index is named after the question it answers.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from nvr.store.column_types import LongKey, NumberedRole, NumberedState, UuidText

REVISION = "0001"
"""The migration after which a database has these tables."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

camera = Table(
    "camera",
    metadata,
    Column("id", UuidText, primary_key=True),
    Column("name", String(100), nullable=False),
    # Case-folded name while the camera is there; NULL once it was removed, so that
    # its name is free again while its footage still says where it came from.
    Column("name_key", String(300)),
    Column("url", Text, nullable=False),
    Column("sub_url", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("sealed_password", LargeBinary, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("removed_us", BigInteger),
    UniqueConstraint("name_key"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

epoch = Table(
    "epoch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("node", String(64), nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("wall_us", BigInteger, nullable=False),
    Column("mono_us", BigInteger, nullable=False),
)

# Segments name their volume by its short number: 16 bytes less in each row and index.
volume = Table(
    "volume",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", UuidText, nullable=False),
    Column("path", Text, nullable=False),
    UniqueConstraint("id"),
)

segment = Table(
    "segment",
    metadata,
    Column("id", LongKey, primary_key=True, autoincrement=False),
    Column("camera_id", UuidText, ForeignKey("camera.id"), nullable=False),
    Column("role", NumberedRole, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("volume", SmallInteger, ForeignKey("volume.number"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("state", NumberedState, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    CheckConstraint("end_us >= start_us", name="forward"),
    Index("segment_by_time", "camera_id", "role", "start_us"),
    Index("segment_oldest_of_camera", "camera_id", "id"),
    Index("segment_oldest_of_volume", "volume", "id"),
    Index(
        "segment_unsettled",
        "state",
        "id",
        sqlite_where=text("state <> 1"),
        postgresql_where=text("state <> 1"),
    ),
)

# While a run is open, `end_us` is as far as is known to be on the disk.
run = Table(
    "run",
    metadata,
    Column("id", LongKey, primary_key=True, autoincrement=False),
    Column("camera_id", UuidText, ForeignKey("camera.id"), nullable=False),
    Column("role", NumberedRole, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("is_open", Boolean, nullable=False),
    CheckConstraint("end_us >= start_us", name="forward"),
    Index("run_by_time", "camera_id", "role", "start_us"),
    Index(
        "run_open",
        "camera_id",
        "role",
        unique=True,
        sqlite_where=text("is_open"),
        postgresql_where=text("is_open"),
    ),
)

gap = Table(
    "gap",
    metadata,
    Column("camera_id", UuidText, ForeignKey("camera.id"), primary_key=True),
    Column("role", NumberedRole, primary_key=True),
    Column("start_us", BigInteger, primary_key=True),
    Column("end_us", BigInteger),
    Column("cause", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    CheckConstraint("end_us IS NULL OR end_us > start_us", name="forward"),
    Index(
        "gap_open",
        "camera_id",
        "role",
        unique=True,
        sqlite_where=text("end_us IS NULL"),
        postgresql_where=text("end_us IS NULL"),
    ),
)

# Why and when a segment was marked for deletion, while it is on its way out.
doom = Table(
    "doom",
    metadata,
    Column(
        "segment_id",
        LongKey,
        ForeignKey("segment.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("rule", String(100), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("doom_by_time", "at_us"),
)

# What is left of a deleted segment, to answer where the footage went.
tombstone = Table(
    "tombstone",
    metadata,
    Column("segment_id", LongKey, primary_key=True, autoincrement=False),
    Column("camera_id", UuidText, ForeignKey("camera.id"), nullable=False),
    Column("role", NumberedRole, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("rule", String(100), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("tombstone_by_time", "camera_id", "start_us"),
)

user = Table(
    "user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("name_key", String(300), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("name_key"),
)

# Of every secret that lets someone in, only the SHA-256 is kept.
session = Table(
    "session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column(
        "user_id", Integer, ForeignKey("user.id", ondelete="CASCADE"), nullable=False
    ),
    Column("idle_us", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    UniqueConstraint("digest"),
    Index("session_of_user", "user_id"),
)

token = Table(
    "token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_key", String(300)),  # NULL once revoked: the name is free again
    Column("user_id", Integer, ForeignKey("user.id", ondelete="CASCADE")),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
    Column("revoked_us", BigInteger),
    UniqueConstraint("digest"),
    UniqueConstraint("name_key"),
    Index("token_of_user", "user_id"),
)

link = Table(
    "link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("user_id", Integer, ForeignKey("user.id", ondelete="CASCADE")),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
    UniqueConstraint("digest"),
    Index("link_of_user", "user_id"),
)

setting = Table(
    "setting",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("value", Text, nullable=False),  # canonical JSON
)

# Numbers go up by one from 1; each digest covers the entry and the digest before.
audit = Table(
    "audit",
    metadata,
    Column("number", LongKey, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(100), nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON
    Column("digest", LargeBinary, nullable=False),
)
