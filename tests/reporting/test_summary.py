"""The first sentences of a report say what is broken, and no headline stands without its interval."""

from types import SimpleNamespace
from typing import cast

import pytest

from edgemem.config.report import ReportSpec
from edgemem.reporting.summary import headlines, summary
from edgemem.reporting.verdicts import MISSING

from .synthetic import Table


def spec(settings: int = 2, seeds: int = 3) -> ReportSpec:
    """As much of a campaign's configuration as a summary reads."""
    names = [f"gaussian_N{20 + i}_d2_K2" for i in range(settings)]
    cases = [SimpleNamespace(name=f"{name}/mixture") for name in names]
    return cast(ReportSpec, SimpleNamespace(settings=names, seeds=range(seeds), models=["mixture"], cases=cases))


def metrics(**changes: float | None) -> Table:
    """A campaign in which nothing is broken; changes are named without `campaign/`."""
    table: Table = {"campaign/m50_mean": 0.8, "campaign/m50_mean_low": 0.78, "campaign/m50_mean_high": 0.82}
    table |= {"campaign/m50_stddev": 0.01, "campaign/models": 60.0}
    for name in (
        "models_left_out",
        "models_still_falling",
        "models_too_short",
        "data_sets_below_half",
        "data_sets_above_half",
    ):
        table[f"campaign/{name}"] = 0.0
    table |= {f"predictor/{name}/squared_error_holdout": 1e-4 for name in ("fitted", "constant")}
    table["predictor/fitted/count_holdout"] = 16.0
    return table | {f"campaign/{name}": value for name, value in changes.items()}


def test_nothing_is_broken():
    text = summary(spec(), metrics())
    assert text.startswith("In 2 settings with 3 data sets each, half of the generated points are copies")
    assert "**0.800 [0.780, 0.820] N** components" in text
    assert "On 16 settings held out" in text
    assert "a mean squared error of 1.0e-04 [5.5e-05, 2.3e-04]; a constant has 1.0e-04." in text
    assert "left out" not in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"models_left_out": 60, "models_too_short": 60},
            "**All 60 models are left out of every fit**: 60 were trained too",
        ),
        (
            {"models_left_out": 1, "models_still_falling": 1},
            "**1 of 60 models is left out of every fit**: the training",
        ),
        (
            {"models_left_out": 16, "models_still_falling": 12, "models_too_short": 4},
            "still falls at the end; 4 were trained too",
        ),
        ({"data_sets_below_half": 2}, "In 2 data sets no usable model size reaches a ratio of one half."),
        ({"data_sets_above_half": 1}, "In 1 data set already the smallest usable model size is above one half."),
    ],
)
def test_what_is_broken_comes_first(changes: dict[str, float], sentence: str):
    """Untrained models, and data sets with no transition, on either side, are counted before anything else."""
    text = summary(spec(), metrics(**changes))
    assert sentence in text
    assert text.index(sentence) < text.index("In 2 settings")


def test_no_transition_at_all():
    """A campaign whose models are all beyond the transition says so, and gives no number and no headline of it."""
    broken = metrics(m50_mean=None, m50_mean_low=None, m50_mean_high=None, m50_stddev=None, data_sets_above_half=6)
    text = summary(spec(), broken)
    assert text.startswith("In 6 data sets already the smallest usable model size is above one half.")
    assert "reaches" not in text
    assert "no model size was found at which the fitted ratio crosses one half" in text
    meanings = [each.meaning for each in headlines(spec(), broken)]
    assert not any(meaning.startswith("transition point") for meaning in meanings)


def test_some_settings_without_a_transition():
    """Where some settings have a transition there is no mean over all of them."""
    partly = metrics(m50_mean=None, m50_stddev=None) | {"gaussian_N20_d2_K2/mixture/m50_pooled": 0.8}
    assert "1 of 2 settings have a transition point: there is no mean." in summary(spec(), partly)


def test_one_data_set():
    """A campaign of one seed says that it cannot know how much data sets differ."""
    assert "the spread between data sets is unknown" in summary(spec(seeds=1), metrics())
    assert "the spread between data sets is unknown" not in summary(spec(), metrics())
    single = {f"gaussian_N20_d2_K2/mixture/m50_pooled{end}": None for end in ("_low", "_high")}
    single["gaussian_N20_d2_K2/mixture/m50_pooled"] = 0.8
    assert [each.meaning for each in headlines(spec(1, 1), metrics() | single) if "transition" in each.meaning] == []


@pytest.mark.parametrize(("count", "shown"), [(1.0, False), (7.0, False), (8.0, True), (None, False)])
def test_few_settings_held_out_make_no_headline(count: float | None, shown: bool):
    """An error of one setting is no error of the regression."""
    table = metrics() | {"predictor/fitted/count_holdout": count}
    assert ("held out" in summary(spec(), table)) == shown
    found = [each for each in headlines(spec(), table) if "held out" in each.meaning]
    assert bool(found) == shown
    assert all("[" in each.range and f"on {count:.0f} settings" in each.meaning for each in found)


def test_headlines_have_intervals():
    """The spread between settings stands there where its interval is known, noise removed."""
    group = "components/gaussian/mixture"
    table = metrics() | {
        f"{group}/between_settings{end}": value for end, value in (("", 1e-4), ("_low", 0), ("_high", 4e-4))
    }
    table |= {f"{group}/between_data_sets": 1e-5}
    (found,) = (each for each in headlines(spec(), table) if "standard deviation" in each.meaning)
    assert (found.value, found.range) == ("0.010", "[0.000, 0.020]")
    assert not any("standard deviation" in each.meaning for each in headlines(spec(), metrics()))
    (left,) = (each for each in headlines(spec(), metrics(models_left_out=16)) if "left out" in each.meaning)
    assert (left.value, left.range) == ("16", "of 60")


def test_several_models():
    """A campaign of several models says so, and speaks of settings and models; one of each has no plural."""
    several = spec()
    several.models, several.cases = ["mixture", "other"], [*several.cases, SimpleNamespace(name="x/other")]
    text = summary(several, metrics())
    assert text.startswith("In 2 settings with 3 data sets each and 2 models, half")
    assert "settings and models differ by a standard deviation of 0.010." in text
    own = {f"gaussian_N20_d2_K2/mixture/m50_pooled{end}": 0.8 for end in ("", "_low", "_high")}
    alone = summary(spec(1, 1), metrics(m50_stddev=None) | own)
    assert alone.startswith("In 1 setting with 1 data set, half")
    assert "the fitted ratio crosses one half. With one data set of each setting" in alone


def test_the_papers_own_rule_stands_beside():
    first = metrics(m50_first_50=0.81, m50_first_50_low=0.8, m50_first_50_high=0.82)
    assert "the first size with half of 50 points, 0.810 [0.800, 0.820] N; settings differ" in summary(spec(), first)


def test_counts_that_nobody_made_are_no_caution():
    table = {name: value for name, value in metrics().items() if "data_sets" not in name and "too_short" not in name}
    assert summary(spec(), table) == summary(spec(), metrics())


def test_no_error_without_that_of_a_constant():
    """In the sentence; the headline has a dash."""
    table = metrics() | {"predictor/constant/squared_error_holdout": None}
    assert "held out" not in summary(spec(), table)
    (found,) = (each for each in headlines(spec(), table) if "held out" in each.meaning)
    assert found.meaning.endswith("a constant has –")


def test_older_campaigns_do_not_say_that_all_is_well():
    """Where nobody counted the models that were left out, the summary says that this is unknown."""
    table = {name: value for name, value in metrics().items() if "models" not in name}
    assert summary(spec(), table).startswith(f"Whether models were trained to the end is unknown: it {MISSING}.")
