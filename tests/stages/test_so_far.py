"""What is there of a campaign that runs: its curves, and the campaigns that its evaluations hold."""

import numpy as np
import pytest
import xarray as xr

from analysis.synthetic import SETTINGS, evaluations, spec
from edgemem.analysis.transition import find_transitions
from edgemem.commands.parts import Part, parts_of
from edgemem.commands.so_far import There, data_sets, look


SEEDS = [3, 1, 2]
A, B, C = ("a", "mixture"), ("b", "mixture"), ("b", "templates")


def there(**seeds: list[int]) -> There:
    """Return evaluations of some cases, by the cases' letters."""
    names = {"A": A, "B": B, "C": C}
    return {names[name]: {seed: f"{name}{seed}.nc" for seed in own} for name, own in seeds.items()}


def test_middle_is_that_of_the_regress_stage():
    """M50 of one evaluation is to the last digit what tables have of its seed, also where models are left out."""
    of = spec(SETTINGS[:2], {"mixture": (0, 1)})
    made = evaluations(of)
    out = next(iter(made))
    made[out] = made[out].assign(converged=xr.zeros_like(made[out].converged))
    transition = find_transitions(of, made)
    for (setting, model, seed), evaluation in made.items():
        expected = transition.m50.sel(setting=setting, model=model, seed=seed).item()
        np.testing.assert_equal(look(evaluation).m50, expected)


def test_ends_are_those_of_the_smallest_and_the_largest_model():
    """A curve's ends are the ratios that were counted, each with its size."""
    evaluation = next(iter(evaluations(spec(SETTINGS[:1], {"mixture": (0,)})).values()))
    last = evaluation.isel(step=-1)
    ends = [[last.fraction.values[i], last.memorization_ratio.values[i]] for i in (0, -1)]
    assert look(evaluation).ends == pytest.approx(np.array(ends))


@pytest.mark.parametrize(
    ("found", "cases", "seeds"),
    [
        pytest.param(there(A=[3, 1, 2], B=[3, 1, 2]), (A, B), (3, 1, 2), id="all"),
        pytest.param(there(A=[3, 1, 2], B=[], C=[]), (A,), (3, 1, 2), id="one case"),
        pytest.param(there(A=[1], B=[1, 2], C=[1, 2]), (B, C), (1, 2), id="most evaluations"),
        pytest.param(there(A=[3, 1], B=[1]), (A, B), (1,), id="as many, so more cases"),
        pytest.param(there(A=[3], B=[1], C=[1]), (B, C), (1,), id="nothing shared by all"),
    ],
)
def test_cases_are_compared_by_the_largest_campaign_that_is_there(
    found: There, cases: tuple[tuple[str, str], ...], seeds: tuple[int, ...]
):
    """The first part has some cases and all of some seeds, and no other holds more evaluations."""
    assert parts_of(found, SEEDS, "folder")[0] == Part(cases, seeds, "folder")


def test_each_case_has_a_part_of_all_its_seeds():
    """Beside the first part there is one for each other set of seeds, so that every evaluation is in one, by itself."""
    parts = parts_of(there(A=[3, 1], B=[1], C=[3, 1]), SEEDS, "folder")
    assert parts == [Part((A, C), (3, 1), "folder"), Part((B,), (1,), "folder/seeds_1")]
    assert [part.path("transition") for part in parts] == [
        "results/folder/transition.nc",
        "results/folder/seeds_1/transition.nc",
    ]


def test_a_part_is_a_campaign():
    """What a stage reads of a part has its settings, models and seeds, and nothing of the rest."""
    of = spec()
    chosen = tuple((case.setting.name, case.model) for case in of.cases if case.model != "mixture")
    part = Part(chosen, (2,), "folder").of(of)
    assert tuple((case.setting.name, case.model) for case in part.cases) == chosen
    assert (list(part.models), part.seeds) == (["second", "templates", "network"], [2])
    assert [setting.name for setting in part.settings] == list(dict.fromkeys(setting for setting, _ in chosen))


def test_missing_data_sets_are_named():
    """What is missing of a case is named; where nothing is there that is all."""
    assert data_sets(SEEDS, {1: "path"}) == "1 of 3 seeds, missing 3, 2"
    assert data_sets(SEEDS, {}) == "0 of 3 seeds"
    assert data_sets([1], {1: "path"}) == "1 of 1 seeds"
