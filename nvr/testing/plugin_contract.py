"""What every plugin must keep to, as tests to inherit.

class TestAcme(PluginContract):
    plugin = acme
    table = "days = 3"
"""

import tomllib
from typing import Any, ClassVar

from nvr import hookspecs
from nvr.hook_calls import Plugins
from nvr.hooks import build


class PluginContract:
    """`plugin` is the object of the entry point, `table` the text of a
    useful table `[plugins.NAME]`."""

    plugin: ClassVar[Any]
    table: ClassVar[str] = ""

    def plugins(self) -> Plugins:
        return build({"mine": self.plugin}, {"mine": tomllib.loads(self.table)})

    def settings(self) -> Any:
        return self.plugins().settings_of("mine")

    def test_it_takes_part_in_hooks(self) -> None:
        (row,) = self.plugins().listing()

        assert row.hooks

    def test_it_starts_without_any_setting(self) -> None:
        build({"mine": self.plugin})

    def test_its_settings_are_frozen_and_explained(self) -> None:
        model = type(self.settings())

        assert model.model_config.get("frozen")
        assert model.model_config.get("extra") == "forbid"
        for name, field in model.model_fields.items():
            assert field.description, f"{name} needs a description"
            assert not field.is_required(), f"{name} needs a default"
            assert name != "enabled", "`enabled` belongs to the server"

    def test_it_leaves_wrapping_to_others(self) -> None:
        for name in vars(hookspecs):
            marks = getattr(getattr(self.plugin, name, None), "nvr_impl", None) or {}
            assert not marks.get("wrapper") and not marks.get("hookwrapper")
