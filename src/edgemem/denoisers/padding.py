"""To which number of components mixtures are padded."""


def padded_size(size: int) -> int:
    """Return the number of components to which a model is padded, so that few shapes are compiled.

    It is the next multiple of a step that grows with the size, 8 up to 64, 16 up to 128, 32 up to 256, ...: at most a
    fifth of a large program's rows are padding. It depends on the model alone, so that a model's numbers do not depend
    on which others are trained beside it.
    """
    size = int(size)  # a NumPy integer has no bit_length
    step = max(8, 2 ** ((size - 1).bit_length() - 3))
    return -(-size // step) * step
