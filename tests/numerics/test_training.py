"""The training loop follows the protocol step by step, and its numbers belong to a model alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest
from jaxtyping import Array

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.numerics.diffusion import loss_weight
from edgemem.numerics.loss_trace import can_tell, log_steps, still_falling
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem, Tiling, draw_block
from edgemem.numerics.training import Diverged, State, train, train_together

from . import oracle
from .mixtures import mixture


class Toy(AbstractDenoiser):
    """A denoiser that only a test starts."""

    @classmethod
    def start(cls, name, samples, size, *, key, **options):
        raise NotImplementedError

    @staticmethod
    def n_parameters(size, dim, **options):
        raise NotImplementedError


class Guess(Toy):
    """The same estimate whatever the point: its loss and its gradient have no noise."""

    estimate: Array

    def __call__(self, x, t):
        return jnp.broadcast_to(self.estimate, x.shape)


class Unchanged(Toy):
    """The noised point itself as the estimate, plus a parameter that has no effect when it is zero."""

    shift: Array

    def __call__(self, x, t):
        return x + self.shift


def fast(**changes):
    """A protocol with the proportions of the project's fast one."""
    return {
        "steps": 50,
        "peak_lr": 6e-3,
        "final_lr": 6e-6,
        "warmup": 0.1,
        "decay": None,
        "clip_norm": None,
        "update_ema": None,
        **changes,
    }


# ------------------------------------------------------------------------------------------------------- optimizer


def rates(**changes) -> np.ndarray:
    """The learning rates of all steps: the length of Adam's step when the gradient never changes."""
    protocol = fast(**changes)
    adam = optimizer(**protocol)

    def step(state, _):
        update, state = adam.update(jnp.ones(()), state, jnp.zeros(()))
        return state, -update

    return np.asarray(jax.lax.scan(step, adam.init(jnp.zeros(())), length=protocol["steps"])[1])


@pytest.mark.parametrize(
    ("steps", "warmup"), [(50, 0.1), (20, 0.5), (10, 0.0), (2, 0.0), (2, 0.1), (7, 0.1)], ids=lambda value: str(value)
)
def test_learning_rate(steps, warmup):
    """From zero to the peak at the end of the warm-up, then linear to the final rate, which the last step has."""
    result = rates(steps=steps, warmup=warmup)
    expected = [oracle.learning_rate(step, steps, 6e-3, 6e-6, warmup) for step in range(steps)]
    # Adam's correction for its start, 1 - 0.999^n, keeps five digits in float32.
    np.testing.assert_allclose(result, expected, rtol=5e-5)
    assert result[0] == (0 if round(warmup * steps) else pytest.approx(6e-3, rel=5e-5))
    assert result[round(warmup * steps)] == pytest.approx(6e-3, rel=5e-5)
    assert result[-1] == pytest.approx(6e-6, rel=1e-3)


@pytest.mark.parametrize("decay", [0.3, 0.5, 0.8])
def test_learning_rate_that_stays_at_its_peak(decay):
    """With a decay shorter than what follows the warm-up, the rate stays at the peak in between."""
    steps = 100
    result = rates(steps=steps, warmup=0.2, decay=decay)
    begin = round((1 - decay) * steps)
    np.testing.assert_allclose(result[20 : begin + 1], 6e-3, rtol=5e-5)
    np.testing.assert_allclose(result[begin:], np.linspace(6e-3, 6e-6, steps - begin), rtol=1e-3)
    np.testing.assert_allclose(result[:20], np.linspace(0, 6e-3, 20, endpoint=False), rtol=5e-5)


def test_clipping_bounds_the_whole_gradient(float64):
    """A gradient longer than clip_norm enters Adam with that length, over all parameters together."""
    rng = np.random.default_rng(0)
    length = np.array([1.0, 5, 99, 101, 1e6, 3, 1e4, 7])
    direction = rng.normal(size=(8, 5))
    gradients = length[:, None] * direction / np.linalg.norm(direction, axis=1, keepdims=True)

    def positions(clip_norm):
        adam = optimizer(**fast(steps=8, warmup=0.0, clip_norm=clip_norm))
        start = {"mean": jnp.zeros((2, 2)), "deviation": jnp.zeros(())}

        def step(carry, gradient):
            position, state = carry
            split = {"mean": gradient[:4].reshape(2, 2), "deviation": gradient[4]}
            update, state = adam.update(split, state, position)
            return (optax.apply_updates(position, update), state), None

        end = jax.lax.scan(step, (start, adam.init(start)), jnp.asarray(gradients))[0][0]
        return np.append(np.asarray(end["mean"]).ravel(), end["deviation"])

    rate = [oracle.learning_rate(step, 8, 6e-3, 6e-6, 0.0) for step in range(8)]
    for clip_norm in (100.0, None):
        expected = oracle.adam(gradients, np.zeros(5), rate, clip_norm, None)[-1]
        np.testing.assert_allclose(positions(clip_norm), expected, rtol=1e-5)


@pytest.mark.parametrize("update_ema", [None, 0.9])
def test_lr_multipliers_scale_the_updates_of_the_parameters_named(update_ema):
    """A factor on a parameter's rate is a factor on each of its steps, and on no other's."""
    start = mixture(np.ones((2, 3), np.float32), 0.5)
    trained = eqx.filter(start, eqx.is_inexact_array)

    def updates(lr_multipliers):
        adam = optimizer(**fast(steps=10, update_ema=update_ema), lr_multipliers=lr_multipliers)
        state = adam.init(trained)
        result = []
        for scale in (1.0, -3.0, 2.0):
            update, state = adam.update(jax.tree.map(lambda leaf, by=scale: by * leaf, trained), state, trained)
            result.append(update)
        return result

    for plain, scaled in zip(updates({}), updates({"mean": 0.01}), strict=True):
        np.testing.assert_allclose(scaled.mean, 0.01 * plain.mean, rtol=1e-6)
        np.testing.assert_array_equal(scaled.standard_deviation, plain.standard_deviation)
    assert np.any(plain.mean)


@pytest.mark.parametrize("clip_norm", [None, 0.5])
@pytest.mark.parametrize("update_ema", [None, 0.0, 0.1, 0.99])
def test_training_is_adam_with_averaged_updates(float64, update_ema, clip_norm):
    """On a quadratic without noise all losses and the end are those of Adam, clipping and averaging in NumPy."""
    x = np.array([[1.0, -2.0, 0.5], [2.0, 0.0, -1.5]])
    weight, steps, start = 3.0, 40, np.array([0.5, 0.5, 0.5])
    protocol = fast(steps=steps, peak_lr=0.1, final_lr=1e-3, clip_norm=clip_norm, update_ema=update_ema)
    problem = Problem(jnp.asarray(x), jnp.array([0.4]), jnp.array([weight]))
    result = train(
        Guess(jnp.asarray(start)), problem, optimizer(**protocol), steps=steps, draws=2, minibatch=None, key=jr.key(0)
    )

    rate = [oracle.learning_rate(step, steps, 0.1, 1e-3, 0.1) for step in range(steps)]
    path = oracle.adam(lambda at: 2 * weight * (at - x.mean(axis=0)), start, rate, clip_norm, update_ema)
    loss = [weight * np.mean(np.sum((at - x) ** 2, axis=1)) for at in path[:-1]]
    # The rates are computed in float32.
    np.testing.assert_allclose(result.denoiser.estimate, path[-1], rtol=1e-5)
    np.testing.assert_allclose(result.loss, loss, rtol=1e-5)


# -------------------------------------------------------------------------------------------- what is drawn at a step

STILL = optax.set_to_zero()


def test_minibatches_are_drawn_without_replacement():
    """Each step sees as many different samples as asked, and all samples get their turn."""
    count, batch = 12, 5
    # Squared norms 1, 2, 4, ...: the sum over a minibatch, 5 times the loss, spells which samples are in it.
    x = jnp.sqrt(2.0 ** jnp.arange(count))[:, None]
    problem = Problem(x, jnp.array([0.5]), jnp.ones(1))
    trace = train(Guess(jnp.zeros(1)), problem, STILL, steps=100, draws=1, minibatch=batch, key=jr.key(1)).loss
    drawn = [f"{round(batch * loss):0{count}b}" for loss in trace]
    assert {bits.count("1") for bits in drawn} == {batch}
    often = np.sum([[int(bit) for bit in bits] for bits in drawn], axis=0)
    # 42 expected, standard deviation 5.
    assert np.all((often > 20) & (often < 64))
    assert len(set(drawn)) > 80


@pytest.mark.parametrize("minibatch", [None, 12, 36])
def test_full_batches_hold_every_sample_equally_often(minibatch):
    """Without a minibatch, or with one that is a multiple of the data, no sample is preferred in any step."""
    x = jnp.sqrt(2.0 ** jnp.arange(12))[:, None]
    problem = Problem(x, jnp.array([0.5]), jnp.ones(1))
    trace = train(Guess(jnp.zeros(1)), problem, STILL, steps=3, draws=1, minibatch=minibatch, key=jr.key(1)).loss
    np.testing.assert_allclose(trace, (2**12 - 1) / 12)


def test_what_is_left_over_goes_to_some_samples_once():
    """Of a step of 19 points each of 7 samples has two, and five of them, others in each step, one more."""
    count, batch = 7, 19
    # Squared norms 1, 4, 16, ...: the sum over a step spells, to base four, how often each sample is in it.
    problem = Problem((2.0 ** jnp.arange(count))[:, None], jnp.array([0.5]), jnp.ones(1))
    trace = train(Guess(jnp.zeros(1)), problem, STILL, steps=100, draws=1, minibatch=batch, key=jr.key(1)).loss
    often = np.array([[round(batch * loss) // 4**k % 4 for k in range(count)] for loss in trace])
    assert np.all(often.sum(axis=1) == batch)
    assert set(often.ravel().tolist()) == {2, 3}
    # 100 * 5 / 7 steps are expected to have a sample once more, standard deviation 4.5.
    assert np.all(np.abs(often.sum(axis=0) - 200 - 500 / 7) < 18)
    assert len({tuple(row) for row in often.tolist()}) > 15  # of 21 pairs that may have no more


def test_each_sample_has_its_own_uniform_time():
    """Times are uniform on the grid, drawn for each sample of each step by itself, and carry their weight."""
    n_times = 5
    # Weights 1, 3, 9, ...: the digits, to base three, of the sum over two samples tell both times.
    problem = Problem(jnp.ones((2, 1)), jnp.linspace(0.9, 0.1, n_times), 3.0 ** jnp.arange(n_times))
    trace = train(Guess(jnp.zeros(1)), problem, STILL, steps=100, draws=1, minibatch=None, key=jr.key(2)).loss
    often = np.array([[round(2 * loss) // 3**k % 3 for k in range(n_times)] for loss in trace])
    assert np.all(often.sum(axis=1) == 2)
    # 40 expected of each time, standard deviation 6; both samples at one time in a fifth of the steps.
    assert np.all(np.abs(often.sum(axis=0) - 40) < 24)
    assert abs(np.mean(often.max(axis=1) == 2) - 0.2) < 0.16


def test_stratified_times_are_uniform_and_even():
    """Each sample's time is uniform over the steps, and within a step every time occurs about equally often."""
    n_times, n_samples = 5, 50
    # As above, the sum of the weights over the samples spells how often each time occurs, here to base 51.
    problem = Problem(jnp.ones((n_samples, 1)), jnp.linspace(0.9, 0.1, n_times), jnp.zeros(n_times), True)
    tiling = Tiling(n_samples, 1, n_samples, 1)
    drawn = jax.vmap(lambda step: draw_block(problem, tiling, jr.key(2), step, jnp.zeros((), int)).t)(jnp.arange(1000))
    often = np.array([[np.sum(np.isclose(row, time)) for time in problem.times] for row in np.asarray(drawn)])
    assert np.all(np.abs(often - 10) <= 2)
    # One sample over all steps: 200 expected of each time, standard deviation 13.
    assert np.all(np.abs([np.sum(np.isclose(drawn[:, 7], time)) for time in problem.times] - np.array(200)) < 52)


def test_noise_is_standard_normal_and_new_at_every_step():
    """At x_0 = 0 the estimate x_t errs by sigma eps: its square averages to t^2, and no step repeats another."""
    t, draws = 0.5, 20
    problem = Problem(jnp.zeros((10, 4)), jnp.array([t]), jnp.ones(1))
    trace = train(Unchanged(jnp.zeros(4)), problem, STILL, steps=100, draws=draws, minibatch=None, key=jr.key(3)).loss
    assert len(np.unique(trace)) == 100
    n = 100 * draws * 10 * 4
    assert trace.mean() / (4 * t**2) == pytest.approx(1, abs=4 * np.sqrt(2 / n))
    # And every draw counts: the loss of a step scatters as that of 800 independent numbers does.
    assert trace.std() / (4 * t**2) == pytest.approx(np.sqrt(2 / (draws * 40)), rel=0.3)


def test_numbers_depend_on_the_key_alone():
    """The same key gives the same run, digit by digit; another key another one; the arguments stay usable."""
    problem = Problem(
        jnp.asarray(np.random.default_rng(1).normal(size=(8, 3)), jnp.float32), jnp.array([0.3]), jnp.ones(1)
    )
    start = mixture(problem.x_train[:4], 1e-3, 8)
    adam = optimizer(**fast(steps=6))
    first, again, other = (
        train(start, problem, adam, steps=6, draws=2, minibatch=None, key=jr.key(key)) for key in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.denoiser.mean, again.denoiser.mean)
    np.testing.assert_array_equal(first.loss, again.loss)
    assert not np.any(first.loss == other.loss)
    np.testing.assert_array_equal(start.mean[:4], problem.x_train[:4])


@pytest.mark.parametrize("minibatch", [None, 5, 16, 19])
def test_training_that_is_stopped_ends_with_the_same_bits(minibatch: int | None):
    """Whatever a step draws belongs to the step: nothing of it is lost between two processes."""
    x = jnp.asarray(np.random.default_rng(1).normal(size=(8, 3)), jnp.float32)
    start, problem = mixture(x[:4], 1e-3, 8), Problem(x, jnp.array([0.8, 0.3]), jnp.ones(2), True)
    given = {"steps": 30, "draws": 1, "minibatch": minibatch, "keys": [jr.key(1)]}
    states: list[State] = []

    def keep(state: State) -> None:
        states.append(state._replace(arrays=[np.array(array) for array in state.arrays]))

    (whole,) = train_together([start], problem, optimizer(**fast(steps=30)), **given, progress=keep)
    stopped = next(state for state in states if state.step == 17)
    (resumed,) = train_together([start], problem, optimizer(**fast(steps=30)), **given, resume=stopped)
    np.testing.assert_array_equal(resumed.denoiser.mean, whole.denoiser.mean)
    np.testing.assert_array_equal(resumed.loss, whole.loss)


def test_one_gaussian_is_learned_exactly():
    """With one component the best denoiser is known: the samples' mean, and their mean square about it as variance."""
    x = 1 + 1.5 * np.random.default_rng(2).normal(size=(25, 2))
    times = jnp.linspace(0.999, 0.001, 26)
    problem = Problem(jnp.asarray(x, jnp.float32), times, loss_weight("eps", times))
    steps = 2000
    protocol = fast(steps=steps, peak_lr=2e-2, final_lr=1e-5, clip_norm=100.0, update_ema=0.99)
    start = mixture(x[:1].astype(np.float32), 0.5, 8)
    result = train(start, problem, optimizer(**protocol), steps=steps, draws=4, minibatch=None, key=jr.key(0))
    # Noise of the last steps: a few percent of the deviation.
    np.testing.assert_allclose(result.denoiser.mean[0], x.mean(axis=0), atol=0.1)
    assert float(result.denoiser.variance) == pytest.approx(np.mean((x - x.mean(axis=0)) ** 2), rel=0.06)
    # Padding is still padding.
    assert result.denoiser.exists.tolist() == [True] + 7 * [False]
    assert not np.any(result.denoiser.mean[1:])
    assert result.loss[-1] < result.loss[0]


class Anchored(Toy):
    """The same estimate whatever the point: the sum of a parameter and of what training leaves alone."""

    estimate: Array
    anchor: Array
    frozen = ("anchor",)

    def __call__(self, x, t):
        return jnp.broadcast_to(self.estimate + self.anchor, x.shape)


@pytest.mark.parametrize("clip_norm", [1.0, 1e6])
def test_what_is_frozen_is_no_parameter(clip_norm: float):
    """It stays as it is to the last bit, and the norm by which gradients are clipped does not count it."""
    problem, how = Problem(jnp.ones((4, 2)), jnp.array([0.5]), jnp.ones(1)), {"draws": 1, "minibatch": None}
    descent = optax.chain(optax.clip_by_global_norm(clip_norm), optax.sgd(0.1))
    anchor = jnp.array([3.0, -1.5])
    frozen = train(Anchored(jnp.zeros(2), anchor), problem, descent, steps=9, key=jr.key(0), **how)
    alone = train(Guess(anchor), problem, descent, steps=9, key=jr.key(0), **how)
    np.testing.assert_array_equal(frozen.denoiser.anchor, anchor)
    np.testing.assert_allclose(frozen.denoiser.estimate + anchor, alone.denoiser.estimate, rtol=1e-5)
    assert np.abs(frozen.denoiser.estimate).min() > 0.1


# ------------------------------------------------------------------------------------------- divergence and the trace


def poisoned(at: int) -> optax.GradientTransformation:
    """An optimizer whose update at one step is not a number, so that the loss of the next step is none."""

    def update(gradient, step, parameters=None):
        bad = jnp.where(step == at, jnp.nan, 0.0)
        return jax.tree.map(lambda value: jnp.zeros_like(value) + bad, gradient), step + 1

    return optax.GradientTransformation(lambda parameters: jnp.zeros((), jnp.int32), update)


def constant_problem() -> Problem:
    return Problem(jnp.ones((4, 2)), jnp.array([0.5]), jnp.ones(1))


@pytest.mark.parametrize(("at", "steps"), [(0, 10), (3, 10), (2, 250), (130, 250)])
def test_divergence_names_the_first_bad_step(at, steps):
    """A run whose loss stops being finite raises Diverged with that step, counted from 0, whatever the blocks are."""
    with pytest.raises(Diverged, match=rf"step {at + 1}$") as caught:
        train(
            Guess(jnp.zeros(2)), constant_problem(), poisoned(at), steps=steps, draws=1, minibatch=None, key=jr.key(0)
        )
    assert caught.value.step == at + 1


def test_a_loss_that_is_infinite_at_the_start():
    """The very first loss is checked too."""
    problem = constant_problem()._replace(weight=jnp.array([jnp.inf]))
    with pytest.raises(Diverged, match=r"step 0$"):
        train(Guess(jnp.zeros(2)), problem, STILL, steps=5, draws=1, minibatch=None, key=jr.key(0))


def test_divergence_in_the_last_step_is_not_returned():
    """The update after the last loss can diverge as well; parameters that are not finite are never returned."""
    with pytest.raises(Diverged):
        train(Guess(jnp.zeros(2)), constant_problem(), poisoned(9), steps=10, draws=1, minibatch=None, key=jr.key(0))


@pytest.mark.parametrize("steps", [1, 7, 99, 100, 101, 150, 199, 250, 5000, 50_000])
def test_log_steps(steps):
    """At most 100 blocks, which end at the last step and whose lengths differ by one step at most."""
    ends = log_steps(steps)
    lengths = np.diff(ends, prepend=0)
    assert len(ends) == min(steps, 100)
    assert ends[-1] == steps
    assert lengths.min() >= 1
    assert lengths.max() - lengths.min() <= 1


def test_trace_averages_blocks_and_progress_counts_steps():
    """The trace holds the mean loss of each block of steps; progress hears of every block, and of the end."""
    x, steps = np.array([[1.0, 0.0]]), 150
    done: list[int] = []
    losses: list[int] = []

    def heard(state: State) -> None:
        done.append(state.step)
        losses.append(len(state.loss))

    problem = Problem(jnp.asarray(x, jnp.float32), jnp.array([0.4]), jnp.ones(1))
    result = train(
        Guess(jnp.zeros(2)),
        problem,
        optax.sgd(0.01),
        steps=steps,
        draws=1,
        minibatch=None,
        key=jr.key(0),
        progress=heard,
    )
    assert done == log_steps(steps).tolist()
    assert losses == list(range(1, len(done) + 1))
    # Gradient descent on |b - x|^2 shrinks the error by 1 - 2 rate at each step.
    loss = 0.98 ** (2 * np.arange(steps))
    expected = [block.mean() for block in np.split(loss, done[:-1])]
    np.testing.assert_allclose(result.loss, expected, rtol=1e-5)


# -------------------------------------------------------------------------------------------------------- still falling


@pytest.mark.parametrize(
    ("trace", "falling"),
    [
        (np.full(100, 5.0), False),
        (np.linspace(10, 5, 100), True),
        (np.linspace(5, 10, 100), False),
        (np.exp(-np.arange(100) / 30), True),
        (5 + 5 * np.exp(-np.arange(100) / 5), False),
        (np.linspace(100, 99, 100), False),
        (np.array([5.0]), False),
    ],
    ids=["flat", "linear fall", "rise", "exponential fall", "settled fall", "fall below 1 %", "one block"],
)
def test_still_falling_without_noise(trace, falling):
    """Only a fall of more than 1 % from one tenth of the trace to the next counts."""
    assert still_falling(trace) is falling


def test_short_traces_tell_nothing():
    """A hundred blocks of ten steps each are the least by which one can tell."""
    assert [can_tell(steps) for steps in (1, 20, 999, 1000, 4000)] == [False, False, False, True, True]


def test_still_falling_with_noise():
    """Noise alone is rarely taken for a fall, and a fall well above the noise is rarely missed."""
    rng = np.random.default_rng(0)
    noise = 0.05 * rng.normal(size=(1000, 100))
    assert np.mean([still_falling(1 + row) for row in noise]) < 0.02
    # From 2.5 to 1: a drop of 0.15 between the last two tenths, whose means are known to 0.016 each.
    assert np.mean([still_falling(np.linspace(2.5, 1, 100) + row) for row in noise]) > 0.98
