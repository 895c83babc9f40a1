"""The command that breaks code on purpose finds what no test notices, and leaves the code of its user alone."""

from pathlib import Path

import pytest
import yaml
from benchmarks import mutants


CODE = '''"""Sums."""

LIMIT = 3


def larger(a: int, b: int = 2) -> bool:
    """Return whether the sum is above 3."""
    return a + b > LIMIT
'''
TEST = "from edgemem.analysis.sums import larger\n\n\ndef test_sums():\n    assert larger(2) and not larger(0)\n"
MODULE = "src/edgemem/analysis/sums.py"
FREE = {"what": "never true", "file": MODULE, "old": "a + b > LIMIT", "new": "a < b"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one module, of whose mutants its test catches some."""
    for room in ("analysis", "reporting"):
        (tmp_path / "src/edgemem" / room).mkdir(parents=True)
        (tmp_path / "src/edgemem" / room / "__init__.py").touch()
        (tmp_path / "tests" / room).mkdir(parents=True)
    (tmp_path / "src/edgemem/__init__.py").touch()
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / MODULE).write_text(CODE)
    (tmp_path / "tests/analysis/test_sums.py").write_text(TEST)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    write(tmp_path)
    return tmp_path


def write(tree: Path, **lists: object) -> None:
    """Write what the command needs to know."""
    empty = {"tests": {"analysis": ["tests/analysis"], "reporting": []}, "data": {}, "listed": [], "equivalent": []}
    (tree / mutants.LISTS).write_text(yaml.safe_dump(empty | lists))


def test_mutants_are_small_changes_of_what_is_computed():
    """Operators, comparisons and numbers; no docstring, no annotation, and no text."""
    found = mutants.mutants_of(MODULE, CODE)
    assert sorted(mutant.change for mutant in found) == [
        *("2 -> 1", "2 -> 3", "3 -> 2", "3 -> 4"),
        *("a + b -> a - b", "a + b > LIMIT -> a + b <= LIMIT", "a + b > LIMIT -> a + b >= LIMIT"),
    ]
    assert {mutant.line for mutant in found} == {3, 6, 8}
    assert all('"""Return whether the sum is above 3."""' in mutant.text() for mutant in found)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("x = f(a, axis=1)", {"f(a, axis=1) -> f(a)", "1 -> 2", "1 -> 0"}),
        ("x = f(a, b)", {"f(a, b) -> f(b, a)"}),
        ("x = not a", {"not a -> a"}),
        ("if a:\n    b += c", {"if a: b += c -> if not a: b += c", "b += c -> pass"}),
        ("x = np.std(a) if a else b", {"np.std -> np.var", "np.std(a) if a else b -> np.std(a) if not a else b"}),
        ("x = [a for a in b if a]", {"[a for a in b if a] -> [a for a in b]"}),
        ("x = a and b", {"a and b -> a or b", "a and b -> a", "a and b -> b"}),
        ("x: int = zip(a, b, strict=True)", set()),
    ],
)
def test_kinds_of_changes(code: str, changes: set[str]):
    assert {mutant.change for mutant in mutants.mutants_of(MODULE, code)} == changes


def test_what_no_test_notices_survives(tree: Path, capsys: pytest.CaptureFixture[str]):
    """A planted mutant is caught, one beyond the test is not; the code of the user is as it was."""
    beyond = {"what": "another limit", "file": MODULE, "old": "LIMIT = 3", "new": "LIMIT = 2"}
    write(tree, listed=[FREE, beyond])
    assert mutants.main(["--tree", str(tree), "--count", "0"]) == 1
    said = capsys.readouterr().out
    assert f"caught   {MODULE}:8: a + b > LIMIT -> a < b" in said
    assert f"SURVIVED {MODULE}:3: LIMIT = 3 -> LIMIT = 2" in said
    assert "1 of 2 mutants were caught" in said
    assert (tree / MODULE).read_text() == CODE


def test_draws_are_even_and_repeatable(tree: Path):
    """As many of each module; the same for the same seed, without equivalent ones and modules of numbers."""
    (tree / "src/edgemem/reporting/long.py").write_text("\n".join(f"x{i} = {i + 2}" for i in range(50)))
    (tree / "src/edgemem/reporting/data.py").write_text("x = 1\n")
    equivalent = {"file": MODULE, "code": "LIMIT = 3", "change": "3 -> 4", "reason": "for this test"}
    lists = {"data": {"src/edgemem/reporting/data.py": "numbers"}, "equivalent": [equivalent]}
    found = mutants.drawn(tree, 12, 7, lists)
    files = [mutant.file for mutant in found]
    assert files.count(MODULE) == 6  # all there are
    assert files.count("src/edgemem/reporting/long.py") == 6
    assert [mutant.change for mutant in mutants.drawn(tree, 12, 7, lists)] == [mutant.change for mutant in found]
    assert [mutant.change for mutant in mutants.drawn(tree, 12, 8, lists)] != [mutant.change for mutant in found]


def test_lists_that_no_longer_fit_the_code_are_refused(tree: Path):
    write(tree, listed=[FREE | {"old": "a - b"}])
    with pytest.raises(SystemExit, match=r"'a - b' must stand once in .*sums.py \(found 0\)"):
        mutants.main(["--tree", str(tree)])
    write(tree, equivalent=[{"file": MODULE, "code": "LIMIT = 5", "change": "5 -> 6", "reason": "gone"}])
    with pytest.raises(SystemExit, match=r"there is no such mutant any more: .*LIMIT = 5"):
        mutants.main(["--tree", str(tree)])


def test_tests_that_fail_anyway_tell_nothing(tree: Path):
    (tree / "tests/analysis/test_sums.py").write_text("def test_nothing():\n    assert False\n")
    with pytest.raises(SystemExit, match="the tests fail before anything is changed"):
        mutants.main(["--tree", str(tree), "--count", "1"])


def test_lists_fit_the_code():
    """Every mutant that is written down still applies."""
    lists = yaml.safe_load((mutants.ROOT / mutants.LISTS).read_text())
    assert len(mutants.listed(mutants.ROOT, lists["listed"])) == len(lists["listed"])
    assert mutants.drawn(mutants.ROOT, 60, 1, lists)
