"""What to see in each figure."""

from typing import NamedTuple


class Caption(NamedTuple):
    """What a figure is called, what it shows for those who cannot see it, and what to look for."""

    title: str
    alt: str
    text: str


INTERVALS = " Bars and bands are 95 % intervals."
CAPTIONS = {
    "losses": Caption(
        "Losses of the simple denoisers",
        "Two line plots: the loss that memorizing saves against the signal-to-noise ratio, and the loss of partial "
        "memorization against the number of samples known, with approximations.",
        "Left: how much more the generalizing denoiser loses on the training samples than the memorizing one, against "
        "the signal-to-noise ratio. The dashed theory holds where enough signal is left (to the right); at the noise "
        "end even the memorizing denoiser cannot tell samples apart. Right: the same for the denoiser that memorizes "
        "only the first M training samples, at one time. The measured curve should follow the finite-size constant, "
        "not C = 1 or C = 2. Approximations are those of an isotropic mixture; of pictures only what was measured is "
        "drawn." + INTERVALS,
    ),
    "transition": Caption(
        "The transition",
        "Three line plots against model size M/N: memorization ratio, training loss and test loss, with the "
        "transition shaded.",
        "Left: the fraction of generated points that are copies of training samples rises from 0 to 1 as the model "
        "grows to the number of samples; the shaded band is the transition (ratio 0.1 to 0.9). Middle and right: at "
        "the transition the training loss of the trained model leaves the generalizing loss for the partially "
        "memorizing one, and the test loss rises." + INTERVALS,
    ),
    "mechanism": Caption(
        "The mechanism",
        "Two line plots against model size M/N: learned variance, and distances of learned means to samples and to "
        "true means.",
        "Left: the learned variance falls to zero as the model grows; of pictures it falls faster than the line. "
        "Right: learned means move from between the samples onto them, and away from the true means; true means of "
        "pictures are all zero, so that only the first distance tells something." + INTERVALS,
    ),
    "seeds": Caption(
        "One line a data set",
        "Three plots: memorization ratio and training loss against model size M/N, one line a seed, and the place of "
        "the transition of each seed.",
        "Left and middle: memorization ratio and training loss of each data set, one line a seed. Right: where the "
        "ratio reaches one half, with the error of counting; the band is the interval of the mean. What the seeds "
        "differ by beyond their bars is the data's doing." + INTERVALS,
    ),
    "samples": Caption(
        "Training samples",
        "Two rows of pictures: training samples, and below each its template.",
        "Training samples of the first seed, and below each the template that it is a colour times. Colours are drawn "
        "around zero: zero is grey, and a negative value is darker. A pale sample has a colour near zero.",
    ),
    "gallery": Caption(
        "Generated pictures",
        "Rows of generated pictures by model size, each above the training sample nearest to it; copies are framed.",
        "Pictures that models of several sizes generate, each above the training sample nearest to it, for the first "
        "seed. Framed are those that pass the memorization test, as a few true new pictures do by chance. A small "
        "model shows the templates in colours of its own; the model with as many components as there are samples "
        "shows the samples.",
    ),
    "templates": Caption(
        "Learned templates",
        "Rows of learned templates by model size, below the true ones.",
        "Learned templates of the first seed, below the true ones. Each is as bright as it can be, since a larger "
        "template with a paler colour is the same component.",
    ),
    "sensitivity": Caption(
        "How the transition is measured",
        "Points with bars: the place of the transition for other thresholds, samplers, numbers of times and rules.",
        "Where the memorization ratio reaches one half, if the memorization test has another threshold, if points are "
        "generated with another sampler, more or fewer times or another last time, and if it is read off otherwise. "
        "Circles are means over seeds. Squares are what one count of one seed scatters by: with the paper's 50 points "
        "and its rule, the first size with a ratio of one half, it is low and wide." + INTERVALS,
    ),
    "regression": Caption(
        "The paper's regression",
        "Two plots: fitted weights of the times, and predicted against measured places of the transition.",
        "Left: the weights of the times that the paper's regression finds, beside the paper's; grey lines are weights "
        "from other starts that predict as well. Right: what the weights predict against what was measured. With one "
        "variance the prediction is one fraction for all settings, but for the rounding of M to a whole number: "
        "compare it with the dotted constant." + INTERVALS,
    ),
    "refutation": Caption(
        "Can the theory be refuted?",
        "Scatter plots of measured against predicted place of the transition, one panel a predictor.",
        "Measured against predicted place of the transition, one panel a predictor, one point a setting. On the line "
        "the theory is right. The title has the slope of measured on predicted (1 if the theory is right, 0 if it says "
        "nothing) and the p-value of the hypothesis that it is right in every setting." + INTERVALS,
    ),
    "prediction": Caption(
        "Measured and predicted place of the transition",
        "Two plots: measured against predicted place of the transition, one point a setting, and mean squared errors "
        "of the predictors.",
        "Left: the measured place of the transition against what each predictor says, one point a setting. Points on "
        "the line are right. Right: mean squared error of each predictor, on settings it was fitted to and on settings "
        "held out. A predictor earns its name only where it beats the constant." + INTERVALS,
    ),
    "protocols": Caption(
        "Training protocols against a reference",
        "Points with bars by protocol: differences of the place of the transition and of the learned variance from the "
        "reference, and the number of noised points of each protocol.",
        "Left and middle: how far the place of the transition and the learned variance lie from the reference, one row "
        "a protocol, one colour a setting; bars are the 90 % intervals of two one-sided tests, and a protocol is "
        "equivalent where they lie within the band. Right: how many noised points training sees of each sample.",
    ),
}
