"""The configuration, read once from a TOML file into frozen values.

Every setting has a default that works, one line on what it does and, in its bounds,
what it may be. Reading touches no network, no environment and no file but the one
named. Unknown keys are errors with a hint.
"""

import difflib
import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nvr.base.errors import SettingsError

Network = IPv4Network | IPv6Network
Transport = Literal["tcp", "udp"]
Fingerprint = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")]
Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """Common rules: frozen, nothing unknown, defaults checked too."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class ServerSettings(Section):
    """`[server]`: the node itself."""

    data_dir: Path = Field(
        default=Path("nvr-data"),
        description="Folder of the catalogue, keys and sockets. A relative path "
        "counts from the configuration file.",
    )
    name: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default="nvr",
        description="Name of this node, written into every segment, shown to people.",
    )
    stop_seconds: Annotated[int, Field(ge=2, le=120)] = Field(
        default=10,
        description="How long services may take to stop before they are ended.",
    )


class DatabaseSettings(Section):
    """`[database]`: the catalogue."""

    url: str = Field(
        default="",
        description="SQLAlchemy URL; empty means SQLite in `data_dir`. PostgreSQL: "
        "`postgresql+psycopg://user@host/name` (needs `pip install nvr[postgres]`).",
    )


class VolumeSettings(Section):
    """`[[volumes]]`: folders that hold the footage."""

    path: Path = Field(
        description="Folder on the disk that holds footage. A relative path counts "
        "from the configuration file.",
    )
    reserve_bytes: Annotated[int, Field(ge=64 << 20)] = Field(
        default=0x40000000,
        description="Free bytes to keep at all times; oldest footage goes first. "
        "The actual reserve is the largest of this, 2 % of the disk and 15 minutes "
        "of what is being written, but at most a quarter of what footage may use of "
        "the disk: its own bytes and the free ones.",
    )


class RecorderSettings(Section):
    """`[recorder]`: how the streams are written."""

    workers: Annotated[int, Field(ge=0, le=64)] = Field(
        default=0,
        description="Recorder processes; 0 means one for each two cores.",
    )
    sweep_ms: Annotated[int, Field(ge=20, le=500)] = Field(
        default=200,
        description="How often a camera that nobody watches is visited. Longer costs "
        "less processor time and adds as much delay before bytes reach the disk.",
    )
    fragment_ms: Annotated[int, Field(ge=200, le=1000)] = Field(
        default=900,
        description="Most footage that a crash of the program can cost: fragments "
        "are written at least this often.",
    )
    segment_seconds: Annotated[int, Field(ge=10, le=600)] = Field(
        default=60,
        description="Length of a file. Longer means fewer rows and files; retention "
        "works in whole files.",
    )
    sync_seconds: Annotated[int, Field(ge=1, le=30)] = Field(
        default=2,
        description="How often files are synced, and so, with one GOP, most footage "
        "that a power cut can cost. 2 suits SSDs, 5 hard disks.",
    )
    queue_bytes: Annotated[int, Field(ge=8 << 20)] = Field(
        default=256 << 20,
        description="Footage that may wait in memory for one slow volume before "
        "whole GOPs are dropped and accounted as gaps with cause `disk`.",
    )
    connects_per_second: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=50,
        description="New camera connections per second and process.",
    )
    silence_seconds: Annotated[int, Field(ge=3, le=120)] = Field(
        default=8,
        description="A camera that sends no picture for this long is reconnected.",
    )


class KeepSettings(Section):
    """`[keep]`: how footage is deleted. What is deleted, plugins decide."""

    grace_minutes: Annotated[int, Field(ge=1, le=7 * 1440)] = Field(
        default=1440,
        description="How long expired footage stays before its file is removed, so "
        "that a wrong rule can be put right. Longer takes that much more disk. Where "
        "a disk is short of room it is one minute.",
    )


class CameraSettings(Section):
    """`[cameras]`: what addresses a camera may have, and how it proves itself."""

    allowed_networks: tuple[Network, ...] = Field(
        default=(),
        description="Networks that cameras may be in even though they are loopback "
        "or link-local, such as `127.0.0.0/8`. With `only_allowed`, the only ones.",
    )
    only_allowed: bool = Field(
        default=False,
        description="Refuse every camera address outside `allowed_networks`.",
    )
    transport: Transport = Field(
        default="tcp",
        description="What cameras are asked to send by; one that refuses is asked for "
        "the other. `tcp` loses nothing; `udp` loses packets where the network is "
        "busy, and costs a system call for each.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="PEM file with the authorities that sign certificates of cameras "
        "reached by `rtsps://`, besides those of the system. A relative path counts "
        "from the configuration file.",
    )
    fingerprints: dict[str, Fingerprint] = Field(
        default_factory=dict,
        description="SHA-256 fingerprints of the certificates of single cameras, by "
        "host or `host:port`: such a camera is believed for this certificate and for "
        "no other, whoever signed it.",
    )


class WebSettings(Section):
    """`[web]`: the HTTP face."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Anything but loopback needs TLS or "
        "`allow_plain_http`.",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8080, description="Port to listen on; 0 takes a free one."
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM file with the certificate chain."
    )
    tls_key: Path | None = Field(default=None, description="PEM file with its key.")
    allow_plain_http: bool = Field(
        default=False,
        description="Listen beyond loopback without TLS, for instance behind a "
        "reverse proxy on another host.",
    )
    trusted_proxies: tuple[Network, ...] = Field(
        default=(),
        description="Reverse proxies whose X-Forwarded headers are believed.",
    )
    session_hours: Annotated[int, Field(ge=1, le=720)] = Field(
        default=12, description="A sign-in ends after this long without use."
    )
    language: Literal["en", "id"] = Field(
        default="en", description="Language of pages for browsers that name none."
    )
    time_zone: str = Field(
        default="",
        description="IANA zone that pages show times in; empty: the server's.",
    )


class LogSettings(Section):
    """`[log]`: what is told on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least grave message that is written."
    )
    format: Literal["text", "json"] = Field(
        default="text", description="`text` for people, `json` for log collectors."
    )


class Settings(Section):
    """The whole file. `plugins` holds one table for each plugin, checked by it."""

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    volumes: tuple[VolumeSettings, ...] = ()
    recorder: RecorderSettings = RecorderSettings()
    keep: KeepSettings = KeepSettings()
    cameras: CameraSettings = CameraSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    plugins: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="`[plugins.NAME]`: settings of the plugin NAME.",
    )

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.server.data_dir / 'catalogue.db'}"

    @property
    def run_dir(self) -> Path:
        """Folder of the Unix sockets between our processes."""
        return self.server.data_dir / "run"


def load(path: Path) -> Settings:
    """Read a configuration file. Raises `SettingsError` with what to change."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    return build(table, base=path.resolve().parent)


def build(table: dict[str, Any], base: Path) -> Settings:
    """Settings from a parsed table; relative paths count from `base`."""
    settings = check(Settings, table)
    data_dir = base / settings.server.data_dir.expanduser()
    volumes = settings.volumes or (VolumeSettings(path=data_dir / "footage"),)
    placed = tuple(
        v.model_copy(update={"path": base / v.path.expanduser()}) for v in volumes
    )
    server = settings.server.model_copy(update={"data_dir": data_dir})
    cameras = settings.cameras
    if cameras.ca_file is not None:
        ca_file = base / cameras.ca_file.expanduser()
        cameras = cameras.model_copy(update={"ca_file": ca_file})
    return settings.model_copy(
        update={"server": server, "volumes": placed, "cameras": cameras}
    )


def check(model: type[Model], table: dict[str, Any], *, prefix: str = "") -> Model:
    """The table as a value of `model`. `prefix` is put before names in an error."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise SettingsError(_sentence(error, model, prefix)) from None


def _sentence(error: ValidationError, model: type[BaseModel], prefix: str) -> str:
    lines = []
    for problem in error.errors():
        where = prefix + ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"unknown setting `{where}`{_hint(model, problem['loc'])}")
        else:
            lines.append(f"`{where}`: {problem['msg']} (given: {problem['input']!r})")
    return "the configuration cannot be used: " + "; ".join(lines)


def _hint(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
        elif part == "volumes":
            model = VolumeSettings
    close = difflib.get_close_matches(str(location[-1]), model.model_fields)
    return f" - did you mean `{close[0]}`?" if close else ""
