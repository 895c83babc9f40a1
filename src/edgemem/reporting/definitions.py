"""Numbers of the pages that are agreed on and not measured; what the code has as well, a test compares with it."""

# Of an interval, in percent.
CONFIDENCE = 95
# Memorization ratios between which the transition lies, and that of its middle.
TRANSITION_LOW = 0.1
TRANSITION_HALF = 0.5
TRANSITION_HIGH = 0.9
# The signal-to-noise ratio psi at the time whose losses are shown, t = 0.36.
PSI_SHOWN = 6.7
# Two protocols are equivalent by two one-sided tests at this level, in percent, to which this interval belongs, where
# transition points differ by less than this fraction of N, and variances by less than so many percent.
EQUIVALENCE_LEVEL = 5
EQUIVALENCE_INTERVAL = 90
EQUIVALENCE_M50 = 0.01
EQUIVALENCE_VARIANCE = 5
# Rank correlations of copies and density beyond this speak for one of two published claims.
COPIES_BOUND = 0.1
# By so many percent the test loss is above its least at the time tau_5.
EXCESS_PERCENT = 5
# With fewer steps nobody can tell whether a loss still falls.
SHORTEST_TRACE = 1000
# Test samples that are drawn of each data set.
TEST_POOL = 1000
# The steps that four snapshots of a protocol of 4,000 steps are kept at.
SNAPSHOTS = (8, 63, 503, 4000)
# How many images data sets have from which templates are drawn, and how many pixels digits have on a side.
DIGITS = 1797
DIGITS_PIXELS = 8
FASHION_MNIST = 60_000
# A barrier counts from this share of the higher end's training loss on.
BARRIER_SHARE = 0.02
