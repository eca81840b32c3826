"""A private PostgreSQL server for the tests, where its programs are installed."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
USER = "postgres"


def find_program(name: str) -> str | None:
    """The newest installed program of that name."""
    for folder in PROGRAMS:
        if (folder / name).exists():
            return str(folder / name)
    return shutil.which(name)


def _as_server_user(command: list[str]) -> list[str]:
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    if os.geteuid() == 0:
        return ["runuser", "-u", USER, "--", *command]
    return command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server without databases of ours, ended after the tests."""
    initdb, pg_ctl = find_program("initdb"), find_program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam(USER)
        except KeyError:
            pytest.skip("as root a user named postgres is needed")
    folder = Path(tempfile.mkdtemp(prefix="nvr-postgres-"))
    if os.geteuid() == 0:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    port = _free_port()
    cluster = folder / "cluster"

    def run(*command: str) -> None:
        subprocess.run(
            _as_server_user(list(command)),
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )

    try:
        run(
            *(initdb, "-D", str(cluster), "-U", USER, "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        log = str(folder / "log")
        run(pg_ctl, "-D", str(cluster), "-w", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}"
        finally:
            run(pg_ctl, "-D", str(cluster), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The SQLAlchemy URL of an empty database of its own."""
    return create_database(postgres_server)


def create_database(server: str, template_url: str | None = None) -> str:
    """A new database, empty or a copy of one that nobody is connected to.

    It is not dropped: that takes a checkpoint, and all go with their server.
    """
    name = f"nvr_{uuid4().hex}"
    template = template_url.rpartition("/")[2] if template_url else "template0"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"{server}/{name}".replace("://", "+psycopg://")
