"""The first schema: cameras, footage, deletion, people and audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
LONG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", LONG_KEY, autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_table(
        "camera",
        sa.Column("id", UUID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sub_url", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("sealed_password", sa.LargeBinary(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("removed_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_camera"),
        sa.UniqueConstraint("name_key", name="uq_camera_name_key"),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )
    op.create_table(
        "epoch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("wall_us", sa.BigInteger(), nullable=False),
        sa.Column("mono_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_epoch"),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_setting"),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("name_key", name="uq_user_name_key"),
    )
    op.create_table(
        "volume",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_volume"),
        sa.UniqueConstraint("id", name="uq_volume_id"),
    )
    op.create_table(
        "gap",
        sa.Column("camera_id", UUID, nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("start_us", sa.BigInteger(), nullable=False),
        sa.Column("end_us", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "end_us IS NULL OR end_us > start_us", name="ck_gap_forward"
        ),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name="fk_gap_camera_id"),
        sa.PrimaryKeyConstraint("camera_id", "role", "start_us", name="pk_gap"),
    )
    op.create_index(
        "gap_open",
        "gap",
        ["camera_id", "role"],
        unique=True,
        sqlite_where=sa.text("end_us IS NULL"),
        postgresql_where=sa.text("end_us IS NULL"),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.Column("used_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_link_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
        sa.UniqueConstraint("digest", name="uq_link_digest"),
    )
    op.create_index("link_of_user", "link", ["user_id"])
    op.create_table(
        "run",
        sa.Column("id", LONG_KEY, autoincrement=False, nullable=False),
        sa.Column("camera_id", UUID, nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("start_us", sa.BigInteger(), nullable=False),
        sa.Column("end_us", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.CheckConstraint("end_us >= start_us", name="ck_run_forward"),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name="fk_run_camera_id"),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("run_by_time", "run", ["camera_id", "role", "start_us"])
    op.create_index(
        "run_open",
        "run",
        ["camera_id", "role"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "segment",
        sa.Column("id", LONG_KEY, autoincrement=False, nullable=False),
        sa.Column("camera_id", UUID, nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("volume", sa.SmallInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("start_us", sa.BigInteger(), nullable=False),
        sa.Column("end_us", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("end_us >= start_us", name="ck_segment_forward"),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name="fk_segment_camera_id"
        ),
        sa.ForeignKeyConstraint(
            ["volume"], ["volume.number"], name="fk_segment_volume"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_segment"),
    )
    op.create_index("segment_by_time", "segment", ["camera_id", "role", "start_us"])
    op.create_index("segment_oldest_of_camera", "segment", ["camera_id", "id"])
    op.create_index("segment_oldest_of_volume", "segment", ["volume", "id"])
    op.create_index(
        "segment_unsettled",
        "segment",
        ["state", "id"],
        sqlite_where=sa.text("state <> 1"),
        postgresql_where=sa.text("state <> 1"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("idle_us", sa.BigInteger(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("used_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_session_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("digest", name="uq_session_digest"),
    )
    op.create_index("session_of_user", "session", ["user_id"])
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("used_us", sa.BigInteger(), nullable=True),
        sa.Column("revoked_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="fk_token_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
        sa.UniqueConstraint("name_key", name="uq_token_name_key"),
    )
    op.create_index("token_of_user", "token", ["user_id"])
    op.create_table(
        "tombstone",
        sa.Column("segment_id", LONG_KEY, autoincrement=False, nullable=False),
        sa.Column("camera_id", UUID, nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("start_us", sa.BigInteger(), nullable=False),
        sa.Column("end_us", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name="fk_tombstone_camera_id"
        ),
        sa.PrimaryKeyConstraint("segment_id", name="pk_tombstone"),
    )
    op.create_index("tombstone_by_time", "tombstone", ["camera_id", "start_us"])
    op.create_table(
        "doom",
        sa.Column("segment_id", LONG_KEY, autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name="fk_doom_segment_id"
        ),
        sa.PrimaryKeyConstraint("segment_id", name="pk_doom"),
    )
    op.create_index("doom_by_time", "doom", ["at_us"])
    counters = sa.table("counter", sa.column("name"), sa.column("value"))
    names = ("camera_revision", "segment_id")
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in names])
