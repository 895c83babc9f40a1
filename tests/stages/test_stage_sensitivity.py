"""Points generated in other ways: the first way is the evaluation's, thresholds are nested, samplers differ."""

import numpy as np

from edgemem.config.sensitivity import SensitivitySpec
from edgemem.engine.sensitivity import count_copies
from edgemem.numerics.statistics import crossing_estimates

from .conftest import EVALUATION, SETTING, SIZES, sensitivity_spec


def test_first_way_is_that_of_the_evaluation(made):
    """From the same models, the same noise and the same threshold come the counts of the evaluation."""
    counts = made.read("sensitivity").memorized_count.isel(variant=0, threshold=0)
    np.testing.assert_array_equal(counts, made.read("evaluations").memorized_count.isel(step=-1))


def test_points_come_from_the_models_at_the_end(made):
    """Whatever else was kept on the way there."""
    spec = SensitivitySpec.model_validate(sensitivity_spec())
    again = count_copies(spec, made.read("samples"), made.read("snapshot_models"))
    np.testing.assert_array_equal(again.memorized_count, made.read("sensitivity").memorized_count)


def test_larger_threshold_takes_more_for_copies(made):
    counts = made.read("sensitivity").memorized_count
    assert made.read("sensitivity").threshold.values.tolist() == [1 / 3, 0.5]
    difference = counts.isel(threshold=1) - counts.isel(threshold=0)
    assert (difference >= 0).all()
    assert difference.sum() > 0
    assert (counts <= EVALUATION["generated"]).all()


def test_ways_are_named_and_differ(made):
    table = made.read("sensitivity")
    ways = list(zip(table.sampler.values, table.times.values, table.t_min.values, strict=True))
    assert ways == [("ddim", 4, 0.001), ("ddim", 6, 0.001), ("ddpm", 4, 0.001)]
    first, *others = table.memorized_count.isel(threshold=0).transpose("variant", "model_size").values
    assert all((first != other).any() for other in others)


def test_a_way_does_not_depend_on_the_others(made):
    """A way more, or another order, changes no count."""
    spec = SensitivitySpec.model_validate(sensitivity_spec())
    turned = spec.model_copy(update={"sampling": spec.sampling[:0:-1]})
    again = count_copies(turned, made.read("samples"), made.read("models")).memorized_count
    np.testing.assert_array_equal(again, made.read("sensitivity").memorized_count.isel(variant=[2, 1]))


def test_transitions_are_those_of_the_counts(made):
    table = made.read("sensitivity")
    assert table.model_size.values.tolist() == SIZES
    for variant in range(table.sizes["variant"]):
        cell = table.isel(variant=variant, threshold=0)
        fractions = np.array(SIZES) / SETTING["N"]
        expected = crossing_estimates(
            fractions, cell.memorized_count.values, 60, (0.5,), rng=np.random.default_rng(0), replicates=2
        )
        np.testing.assert_allclose(cell.m50.item(), expected[0].value)
