"""Families, denoisers and figures, loaded by name: none of them is an import of a job that does not use it.

Those of the package lie in `families/`, `denoisers/` and `figures/`. A user's own, an extension, is one file elsewhere,
and its name is that of the file.
"""

import ast
import functools
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from edgemem.declared import Declared, read_declared
from edgemem.errors import EdgememError


if TYPE_CHECKING:
    from edgemem.config.plot import Figure
    from edgemem.config.settings import AbstractSetting
    from edgemem.denoisers.abstract import AbstractDenoiser
    from edgemem.families.abstract import AbstractData

Kind = Literal["family", "denoiser", "figure"]

PACKAGE = Path(__file__).parent
# Modules of the folders that are no piece themselves.
SHARED = {
    "families": {"abstract", "component_means", "rows"},
    "denoisers": {"abstract", "learned_means", "matching", "padding", "starts", "storage"},
    "figures": {"style", "column", "drawn_values", "image_rows", "left_out", "courses", "planes", "flows"},
}
FOLDERS: dict[Kind, str] = {"family": "families", "denoiser": "denoisers", "figure": "figures"}
# By the classes that they are made from an extension's kind is known.
BASES: dict[str, Kind] = {
    "AbstractSetting": "family",
    "AbstractDenoiser": "denoiser",
    "CampaignFigure": "figure",
    "SettingFigure": "figure",
    "CaseFigure": "figure",
}
# What a message about an unknown name ends with.
OWN_FILE = "a file of your own is listed under extensions"
# The extensions of this process by kind and name.
_extensions: dict[tuple[Kind, str], Path] = {}


def register(paths: Iterable[str | Path]) -> None:
    """Let the pieces in some files be known by the names of the files, and no others.

    **Raises:** EdgememError if a file cannot be read, is no piece, or has a name that is taken.
    """
    _extensions.clear()
    for cached in (_module, _declared):
        cached.cache_clear()
    for path in map(Path, paths):
        kind = _kind_of(path)
        if not path.stem.isidentifier():
            raise EdgememError(
                f"{path}: the name of an extension's file is its name in the configuration, and must be a word"
            )
        if path.stem in names(kind):
            raise EdgememError(f"{path}: there is a {kind} '{path.stem}' already; rename the file")
        _extensions[kind, path.stem] = path


def _kind_of(path: Path) -> Kind:
    """Return what an extension is."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EdgememError(f"the extension {path} does not exist; write its path from the workflow's folder") from None
    except (OSError, SyntaxError, ValueError) as error:  # of a null byte old versions of Python 3.11 say ValueError
        raise EdgememError(f"the extension {path} cannot be read as Python: {error}") from None
    bases = {
        ast.unparse(base).split(".")[-1] for node in tree.body if isinstance(node, ast.ClassDef) for base in node.bases
    }
    kinds = {kind for name, kind in BASES.items() if name in bases}
    if len(kinds) != 1:
        raise EdgememError(
            f"the extension {path} must be one of a family, a denoiser or a figure, with a class made directly from "
            f"one of {', '.join(BASES)} (got {', '.join(sorted(kinds)) or 'none'}); see docs/extending.md"
        )
    return kinds.pop()


def names(kind: Kind) -> list[str]:
    """Return the names of all pieces of a kind: those of the package, then extensions."""
    folder = FOLDERS[kind]
    inside = sorted(
        path.stem
        for path in (PACKAGE / folder).iterdir()
        if not path.name.startswith("_")
        and path.stem not in SHARED[folder]
        and ((path / "setting.py").is_file() if kind == "family" else path.suffix == ".py")
    )
    return inside + [name for of_kind, name in _extensions if of_kind == kind]


def extension(kind: Kind, name: str) -> Path | None:
    """Return the file of an extension; None where the piece is one of the package."""
    return _extensions.get((kind, name))


def registered() -> list[Path]:
    """Return the files of all extensions of this process."""
    return list(_extensions.values())


def _require_known(kind: Kind, name: str) -> None:
    """Check that a piece is there; the configuration does so itself, and a command's `--extensions` may lack one.

    **Raises:** EdgememError with all that are.
    """
    if name not in (known := names(kind)):
        raise EdgememError(
            f"there is no {kind} '{name}' (allowed: {', '.join(known)}); the file of one of your own is given with "
            "--extensions"
        )


def module_name(kind: Kind, name: str, part: str = "") -> str:
    """Return the name under which a piece of the package, or a part of a family, is imported."""
    return ".".join(filter(None, ("edgemem", FOLDERS[kind], name, part)))


@functools.cache
def _module(kind: Kind, name: str, part: str = "") -> ModuleType:
    _require_known(kind, name)
    path = extension(kind, name)
    if path is None:
        return importlib.import_module(module_name(kind, name, part))
    alias = f"edgemem_extension_{name}"
    spec = importlib.util.spec_from_file_location(alias, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[alias] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise EdgememError(f"the extension {path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _own_class(module: ModuleType, base: str) -> Any:
    """Return the class of a module that is made from a base class, which is known by its name: to import it here would
    make it an import of every job.

    **Raises:** EdgememError if there is none, or several.
    """
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and base in [parent.__name__ for parent in value.__mro__[1:]]
    ]
    if len(found) != 1:
        raise EdgememError(f"{module.__file__} must have one class that is a {base} (got {len(found)})")
    return found[0]


def setting_class(family: str) -> "type[AbstractSetting]":
    """Return the class of a family's settings."""
    return _own_class(_module("family", family, "setting"), "AbstractSetting")


def data(family: str) -> "AbstractData":
    """Return what draws a family's data."""
    return _own_class(_module("family", family, "data"), "AbstractData")()


def true_denoiser(family: str) -> Callable[..., Any]:
    """Return the function that makes a family's true denoiser from a samples file, if it provides `true_denoiser`."""
    function: Callable[..., Any] = _module("family", family, "true_denoiser").true_denoiser
    return function


def denoiser_class(name: str) -> "type[AbstractDenoiser]":
    """Return the class of a denoiser."""
    return _own_class(_module("denoiser", name), "AbstractDenoiser")


@functools.cache
def _declared(name: str) -> Declared:
    _require_known("denoiser", name)
    return read_declared(extension("denoiser", name) or PACKAGE / "denoisers" / f"{name}.py")


def declared(denoiser: str) -> Declared:
    """Return what a denoiser declares, without running it."""
    return _declared(denoiser)


def figure_module(name: str) -> ModuleType:
    """Return the module of a figure, with its options, `CAPTION` and `draw`."""
    return _module("figure", name)


def figure_options(name: str) -> "type[Figure]":
    """Return the class of a figure's options."""
    return _own_class(figure_module(name), "Figure")
