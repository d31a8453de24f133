"""Find the one item that each module of a plugin package declares."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

from tasks.shared.errors import ConfigurationError

Kind = TypeVar("Kind")


def collect(package: ModuleType, kind: type[Kind]) -> dict[str, Kind]:
    """Map module name to the single *kind* instance that the module declares, sorted by name.

    A module that declares none, or two, raises ConfigurationError: the file is the plugin.
    """
    found: dict[str, Kind] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        items = [item for item in vars(module).values() if isinstance(item, kind)]
        if len(items) != 1:
            raise ConfigurationError(
                f"{module.__name__} declares {len(items)} items of {kind.__name__}. A plugin file declares exactly one."
            )
        found[info.name] = items[0]
    return found
