"""The `nvr` command. Thin: each command calls what the rooms offer and prints it.

Rooms are imported by the commands that use them, so that `nvr --help` is quick and a
command needs no more than it uses.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from nvr.base import logs, rfc3339, settings
from nvr.base.clock import SystemClock
from nvr.base.errors import NvrError
from nvr.base.model import SECOND_US, StreamAddress
from nvr.base.redact import redact

if TYPE_CHECKING:
    from nvr.base.model import Camera
    from nvr.ingest.probe import Probe
    from nvr.keep.coverage import CameraCoverage
    from nvr.keep.plan import Plan
    from nvr.keep.plan_report import Extent
    from nvr.store.catalogue import Catalogue

console = Console()
config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("nvr.toml"),
    envvar="NVR_CONFIG",
    show_default=True,
    help="The configuration file.",
)


class _Group(click.Group):
    """Turns our errors into one sentence and exit status 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except NvrError as error:
            raise click.ClickException(redact(str(error))) from error


@click.group(cls=_Group)
@click.version_option(version("nvr"), prog_name="nvr")
def main() -> None:
    """A network video recorder that does not lose footage."""


# -- running ----------------------------------------------------------------------


@main.command()
@config_option
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(["recorder", "web", "keeper"]),
    help="Run only these services.",
)
def serve(config: Path, only: tuple[str, ...]) -> None:
    """Record, and serve what was recorded, until stopped."""
    from nvr.serve.server import serve as run

    logs.set_up(settings.load(config).log)
    _until_stopped(
        lambda stop: run(config, only=frozenset(only), stop=stop, invite=_invite)
    )


def _invite(link: str) -> None:
    console.print("\nNobody has an account yet. Make the first one here:")
    console.print(f"\n    [bold cyan]{link}[/bold cyan]\n", soft_wrap=True)


@main.command()
@click.option("--cameras", default=4, show_default=True, help="Simulated cameras.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where everything is kept; a second start continues.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of the pages.  [default: as before, at first 8080 or a free one]",
)
def demo(cameras: int, folder: Path, port: int | None) -> None:
    """Watch simulated cameras being recorded, with nothing to set up."""
    from nvr.serve.demo import Demo

    logs.set_up(settings.LogSettings(level="warning"))
    plan = Demo(folder.resolve(), cameras=cameras, port=port)
    with _progress() as progress:
        task = progress.add_task("Drawing the cameras' pictures", total=1.0)
        asyncio.run(
            plan.make_pictures(lambda it: progress.update(task, completed=it.share))
        )
    _until_stopped(lambda stop: plan.run(stop, _show_demo))


def _show_demo(link: str, folder: Path) -> None:
    console.print()
    console.print("  [bold]The recorder is running.[/bold] Open this page:")
    console.print(f"\n      [bold cyan]{link}[/bold cyan]\n", soft_wrap=True)
    console.print("  The link signs you in, once. An API token for programs is in")
    console.print(f"  {folder / 'admin-token'}", soft_wrap=True)
    console.print("\n  Everything is kept; Ctrl-C stops, the same command goes on.\n")


# -- cameras ----------------------------------------------------------------------


@main.group()
def camera() -> None:
    """Add, try, list and remove cameras."""


@camera.command("list")
@config_option
def camera_list(config: Path) -> None:
    """List the cameras."""
    table = Table("name", "address", "sub stream", "state", "id", box=None)
    for entry in _catalogue(config).cameras():
        state = "on" if entry.is_enabled else "off"
        table.add_row(entry.name, entry.url, entry.sub_url or "-", state, entry.id)
    console.print(table)


_credentials = [
    click.option("--username", default="", help="The camera's user name."),
    click.option(
        "--password-file",
        type=click.File(),
        help="File with the camera's password; - reads standard input.",
    ),
]


def _with_credentials(command: Callable[..., None]) -> Callable[..., None]:
    for option in _credentials:
        command = option(command)
    return command


@camera.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--sub-url", default="", help="Address of the smaller stream.")
@click.option("--no-probe", is_flag=True, help="Do not try the camera first.")
@_with_credentials
@config_option
def camera_add(
    name: str,
    url: str,
    sub_url: str,
    no_probe: bool,
    username: str,
    password_file: Any,
    config: Path,
) -> None:
    """Add the camera NAME at URL (rtsp://host/path)."""
    catalogue = _catalogue(config)
    loaded = settings.load(config)
    address = _address(url, username, password_file)
    if not no_probe:
        _print_probe(loaded, address)
    added = catalogue.add_camera(
        name=name,
        url=address.url,
        sub_url=sub_url,
        username=address.username,
        password=address.password,
    )
    console.print(f"Added {added.name} with id {added.id}.")


@camera.command("probe")
@click.argument("url")
@_with_credentials
@config_option
def camera_probe(url: str, username: str, password_file: Any, config: Path) -> None:
    """Connect to URL and say what the camera offers."""
    loaded = settings.load(config) if config.exists() else settings.Settings()
    _print_probe(loaded, _address(url, username, password_file))


@camera.command("remove")
@click.argument("name")
@config_option
def camera_remove(name: str, config: Path) -> None:
    """Remove the camera called NAME. Its footage stays until retention ends it."""
    catalogue = _catalogue(config)
    for entry in catalogue.cameras():
        if name in (entry.name, entry.id):
            catalogue.remove_camera(entry.id)
            console.print(f"Removed {entry.name}; its footage is kept as before.")
            return
    raise click.ClickException(f"there is no camera called {name!r}; see `camera list`")


# -- access -----------------------------------------------------------------------


@main.group()
def token() -> None:
    """API tokens for programs."""


@token.command("add")
@click.argument("name")
@config_option
def token_add(name: str, config: Path) -> None:
    """Make an API token called NAME and print it, this once."""
    click.echo(_catalogue(config).add_token(name))


@token.command("list")
@config_option
def token_list(config: Path) -> None:
    """List API tokens, without their secrets."""
    table = Table("name", "made", "last used", "id", box=None)
    for row in _catalogue(config).tokens():
        used = rfc3339.text(row.used_us) if row.used_us else "never"
        table.add_row(row.name, rfc3339.text(row.created_us), used, str(row.id))
    console.print(table)


@main.command()
@config_option
def link(config: Path) -> None:
    """Print a one-time link: for the first account, or to sign in as administrator."""
    from nvr.serve.welcome import welcome_link

    click.echo(welcome_link(settings.load(config), _catalogue(config)))


# -- looking after ----------------------------------------------------------------


@main.command()
@config_option
@click.option("--quick", is_flag=True, help="Compare files and rows, not hashes.")
def check(config: Path, quick: bool) -> None:
    """Compare every file with the catalogue; exit status 1 if anything is wrong."""
    from nvr.serve.check import check_all

    loaded = settings.load(config)
    report = check_all(loaded, _catalogue(config), with_hashes=not quick)
    for line in report.lines:
        console.print(line, soft_wrap=True)
    console.print(report.summary)
    sys.exit(0 if report.is_clean else 1)


@main.command()
@click.argument("camera", default="")
@click.option("--start", help="RFC 3339 with a zone.  [default: a day before the end]")
@click.option("--end", help="RFC 3339 with a zone.  [default: now]")
@click.option(
    "--step", type=click.Choice(["hour", "day"]), default="day", show_default=True
)
@click.option("--sub", is_flag=True, help="Of the smaller stream.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets.")
@config_option
def coverage(
    camera: str,
    start: str | None,
    end: str | None,
    step: str,
    sub: bool,
    as_csv: bool,
    config: Path,
) -> None:
    """Say how much of each hour or day CAMERA has, or all cameras have."""
    from nvr.base.model import Role
    from nvr.keep import calendar
    from nvr.keep import coverage as accounting
    from nvr.web.pages_values import site_zone

    catalogue = _catalogue(config)
    now_us = SystemClock().now().wall_us
    end_us = _instant(end, now_us)
    start_us = _instant(start, end_us - 24 * 3600 * SECOND_US)
    if start_us >= end_us:
        raise click.ClickException("the end must be after the start")
    if end_us > now_us + 400 * 24 * 3600 * SECOND_US:
        raise click.ClickException("the end is more than 400 days ahead")
    zone = site_zone(settings.load(config).web.time_zone)
    found = accounting.coverage(
        catalogue,
        _chosen(catalogue.cameras(), camera),
        Role.SUB if sub else Role.MAIN,
        calendar.bounds(start_us, end_us, calendar.Step(step), zone),
        now_us,
    )
    if as_csv:
        click.echo(accounting.csv_text(found), nl=False)
    else:
        _print_coverage(found)


def _instant(text: str | None, otherwise_us: int) -> int:
    if text is None:
        return otherwise_us
    try:
        return rfc3339.parse(text)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _chosen(cameras: "list[Camera]", name: str) -> "list[Camera]":
    found = [it for it in cameras if not name or name in (it.name, it.id)]
    if name and not found:
        raise click.ClickException(f"there is no camera called {name!r}")
    return found


def _print_coverage(found: "Iterable[CameraCoverage]") -> None:
    from nvr.keep.accounting import RECORDED

    table = Table("camera", "from", "seconds", "recorded", "the rest", box=None)
    for it in found:
        for account in it.accounts:
            rest = (
                f"{kind} {us / SECOND_US:,.1f}"
                for kind, us in account.spent_us.items()
                if kind != RECORDED
            )
            table.add_row(
                escape(it.camera.name),
                rfc3339.text(account.start_us)[:16] + "Z",
                f"{account.length_us / SECOND_US:,.1f}",
                f"{account.recorded_us / SECOND_US:,.1f}",
                ", ".join(rest) or "-",
            )
    console.print(table)


@main.group()
def retention() -> None:
    """What is deleted, and why."""


@retention.command("plan")
@config_option
@click.option("--json", "as_json", is_flag=True, help="For programs, with every file.")
def retention_plan(config: Path, as_json: bool) -> None:
    """Say what the next run would delete, changing nothing."""
    from nvr.hooks import load_plugins
    from nvr.keep.plan import plan
    from nvr.keep.plan_report import document

    loaded = settings.load(config)
    told = plan(loaded, _catalogue(config), load_plugins(loaded), SystemClock())
    if as_json:
        click.echo(json.dumps(document(told), indent=2))
    else:
        _print_plan(told)


def _print_plan(told: "Plan") -> None:
    from nvr.keep.plan_report import brake_lines, kept_rows, plan_rows, plan_total

    table = Table("camera", "rule", box=None)
    for heading in ("files", "MB", "oldest (UTC)", "newest", "goes after"):
        is_number = heading in ("files", "MB")
        table.add_column(
            heading, no_wrap=True, justify="right" if is_number else "left"
        )
    for row in plan_rows(told):
        name = row.camera or f"removed {row.camera_id[:8]}"
        rule = f"{row.plugin}: {row.reason}"
        minutes = row.after_minutes
        goes = f"{minutes // 60} h" if minutes >= 120 else f"{minutes} min"
        table.add_row(escape(name), escape(rule), *_extent(row.extent), goes)
    total = plan_total(told)
    if total.segments:
        table.add_section()
        table.add_row("all", "", *_extent(total), "")
        console.print(table)
    else:
        console.print("The next run would delete nothing.")
    if told.doomed_bytes:
        console.print(f"Marked by earlier runs: {told.doomed_bytes / 1e6:,.1f} MB.")
    if told.returning_bytes:
        size = f"{told.returning_bytes / 1e6:,.1f} MB"
        text = f"Of these, {size} under other settings: they come back at the next "
        console.print(f"{text}start and are judged again.", soft_wrap=True)
    for kept in kept_rows(told):
        text = f"Passed over: {kept.segments} files, {kept.plugin}: {kept.reason}"
        console.print(escape(text), soft_wrap=True)
    for line in brake_lines(told):
        console.print(f"[yellow]Brake:[/yellow] {escape(line)}", soft_wrap=True)


def _extent(it: "Extent") -> tuple[str, ...]:
    times = [rfc3339.text(us)[:10] for us in (it.oldest_us, it.newest_us)]
    return f"{it.segments:,}", f"{it.size_bytes / 1e6:,.1f}", *times


@main.group()
def plugin() -> None:
    """Plugins."""


@plugin.command("list")
@config_option
def plugin_list(config: Path) -> None:
    """List the plugins with what each takes part in."""
    from nvr.hooks import load_plugins

    loaded = settings.load(config) if config.exists() else settings.Settings()
    table = Table("plugin", "version", "state", "hooks", box=None)
    for row in load_plugins(loaded).listing():
        table.add_row(row.name, row.version, row.state, ", ".join(row.hooks))
    console.print(table)


@plugin.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["retention", "vendor"]),
    required=True,
    help="A rule for deletion, or where a maker's cameras have their streams.",
)
def plugin_new(name: str, kind: str) -> None:
    """Make a package in the folder NAME, with tests that pass."""
    from nvr.kit.new import Kind, make_package

    for path in make_package(name, Kind(kind), Path()):
        console.print(f"  {path}", markup=False, highlight=False)
    console.print(f"Next: cd {name}, run pytest, then nvr plugin check .")


@plugin.command("check")
@click.argument("target", metavar="PATH|NAME")
@click.option("--seconds", default=5.0, show_default=True, help="For each hook.")
def plugin_check(target: str, seconds: float) -> None:
    """Try out a package folder, a wheel or an installed plugin: what is wrong, why.

    The plugin runs with your rights, in a process of its own. Exit status 1 if
    anything is wrong.
    """
    from nvr.kit.check import check
    from nvr.kit.findings import STEPS

    with console.status("Trying the plugin out …"):
        report = check(target, call_seconds=seconds)
    for step in report.passed:
        console.print(f"[green]well[/green]   {STEPS[step]}")
    for finding in report.findings:
        console.print(f"[red]wrong[/red]  {escape(finding.text)}", soft_wrap=True)
    sys.exit(0 if report.is_clean else 1)


@main.command()
@click.option("--cameras", default=4, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8554, show_default=True)
@click.option("--username", default="", help="Ask for this user name …")
@click.option("--password", default="", help="… and password (digest).")
@click.option("--cache", type=click.Path(path_type=Path), default=None)
@click.option("--fault", multiple=True, help="CAMERA:KIND[:SECONDS], repeatable.")
def simulate(**options: Any) -> None:
    """Run virtual cameras: RTSP servers with faults on demand."""
    from nvr.simulate.service import from_options, run

    logs.set_up(settings.LogSettings())
    _until_stopped(lambda stop: run(from_options(**options), stop))


@main.group()
def bench() -> None:
    """Measure our cost beside what one would otherwise run."""


@bench.command("record")
@click.option("--cameras", default=50, show_default=True)
@click.option("--seconds", default=30, show_default=True)
@click.option("--rounds", default=2, show_default=True)
@click.option("--against", multiple=True, type=click.Choice(["ffmpeg"]))
@click.option("--json", "as_json", is_flag=True)
def bench_record(
    cameras: int, seconds: int, rounds: int, against: tuple[str, ...], as_json: bool
) -> None:
    """CPU and memory of recording, in turns with the peers named by --against."""
    from nvr.bench import record

    options = record.Options(
        cameras=cameras, seconds=seconds, rounds=rounds, against=against
    )
    progress = (lambda text: None) if as_json else console.print
    result = asyncio.run(record.bench_record(options, progress))
    click.echo(json.dumps(result, indent=2) if as_json else record.table(result))


# -- shared -----------------------------------------------------------------------


def _catalogue(config: Path) -> "Catalogue":
    from nvr.serve.common import open_catalogue
    from nvr.serve.server import prepare

    loaded = settings.load(config)
    prepare(loaded)
    return open_catalogue(loaded, SystemClock())


def _address(url: str, username: str, password_file: Any) -> StreamAddress:
    from nvr.ingest.address import check_url, split_credentials

    plain, url_username, url_password = split_credentials(url)
    check_url(plain)
    password = password_file.read().strip() if password_file else url_password
    return StreamAddress(plain, username or url_username, password)


def _print_probe(loaded: settings.Settings, address: StreamAddress) -> None:
    from nvr.ingest.address import AddressPolicy
    from nvr.ingest.probe import probe

    policy = AddressPolicy.of(loaded.cameras)
    with console.status("Connecting to the camera …"):
        found = asyncio.run(probe(address, clock=SystemClock(), policy=policy))
    table = Table(show_header=False, box=None)
    for label, value in _probe_rows(found):
        table.add_row(label, value)
    console.print(table)


def _probe_rows(found: "Probe") -> list[tuple[str, str]]:
    video, audio = found.format.video, found.format.audio
    rows = [("server", found.server or "does not say")]
    if video is not None:
        size = f"{video.width} x {video.height}"
        rate = f"{found.frames_per_second:.1f} pictures/s"
        rows.append(("video", f"{video.codec}, {size}, {rate}"))
    rows.append(("rate", f"{found.bits_per_second / 1e6:.2f} Mbit/s"))
    if found.key_interval_s:
        rows.append(("key frames", f"every {found.key_interval_s:.1f} s"))
    rows.append(("audio", f"{audio.codec}, {audio.clock_rate} Hz" if audio else "none"))
    if found.clock_offset_us is not None:
        offset_s = found.clock_offset_us / SECOND_US
        rows.append(("camera's clock", f"{offset_s:+.2f} s from this server's"))
    if found.tracks_ignored:
        rows.append(("not recorded", ", ".join(found.tracks_ignored)))
    return rows


def _until_stopped(
    service: Callable[[asyncio.Event], Coroutine[None, None, None]],
) -> None:
    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await service(stop)

    asyncio.run(run())


def _progress() -> Progress:
    return Progress(
        TextColumn("  {task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
