"""Families and denoisers of the user's own, in files outside of the package, have the standing of all others."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
import xarray as xr

from edgemem import pieces
from edgemem.cli import main
from edgemem.engine.models import read_models
from edgemem.files.lineage import sha256

from .conftest import EVALUATION, PROTOCOL, SETTING, SIZES, TIMES, command


# A network: its arrays lie in modules within the denoiser.
NETWORK = '''
"""A network with one hidden layer of M units, beside the best multiple of the noised point."""
import equinox as eqx
import jax
import jax.numpy as jnp

from edgemem.denoisers.abstract import AbstractDenoiser


class Network(AbstractDenoiser):
    """x + W2 tanh(W1 (x, t))."""

    scale: jax.Array
    layers: list[eqx.nn.Linear]

    starts = {"training_samples": (), "small": ()}
    options = {"gain": 1.0}

    @classmethod
    def start(cls, name, samples, size, *, key, gain):
        """Return random weights."""
        dim, (first, second) = samples.x_train.shape[1], jax.random.split(key)
        layers = [eqx.nn.Linear(dim + 1, size, key=first), eqx.nn.Linear(size, dim, key=second)]
        return cls(jnp.asarray(gain, jnp.float32), layers)

    def __call__(self, x, t):
        """Return the denoised points."""
        hidden = jnp.tanh(jax.vmap(self.layers[0])(jnp.concatenate([x, t[:, None]], axis=1)))
        return self.scale * x + jax.vmap(self.layers[1])(hidden)

    @staticmethod
    def n_parameters(size, dim, **options):
        """Return (d + 2) M + (M + 1) d + 1."""
        return (dim + 2) * size + (size + 1) * dim + 1
'''
# A family whose own denoiser is known.
NORMAL = '''
"""One Gaussian in d dimensions."""
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from edgemem.config.settings import AbstractSetting
from edgemem.families.abstract import AbstractData


class NormalSetting(AbstractSetting):
    """N samples of N(0, s^2 I)."""

    provides: ClassVar = ("true_denoiser",)
    family: Literal["normal"]
    N: int
    d: int
    s: float = 2.0

    name = property(lambda self: f"normal_N{self.N}_d{self.d}")
    title = property(lambda self: f"Gaussian, N = {self.N}, d = {self.d}")
    dim = property(lambda self: self.d)


class NormalData(AbstractData):
    """x = s z."""

    def draw_truth(self, setting, sources, *, rng):
        """Return s and d."""
        return xr.Dataset({"s": setting.s, "d": setting.d})

    def shape(self, truth):
        """Return `feature`."""
        return {"feature": int(truth.d)}

    def draw_samples(self, truth, count, *, rng):
        """Return points."""
        return float(truth.s) * rng.standard_normal((count, int(truth.d))), np.zeros(count, int)


def true_denoiser(samples):
    """Return alpha s^2 / (alpha^2 s^2 + sigma^2) x."""
    import jax.numpy as jnp

    variance = float(samples.s) ** 2
    return lambda x, t: x * (jnp.sqrt(1 - t**2) * variance / ((1 - t**2) * variance + t**2))[:, None]
'''
RING = Path(__file__).parents[1] / "workflow/extensions/ring.py"
RING_SETTING = {"family": "ring", "N": 10, "d": 3, "noise": 0.2}
NORMAL_SETTING = {"family": "normal", "N": 10, "d": 3}
WIDTHS, STEPS = [2, 7], [1, 20]


class Chain(NamedTuple):
    """The files of one model on one setting."""

    samples: Path
    models: Path
    evaluation: Path

    def read(self, kind: str) -> xr.Dataset:
        return xr.load_dataset(getattr(self, kind))


def specs(setting: dict[str, Any], model: str, denoiser: str, sizes: list[int]) -> tuple[dict[str, Any], ...]:
    """Return what sample, train and evaluate read."""
    data = {"setting": setting, "seed": 1}
    case = data | {"model": model, "denoiser": denoiser}
    train = case | {"sizes": sizes, "snapshots": STEPS, "protocol": PROTOCOL, "time_grid": TIMES}
    return data, train, case | {"sampling": TIMES, "evaluation": EVALUATION}


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of one's own by name, in a folder of one's own."""
    folder = tmp_path_factory.mktemp("own")
    for name, text in (("network", NETWORK), ("normal", NORMAL)):
        (folder / f"{name}.py").write_text(text.lstrip())
    shutil.copy(RING, folder)
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="session")
def chain_of(own: dict[str, Path], tmp_path_factory: pytest.TempPathFactory):
    """A function that runs the stages of a model on a setting, each with the extensions that it uses."""

    def chain_of(setting: dict[str, Any], denoiser: str, sizes: list[int]) -> Chain:
        folder = tmp_path_factory.mktemp("chain")
        made = Chain(*(folder / f"{name}.nc" for name in Chain._fields))
        family, both = (
            [own[name] for name in names if name in own]
            for names in ([setting["family"]], [setting["family"], denoiser])
        )
        sample, train, evaluate = specs(setting, "mine", denoiser, sizes)
        geometry = folder / "geometry.nc"
        of_components = ["--geometry", geometry] if denoiser == "isotropic_mixture" else []
        measured = {"sampling": TIMES, "draws": EVALUATION["draws"], "threshold": "1/3"}
        for line in (
            command("sample", made.samples, spec=sample, extensions=family),
            command("train", made.samples, made.models, spec=train, extensions=both),
            command("geometry", made.samples, geometry, spec=sample | measured, extensions=family),
            command("evaluate", *made, *of_components, spec=evaluate, extensions=both),
        ):
            assert main(line) == 0
        return made

    return chain_of


@pytest.fixture(scope="session")
def network(chain_of) -> Chain:
    """The network on mixtures, a family of the package."""
    return chain_of(SETTING, "network", WIDTHS)


@pytest.fixture(scope="session")
def ring(chain_of) -> Chain:
    """The paper's model on points around a circle."""
    return chain_of(RING_SETTING, "isotropic_mixture", [2, 10])


@pytest.fixture(scope="session")
def normal(chain_of) -> Chain:
    """The network on one Gaussian: both of one's own."""
    return chain_of(NORMAL_SETTING, "network", WIDTHS)


def test_they_are_small():
    """What a piece has to say is little."""
    assert len(NETWORK.strip().splitlines()) <= 40
    assert len(NORMAL.strip().splitlines()) <= 60


def test_arrays_are_stored_by_the_names_of_their_leaves(network: Chain):
    """One variable an array, over sizes and steps, NaN beyond a size's own shape."""
    models = network.read("models")
    d, widest = SETTING["d"], max(WIDTHS)
    shapes = {
        "scale": (),
        "layers_0_weight": (widest, d + 1),
        "layers_0_bias": (widest,),
        "layers_1_weight": (d, widest),
        "layers_1_bias": (d,),
    }
    assert {name: models[name].shape[2:] for name in shapes} == shapes
    assert {models[name].dims[:2] for name in shapes} == {("model_size", "step")}
    assert {models[name].dtype for name in shapes} == {np.dtype(np.float32)}
    narrow = models.layers_1_weight.sel(model_size=WIDTHS[0]).values
    assert np.isfinite(narrow[..., : WIDTHS[0]]).all()
    assert np.isnan(narrow[..., WIDTHS[0] :]).all()
    assert models.parameters.values.tolist() == [(d + 2) * size + (size + 1) * d + 1 for size in WIDTHS]
    finite = {
        size: sum(int(np.isfinite(models[name].sel(model_size=size, step=1)).sum()) for name in shapes)
        for size in WIDTHS
    }
    assert list(finite.values()) == models.parameters.values.tolist()


def test_what_was_stored_is_the_denoiser_again(network: Chain, own: dict[str, Path]):
    """Read from the file it gives the loss of the evaluation at the noise end, where all that counts is its output."""
    pieces.register([own["network"]])
    models, samples, evaluation = (network.read(kind) for kind in Chain._fields[1::-1] + Chain._fields[2:])
    with jax.enable_x64(True):
        trained = read_models("network", {}, models, samples)
        for size in WIDTHS:
            for step, denoiser in zip(STEPS, trained.of_size(size), strict=True):
                stored = models.sel(model_size=size, step=step)
                np.testing.assert_array_equal(denoiser.layers[0].weight, stored.layers_0_weight[:size])
                x, t = np.ones((1, SETTING["d"])), np.array([0.5])
                hidden = np.tanh(
                    stored.layers_0_weight.values[:size] @ [1, 1, 0.5] + stored.layers_0_bias.values[:size]
                )
                expected = stored.scale.item() + stored.layers_1_weight.values[:, :size] @ hidden + stored.layers_1_bias
                np.testing.assert_allclose(denoiser(x, t)[0], expected, rtol=1e-5)
    assert not np.allclose(evaluation.loss.sel(step=STEPS[0]), evaluation.loss.sel(step=STEPS[-1]))


def test_training_moves_every_array(network: Chain):
    models = network.read("models").sel(model_size=WIDTHS[-1])
    for name in ("scale", "layers_0_weight", "layers_0_bias", "layers_1_weight", "layers_1_bias"):
        first, last = models[name].values
        assert (first != last).any(), name


def test_model_without_components(network: Chain):
    """Its sizes are compared by parameters / (N d), and what only components have is left out."""
    evaluation, N, d = network.read("evaluation"), SETTING["N"], SETTING["d"]
    assert evaluation.parameters.values.tolist() == network.read("models").parameters.values.tolist()
    np.testing.assert_allclose(evaluation.fraction, evaluation.parameters / (N * d), rtol=1e-12)
    assert evaluation.fraction.long_name == "parameters / (N d)"
    left_out = {
        *("learned_variance", "distance_to_nearest_sample", "distance_to_nearest_mean"),
        "distance_to_nearest_true_mean",
    }
    assert left_out & set(evaluation.variables) == set()
    # All else is measured in the same way.
    assert evaluation.loss.dims == ("split", "model_size", "step", "time")
    assert evaluation.step.values.tolist() == STEPS
    assert np.isfinite(evaluation.loss).all()
    assert evaluation.memorized_count.shape == evaluation.copied.shape[1:] == (len(WIDTHS), len(STEPS))


def test_references_do_not_depend_on_the_model(network: Chain, made):
    """The network is compared with the same losses, on the same noise, as mixtures of the same setting and seed."""
    mixture, evaluation = made.read("evaluations"), network.read("evaluation")
    for name in ("reference_loss", "partially_memorizing_loss", "null_memorization_ratio", "null_wasserstein2"):
        xr.testing.assert_equal(evaluation[name], mixture[name])


def test_family_without_a_true_denoiser(ring: Chain):
    """There is no generalizing denoiser to compare with; nothing that the family does not provide is made up."""
    evaluation = ring.read("evaluation")
    assert evaluation.reference.values.tolist() == ["memorizing", "linear"]
    assert np.isfinite(evaluation.reference_loss).all()
    lacking = {"true_mean", "true_variance", "distance_to_nearest_true_mean"}
    assert lacking & set(evaluation.variables) == set()
    # The model has components all the same.
    assert np.isfinite(evaluation.learned_variance).all()
    assert np.isfinite(evaluation.distance_to_nearest_sample).all()
    assert evaluation.fraction.values.tolist() == [0.2, 1.0]
    assert {"radius", "noise"} < set(ring.read("samples").variables)


def test_true_denoiser_of_ones_own_family(normal: Chain):
    """Its loss is that of the formula, d s^2 t^2 / ((1 - t^2) s^2 + t^2) for the given samples' mean square."""
    evaluation, samples = normal.read("evaluation"), normal.read("samples")
    assert evaluation.reference.values.tolist() == ["generalizing", "memorizing", "linear"]
    loss = evaluation.sel(split="train", reference="generalizing")
    t, square = evaluation.time.values, float((samples.x_train**2).sum("feature").mean())
    a2, s2 = 1 - t**2, 4.0
    gain = np.sqrt(a2) * s2 / (a2 * s2 + t**2)
    expected = (np.sqrt(a2) * gain - 1) ** 2 * square + gain**2 * t**2 * 3
    assert (np.abs(loss.reference_loss - expected) <= 4 * loss.reference_loss_stderr + 1e-9).all()


def test_files_say_their_names(normal: Chain):
    """Attributes hold the names of the setting and the model, whatever they are."""
    for kind in Chain._fields:
        attributes = normal.read(kind).attrs
        assert (attributes["setting"], attributes["seed"]) == ("normal_N10_d3", 1)
        assert attributes.get("model") == (None if kind == "samples" else "mine")


def test_lineage_names_extensions_with_their_content(normal: Chain, network: Chain, own: dict[str, Path]):
    """Each file was made from the pieces that its stage used, beside the files that it read."""
    for chain, family, both in (
        (normal, ["normal"], ["normal", "network"]),
        (network, [], ["network"]),
    ):
        read = {"samples": [], "models": [chain.samples], "evaluation": [chain.samples, chain.models]}
        for kind, files in read.items():
            used = [own[name] for name in (family if kind == "samples" else both)]
            expected = {str(path): sha256(path) for path in (*files, *used)}
            assert json.loads(chain.read(kind).attrs["inputs"]) == expected


@pytest.mark.parametrize("stage", ["sample", "train", "evaluate"])
def test_family_that_is_not_given(normal: Chain, refused, tmp_path: Path, own, stage: str):
    """One message names what there is."""
    sample, train, evaluate = specs(NORMAL_SETTING, "mine", "network", WIDTHS)
    words, spec = {
        "sample": ([tmp_path / "out.nc"], sample),
        "train": ([normal.samples, tmp_path / "out.nc"], train),
        "evaluate": ([normal.samples, normal.models, tmp_path / "out.nc"], evaluate),
    }[stage]
    message = refused(stage, *words, spec=spec, extensions=[own["network"]])
    assert "setting.family: there is no family 'normal'" in message
    assert "(allowed: gaussian, image)" in message


@pytest.mark.parametrize("stage", ["train", "evaluate", "sensitivity"])
def test_denoiser_that_is_not_given(normal: Chain, refused, tmp_path: Path, own, stage: str):
    _, train, evaluate = specs(NORMAL_SETTING, "mine", "network", WIDTHS)
    case = {name: evaluate[name] for name in ("setting", "seed", "model", "denoiser")}
    other = case | {"generated": 60, "sampling": [TIMES], "thresholds": [0.5], "points": [60]}
    words, spec = {
        "train": ([normal.samples, tmp_path / "out.nc"], train),
        "evaluate": ([normal.samples, normal.models, tmp_path / "out.nc"], evaluate),
        "sensitivity": ([normal.samples, normal.models, tmp_path / "out.nc"], other),
    }[stage]
    message = refused(stage, *words, spec=spec, extensions=[own["normal"]])
    assert message == (
        f"edgemem {stage}: there is no denoiser 'network' (allowed: {', '.join(pieces.names('denoiser'))}); "
        "the file of one of your own is given with --extensions"
    )


def test_extension_that_is_not_there(refused, tmp_path: Path):
    sample, *_ = specs(NORMAL_SETTING, "mine", "network", WIDTHS)
    missing = tmp_path / "normal.py"
    message = refused("sample", tmp_path / "out.nc", spec=sample, extensions=[missing])
    assert f"the extension {missing} does not exist" in message


def test_extension_that_fails(refused, tmp_path: Path):
    """What it says when it is imported is part of the message."""
    sample, *_ = specs(NORMAL_SETTING, "mine", "network", WIDTHS)
    broken = tmp_path / "normal.py"
    broken.write_text(NORMAL.lstrip() + "\nimport no_such_module\n")
    message = refused("sample", tmp_path / "out.nc", spec=sample, extensions=[broken])
    assert (
        f"the extension {broken} cannot be imported: ModuleNotFoundError: No module named 'no_such_module'" in message
    )


def test_extensions_of_one_command_are_not_those_of_the_next(own, refused, tmp_path: Path):
    sample, *_ = specs(RING_SETTING, "mine", "network", SIZES)
    assert main(command("sample", tmp_path / "first.nc", spec=sample, extensions=[own["ring"]])) == 0
    assert "there is no family 'ring'" in refused("sample", tmp_path / "second.nc", spec=sample)
