"""Every bad value gives one line: the file, the key, the value found, what is allowed."""

import pytest
import yaml

from edgemem.config.loading import load_campaign
from edgemem.errors import EdgememError


# Overlay on the default campaign; the key; what the message must say besides.
REFUSED = {
    "unknown key": ("seedz: [1]", "seedz", ["unknown key", "did you mean 'seeds'?"]),
    "unknown nested key": ("evaluation: {treshold: 0.3}", "evaluation.treshold", ["did you mean 'threshold'?"]),
    "unknown protocol key": ("protocols: {fast: {step: 3}}", "protocols.fast.step", ["did you mean 'steps'?"]),
    "unknown setting key": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2, varience: 2}]",
        "settings[0].varience",
        ["did you mean 'variance'?"],
    ),
    "unknown size key": (
        "models: {mixture: {sizes: {coars: 3}}}",
        "models.mixture.sizes.coars",
        ["did you mean 'coarse'?"],
    ),
    "unknown model key": ("models: {mixture: {size: [3]}}", "models.mixture.size", ["did you mean 'sizes'?"]),
    "unknown figure option": ("figures: [{figure: losses, tme: 0.3}]", "figures[0].tme", ["did you mean 'time'?"]),
    "misspelt family": (
        "settings: [{family: gausian, N: 50, d: 2, K: 2}]",
        "settings[0].family",
        ["'gausian'", "did you mean 'gaussian'?"],
    ),
    "N too small": ("settings: [{family: gaussian, N: 9, d: 2, K: 2}]", "settings[0].N", ["10", "got 9"]),
    "N too small in a grid": (
        "settings: [{family: gaussian, N: [50, 9], d: 2, K: 2}]",
        "settings[0].N[1]",
        ["10", "got 9"],
    ),
    "empty grid": ("settings: [{family: gaussian, N: [], d: 2, K: 2}]", "settings[0].N", ["at least 1", "[]"]),
    "N not whole": ("settings: [{family: gaussian, N: 50.5, d: 2, K: 2}]", "settings[0].N", ["integer", "50.5"]),
    "more components than samples": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 51}]",
        "settings[0]",
        ["K must be at most N", "K=51", "N=50"],
    ),
    "more components than samples in a grid": (
        "settings: [{family: gaussian, N: [60, 50], d: 2, K: [2, 51]}]",
        "settings[0]",
        ["K=51", "N=50"],
    ),
    "no dimension": ("settings: [{family: gaussian, N: 50, d: 0, K: 2}]", "settings[0].d", ["1", "got 0"]),
    "no variance": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2, variance: 0}]",
        "settings[0].variance",
        ["0.01", "got 0"],
    ),
    "image too small": ("settings: [{family: image, N: 50, K: 2, size: 1}]", "settings[0].size", ["2", "got 1"]),
    "no templates": ("settings: [{family: image, N: 50, K: 2, templates: ''}]", "settings[0].templates", ["1", "''"]),
    "dimension of images": (
        "settings: [{family: image, N: 50, K: 2, d: 30}]",
        "settings[0].d",
        ["unknown key", "allowed: K, N, family, part, size, templates, variance"],
    ),
    "weights of one component": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 1, weight_exponent: 1}]",
        "settings[0]",
        ["weight_exponent needs at least 2 components", "K=1"],
    ),
    "two shapes of a covariance": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2, spectrum_exponent: 1, spectrum_ratio: 3}]",
        "settings[0]",
        ["two shapes of one covariance", "give one of them", "1 and 3"],
    ),
    "directions of a line": (
        "settings: [{family: gaussian, N: 50, d: 1, K: 2, spectrum_ratio: 3}]",
        "settings[0]",
        ["at least 2 dimensions", "d=1"],
    ),
    "rotations that are too large": (
        "settings: [{family: gaussian, N: 50, d: 20000, K: 2, spectrum_ratio: 3}]",
        "settings[0]",
        ["K d^2", "at most 10,000,000", "got 800,000,000"],
    ),
    "duplicates that occur once": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2, duplicated: 5}]",
        "settings[0]",
        ["duplicated and occurrences go together", "duplicated=5, occurrences=1"],
    ),
    "more duplicates than rows": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2, duplicated: [5, 13], occurrences: 4}]",
        "settings[0]",
        ["at most N", "13 x 4, N=50"],
    ),
    "one sample alone": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2, duplicated: 1, occurrences: 50}]",
        "settings[0]",
        ["at least 2 different samples", "1 x 50, N=50"],
    ),
    "more templates than samples": ("settings: [{family: image, N: 50, K: 51}]", "settings[0]", ["K=51", "N=50"]),
    "no such family of a model": (
        "models: {mixture: {families: [image, gausian]}}",
        "models.mixture.families[1]",
        ["no family 'gausian'", "did you mean 'gaussian'?", "allowed: gaussian, image"],
    ),
    "families no list": ("models: {mixture: {families: gaussian}}", "models.mixture.families", ["list", "'gaussian'"]),
    "no such protocol of a model": (
        "models: {templates: {protocol: imag}}",
        "models.templates.protocol",
        ["no protocol 'imag'", "did you mean 'image'?", "allowed: fast, image, image_paper, paper"],
    ),
    "no such denoiser": (
        "models: {mixture: {denoiser: isotropic_mixtur}}",
        "models.mixture.denoiser",
        ["'isotropic_mixtur'", "did you mean 'isotropic_mixture'?", "coloured_templates", "low_rank_mixture"],
    ),
    "no such option of a denoiser": (
        "models: {mixture: {options: {layers: 2}}}",
        "models.mixture.options.layers",
        ["no option 'layers'", "allowed: weights"],
    ),
    "value of an option that is none": (
        "models: {mixture: {options: {weights: free}}}",
        "models.mixture.options.weights",
        ["must be one of 'equal', 'learned'", "'free'"],
    ),
    "rank that is none": (
        "models: {mixture: {denoiser: low_rank_mixture, options: {rank: 0}}}",
        "models.mixture.options.rank",
        ["must be one of 1, 2, 3", "got 0"],
    ),
    "option that is the campaign's": (
        "models: {mixture: {denoiser: per_time_mixture, options: {times: 12}}}",
        "models.mixture.options.times",
        ["it is that of the campaign", "got 12", "set sampling.times"],
    ),
    "option of a denoiser without any": (
        "models: {templates: {options: {layers: 2}}}",
        "models.templates.options.layers",
        ["no option 'layers'", "coloured_templates has none"],
    ),
    "start with its earlier name": (
        "protocols: {fast: {initialization: partial_memorization}}",
        "protocols.fast.initialization",
        ["'partial_memorization'", "it is called 'training_samples' now"],
    ),
    "variance of a start that goes on": (
        "protocols: {fast: {initialization: continued_up, initial_variance: 1}}",
        "protocols.fast.initial_variance",
        ["has that one's variance", "continued_up"],
    ),
    "grid whose sizes go on from each other": (
        "{protocols: {fast: {initialization: continued_down}}, models: {mixture: {sizes: {coarse: 5}}}}",
        "models.mixture.sizes",
        ["continued_down", "sizes: [0.5 N, 0.8 N, N]"],
    ),
    "size of no N": ("models: {mixture: {sizes: [0.5 M]}}", "models.mixture.sizes[0]", ["'0.5 M'"]),
    "size of nothing": ("models: {mixture: {sizes: [0 N]}}", "models.mixture.sizes[0]", ["above 0", "'0 N'"]),
    "equal sizes of N": ("models: {mixture: {sizes: [0.5 N, 0.50N]}}", "models.mixture.sizes", ["twice", "0.5 N"]),
    "gamma of a weighting without one": (
        "protocols: {fast: {weighting: {preset: eps, gamma: 4}}}",
        "protocols.fast.weighting.gamma",
        ["only min_snr has a gamma", "eps"],
    ),
    "interval without a time": (
        "protocols: {fast: {weighting: {preset: eps, interval: [0.5, 0.5]}}}",
        "protocols.fast.weighting.interval",
        ["must be below the second"],
    ),
    "interval between two times": (
        "protocols: {fast: {weighting: {preset: eps, interval: [0.5, 0.501]}}}",
        "protocols.fast.weighting",
        ["none of the 26 times", "0.5, 0.501"],
    ),
    "denoiser of another family": (
        "models: {templates: {families: [image, gaussian]}}",
        "models.templates.families[1]",
        ["coloured_templates needs data with templates", "family 'gaussian'", "allowed: image"],
    ),
    "denoiser of no setting": (
        "{settings: [{family: gaussian, N: 50, d: 2, K: 2}], models: {templates: {families: null}}}",
        "models.templates",
        ["coloured_templates needs data with templates", "templates: null", "allowed: image"],
    ),
    "no such setting of a model": (
        "models: {mixture: {settings: [gaussian_N50_d30_K4]}}",
        "models.mixture.settings[0]",
        ["'gaussian_N50_d30_K4'", "did you mean 'gaussian_N50_d30_K3'?"],
    ),
    "setting that a model leaves out": (
        "models: {mixture: {settings: [image_digits_N30_K4_size8]}}",
        "models.mixture.settings[0]",
        ["mixture", "image_digits_N30_K4_size8", "the families of mixture leave out image"],
    ),
    "setting that a model cannot serve": (
        "models: {templates: {families: null, settings: [gaussian_N50_d30_K3]}}",
        "models.templates.settings[0]",
        ["is not trained on gaussian_N50_d30_K3: coloured_templates needs data with templates"],
    ),
    "setting without a model": (
        "models: {templates: null}",
        "models",
        ["no model is trained on settings[2], image_digits_N30_K4_size8", "denoiser: coloured_templates", "[image]"],
    ),
    "setting that models leave out": (
        "models: {mixture: {settings: [gaussian_N50_d30_K3]}}",
        "models",
        ["no model is trained on settings[0], gaussian_N100_d30_K3", "denoiser: isotropic_mixture", "[gaussian]"],
    ),
    "no models": ("models: {mixture: null, templates: null}", "models", ["at least one model"]),
    "model without a protocol": (
        "models: {mine: {denoiser: isotropic_mixture}}",
        "models.mine.protocol",
        ["this key is required"],
    ),
    "name of a model": (
        "models: {a b: {denoiser: isotropic_mixture, protocol: fast}}",
        "models.a b",
        ["pattern", "'a b'"],
    ),
    "snapshots that are no steps": (
        "models: {mixture: {snapshots: [0, 10]}}",
        "models.mixture.snapshots[0]",
        ["got 0"],
    ),
    "no snapshots": ("models: {mixture: {snapshots: 0}}", "models.mixture.snapshots", ["1", "got 0"]),
    "snapshots beyond the protocol": (
        "models: {mixture: {snapshots: [10, 4001]}}",
        "models.mixture.snapshots",
        ["at most the 4000 steps of the protocol 'fast'", "got 4001"],
    ),
    "snapshot twice": (
        "models: {mixture: {snapshots: [10, 5, 10]}}",
        "models.mixture.snapshots",
        ["twice", "[10, 5, 10]"],
    ),
    "rate of no parameter": (
        "protocols: {fast: {lr_multipliers: {men: 2}}}",
        "protocols.fast.lr_multipliers",
        ["no parameter 'men'", "did you mean 'mean'?", "the model 'mixture' is trained with this protocol"],
    ),
    "rate of another denoiser's parameter": (
        "protocols: {fast: {lr_multipliers: {template: 2}}}",
        "protocols.fast.lr_multipliers",
        ["no parameter 'template'", "allowed: log_weight, mean, standard_deviation"],
    ),
    "start that data cannot give": (
        "{models: {mixture: {families: null, protocol: truth}}, "
        "protocols: {truth: {steps: 1, draws: 1, peak_lr: 1, final_lr: 1, initialization: true_means}}}",
        "models.mixture.protocol",
        ["start 'true_means' of isotropic_mixture needs data with true_mean", "image_digits_N30_K4_size8"],
    ),
    "negative relative rate": (
        "protocols: {image: {lr_multipliers: {template: -1}}}",
        "protocols.image.lr_multipliers.template",
        ["greater than 0", "got -1"],
    ),
    "images of numbers": (
        "figures: [{figure: gallery, settings: [gaussian_N50_d30_K3]}]",
        "figures[0].settings",
        ["'gallery' needs images and cannot be drawn of gaussian_N50_d30_K3", "allowed: image_digits_N30_K4_size8"],
    ),
    "no seeds": ("seeds: []", "seeds", ["at least 1", "[]"]),
    "no settings": ("settings: []", "settings", ["at least 1", "[]"]),
    "settings no list": ("settings: {family: gaussian, N: 50, d: 2, K: 2}", "settings", ["list"]),
    "seed twice": ("seeds: [4, 7, 4]", "seeds[2]", ["seed 4 is already in the list"]),
    "negative seed": ("seeds: [-1]", "seeds[0]", ["0", "got -1"]),
    "large seed": ("seeds: [4294967296]", "seeds[0]", ["less than 4294967296", "got 4294967296"]),
    "setting twice": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2}, {family: gaussian, N: [60, 50], d: 2, K: 2}]",
        "settings[1]",
        ["gaussian_N50_d2_K2 is already in settings[0]"],
    ),
    "setting twice in one grid": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2, variance: [4, 4.0]}]",
        "settings[0]",
        ["gaussian_N50_d2_K2_var4 is already in settings[0]"],
    ),
    "negative rate": ("protocols: {fast: {peak_lr: -1}}", "protocols.fast.peak_lr", ["greater than 0", "got -1"]),
    "rising rate": (
        "protocols: {fast: {peak_lr: 0.1, final_lr: 0.2}}",
        "protocols.fast",
        ["final_lr must be at most peak_lr", "0.2", "0.1"],
    ),
    "protocol incomplete": (
        "protocols: {mine: {draws: 4, peak_lr: 0.1, final_lr: 0.1}}",
        "protocols.mine.steps",
        ["required"],
    ),
    "no number of points": (
        "protocols: {mine: {steps: 4, peak_lr: 0.1, final_lr: 0.1}}",
        "protocols.mine.draws",
        ["required, or points_per_step in its place"],
    ),
    "optimizer of what has a closed form": (
        "{models: {features: {denoiser: random_features, sizes: [50], protocol: mine}}, "
        "protocols: {mine: {steps: 1, draws: 1, peak_lr: 1, final_lr: 1}}}",
        "protocols.mine.steps",
        [
            "trained in closed form",
            "{steps: 1000000, clock: eps}",
            "the model 'features' is trained with this protocol",
        ],
    ),
    "flow of what has no closed form": (
        "{models: {mixture: {protocol: flow}}, protocols: {flow: {steps: 10, clock: eps}}}",
        "protocols.flow.clock",
        ["trained by an optimizer", "peak_lr, final_lr and draws", "the model 'mixture' is trained with this protocol"],
    ),
    "rate of a flow": (
        "protocols: {flow: {steps: 10, clock: eps, peak_lr: 0.1}}",
        "protocols.flow.peak_lr",
        ["unknown key", "allowed: clock, draws, ridge, steps"],
    ),
    "unknown clock": ("protocols: {flow: {steps: 10, clock: x0}}", "protocols.flow.clock", ["'eps' or 'score'", "x0"]),
    "protocol no mapping": ("protocols: {fast: 3}", "protocols.fast", ["mapping", "got 3"]),
    "sizes of a flow by probing": (
        "{models: {rf: {denoiser: random_features, sizes: {smallest: 4, largest: 8}, protocol: flow}}, "
        "protocols: {flow: {steps: 10, clock: eps}}}",
        "models.rf.sizes",
        ["not placed by probing", "sizes: [50, 100, 200]"],
    ),
    "way between two flows": (
        "{models: {one: &rf {denoiser: random_features, sizes: [50], protocol: flow}, two: *rf}, "
        "protocols: {flow: {steps: 10, clock: eps}}, figures: [{figure: barrier, models: [one], to: two}]}",
        "figures[0].models",
        ["a gradient flow in closed form has one end"],
    ),
    "two numbers of points": (
        "protocols: {fast: {points_per_step: 128}}",
        "protocols.fast.points_per_step",
        ["as draws does", "got 128, and draws 1", "set one of them to null"],
    ),
    "minibatch of a number of points": (
        "protocols: {fast: {draws: null, minibatch: 20, points_per_step: 128}}",
        "protocols.fast.points_per_step",
        ["as minibatch does", "got 128, and minibatch 20"],
    ),
    "no points": (
        "protocols: {fast: {draws: null, points_per_step: 0}}",
        "protocols.fast.points_per_step",
        ["greater than or equal to 1", "got 0"],
    ),
    "threshold one": ("evaluation: {threshold: 1}", "evaluation.threshold", ["less than 1", "got 1"]),
    "threshold above one": ("evaluation: {threshold: 3/2}", "evaluation.threshold", ["less than 1", "got 1.5"]),
    "threshold divided by zero": ("evaluation: {threshold: 1/0}", "evaluation.threshold", ["number", "'1/0'"]),
    "threshold no fraction": ("evaluation: {threshold: 1/3/2}", "evaluation.threshold", ["number", "'1/3/2'"]),
    "no such figure": ("figures: [losses, transitoin]", "figures[1]", ["'transitoin'", "did you mean 'transition'?"]),
    "no such figure with options": (
        "figures: [{figure: loses, time: 0.3}]",
        "figures[0].figure",
        ["'loses'", "did you mean 'losses'?"],
    ),
    "figure without a name": ("figures: [{time: 0.3}]", "figures[0].figure", ["no figure is given", "prediction"]),
    "figure no mapping": ("figures: [3]", "figures[0]", ["mapping", "got 3"]),
    "setting no mapping": ("settings: [gaussian]", "settings[0]", ["mapping", "got 'gaussian'"]),
    "model no mapping": ("models: {mine: fast}", "models.mine", ["mapping", "got 'fast'"]),
    "figure twice": ("figures: [losses, losses]", "figures[1]", ["'losses' is already in the list"]),
    "figure of no setting": (
        "figures: [{figure: losses, settings: [gaussian_N50_d30_K4]}]",
        "figures[0].settings",
        ["'gaussian_N50_d30_K4'", "did you mean 'gaussian_N50_d30_K3'?"],
    ),
    "figure of no model": (
        "figures: [{figure: losses, models: [mixtur]}]",
        "figures[0].models",
        ["'mixtur'", "did you mean 'mixture'?"],
    ),
    "learned templates of a model without": (
        "{models: {mixture: {families: null}}, figures: [{figure: templates, models: [mixture]}]}",
        "figures[0].models",
        ["cannot be drawn of mixture", "allowed: templates"],
    ),
    "figure's time": ("figures: [{figure: losses, time: 1}]", "figures[0].time", ["less than 1", "got 1"]),
    "nothing to compare": ("figures: [{figure: protocols}]", "figures[0].candidates", ["at least one model"]),
    "no such model to compare": (
        "figures: [{figure: protocols, candidates: [mixtur]}]",
        "figures[0].candidates",
        ["'mixtur'", "did you mean 'mixture'?"],
    ),
    "no such reference": (
        "figures: [{figure: protocols, candidates: [mixture], references: {templats: []}}]",
        "figures[0].references",
        ["'templats'", "did you mean 'templates'?"],
    ),
    "reference of no setting": (
        "figures: [{figure: protocols, candidates: [mixture], references: {templates: [gaussian_N50_d30_K4]}}]",
        "figures[0].references",
        ["'gaussian_N50_d30_K4'", "did you mean 'gaussian_N50_d30_K3'?"],
    ),
    "setting without reference": (
        "figures: [{figure: protocols, candidates: [mixture], references: {mixture: [gaussian_N50_d30_K3]}}]",
        "figures[0].references",
        ["gaussian_N100_d30_K3 needs one reference (got 0)"],
    ),
    "comparison over one seed": (
        "{seeds: [1], figures: [{figure: protocols, candidates: [mixture]}]}",
        "figures[0].candidates",
        ["compared over several seeds", "`seeds` has one"],
    ),
    "schedule longer than the steps": (
        "protocols: {fast: {warmup: 0.6, decay: 0.5}}",
        "protocols.fast",
        ["warmup and decay must be at most 1 together", "0.6", "0.5"],
    ),
    "candidate that is not trained everywhere": (
        "{settings: [{family: gaussian, N: [50, 60], d: 2, K: 2}], "
        "models: {few: {denoiser: isotropic_mixture, protocol: paper, settings: [gaussian_N60_d2_K2]}}, "
        "figures: [{figure: protocols, candidates: [few], "
        "references: {mixture: [gaussian_N50_d2_K2, gaussian_N60_d2_K2]}}]}",
        "figures[0].candidates",
        ["few is not trained on gaussian_N50_d2_K2, where it is compared"],
    ),
    "reference that is not trained there": (
        "figures: [{figure: protocols, candidates: [mixture], references: {templates: [gaussian_N50_d30_K3]}}]",
        "figures[0].references",
        ["templates is not trained on gaussian_N50_d30_K3"],
    ),
    "model size twice": ("models: {mixture: {sizes: [5, 10, 5]}}", "models.mixture.sizes", ["twice", "[5, 10, 5]"]),
    "no model size": ("models: {mixture: {sizes: []}}", "models.mixture.sizes", ["at least 1", "[]"]),
    "model size zero": ("models: {mixture: {sizes: [5, 0]}}", "models.mixture.sizes[1]", ["greater than 0", "got 0"]),
    "sizes no numbers": ("models: {mixture: {sizes: many}}", "models.mixture.sizes", ["'many'"]),
    "shared folder": ("campaign: models", "campaign", ["'models'", "choose another name"]),
    "no folder name": ("campaign: a/b", "campaign", ["'a/b'"]),
    "lambda of another length": (
        "protocols: {fast: {weighting: [1, 2, 3]}}",
        "protocols.fast.weighting",
        ["26 times", "got 3"],
    ),
    "lambda unknown": ("protocols: {fast: {weighting: epsilon}}", "protocols.fast.weighting", ["'eps'", "'epsilon'"]),
    "initialization unknown": (
        "protocols: {fast: {initialization: rnd}}",
        "protocols.fast.initialization",
        ["'random'", "'rnd'"],
    ),
    "times crossed": ("sampling: {t_min: 0.9991}", "sampling", ["t_min must be below t_max", "0.9991", "0.999"]),
    "generation that ends where it starts": (
        "figures: [{figure: sensitivity, t_min: [0.1, 0.9995]}]",
        "figures[0].t_min",
        ["below sampling.t_max, 0.999", "got 0.9995"],
    ),
    "barrier to an unknown model": (
        "figures: [{figure: barrier, to: mixtur}]",
        "figures[0].to",
        ["did you mean 'mixture'"],
    ),
    "barrier with one model twice": (
        "figures: [{figure: barrier, to: mixture, models: [mixture]}]",
        "figures[0].models",
        ["two different ends (got 'mixture' twice)"],
    ),
    "barrier between different denoisers": (
        "models: {mixture: {families: null}}\nfigures: [{figure: barrier, to: mixture, models: [templates]}]",
        "figures[0].models",
        ["no path leads from 'templates' to 'mixture'", "coloured_templates and isotropic_mixture"],
    ),
    "barrier between models without a setting in common": (
        "figures: [{figure: barrier, to: mixture}]",
        "figures[0].to",
        ["'templates': they are trained on no setting together"],
    ),
    "barrier between different losses": (
        "protocols: {v: {steps: 9, draws: 1, peak_lr: 0.1, final_lr: 0.1, weighting: v}}\n"
        "models: {other: {denoiser: isotropic_mixture, protocol: v}}\n"
        "figures: [{figure: barrier, to: mixture, models: [other]}]",
        "figures[0].models",
        ["they minimize different losses, with the weightings v and eps"],
    ),
    "barrier at a size that is not trained": (
        "models: {other: {denoiser: isotropic_mixture, protocol: fast, sizes: [10, 20]}}\n"
        "figures: [{figure: barrier, to: mixture, fractions: [0.4]}]",
        "figures[0].fractions",
        ["other has no model of size 40 where N = 100 (allowed: 10, 20)"],
    ),
    "barrier at a size beyond the grid": (
        "models: {other: {denoiser: isotropic_mixture, protocol: fast, sizes: [10, 200], families: [gaussian]}}\n"
        "figures: [{figure: barrier, to: mixture, sizes: [200]}]",
        "figures[0].sizes",
        ["mixture has no model of size 200 where N = 50 (allowed: 1 to 50)"],
    ),
    "agreement without a second part": (
        "figures: [agreement]",
        "figures[0]",
        ["no model is trained on two parts", "part: [1, 2]"],
    ),
    "agreement of parts with no model in common": (
        "settings: [{family: gaussian, N: 50, d: 3, K: 2, part: [1, 2]}]\n"
        "models: {templates: null, mixture: {settings: [gaussian_N50_d3_K2]}, "
        "other: {denoiser: isotropic_mixture, protocol: fast, settings: [gaussian_N50_d3_K2_part2]}}\n"
        "figures: [agreement]",
        "figures[0]",
        ["no model is trained on two parts"],
    ),
    "agreement by a random sampler": (
        "settings: [{family: gaussian, N: 50, d: 3, K: 2, part: [1, 2]}]\n"
        "sampling: {sampler: ddpm}\nfigures: [agreement]",
        "figures[0]",
        ["set sampling.sampler to ddim", "got ddpm"],
    ),
    "part zero": ("settings: [{family: gaussian, N: 50, d: 3, K: 2, part: 0}]", "settings[0].part", ["1", "got 0"]),
    "sampler unknown": ("sampling: {sampler: euler}", "sampling.sampler", ["'ddim'", "'ddpm'"]),
    "held out all": ("regression: {holdout: 1}", "regression.holdout", ["less than 1", "got 1"]),
    "rate not a number": ("protocols: {fast: {peak_lr: .nan}}", "protocols.fast.peak_lr", ["finite", "nan"]),
    "norm infinite": ("protocols: {fast: {clip_norm: .inf}}", "protocols.fast.clip_norm", ["finite", "inf"]),
    "threshold not a number": ("evaluation: {threshold: .nan}", "evaluation.threshold", ["finite", "nan"]),
    "fraction not a number": ("evaluation: {threshold: inf/inf}", "evaluation.threshold", ["finite", "nan"]),
    "variance infinite": (
        "settings: [{family: gaussian, N: 50, d: 2, K: 2, variance: -.inf}]",
        "settings[0].variance",
        ["finite", "inf"],
    ),
    "seed not a number": ("seeds: [.nan]", "seeds[0]", ["finite", "nan"]),
    "word for a number": ("evaluation: {draws: many}", "evaluation.draws", ["integer", "'many'"]),
    "null for a mapping": ("evaluation: null", "evaluation", ["None"]),
    "null for a number": ("evaluation: {draws: null}", "evaluation.draws", ["None"]),
}


@pytest.mark.parametrize(("overlay", "key", "said"), REFUSED.values(), ids=REFUSED)
def test_bad_value_gives_one_clear_line(problems, overlay: str, key: str, said: list[str]):
    (line,) = problems(overlay=overlay)
    assert line.startswith(f"overlay.yaml: {key}: ")
    message = line.removeprefix(f"overlay.yaml: {key}: ")
    assert [word for word in said if word not in message] == []


BOOLEANS = {
    "seeds: [true]": "seeds[0]",
    "models: {mixture: {sizes: [true, 5]}}": "models.mixture.sizes[0]",
    "models: {mixture: {sizes: {fine: false}}}": "models.mixture.sizes.fine",
    "models: {mixture: {snapshots: true}}": "models.mixture.snapshots",
    "settings: [{family: gaussian, N: 50, d: true, K: 2}]": "settings[0].d",
    "settings: [{family: gaussian, N: 50, d: 2, K: 2, variance: [yes, 4]}]": "settings[0].variance[0]",
    "protocols: {fast: {steps: true}}": "protocols.fast.steps",
    "protocols: {fast: {peak_lr: on}}": "protocols.fast.peak_lr",
    "protocols: {fast: {warmup: false}}": "protocols.fast.warmup",
    "protocols: {fast: {clip_norm: true}}": "protocols.fast.clip_norm",
    "protocols: {fast: {update_ema: no}}": "protocols.fast.update_ema",
    "regression: {holdout: false}": "regression.holdout",
    "regression: {seed: true}": "regression.seed",
}


@pytest.mark.parametrize(("overlay", "key"), BOOLEANS.items(), ids=BOOLEANS.values())
def test_boolean_is_no_number(problems, overlay: str, key: str):
    (line,) = problems(overlay=overlay)
    assert line.startswith(f"overlay.yaml: {key}: ")
    assert "True" in line or "False" in line


def test_all_problems_are_told_at_once(problems):
    lines = problems(overlay="seeds: []\nprotocols: {fast: {steps: 0}}\nevaluation: {treshold: 1}")
    assert [line.split(": ")[1] for line in lines] == ["seeds", "protocols.fast.steps", "evaluation.treshold"]


def test_missing_keys_are_named(problems):
    lines = problems(default="campaign: c")
    missing = ["seeds", "settings", "models", "protocols", "figures"]
    assert lines == [f"config.yaml: {key}: this key is required" for key in missing]


def test_file_is_the_one_the_value_stands_in(problems):
    """The last file that holds the key is named, not the one that was merely read last."""
    (line,) = problems(first="evaluation: {draws: 0}", second="evaluation: {generated: 100}")
    assert line.startswith("first.yaml: evaluation.draws: ")
    (line,) = problems(first="evaluation: {draws: 5}", second="evaluation: {draws: 0}")
    assert line.startswith("second.yaml: evaluation.draws: ")


def test_protocol_that_is_taken_out_is_not_there(problems):
    """The file is that of the model which still names it."""
    (line,) = problems(overlay="protocols: {fast: null}")
    assert line == (
        "config.yaml: models.mixture.protocol: there is no protocol 'fast' (allowed: image, image_paper, paper)"
    )


def test_file_of_a_bad_base_is_named(problems, default_text: str):
    broken = default_text.replace("test_samples: 100", "test_samples: 1")
    (line,) = problems(default=broken, overlay="evaluation: {generated: 100}")
    assert line.startswith("config.yaml: evaluation.test_samples: ")


def test_file_of_a_replaced_list_is_named(problems):
    overlay = "settings: [{family: gaussian, N: 50, d: 2, K: 2}, {family: gaussian, N: 5, d: 2, K: 2}]"
    (line,) = problems(overlay=overlay)
    assert line.startswith("overlay.yaml: settings[1].N: ")


@pytest.mark.parametrize(
    ("entry", "key", "said"),
    [("N: 50, d: 2, K: 2", "family", "no family"), ("family: gaussian, d: 2, K: 2", "N", "required")],
)
def test_key_missing_in_a_list_is_named(problems, default_text: str, entry: str, key: str, said: str):
    default = yaml.safe_dump(
        {name: value for name, value in yaml.safe_load(default_text).items() if name != "settings"}
    )
    (line,) = problems(default=default, overlay=f"settings: [{{{entry}}}]")
    assert line.startswith(f"overlay.yaml: settings[0].{key}: ")
    assert said in line


@pytest.mark.parametrize(("entry", "key"), [("N: 50, d: 2, K: 2", "family"), ("family: gaussian, d: 2, K: 2", "N")])
def test_file_of_a_key_missing_in_a_replaced_list_is_named(problems, entry: str, key: str):
    (line,) = problems(overlay=f"settings: [{{{entry}}}]")
    assert line.startswith(f"overlay.yaml: settings[0].{key}: ")


def test_overlay_that_repairs_a_bad_base_is_accepted(load, default_text: str):
    broken = default_text.replace("test_samples: 100", "test_samples: 1")
    assert load(default=broken, overlay="evaluation: {test_samples: 50}").evaluation.test_samples == 50


def test_value_of_the_command_line_is_not_blamed_on_a_file(load, default_text: str):
    load()  # writes config.yaml
    with pytest.raises(EdgememError, match=r"^(?!config\.yaml)") as caught:
        load_campaign(yaml.safe_load(default_text) | {"figures": ["loses"]}, ["config.yaml"])
    assert str(caught.value).startswith("--config: figures[0]: there is no figure 'loses'")


def test_setting_that_the_campaign_lacks_is_refused_with_the_nearest(load):
    """A file asked for by name is of a setting of the campaign; the message says which one may be meant."""
    with pytest.raises(
        EdgememError, match=r"quick has no setting 'gaussian_N50_d30_K4'; did you mean 'gaussian_N50_d30_"
    ):
        load().sample_spec("gaussian_N50_d30_K4", 1)
