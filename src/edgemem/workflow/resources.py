"""What a job asks of a cluster: megabytes and minutes, by the size of its problem.

A job that was ended because it took more than it asked for is tried again and then asks for more, twice as much at its
second attempt. docs/slurm.md has what jobs were measured to take, and tests hold the promises against it.
"""

import math
from collections.abc import Sequence

from edgemem import pieces
from edgemem.config.agreement import PARTS, AgreementSpec
from edgemem.config.barrier import BarrierSpec
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.flow import FlowProtocol
from edgemem.config.geometry import AROUND, DRAWN, GeometrySpec
from edgemem.config.models import SizeContour, SizeGrid, listed_sizes, snapshot_steps
from edgemem.config.sample import TEST_POOL
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.settings import AbstractSetting
from edgemem.config.train import TrainSpec
from edgemem.numerics.memorization import THRESHOLDS


# A process with its libraries, compiled programs, and the two Snakemakes that start it on a node.
PROCESS = 1000
# Training may load CUDA, too.
TRAINING_PROCESS = 1500
# Starting, compiling, and waiting for a slow file system.
START = 10
# Multiplications a second of one slow core: in float32 as one product of matrices, in float64, and where every subset
# of the samples is visited.
TRAINING_SPEED, EVALUATION_SPEED, SUBSETS_SPEED = 5e9, 1e9, 1e8
# Bytes of a file's attributes and small variables, and of what is kept of a generated point: two distances, an index.
HEADER, KEPT = 50_000, 12
# Those of a figure in all formats, or of a table: a guess for what is small beside models.
TABLE = 500_000
# What a training step costs however small it is, in multiplications.
STEP = 1_000_000


def _rows(spec: TrainSpec) -> tuple[int, int, int]:
    """Return the number of models, how many components a point meets of the largest, and of all together; a fine size
    may be any.
    """
    sizes, samples = spec.sizes, spec.setting.N
    if isinstance(sizes, SizeGrid):
        largest = _met(spec, samples)
        return sizes.coarse + sizes.fine, largest, largest * (sizes.coarse + 1) // 2 + largest * sizes.fine
    if isinstance(sizes, SizeContour):  # between the ends any size may be chosen, and more often a large one
        low, high = sizes.ends(samples)
        chosen = [low, *[high] * (sizes.count - 1)]
    else:
        chosen = listed_sizes(sizes, samples)
    rows = [_met(spec, size) for size in chosen]
    return len(rows), max(rows), sum(rows)


def _met(spec: TrainSpec, size: int) -> int:
    """Return how many components a point meets of a model, those of its own time where each has others.

    Where a component has more than a mean, or there are none, it is as many components as have their parameters.
    """
    declared, dim = pieces.declared(spec.denoiser), spec.setting.dim
    options = declared.defaults() | spec.options
    parameters = declared.n_parameters(size, dim, **options)
    if "components" not in declared.provides:
        return math.ceil(parameters / dim)
    return max(size, parameters // dim // _mixtures(spec))


def _mixtures(spec: TrainSpec) -> int:
    """Return how many mixtures a model has: one for each time, where its denoiser is told of the times."""
    mixtures: int = (pieces.declared(spec.denoiser).defaults() | spec.options).get("times", 1)
    return mixtures


def _solved(spec: TrainSpec) -> bool:
    """Return whether training has a closed form."""
    return isinstance(spec.protocol, FlowProtocol)


def _steps(spec: TrainSpec) -> int:
    """Return how many times each model is kept."""
    return len(snapshot_steps(spec.snapshots, spec.protocol.steps))


def _megabytes(attempt: int, process: int, numbers: int, bytes_each: int) -> int:
    return attempt * (process + bytes_each * numbers // 10**6)


def minutes(seconds: float, attempt: int) -> int:
    """Return the minutes that a job asks for, of the seconds of its work on one slow core."""
    return attempt * (START + int(seconds / 60))


def sample_memory(setting: AbstractSetting, attempt: int) -> int:
    """Return the megabytes of drawing samples: training and test samples, with copies, in float64."""
    return _megabytes(attempt, PROCESS, 4 * (setting.N + TEST_POOL) * setting.dim, 8)


def sample_seconds(setting: AbstractSetting) -> float:
    """Return the seconds of drawing samples, or of reading the images that they are made of."""
    return 0


def geometry_memory(spec: GeometrySpec, attempt: int) -> int:
    """Return the megabytes of a geometry job: draws around samples, or the noise of a time and its distances."""
    samples, dim = spec.setting.N, spec.setting.dim
    around = 2 * AROUND * samples * dim
    noised = spec.draws * samples * (4 * dim + 4 * samples)
    return _megabytes(attempt, PROCESS, max(around, noised, 4 * DRAWN * (samples + dim)), 8)


def geometry_seconds(spec: GeometrySpec) -> float:
    """Return the seconds of a geometry job: distances of noised samples, and points from so many centres as a search
    between one and N meets."""
    samples, dim, times = spec.setting.N, spec.setting.dim, spec.sampling.times
    noised = times * spec.draws * samples**2 * dim
    leaves = len(THRESHOLDS) * AROUND * samples**2 * dim
    searched = 10 * math.log2(samples) * DRAWN * times * samples * dim
    return (noised + leaves + searched) / EVALUATION_SPEED


def train_memory(spec: TrainSpec, attempt: int) -> int:
    """Return the megabytes of training: samples, the optimizer's means of one model, and the means of all models.

    The points of a step are drawn in blocks and take no more than the process, however many they are.
    """
    count, largest, _ = _rows(spec)
    if _solved(spec):  # matrices of features x features, and the models of all steps and times
        kept = count * _steps(spec) * _mixtures(spec) * largest * spec.setting.dim
        return _megabytes(attempt, TRAINING_PROCESS, 8 * largest**2 + 16 * spec.setting.N * largest + 2 * kept, 8)
    rows = 6 * (spec.setting.N + TEST_POOL) + (10 + 5 * count * _steps(spec)) * largest * _mixtures(spec)
    return _megabytes(attempt, TRAINING_PROCESS, rows * spec.setting.dim, 4)


def train_seconds(spec: TrainSpec) -> float:
    """Return the seconds of training on one core; a GPU is faster.

    A step has five products of points x components x features. In closed form there is an eigendecomposition for each
    time, and before it products of samples x features x features.
    """
    count, largest, components = _rows(spec)
    protocol = spec.protocol
    if isinstance(protocol, FlowProtocol):
        return _mixtures(spec) * components * largest * (16 * spec.setting.N + 30 * largest) / TRAINING_SPEED
    points = math.prod(protocol.batch(spec.setting.N))
    work = protocol.steps * (5 * points * components * spec.setting.dim + STEP * count)
    return work / TRAINING_SPEED


def evaluate_memory(spec: EvaluateSpec, trained: TrainSpec, attempt: int) -> int:
    """Return the megabytes of an evaluation: models, the noise and the errors of all subsets, or generated points."""
    setting, evaluation = spec.setting, spec.evaluation
    points = max(evaluation.draws * max(setting.N, evaluation.test_samples), evaluation.generated)
    return _points_memory(trained, points, attempt)


def evaluate_seconds(spec: EvaluateSpec, trained: TrainSpec) -> float:
    """Return the seconds of an evaluation: losses of all subsets and models, generated points, their distances."""
    setting, evaluation = spec.setting, spec.evaluation
    count, _, components = _rows(trained)
    count, components = count * _steps(trained), components * _steps(trained)
    points = evaluation.draws * (setting.N + evaluation.test_samples) * spec.sampling.times
    losses = points * setting.dim * (setting.N / SUBSETS_SPEED + components / EVALUATION_SPEED)
    generated = evaluation.generated * setting.dim * components * spec.sampling.times / EVALUATION_SPEED
    # An assignment of n points takes n^3, and there are generated / n of them.
    matched = evaluation.generated * min(setting.N, evaluation.generated) ** 2
    distances = 2 * (count + 1) * matched / EVALUATION_SPEED
    return losses + generated + distances


def sensitivity_memory(spec: SensitivitySpec, trained: TrainSpec, attempt: int) -> int:
    """Return the megabytes of a sensitivity job: models, generated points and their distances."""
    return _points_memory(trained, spec.generated, attempt)


def sensitivity_seconds(spec: SensitivitySpec, trained: TrainSpec) -> float:
    """Return the seconds of a sensitivity job: points generated in all ways."""
    count, _, components = _rows(trained)
    times = sum(sampling.times for sampling in spec.sampling)
    rows = times * components + len(spec.sampling) * count * spec.setting.N
    return spec.generated * spec.setting.dim * rows / EVALUATION_SPEED


def barrier_memory(spec: BarrierSpec, trained: TrainSpec, attempt: int) -> int:
    """Return the megabytes of a barrier job: models, the noise of a time or generated points, the errors of a path."""
    points = max(spec.draws * spec.setting.N, spec.generated)
    of_path = attempt * 2 * 8 * spec.places * spec.draws * spec.setting.N // 10**6
    return _points_memory(trained, points, attempt) + of_path


def barrier_seconds(spec: BarrierSpec, trained: TrainSpec) -> float:
    """Return the seconds of a barrier job: curves that are trained, losses and generated points along two paths."""
    asked = {"sizes": spec.sizes, "snapshots": 1, "protocol": spec.protocol}
    curves = trained.model_copy(update=asked)
    _, _, components = _rows(curves)
    points = spec.draws * spec.setting.N + spec.generated
    along = 2 * spec.places * points * spec.setting.dim * components * spec.sampling.times
    return train_seconds(curves) + along / EVALUATION_SPEED


def agreement_memory(spec: AgreementSpec, trained: TrainSpec, attempt: int) -> int:
    """Return the megabytes of an agreement job: the models of both parts, and points generated from one of each."""
    return _points_memory(trained, spec.generated, attempt, files=len(PARTS))


def agreement_seconds(spec: AgreementSpec, trained: TrainSpec) -> float:
    """Return the seconds of an agreement job: points generated from all models and samples, and their distances."""
    count, _, components = _rows(trained)
    rows = spec.time_grid.times * (components * _steps(trained) + spec.setting.N)
    rows += count * _steps(trained) * spec.setting.N
    return len(PARTS) * spec.generated * spec.setting.dim * rows / EVALUATION_SPEED


def _points_memory(trained: TrainSpec, points: int, attempt: int, files: int = 1) -> int:
    """Return the megabytes of models, and of points beside what each has of all samples or components, in float64.

    **Arguments:** `files`: files of models that are read, with as many points of each.
    """
    setting = trained.setting
    _, largest, components = _rows(trained)
    numbers = points * (4 * setting.dim + 3 * max(setting.N, largest))
    # The models of all sizes and but one of their steps: the first are within what a process takes.
    numbers += components * (_steps(trained) * _mixtures(trained) - 1) * setting.dim
    return _megabytes(attempt, PROCESS, files * numbers, 8)


def sample_bytes(setting: AbstractSetting) -> float:
    """Return the bytes of a samples file: training and test samples in float64."""
    return HEADER + 8 * (setting.N + TEST_POOL) * setting.dim


def geometry_bytes(spec: GeometrySpec) -> float:
    """Return the bytes of a geometry file, which holds a few numbers of each time."""
    return HEADER


def train_bytes(spec: TrainSpec) -> float:
    """Return the bytes of a models file: all models at all kept steps in float32, or in float64 where they are solved;
    rows that only pad take nothing."""
    return HEADER + (8 if _solved(spec) else 4) * _rows(spec)[2] * _mixtures(spec) * _steps(spec) * spec.setting.dim


def evaluate_bytes(spec: EvaluateSpec, trained: TrainSpec) -> float:
    """Return the bytes of an evaluation: what is kept of each generated point, and the losses of all subsets."""
    models = _rows(trained)[0] * _steps(trained)
    points = models * spec.evaluation.generated * KEPT
    losses = 4 * 8 * spec.sampling.times * (spec.setting.N + models)
    return HEADER + points + losses


def sensitivity_bytes(spec: SensitivitySpec, trained: TrainSpec) -> float:
    """Return the bytes of a sensitivity file, which holds counts alone."""
    return HEADER


def barrier_bytes(spec: BarrierSpec, trained: TrainSpec) -> float:
    """Return the bytes of a barriers file, which holds a few numbers of each place."""
    return HEADER


def agreement_bytes(spec: AgreementSpec, trained: TrainSpec) -> float:
    """Return the bytes of an agreements file, which holds a few numbers of each model."""
    return HEADER


def tables_memory(settings: Sequence[AbstractSetting], evaluations: int, times: int, attempt: int) -> int:
    """Return the megabytes of reading evaluations: the losses of all subsets, and samples and models to be drawn.

    **Arguments:** `settings`: those that are read; `evaluations`: how many of each.
    """
    numbers = sum(8 * times * setting.N + 4 * (setting.N + TEST_POOL) * setting.dim for setting in settings)
    return _megabytes(attempt, PROCESS, evaluations * numbers, 8)


def tables_seconds(evaluations: int) -> float:
    """Return the seconds of fitting to evaluations, or drawing them: five seconds each."""
    return 5 * evaluations
