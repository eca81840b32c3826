"""What a plugin's settings model must be, and why."""

from typing import Any

from pydantic import BaseModel


def complaints_about_settings(plugin: object) -> list[str]:
    """Sentences; none if the model is good, or if there is none."""
    hook = getattr(plugin, "plugin_settings", None)
    if hook is None or not hasattr(hook, "nvr_impl"):
        return []
    try:
        model = hook()
    # Whatever a stranger's function does, it is a finding.
    except Exception as error:
        return [f"plugin_settings raises {type(error).__name__}: {error}"]
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return [
            f"plugin_settings returns {model!r} and not a class of pydantic models, so "
            "the server cannot check the table or make a form of it"
        ]
    return _complaints(model)


def _complaints(model: type[BaseModel]) -> list[str]:
    wrong = []
    name = model.__name__
    if not model.model_config.get("frozen"):
        wrong.append(
            f"{name} is not frozen: settings are shared between calls, and one could "
            "change them for the others. Write `frozen=True` behind BaseModel"
        )
    if model.model_config.get("extra") != "forbid":
        wrong.append(
            f"{name} does not forbid unknown keys: a misspelt setting would be ignored "
            'in silence. Write `extra="forbid"` behind BaseModel'
        )
    for key, field in model.model_fields.items():
        wrong += _field(f"{name}.{key}", key, field)
    return wrong


def _field(place: str, key: str, field: Any) -> list[str]:
    wrong = []
    if field.is_required():
        wrong.append(
            f"{place} has no default: the server would not start with the plugin just "
            "installed"
        )
    if not field.description:
        wrong.append(
            f"{place} has no description: forms and documents are made from it"
        )
    if key == "enabled":
        wrong.append(
            f"{place}: `enabled` belongs to the server, which takes it out of the "
            "table before you see it"
        )
    return wrong
