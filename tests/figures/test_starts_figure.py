"""The figure of starts draws what the table says of each start, and rings the one with the least training loss."""

import numpy as np
import pytest

from edgemem.config.base import KeyProblem
from edgemem.config.campaign import Campaign
from edgemem.figures.starts import StartsFigure, draw

from .conftest import case


PANELS = ("start_ratio", "start_variance", "start_objective", "start_held")


def curve(axes, label: str) -> np.ndarray:
    """Return the points of the line of error bars with a label."""
    (bars,) = (bars for bars in axes.containers if bars.get_label() == label)
    return np.transpose(bars[0].get_data())


def test_each_start_is_a_line():
    """Means over seeds, on a logarithmic axis those of the logarithms."""
    made = case("several models")
    table = made.transition.isel(setting=0)
    for axes, name in zip(made.draw("starts").axes, PANELS, strict=True):
        for start in ("mixture", "other"):
            values = table[name].sel(start=start).transpose("seed", "place")
            mean = np.exp(np.log(values).mean("seed")) if name == "start_objective" else values.mean("seed")
            np.testing.assert_allclose(curve(axes, start), np.transpose([table.start_fraction, mean]))


def test_rings_are_on_the_least_training_loss():
    made = case("several models")
    table = made.transition.isel(setting=0)
    axes = made.draw("starts").axes[0]
    rings = [line for line in axes.lines if line.get_label() == "least training loss"]
    ringed = np.concatenate([np.transpose(line.get_data()) for line in rings])
    assert len(ringed) == table.sizes["place"]
    for x, y in ringed:
        place = int(np.abs(table.start_fraction.values - x).argmin())
        least = np.bincount(table.least_loss.values[:, place].astype(int)).argmax()
        assert y == pytest.approx(table.start_ratio.isel(start=least, place=place).mean().item())


def test_no_two_of_many_starts_look_alike():
    """There are more starts than colours."""
    made = case("several models")
    starts = [f"start-{i}" for i in range(14)]
    many = made.transition.isel(start=np.arange(14) % 2).assign_coords(start=starts)
    spec = made.plot_spec("starts", made.pairs[0])
    axes = draw(spec.figure, spec.subject, made.inputs(made.pairs[0]) | {"transition": [many]}).axes[0]
    lines = [bars[0] for bars in axes.containers if bars.get_label() in starts]
    looks = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines}
    assert len(lines) == len(looks) == len(starts)


def test_it_needs_models_to_compare():
    campaign = Campaign.model_construct(regression=case("one seed").spec.regression.model_copy(update={"best_of": []}))
    with pytest.raises(KeyProblem, match=r"regression\.best_of"):
        StartsFigure(figure="starts").check(campaign)
