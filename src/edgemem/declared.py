"""What a denoiser declares, read from its source without running it.

Whoever plans a campaign asks what a denoiser can do. To import it is to import JAX, which takes longer than all other
planning; so its declarations are expressions that stand for themselves, and are evaluated alone.
"""

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edgemem.errors import EdgememError


BASE = "AbstractDenoiser"
# What may be declared, and as what.
DECLARATIONS: dict[str, type] = {
    "requires": tuple,
    "provides": tuple,
    "starts": dict,
    "options": dict,
    "frozen": tuple,
    "largest_rates": dict,
}
# Words of the annotation of an attribute that training does not move, and of what may hold one that it moves.
NOT_TRAINED = {"ClassVar", "Callable", "Literal", "Bool", "PRNGKeyArray", "int", "float", "str", "bool", "complex"}
CONTAINERS = {"tuple", "list", "dict", "Sequence", "Mapping"}
DEFAULTS: dict[str, Any] = {"requires": (), "provides": (), "options": {}, "frozen": (), "largest_rates": {}}


class Declared(NamedTuple):
    """A denoiser's declarations, as `AbstractDenoiser` describes them; `parameters` names what training moves."""

    requires: tuple[str, ...]
    provides: tuple[str, ...]
    starts: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Any]
    frozen: tuple[str, ...]
    largest_rates: Mapping[str, float]
    parameters: tuple[str, ...]
    n_parameters: Callable[..., int]

    def defaults(self) -> dict[str, Any]:
        """Return the options with their default values."""
        return _defaults(self.options)

    def option(self, name: str, value: Any) -> Any:
        """Return the value of an option as it is kept, of the type of its default: equal values are the same.

        **Raises:** ValueError with what is allowed.
        """
        default = self.options[name]
        if isinstance(default, tuple):
            if value not in default or isinstance(value, bool):
                raise ValueError(f"must be one of {', '.join(map(repr, default))} (got {value!r})")
            return default[default.index(value)]
        if type(value) is not type(default) and (type(value), type(default)) != (int, float):
            raise ValueError(f"must be like its default, {default!r} (got {value!r})")
        return float(value) if isinstance(default, float) else value


def read_declared(path: Path) -> Declared:
    """Return the declarations of the denoiser in a file.

    **Raises:** EdgememError if there is no such class or there are several, or a declaration is missing or does not
    stand for itself.
    """
    found = _classes(path)
    if len(found) != 1:
        raise EdgememError(f"{path} must have one class that is an {BASE} (got {len(found)})")
    (body,) = (node.body for node in found)
    values: dict[str, Any] = dict(DEFAULTS)
    parameters = []
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == "n_parameters":
            values["n_parameters"] = node
        for name, value in _assigned(node):
            if name in DECLARATIONS and value is not None:
                values[name] = _evaluated(path, name, value)
            elif isinstance(node, ast.AnnAssign) and _is_parameter(node.annotation):
                parameters.append(name)
    for name in ("starts", "n_parameters"):
        if not values.get(name):
            raise EdgememError(f"{path}: the denoiser does not declare `{name}`; see docs/extending.md")
    for name in values["frozen"]:
        if name not in parameters:
            raise EdgememError(f"{path}: `frozen` names '{name}', which is no real-valued array of the denoiser")
    values["n_parameters"] = _function(path, values["n_parameters"], _defaults(values["options"]))
    return Declared(parameters=tuple(name for name in parameters if name not in values["frozen"]), **values)


def _classes(path: Path) -> list[ast.ClassDef]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise EdgememError(f"{path} cannot be read as Python: {error}") from None
    return [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).split(".")[-1] == BASE for base in node.bases)
    ]


def _assigned(node: ast.stmt) -> list[tuple[str, ast.expr | None]]:
    """Return the name that a statement of a class assigns or annotates, with its value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return [(target.id, value) for target in targets if isinstance(target, ast.Name)]


def _is_parameter(annotation: ast.expr) -> bool:
    """Return whether an attribute holds something that training moves: an array of reals, or a module of such."""
    words = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    words |= {node.attr for node in ast.walk(annotation) if isinstance(node, ast.Attribute)}
    integers = [word for word in words if word.removeprefix("U").startswith("Int")]
    return not words & NOT_TRAINED and not integers and bool(words - CONTAINERS)


def _evaluated(path: Path, name: str, value: ast.expr) -> Any:
    try:
        found = ast.literal_eval(value)
    except (ValueError, TypeError):
        raise EdgememError(
            f"{path}: `{name}` must be written out, without names from elsewhere: it is read without running the file"
        ) from None
    if not isinstance(found, DECLARATIONS[name]):
        raise EdgememError(f"{path}: `{name}` must be a {DECLARATIONS[name].__name__} (got {found!r})")
    return found


def _function(path: Path, node: ast.FunctionDef, options: Mapping[str, Any]) -> Callable[..., int]:
    """Return a static method that uses nothing but its arguments."""
    node.decorator_list, node.returns = [], None
    for argument in [*node.args.args, *node.args.kwonlyargs, node.args.kwarg]:
        if argument:
            argument.annotation = None
    names: dict[str, Any] = {}
    try:
        exec(compile(ast.Module([node], []), str(path), "exec"), names)
        function: Callable[..., int] = names[node.name]
        function(1, 1, **options)
    except Exception as error:
        raise EdgememError(
            f"{path}: `{node.name}` must be a static method of size, dim and the options, without names from "
            f"elsewhere: it is read without running the file ({type(error).__name__}: {error})"
        ) from None
    return function


def _defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with their default values; of several values it is the first."""
    return {name: value[0] if isinstance(value, tuple) else value for name, value in options.items()}
