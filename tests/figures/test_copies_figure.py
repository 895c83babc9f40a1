"""The figure of copies draws what evaluations have of the model nearest to the transition, with the verdict."""

import numpy as np
import pytest
from scipy import stats

from edgemem import pieces

from .conftest import D, N, bars, case, data, interval, labelled, last


def nearest_models(made, pair):
    """Return of each seed what is measured of the model nearest to M50."""
    m50 = made.row(made.transition, pair).m50
    return [
        e.isel(model_size=int(np.abs(e.fraction.values - place).argmin()))
        for e, place in zip(last(made.evaluations[pair]), m50.values, strict=True)
    ]


def with_duplicates(evaluation):
    """Return the same of data whose last five samples are rows of the first one."""
    copies_of = np.where(np.arange(N) < N - 5, np.arange(N), 0)
    with_copies = evaluation.assign(copies_of=("sample", copies_of))
    return with_copies.assign(copied=evaluation.copied.where(with_copies.copies_of > 0, 7))


@pytest.mark.parametrize("name", ["three seeds", "one seed", "ends inside the transition", "several models"])
def test_copies_and_correlations_are_drawn(name: str):
    """Each sample over the rank of its density, means in fifths, and Spearman's correlation of each seed."""
    made = case(name)
    for pair in made.pairs:
        samples, correlation = made.draw("copies", pair).axes
        models = nearest_models(made, pair)
        order = [np.argsort(e.log_density.values) for e in models]
        copies = [e.copied.values[own] for e, own in zip(models, order, strict=True)]
        drawn = [line for line in samples.lines if line.get_label() == "one sample, pale"]
        for line, values in zip(drawn, copies, strict=True):
            np.testing.assert_allclose(data(line), [(np.arange(N) + 0.5) / N, values])
        fifths = [values.reshape(5, -1).mean(axis=1) for values in copies]
        mean, low, high = interval(fifths)
        container = labelled(samples, "mean in fifths")
        np.testing.assert_allclose(data(container), [[0.1, 0.3, 0.5, 0.7, 0.9], mean], rtol=1e-12)
        np.testing.assert_allclose(bars(container), [low, high], rtol=1e-9)
        by_seed = [stats.spearmanr(e.copied, e.log_density).statistic for e in models]
        np.testing.assert_allclose(data(labelled(correlation, "one data set")), [by_seed, range(len(by_seed))])
        assert [label.get_text() for label in correlation.get_yticklabels()] == [str(s) for s in made.spec.seeds]


def test_verdict_stands_above_the_correlations():
    """Here samples of low density are copied more, and it is known of three data sets; of one it is not."""
    title = case("three seeds").draw("copies").axes[1].get_title()
    by_seed = [stats.spearmanr(e.copied, e.log_density).statistic for e in nearest_models(*of("three seeds"))]
    mean, low, high = interval(by_seed)
    assert title == f"mean {mean:.2f} [{low:.2f}, {high:.2f}]\nsparse regions first: supported"
    (band,) = case("three seeds").draw("copies").axes[1].patches
    np.testing.assert_allclose(band.get_corners()[[0, 2], 0], [low, high])
    assert case("one seed").draw("copies").axes[1].get_title().endswith("which first: cannot tell")


def of(name: str):
    return case(name), case(name).pairs[0]


def test_duplicates_have_a_panel_of_their_own():
    """Copies of the sample that occurs six times over the mean of those that occur once."""
    made, pair = of("three seeds")
    spec = made.plot_spec("copies", pair)
    inputs = made.inputs(pair) | {"evaluations": list(map(with_duplicates, made.evaluations[pair]))}
    *_, ratio = pieces.figure_module("copies").draw(spec.figure, spec.subject, inputs).axes
    expected = [7 / e.copied.values[1 : N - 5].mean() for e in nearest_models(made, pair)]
    np.testing.assert_allclose(data(labelled(ratio, "one data set"))[0], expected)
    assert "repeated" in ratio.get_xlabel()


def test_without_a_transition_the_figure_says_so():
    made = case("never memorizing")
    samples, correlation = made.draw("copies").axes
    assert not samples.lines
    assert correlation.get_title() == "mean unknown\nwhich first: cannot tell"
    assert f"d = {D}" in made.draw("copies").get_suptitle()
