"""What the paper reports: numbers read off its figures, arXiv 2508.17689 v1, N = 200, d = 50, K = 12 unless said."""

# Figure 3: the fitted weights lambda~ at the 26 times, t = 0.999 first; their scale is arbitrary.
WEIGHTS = (
    *(0.3841, 0.4004, 0.4204, 0.4452, 0.4767, 0.5169, 0.5692, 0.6376, 0.7235, 0.8170, 0.8731, 0.8169, 0.6886),
    *(0.5646, 0.4657, 0.3917, 0.3368, 0.2956, 0.2645, 0.2407, 0.2227, 0.2091, 0.1991, 0.1924, 0.1884, 0.1871),
)
TIMES = len(WEIGHTS)
# The setting of its figures, and of how many coarse model sizes k floor(N / 10) its grids are.
SETTING = {"N": 200, "d": 50, "K": 12}
COARSE_SIZES = 10
# Mean squared error of M_pt / N, on settings fitted and on settings held out; and the transition point.
REGRESSION_ERROR = 2e-4
TRANSITION = 0.8
# Figure 2, left: memorization ratio by M/N, from this many generated points.
RATIO = {
    0.68: 0.04,
    0.70: 0.14,
    0.72: 0.10,
    0.76: 0.24,
    0.80: 0.56,
    0.84: 0.62,
    0.88: 0.80,
    0.90: 0.76,
    0.92: 0.92,
    0.96: 1.0,
}
RATIO_POINTS = 50
# The time of the losses that its figures show, of a grid the nearest; psi = 6.7.
LOSS_TIME = 0.36
# Figure 2, middle: training losses at that time, by M/N.
TRAINED_LOSS = {
    0.1: 6.38,
    0.2: 6.20,
    0.3: 6.04,
    0.4: 5.81,
    0.5: 5.52,
    0.6: 5.16,
    0.7: 4.61,
    0.8: 3.79,
    0.9: 2.48,
    1.0: 0.0,
}
GENERALIZING_LOSS = 6.476
PARTIALLY_MEMORIZING_LOSS = {0.1: 95.3, 0.3: 56.5, 0.5: 38.4, 0.7: 22.3, 0.9: 7.1}
# Figure 6, left: learned variance by M/N.
VARIANCE = {
    0.1: 0.884,
    0.2: 0.746,
    0.3: 0.635,
    0.4: 0.526,
    0.5: 0.426,
    0.6: 0.335,
    0.7: 0.243,
    0.8: 0.154,
    0.9: 0.075,
    1.0: 0.0,
}
# Figure 7: range of the memorization ratio over three seeds, by M/N.
SEED_RATIOS = {0.79: (0.38, 0.54), 0.80: (0.52, 0.60)}
# Noised points that training sees of each sample, steps times draws, in the paper's own protocol for a denoiser.
TRAINING_POINTS = {"isotropic_mixture": 50_000 * 100, "coloured_templates": 100_000 * 100}
