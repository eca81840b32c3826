"""Loading plugins: what is wrong with one is said at start, with its name."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nvr.base.errors import PluginError, SettingsError
from nvr.base.settings import Settings, build
from nvr.hooks import load_plugins

Install = Callable[..., None]

GOOD = """
from pydantic import BaseModel, Field
from nvr.hookspecs import hookimpl

class AcmeSettings(BaseModel):
    days: float = Field(default=3, description="Days to keep.")

@hookimpl
def plugin_settings():
    return AcmeSettings

@hookimpl
def expired_segments(view, settings, now_us):
    return []
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution with a plugin where Python finds it, as pip would."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(code: str, *, name: str = "acme", distribution: str = "nvr-acme") -> None:
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code)
        record = tmp_path / f"{module}-1.2.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        (record / "entry_points.txt").write_text(f"[nvr.plugins]\n{name} = {module}\n")

    yield make
    for module in set(sys.modules) - before:
        del sys.modules[module]


def configured(tmp_path: Path, **tables: dict[str, Any]) -> Settings:
    return build({"plugins": tables}, tmp_path)


def test_the_bundled_plugins_come_through_the_same_door() -> None:
    rows = {row.name: row for row in load_plugins(Settings()).listing()}

    assert {"age", "generic", "journal", "minimum", "size", "space"} <= set(rows)
    assert rows["age"].distribution == "nvr"
    assert rows["age"].hooks == ("plugin_settings", "expired_segments")
    assert rows["age"].state == "on"


def test_a_strangers_plugin_is_loaded_with_its_settings(
    install: Install, tmp_path: Path
) -> None:
    install(GOOD)

    plugins = load_plugins(configured(tmp_path, acme={"days": 7}))

    row = next(row for row in plugins.listing() if row.name == "acme")
    assert (row.distribution, row.version) == ("nvr-acme", "1.2")
    assert plugins.settings_of("acme").days == 7  # type: ignore[union-attr]


def test_a_plugin_that_is_switched_off_is_not_even_imported(
    install: Install, tmp_path: Path
) -> None:
    install("raise SystemExit('I must not be imported')")

    plugins = load_plugins(configured(tmp_path, acme={"enabled": False, "days": 7}))

    row = next(row for row in plugins.listing() if row.name == "acme")
    assert (row.state, row.hooks) == ("off", ())


def test_a_bundled_rule_can_be_switched_off(tmp_path: Path) -> None:
    plugins = load_plugins(configured(tmp_path, age={"enabled": False}))

    assert plugins.settings_of("age") is None


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("raise RuntimeError('no licence')", "acme .* cannot be imported.*no licence"),
        ("import sys; sys.exit(3)", "acme .* cannot be imported: SystemExit"),
        ("import a_module_that_is_not_there", "ModuleNotFoundError"),
        ("x = 1", "acme takes part in no hook"),
        (
            GOOD.replace("def expired_segments", "def expired_segment"),
            "acme: unknown hook 'expired_segment'.* did you mean expired_segments",
        ),
        (
            GOOD.replace("(view, settings, now_us)", "(view, settings, noon_us)"),
            "acme: .*noon_us",
        ),
        (
            GOOD.replace("return AcmeSettings", "return {'days': 3}"),
            "acme: plugin_settings must return a pydantic model",
        ),
        (
            GOOD.replace(
                "@hookimpl\ndef expired_segments(view, settings, now_us):\n"
                "    return []",
                "@hookimpl(wrapper=True)\ndef expired_segments(view):\n"
                "    return (yield)",
            ),
            "acme: expired_segments must not be a wrapper",
        ),
    ],
)
def test_a_broken_plugin_is_an_error_with_its_name(
    install: Install, tmp_path: Path, code: str, complaint: str
) -> None:
    install(code)

    with pytest.raises(PluginError, match=complaint):
        load_plugins(configured(tmp_path))


def test_what_cannot_be_imported_tells_how_to_start_without_it(
    install: Install, tmp_path: Path
) -> None:
    install("raise RuntimeError")

    with pytest.raises(PluginError, match=r"`enabled = false` below \[plugins.acme\]"):
        load_plugins(configured(tmp_path))


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ({"agee": {}}, r"\[plugins.agee\].* did you mean \[plugins.age\]"),
        ({"webhook": {}}, "is it installed.*Installed: .*age"),
        ({"acme": {"dais": 3}}, "unknown setting `plugins.acme.dais`.*`days`"),
        ({"acme": {"days": "x"}}, "`plugins.acme.days`"),
        ({"acme": {"enabled": "no"}}, "`plugins.acme.enabled` must be true or false"),
    ],
)
def test_wrong_settings_are_an_error_with_a_hint(
    install: Install, tmp_path: Path, tables: dict[str, Any], complaint: str
) -> None:
    install(GOOD)

    with pytest.raises(SettingsError, match=complaint):
        load_plugins(configured(tmp_path, **tables))


def test_nobody_takes_the_name_of_another_plugin(
    install: Install, tmp_path: Path
) -> None:
    install(GOOD, name="age")

    with pytest.raises(PluginError, match=r"two plugins are called 'age'.*nvr-acme"):
        load_plugins(configured(tmp_path))


def test_one_module_under_two_names_is_refused() -> None:
    from nvr.plugins import age

    from nvr.hooks import build as build_plugins

    assert isinstance(age, ModuleType)
    with pytest.raises(PluginError, match="again"):
        build_plugins({"age": age, "again": age})
