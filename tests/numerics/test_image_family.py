"""Coloured templates: their data distribution, start of training, storage, and what is learned of them."""

import gzip
import json
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import xarray as xr
from PIL import Image
from sklearn.datasets import load_digits

from edgemem import pieces
from edgemem.config.datasets import Datasets
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.denoisers.coloured_templates import ColouredTemplates
from edgemem.denoisers.padding import padded_size
from edgemem.denoisers.storage import from_dataset, stored, to_dataset
from edgemem.engine.data import draw
from edgemem.engine.evaluation import evaluate
from edgemem.engine.trainer import Trainer
from edgemem.errors import EdgememError
from edgemem.families.image.setting import ImageSetting
from edgemem.families.image.templates import make_templates, read_images
from edgemem.families.rows import rows
from edgemem.numerics.references import memorizing

from . import oracle


SETTING = {"family": "image", "templates": "digits", "N": 12, "K": 2, "size": 4}
CASE = {"setting": SETTING, "seed": 1, "model": "templates", "denoiser": "coloured_templates"}


def start(name: str, data: xr.Dataset, size: int, *, seed: int = 0) -> ColouredTemplates:
    """A start of training, as large as it is padded to."""
    return ColouredTemplates.start(name, data, size, key=jr.key(seed)).padded(padded_size(size))


def samples(seed: int = 1, sources: list[Path] | None = None, **changes) -> xr.Dataset:
    return draw(SampleSpec.parse(json.dumps({"setting": {**SETTING, **changes}, "seed": seed})), sources or [])


# ------------------------------------------------------------------------------------------------------- the templates


def test_digits_are_those_of_scikit_learn_scaled_to_one():
    """At their own size nothing is interpolated: K different images, scaled over the set, whose places are known."""
    data = samples(K=4, size=8)
    images = load_digits().images[data.image.values]
    assert len(set(data.image.values.tolist())) == 4
    np.testing.assert_allclose(data.template, images / images.max(), atol=1e-6)
    assert not np.array_equal(data.image, samples(seed=2, K=4, size=8).image)


@pytest.mark.parametrize("size", [3, 8, 15, 40])
def test_templates_are_resized_and_scaled_over_the_set(size: int):
    """Values lie in [0, 1] and reach both ends in the set, not in each template; black stays black."""
    first, second = np.zeros((28, 28)), np.full((20, 30), 40.0)
    first[10:20, 10:20] = 200.0
    templates = make_templates([first, second], size)
    assert templates.shape == (2, size, size)
    assert templates.min() == 0 and templates.max() == 1
    # Outside the set's range nothing is, so the second is a grey of its own, and the first reaches white.
    assert np.ptp(templates[1]) == 0 and 0 < templates[1][0, 0] < templates[0].max() == 1
    assert (templates[0] == 0).any()
    if size >= 15:
        np.testing.assert_allclose(templates[1], 40 / 200, rtol=1e-6)  # some pixels are white still


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([np.eye(5), np.zeros((5, 5))], "template 1 is zero everywhere"),
        ([np.eye(5), 1 - np.eye(5), np.eye(5)], "templates 0 and 2 are equal"),
        ([np.full((5, 5), 3.0), np.full((5, 5), 3.0)], "one and the same grey"),
    ],
)
def test_templates_that_are_none_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        make_templates(images, 5)


# -------------------------------------------------------------------------------------------------------- their sources


def idx(images: np.ndarray) -> bytes:
    """The format of MNIST's files: two zeros, type, number of dimensions, lengths, bytes."""
    return b"\0\0\x08\x03" + np.array(images.shape, ">i4").tobytes() + images.astype(np.uint8).tobytes()


IMAGES = np.random.default_rng(0).integers(0, 256, size=(5, 6, 7))


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"])
def test_fashion_mnist_is_read_from_its_file(tmp_path: Path, name: str):
    content = idx(IMAGES)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    setting = ImageSetting(family="image", templates="fashion-mnist", N=12, K=2)
    (source,) = setting.sources(Datasets(fashion_mnist=str(tmp_path)))
    np.testing.assert_array_equal(read_images(setting.templates, [source]), IMAGES)
    data = samples(templates="fashion-mnist", sources=[source])
    assert data.sizes["row"] == data.sizes["column"] == 4


def test_missing_fashion_mnist_says_how_to_get_it(tmp_path: Path):
    setting = ImageSetting(family="image", templates="fashion-mnist", N=12, K=2)
    with pytest.raises(EdgememError, match=r"apt-get install dataset-fashion-mnist.*datasets\.fashion_mnist") as caught:
        setting.sources(Datasets(fashion_mnist=str(tmp_path)))
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", idx(IMAGES)[:-1], b"\0\0\x08\x01" + b"\0" * 20], ids=["empty", "cut", "labels"]
)
def test_broken_idx_is_refused_by_name(tmp_path: Path, content: bytes):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(EdgememError, match=f"{path} is not an IDX file of images, or is truncated"):
        read_images("fashion-mnist", [path])
    broken = path.with_suffix(".gz")
    broken.write_bytes(gzip.compress(idx(IMAGES))[:-20])
    with pytest.raises(EdgememError, match=f"{broken} cannot be read"):
        read_images("fashion-mnist", [broken])


@pytest.mark.parametrize("name", ["mine.npy", "mine.npz"])
def test_images_of_an_array(tmp_path: Path, name: str):
    path = tmp_path / name
    np.save(path, IMAGES) if name.endswith("npy") else np.savez(path, anything=IMAGES)
    setting = ImageSetting(family="image", templates=str(path), N=12, K=5)
    assert setting.sources(Datasets()) == [path]
    np.testing.assert_array_equal(read_images(str(path), [path]), IMAGES)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("flat.npy", IMAGES[0], r"image, row and column \(got shape \(6, 7\)\)"),
        ("nan.npy", IMAGES * np.nan, "finite numbers"),
        ("text.npy", np.array([[["a"]]]), "cannot be read as an array of numbers"),
    ],
)
def test_array_that_holds_no_images_is_refused(tmp_path: Path, name: str, array: np.ndarray, message: str):
    np.save(tmp_path / name, array)
    with pytest.raises(EdgememError, match=message):
        read_images(name, [tmp_path / name])


def test_archive_with_two_arrays_is_refused(tmp_path: Path):
    np.savez(tmp_path / "two.npz", one=IMAGES, two=IMAGES)
    with pytest.raises(EdgememError, match=r"must hold one array.*got shape \(5, 6, 7\), \(5, 6, 7\)"):
        read_images("two.npz", [tmp_path / "two.npz"])


def test_damaged_archive_is_refused_by_name(tmp_path: Path):
    path = tmp_path / "mine.npz"
    np.savez(path, IMAGES)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(EdgememError, match=r"mine\.npz cannot be read as an array of numbers"):
        read_images("mine.npz", [path])


def test_images_of_a_folder(tmp_path: Path):
    """Images of any size and colour become grey, in the order of their names; other files are left alone."""
    Image.fromarray(IMAGES[0].astype(np.uint8)).save(tmp_path / "b.png")
    Image.new("RGB", (3, 2), (255, 0, 0)).save(tmp_path / "a.bmp")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "._hidden.png").write_text("what some systems leave behind")
    setting = ImageSetting(family="image", templates=str(tmp_path), N=12, K=2)
    sources = setting.sources(Datasets())
    assert [path.name for path in sources] == ["a.bmp", "b.png"]
    red, second = read_images(str(tmp_path), sources)
    assert red.shape == (2, 3) and np.ptp(red) == 0 and 0 < red[0, 0] < 1
    np.testing.assert_allclose(second, IMAGES[0] / 255)
    (tmp_path / "b.png").write_bytes(b"no image")
    images = read_images(str(tmp_path), sources)
    assert len(images) == 2 and images[0].shape == (2, 3)  # only what is drawn is read
    with pytest.raises(EdgememError, match=r"b\.png cannot be read as an image"):
        images[1]


def test_files_of_8_and_16_bits_have_the_same_white(tmp_path: Path):
    Image.fromarray(np.full((4, 4), 255, np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.full((4, 4), 65535, np.uint16)).save(tmp_path / "b.png")
    Image.fromarray(np.full((4, 4), 65535, ">u2")).save(tmp_path / "c.tif")
    for image in read_images(str(tmp_path), sorted(tmp_path.iterdir())):
        np.testing.assert_array_equal(image, np.ones((4, 4)))


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ("fashion-mnst", r"neither a folder nor an array.*did you mean 'fashion-mnist'\?"),
        ("missing.npy", "missing.npy does not exist"),
        ("empty", "has no image"),
    ],
)
def test_templates_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, templates: str, message: str):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    with pytest.raises(EdgememError, match=message):
        ImageSetting(family="image", templates=templates, N=12, K=2).sources(Datasets())


def test_more_templates_than_images_are_refused(tmp_path: Path):
    np.save(tmp_path / "five.npy", IMAGES)
    with pytest.raises(EdgememError, match="are 5 images, but K is 6"):
        samples(K=6, templates="five.npy", sources=[tmp_path / "five.npy"])
    np.save(tmp_path / "same.npy", IMAGES[[0, 0]])
    with pytest.raises(EdgememError, match=r"cannot be templates: templates 0 and 1 are equal; take another seed"):
        samples(templates="same.npy", sources=[tmp_path / "same.npy"])
    with pytest.raises(EdgememError, match="name them with --sources"):
        samples(templates="five.npy")


# ------------------------------------------------------------------------------------------------ the data distribution


@pytest.mark.parametrize("variance", [1.0, 0.25])
def test_data_distribution(variance: float):
    """Each sample is one template times a colour with covariance sigma*^2 I; templates are equally likely."""
    data = samples(N=6000, K=3, size=5, variance=variance)
    assert data.x_train.dims == ("sample", "channel", "row", "column")
    template = rows(data.template)[data.component_train.values]
    x = rows(data.x_train).reshape(6000, 3, 25)
    colour = np.einsum("ncp,np->nc", x, template) / np.sum(template**2, axis=1, keepdims=True)
    np.testing.assert_allclose(x, colour[:, :, None] * template[:, None], atol=1e-12)
    np.testing.assert_allclose(colour.T @ colour / 6000, variance * np.eye(3), atol=5 * variance * np.sqrt(2 / 6000))
    np.testing.assert_allclose(colour.mean(axis=0), 0, atol=5 * np.sqrt(variance / 6000))
    np.testing.assert_allclose(np.bincount(data.component_train) / 6000, 1 / 3, atol=5 * 0.0061)


def test_samples_belong_to_their_name():
    data = samples()
    xr.testing.assert_identical(data, samples())
    fresh, component = pieces.data("image").draw_samples(data, 50, rng=np.random.default_rng(0))
    assert fresh.shape == (50, 3 * 16)
    template = rows(data.template)[component]
    channel = fresh.reshape(50, 3, 16)
    # Every channel is a multiple of the template.
    scalar = np.einsum("ncp,np->nc", channel, template) / np.sum(template**2, axis=1, keepdims=True)
    np.testing.assert_allclose(channel, scalar[:, :, None] * template[:, None], atol=1e-12)


# ------------------------------------------------------------------------------------------------------- the denoisers


def test_reference_denoisers(float64):
    """Generalizing is the true distribution, by explicit covariances; memorizing all samples without variance."""
    data = samples(variance=0.5)
    rng = np.random.default_rng(0)
    for t in (0.001, 0.36, 0.9):
        x = oracle.alpha(t) * rows(data.x_train)[:5] + t * rng.normal(size=(5, 48))
        time = jnp.full(5, t)
        expected = np.array([explicit(rows(data.template), 0.5, point, t) for point in x])
        result = eqx.filter_jit(pieces.true_denoiser("image")(data))(jnp.asarray(x), time)
        np.testing.assert_allclose(result, expected, atol=1e-7)
        result = eqx.filter_jit(memorizing(rows(data.x_train)))(jnp.asarray(x), time)
        np.testing.assert_allclose(result, oracle.denoise(rows(data.x_train), 0.0, x, np.full(5, t)), atol=1e-7)


def explicit(template: np.ndarray, variance: float, x: np.ndarray, t: float) -> np.ndarray:
    """E[x_0 | x] under templates with colours N(0, v I), by inverses and determinants."""
    logs, means = [], []
    for image in template:
        prior = variance * np.kron(np.eye(3), np.outer(image, image))
        covariance = oracle.alpha(t) ** 2 * prior + t**2 * np.eye(len(x))
        solved = np.linalg.solve(covariance, x)
        logs.append(-0.5 * (np.linalg.slogdet(covariance)[1] + x @ solved))
        means.append(oracle.alpha(t) * prior @ solved)
    weight = np.exp(np.array(logs) - max(logs))
    return weight @ np.array(means) / weight.sum()


@pytest.mark.parametrize("size", [1, 5, 12, 15])
def test_start_of_training(size: int):
    """Components start at template and colour of the first M samples, in turn beyond N, with variance 1e-6."""
    data = samples()
    begun = start("training_samples", data, size)
    assert begun.template.dtype == begun.colour_mean.dtype == np.float32
    own = np.resize(np.arange(12), size)
    np.testing.assert_array_equal(
        begun.template[:size], rows(data.template)[data.component_train.values[own]].astype(np.float32)
    )
    mean = np.einsum("mc,mp->mcp", begun.colour_mean[:size], begun.template[:size]).reshape(size, -1)
    np.testing.assert_allclose(mean, rows(data.x_train)[own], atol=1e-6)
    # The published code passes 1e-6 where a standard deviation is meant, and so has 1e-12.
    assert float(begun.variance) == pytest.approx(1e-6)
    assert np.sum(begun.exists) == size


@pytest.mark.parametrize("initialization", ["true_means", "random"])
def test_other_starts(initialization: str):
    """Components are different, and belong to the key alone."""
    data = samples()
    first, again, other = (start(initialization, data, 5, seed=k) for k in (0, 0, 1))
    np.testing.assert_array_equal(first.colour_mean, again.colour_mean)
    assert not np.array_equal(first.colour_mean, other.colour_mean)
    assert len(np.unique(first.colour_mean[:5], axis=0)) == 5
    if initialization == "true_means":
        np.testing.assert_array_equal(first.template[:4], rows(data.template)[[0, 1, 0, 1]].astype(np.float32))
        assert float(first.variance) == pytest.approx(1.0)
    else:
        assert np.mean(first.template[:5] ** 2) == pytest.approx(np.mean(data.x_train.values**2), rel=0.5)


def kept(denoisers: dict[int, ColouredTemplates]) -> xr.Dataset:
    """A models file of these denoisers, without their padding."""
    like = {size: ColouredTemplates.start("random", samples(), size, key=jr.key(0)) for size in denoisers}
    dataset = to_dataset(ColouredTemplates, {size: [stored(d, like[size])] for size, d in denoisers.items()})
    return dataset.assign_coords(model_size=list(denoisers), step=[1])


def test_models_survive_storage(float64):
    """What was trained is what is read back, template by template, NaN beyond a model's size."""
    data = samples()
    denoisers = {size: start("random", data, size, seed=size) for size in (2, 7)}
    models = kept(denoisers)
    assert models.template.dims == ("model_size", "step", "component", "pixel")
    assert models.colour_mean.dims == ("model_size", "step", "component", "channel")
    beyond = np.isnan(models.template.sel(model_size=2, step=1)).all("pixel")
    np.testing.assert_array_equal(beyond, np.arange(7) >= 2)
    for size, denoiser in denoisers.items():
        like = ColouredTemplates.start("random", data, size, key=jr.key(0))
        again = from_dataset(models, size, 1, like).padded(padded_size(size))
        for name in ("template", "colour_mean", "standard_deviation", "exists"):
            np.testing.assert_array_equal(getattr(again, name), getattr(denoiser, name))


def test_padding_keeps_the_model():
    data = samples()
    begun = start("training_samples", data, 5)
    wide = begun.padded(16)
    np.testing.assert_array_equal(wide.template[:8], begun.template)
    assert wide.exists.tolist() == [True] * 5 + [False] * 11


def test_learned_variance_does_not_depend_on_the_scale_of_templates(float64):
    """The true distribution as a model has its own variance, also with larger templates, and with one more often."""
    data = samples(variance=0.5)
    often = [0, 0, 0, 1]
    template, colour_mean = jnp.asarray(rows(data.template)[often]), jnp.asarray(data.colour_mean.values[often])
    exists = jnp.ones(4, bool)
    assert np.ptp(np.sum(rows(data.template) ** 2, axis=1)) > 0.1
    for scale in (1, -3):
        deviation = jnp.asarray(np.sqrt(0.5) / abs(scale))
        model = ColouredTemplates(scale * template, colour_mean, deviation, exists).padded(8)
        learned = model.learned(data, ImageSetting.provides)
        assert learned["learned_variance"] == pytest.approx(0.5, rel=1e-5)
        assert learned["distance_to_nearest_true_mean"] == 0
        # Both means are zero, as colours are around zero.
        norm = np.sqrt(np.sum(rows(data.x_train) ** 2, axis=1))
        assert learned["distance_to_nearest_sample"] == pytest.approx(norm.min())


@pytest.mark.parametrize("name", pieces.names("denoiser"))
def test_protocols_know_the_parameters_that_training_moves(name: str):
    """What a protocol may name is what a denoiser has as arrays of numbers, and they are as many as it declares."""
    data, declared = samples(), pieces.declared(name)
    everything = {"isotropic_mixture": {"weights": "learned"}}.get(name, {})
    for size in (1, 3, 8):
        for options in ({}, everything):
            begun = pieces.denoiser_class(name).start(next(iter(declared.starts)), data, size, key=jr.key(0), **options)
            trained = {key: leaf for key, leaf in vars(begun).items() if eqx.is_inexact_array(leaf)}
            assert set(declared.frozen) <= set(trained)
            trained = {key: leaf for key, leaf in trained.items() if key not in declared.frozen}
            assert set(trained) <= set(declared.parameters)
            # Weights that add to one are one less than there are components.
            count = sum(leaf.size for leaf in trained.values()) - ("log_weight" in trained)
            # In closed form each time is a problem of its own, and parameters are those of one.
            problems = begun.output_weight.shape[0] if "closed_form" in declared.provides else 1
            assert problems * declared.n_parameters(size, 3 * 16, **options) == count
        assert tuple(trained) == declared.parameters


def test_sizes_trained_in_one_program_are_those_trained_one_by_one():
    """On a GPU all sizes share a program; each ends the same but for rounding, with rates of its own parameters."""
    protocol = {"steps": 12, "draws": 2, "peak_lr": 1e-2, "final_lr": 1e-3, "lr_multipliers": {"template": 0.1}}
    grid = {"times": 5, "t_min": 0.01, "t_max": 0.999}
    spec = CASE | {"protocol": protocol, "sizes": [3, 6], "time_grid": grid}
    one, together = (
        Trainer(TrainSpec.parse(json.dumps(spec)), samples(), together=at_once).train_all() for at_once in (False, True)
    )
    np.testing.assert_allclose(together.training_loss, one.training_loss, rtol=1e-3)
    for name in ("template", "colour_mean"):
        np.testing.assert_allclose(together[name], one[name], atol=1e-4)
    begun = start("training_samples", samples(), 6)
    last = one.sel(model_size=6).isel(step=-1)
    moved = {
        "template": np.abs(last.template.values - begun.template[:6]).max(),
        "colour_mean": np.abs(last.colour_mean.values - begun.colour_mean[:6]).max(),
    }
    # Adam's steps are about the rate each; ten times less for templates.
    assert moved["template"] < 12 * 1e-3 < moved["colour_mean"] < 12 * 1.5e-2


def test_protocol_for_another_family_is_refused():
    spec = CASE | {"sizes": [3], "time_grid": {}}
    spec |= {"protocol": {"steps": 1, "draws": 1, "peak_lr": 1, "final_lr": 1, "lr_multipliers": {"mean": 2}}}
    with pytest.raises(EdgememError, match=r"lr_multipliers: there is no parameter 'mean'.*template"):
        TrainSpec.parse(json.dumps(spec))


def test_whole_chain_with_one_component_for_each_sample():
    """At M = N a short training leaves the start where it is: every generated image is a copy."""
    sizes, grid = [12], {"times": 8, "t_min": 0.001, "t_max": 0.999}
    protocol = {"steps": 30, "draws": 1, "peak_lr": 1e-6, "final_lr": 1e-6, "clip_norm": 100}
    data = samples()
    spec = CASE | {"protocol": protocol, "sizes": sizes, "time_grid": grid}
    models = Trainer(TrainSpec.parse(json.dumps(spec)), data, together=False).train_all()
    spec = CASE | {"sampling": grid, "evaluation": {"generated": 60, "draws": 2, "test_samples": 10}}
    measured = evaluate(EvaluateSpec.parse(json.dumps(spec)), data, models)
    assert measured.memorization_ratio.item() > 0.95
    assert measured.generated.dims == ("model_size", "step", "point", "channel", "row", "column")
    # The copies are there to be looked at: the first generated images are training samples.
    distance = (
        np.abs(measured.generated.values[0, 0, :, None] - data.x_train.values[None]).max(axis=(2, 3, 4)).min(axis=1)
    )
    assert np.median(distance) < 0.01
    train = measured.sel(split="train").isel(model_size=0, step=0)
    # Where the times are large, and 30 small steps are nothing.
    np.testing.assert_allclose(train.loss[:5], train.reference_loss.sel(reference="memorizing")[:5], rtol=0.01)
