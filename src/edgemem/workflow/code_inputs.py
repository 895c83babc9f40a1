"""Which source files a stage runs, so that the workflow can rerun it when one of them changes."""

import ast
import importlib.util
import os
from pathlib import Path

import grimp

from edgemem.errors import EdgememError


PACKAGE = "edgemem"


def imported_modules(path: Path) -> list[str]:
    """Return the modules of the package that a file elsewhere imports, or may: of `from a import b` both a and a.b."""
    found: dict[str, None] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= dict.fromkeys([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
    return [name for name in found if name.split(".")[0] == PACKAGE]


class CodeInputs:
    """The source files of each stage: what its module imports, directly or not, and the command line in front of it.

    Imports are read from the source, not run: the answer takes milliseconds and needs neither JAX nor a display.
    """

    def __init__(self, workflow_folder: Path):
        """Read the imports of the package in a workflow's `src/`.

        **Raises:** EdgememError if another copy of the package would run than the one beside the workflow.
        """
        spec = importlib.util.find_spec(PACKAGE)
        assert spec is not None and spec.origin is not None
        self._source = Path(spec.origin).parent.parent
        expected = workflow_folder / "src"
        if self._source.resolve() != expected.resolve():
            raise EdgememError(
                f"edgemem is imported from {self._source}, but this workflow's code is in {expected}: results would "
                "not be made by the code they are recorded with. Type `make env` here and use its .venv/bin/snakemake"
            )
        self._graph = grimp.build_graph(PACKAGE, cache_dir=None, exclude_type_checking_imports=True)

    def of(self, *modules: str) -> list[str]:
        """Return the source files, relative to the working directory, that run when these modules are imported."""
        found = {PACKAGE, f"{PACKAGE}.__main__", *modules} & self._graph.modules
        for module in tuple(found):
            found |= self._graph.find_upstream_modules(module)
        for module in tuple(found):
            parts = module.split(".")
            found |= {".".join(parts[:end]) for end in range(1, len(parts))}
        return sorted(self._file(module) for module in found)

    def _file(self, module: str) -> str:
        path = self._source.joinpath(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        # Relative, so that records made in one clone hold in another.
        return os.path.relpath(path)
