"""The bounds by which claims are judged, each with its reason."""

from edgemem.analysis import published


# Level of every test, and of the intervals: one in twenty.
LEVEL = 0.05
# Fractions are the same within two hundredths: one component at N = 50, the smallest N of the paper's sweep.
NEAR = 0.02
# A quantity that a theorem gives is met within two hundredths of it: what a line in the paper's figures is wide.
RELATIVE = 0.02
# A constant of a formula, the straightness of a curve, a loss read off a figure: within five hundredths, as training
# protocols are compared.
FORMULA = 0.05
# A constant is as drawn within a tenth: the curves of C = 1.8 and C = 2 in the paper's figure can be told apart.
DRAWN = 0.1
# A slope is one within a fifth: a prediction that moves a fifth too little is still one.
SLOPE = 0.2
# An exponent is met within a fifth: over a factor of sixteen in N the times are then right within a factor of 1.75.
EXPONENT = 0.2
# A time that a theory has independent of N moves over a factor of sixteen in N by about a half at most.
FLAT = 0.15
# Times are those of a theory if what is left of them, in standard deviations of log10, is a fifth.
SPREAD = 0.08
# Where a curve over sizes has its peak is known to the next size of those that are trained.
SIZE_STEP = 1.5
# Numbers of features are one multiple of another number if the multiples differ by less than a third.
ONE_AXIS = 0.3
# A predictor is better than another if it takes a tenth of its error away: less is no reason for a theory.
GAIN = 0.1
# Mean squared error beyond the noise that counts as none: half a component at N = 100, models having whole ones.
EXCESS_ERROR = 0.005**2
# Mean squared error of a predictor without any fit: a hundredth of N, half of what the paper's regression has.
UNFITTED_ERROR = 1e-4
# From one tenth to nine tenths the ratio of the paper's figure 2 takes a fifth of N (0.72 to 0.92); a quarter more.
WIDTH = 0.25
# The share of data sets, or of variance, above which one speaks of most.
MOST = 0.5
# A model that is the memorizing minimum copies nearly always: the paper's ratio near N.
REACHED = 0.9
# Eight squared errors give their mean within a factor of three; from fewer there is neither headline nor verdict.
MIN_HELD_OUT = 8
# Without a second data set nothing is known of their spread.
MIN_SEEDS = 2
# The fewest data sets, all with a transition, that are seen less often than one time in twenty if half of all have one.
# Wilson's interval of four out of four is above one half, but that happens one time in sixteen.
MIN_DATA_SETS = 5
# "In every setting" takes as many settings: two agree by chance.
MIN_SETTINGS = 4
REGRESSION = published.REGRESSION_ERROR
POINT = published.TRANSITION
# Constants C of theorem 3.2.
CONSTANTS = (1.0, 2.0)
