"""Break the code on purpose, and see whether a test notices: `make mutants`.

    python -m benchmarks.mutants --count 60 --seed 1

Draws small changes (mutants) of `src/edgemem/analysis` and `src/edgemem/reporting`, as many of each module as of any
other, and adds those listed in `mutants.yaml`, which a review found to pass all tests. Each is made in a temporary
copy, where tests are run until one fails: those of the room, then those of the rooms that import from it. What is
printed of each: file and line, the change, and whether it was caught. The exit code is 1 if less than 95 % are caught.

Tools for this exist: mutmut wraps each function, which the type checks of the tests do not let pass, and leaves
constants of modules alone; cosmic-ray changes the user's own files. Neither draws evenly over modules.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml


ROOT = Path(__file__).parent.parent
LISTS = "benchmarks/mutants.yaml"
ROOMS = ("analysis", "reporting")
LEAST_CAUGHT = 0.95
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES = {
    "sum": "mean",
    "mean": "sum",
    "nansum": "nanmean",
    "std": "var",
    "var": "std",
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "any": "all",
    "all": "any",
    "isfinite": "isnan",
    "isnan": "isfinite",
    "floor": "ceil",
    "ceil": "floor",
    "sorted": "list",
}
# Arguments without which Python does the same unless something else is broken.
HARMLESS = {"strict", "encoding", "newline"}
# Functions whose arguments are not swapped: the others notice, or nothing changes.
SYMMETRIC = {"isinstance", "zip", "min", "max"}


# A field of a node, and the place in it where it is a list.
Step = tuple[str, int | None]


class Mutant(NamedTuple):
    """A change of a module: where it is, in words, and what makes the whole text of the changed module."""

    file: str
    line: int
    code: str
    change: str
    text: Callable[[], str]


class Result(NamedTuple):
    """What became of a mutant: caught by a test, or not."""

    mutant: Mutant
    caught: bool


def mutants_of(file: str, text: str) -> list[Mutant]:
    """Return all mutants of a module."""
    tree, lines, found = ast.parse(text), text.splitlines(), []

    def changed(path: tuple[Step, ...], new: ast.AST) -> str:
        return ast.unparse(ast.fix_missing_locations(_replaced(tree, path, new))) + "\n"

    for path, node in _nodes(tree):
        for new, change in _changes(node):
            code = lines[node.lineno - 1].strip()
            found.append(Mutant(file, node.lineno, code, change, partial(changed, path, new)))
    return found


def _nodes(node: ast.AST, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], ast.expr | ast.stmt]]:
    """Yield all expressions and statements but for docstrings, annotations and imports, with the way to each."""
    if isinstance(node, ast.expr | ast.stmt):
        yield path, node
    for name, value in ast.iter_fields(node):
        # The positions in f-strings' formats are no numbers, and decorators are names.
        if name in ("annotation", "returns", "decorator_list", "format_spec", "type_params", "ctx"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not _is_untouched(child):
                yield from _nodes(child, (*path, (name, index)))


def _is_untouched(node: ast.AST) -> bool:
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    harmless = isinstance(node, ast.keyword) and node.arg in HARMLESS
    return text or harmless or isinstance(node, ast.Import | ast.ImportFrom)


def _replaced(tree: ast.AST, path: tuple[Step, ...], new: ast.AST) -> ast.AST:
    """Return a copy of a tree with another node at the end of a path."""
    whole = copy.deepcopy(tree)
    place = whole
    for name, index in path[:-1]:
        place = getattr(place, name) if index is None else getattr(place, name)[index]
    name, index = path[-1]
    if index is None:
        setattr(place, name, new)
    else:
        getattr(place, name)[index] = new
    return whole


def _changes(node: ast.expr | ast.stmt) -> Iterator[tuple[ast.AST, str]]:
    """Yield what may stand in the place of a node, each with the change in words."""
    for new in _expressions(node) if isinstance(node, ast.expr) else _statements(node):
        before, after = (_shortened(ast.unparse(ast.fix_missing_locations(one))) for one in (node, new))
        yield new, f"{before} -> {after}"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:97]}..."


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(ops=[op]):
            for other in COMPARISONS[type(op)]:
                yield _with(node, ops=[other()])
        case ast.Compare(ops=[first, *others]):
            yield _with(node, ops=[COMPARISONS[type(first)][0](), *others])
            yield _with(node, ops=[first, *others[:-1], COMPARISONS[type(others[-1])][0]()])
        case ast.BinOp(op=op) if type(op) in OPERATORS and not (_is_text(node.left) or _is_text(node.right)):
            # Of two mappings there is no conjunction, but one can be left out.
            yield node.left if isinstance(op, ast.BitOr) else _with(node, op=OPERATORS[type(op)]())
            if isinstance(op, ast.BitAnd):
                yield node.left
                yield node.right
        case ast.BoolOp(op=op):
            yield _with(node, op=ast.And() if isinstance(op, ast.Or) else ast.Or())
            for i in range(len(node.values)):
                yield _with(node, values=[*node.values[:i], *node.values[i + 1 :]])
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield node.operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
            if value:
                yield ast.Constant(value - 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(2 * value if value else 1.0)
        case ast.IfExp():
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            for i, loop in enumerate(node.generators):
                if loop.ifs:
                    all_of = ast.comprehension(loop.target, loop.iter, [], loop.is_async)
                    yield _with(node, generators=[*node.generators[:i], all_of, *node.generators[i + 1 :]])
        case ast.Attribute(attr=name) if name in NAMES and name != "sorted":
            yield _with(node, attr=NAMES[name])
        case ast.Name(id=name) if name in ("sum", "min", "max", "any", "all", "sorted") and name != "sum":
            yield _with(node, id=NAMES[name])
        case ast.Call():
            yield from _calls(node)
        case _:
            return


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    """Yield calls with an argument dropped, or two swapped."""
    for i, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg not in HARMLESS:
            yield _with(node, keywords=[*node.keywords[:i], *node.keywords[i + 1 :]])
    plain = len(node.args) > 1 and not any(isinstance(argument, ast.Starred) for argument in node.args[:2])
    named = node.func.id if isinstance(node.func, ast.Name) else ""
    if plain and named not in SYMMETRIC and ast.dump(node.args[0]) != ast.dump(node.args[1]):
        yield _with(node, args=[node.args[1], node.args[0], *node.args[2:]])


def _statements(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.If() | ast.While():
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
        case ast.Expr() | ast.Raise() | ast.Continue() | ast.Break() | ast.Assert():
            yield ast.Pass()
        case ast.AugAssign() if not _is_text(node.value):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Subscript()]):
            yield ast.Pass()
        case _:
            return


def _with(node: ast.AST, **changes: Any) -> Any:
    """Return a node with other fields."""
    new = copy.copy(node)
    for name, value in changes.items():
        setattr(new, name, value)
    return new


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def listed(tree: Path, entries: list[dict[str, Any]]) -> list[Mutant]:
    """Return the mutants that are written down, as replacements of text.

    **Raises:** SystemExit if a text does not stand exactly once in its file: the code has changed, and the list must.
    """
    found = []
    for entry in entries:
        text = (tree / entry["file"]).read_text(encoding="utf-8")
        if text.count(entry["old"]) != 1:
            sys.exit(f"{LISTS}: {entry['old']!r} must stand once in {entry['file']} (found {text.count(entry['old'])})")
        line = text[: text.index(entry["old"])].count("\n") + 1
        change = f"{_shortened(entry['old'])} -> {_shortened(entry['new'])}"
        new = partial(text.replace, entry["old"], entry["new"])
        found.append(Mutant(entry["file"], line, entry["what"], change, new))
    return found


def drawn(tree: Path, count: int, seed: int, lists: dict[str, Any]) -> list[Mutant]:
    """Return mutants drawn at random, as many of each module as of any other, without those that change nothing.

    **Raises:** SystemExit if an entry of the list of equivalent mutants is none of them.
    """
    rng = random.Random(seed)
    equivalent = {(entry["file"], entry["code"], entry["change"]): False for entry in lists["equivalent"]}
    by_file = []
    for room in ROOMS:
        for path in sorted((tree / "src/edgemem" / room).rglob("*.py")):
            file = path.relative_to(tree).as_posix()
            if file in lists["data"]:
                continue
            own = []
            for mutant in mutants_of(file, path.read_text(encoding="utf-8")):
                name = mutant.file, mutant.code, mutant.change
                if name in equivalent:
                    equivalent[name] = True
                else:
                    own.append(mutant)
            by_file.append(rng.sample(own, len(own)))
    unknown = [name for name, found in equivalent.items() if not found]
    if unknown:
        sys.exit(f"{LISTS}: there is no such mutant any more: {unknown[0]}")
    rng.shuffle(by_file)
    found = []
    while len(found) < count and any(by_file):
        found += [own.pop() for own in by_file if own]
    return found[:count]


def copied(source: Path, target: Path) -> Path:
    """Return a copy of what the tests need."""
    hidden = shutil.ignore_patterns("__pycache__", ".*")

    def ignored(folder: str, names: list[str]) -> set[str]:
        results = {"results"} if Path(folder) == source else set()
        return hidden(folder, names) | results

    shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    return target


def tests_of(tree: Path, tests: dict[str, list[str]], module: Path) -> list[str]:
    """Return the tests of a module's room and of the rooms above it, those that import the module first."""
    rooms = list(tests)
    found: list[str] = []
    for room in rooms[rooms.index(module.parent.name) :]:
        for test in tests[room]:
            files = sorted((tree / test).glob("test_*.py")) if (tree / test).is_dir() else [tree / test]
            found += [file.relative_to(tree).as_posix() for file in files]
    name = f"edgemem.{module.parent.name}.{module.stem} "
    return sorted(
        dict.fromkeys(found), key=lambda test: name not in (tree / test.partition("::")[0]).read_text(encoding="utf-8")
    )


def run_tests(tree: Path, chosen: list[str], limit: float | None = None) -> bool:
    """Return whether some tests pass; what takes too long does not."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *chosen]
    # A changed file may be as long as before, and as old by the second: what is compiled is not kept.
    environment = os.environ | {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    if limit is None:  # of what is not changed it may be
        del environment["PYTHONDONTWRITEBYTECODE"]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    if limit is None and done.returncode:
        sys.exit(f"the tests fail before anything is changed:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def tried(tree: Path, tests: dict[str, list[str]], mutants: list[Mutant], limit: float) -> Iterator[Result]:
    """Yield whether the tests catch each mutant, which is made in the tree and taken back."""
    for mutant in mutants:
        path = tree / mutant.file
        original = path.read_text(encoding="utf-8")
        path.write_text(mutant.text(), encoding="utf-8")
        passed = run_tests(tree, tests_of(tree, tests, path), limit)
        path.write_text(original, encoding="utf-8")
        yield Result(mutant, not passed)


def main(arguments: list[str] | None = None) -> int:
    """Print each mutant and whether a test caught it; return 1 if too few were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60, help="mutants drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="seed of the draw")
    parser.add_argument("--module", default="", help="only files whose path has this in it")
    parser.add_argument("--no-listed", action="store_true", help="without those of mutants.yaml")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the repository whose code is changed in a copy")
    options = parser.parse_args(arguments)
    lists: dict[str, Any] = yaml.safe_load((options.tree / LISTS).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(options.tree, Path(folder))
        mutants = [] if options.no_listed else listed(tree, lists["listed"])
        mutants += drawn(tree, options.count, options.seed, lists)
        mutants = [mutant for mutant in mutants if options.module in mutant.file]
        start = time.monotonic()
        run_tests(tree, [test for room in ROOMS for test in lists["tests"][room]])
        limit = 60 + 5 * (time.monotonic() - start)
        results = []
        for result in tried(tree, lists["tests"], mutants, limit):
            results.append(result)
            what, mutant = "caught  " if result.caught else "SURVIVED", result.mutant
            print(f"{what} {mutant.file}:{mutant.line}: {mutant.change}", flush=True)
            if not result.caught:
                print(f"         {mutant.code}", flush=True)
    caught = sum(result.caught for result in results)
    minutes = (time.monotonic() - start) / 60
    print(f"{caught} of {len(results)} mutants were caught, in {minutes:.0f} minutes")
    return int(caught < LEAST_CAUGHT * len(results))


if __name__ == "__main__":
    sys.exit(main())
