"""Runs for several seeds, two at a time with one thread each, and their results as text.

With the environment variable ``SKILL_CACHE``, a folder, runs that have ended are read from
there: an hour's table goes on where it was interrupted.
"""

import os
import time

import numpy as np
import torch
from joblib import Memory, Parallel, delayed

CACHE = Memory(os.environ.get("SKILL_CACHE"), verbose=0)


def timed(call, *arguments, **options):
    """Call with one thread; give the result and the seconds."""
    torch.set_num_threads(1)
    begin = time.perf_counter()
    return call(*arguments, **options), time.perf_counter() - begin


def for_seeds(call, n_seeds, *arguments, **options):
    """Results by seed, and the mean of their seconds."""
    return for_each(call, [(*arguments, seed) for seed in range(n_seeds)], **options)


def for_each(call, cases, **options):
    """Results by case, which ends with a seed, and the mean of their seconds."""
    kept = CACHE.cache(timed)
    jobs = (
        delayed(kept)(call, *case, random_state=seed, **options) for *case, seed in cases
    )
    results, seconds = zip(*Parallel(n_jobs=2)(jobs), strict=True)
    return np.array(results), float(np.mean(seconds))


def listed(names):
    """Names as text."""
    return "; ".join(names) or "none"


def spread(values, digits):
    """Mean and standard deviation as text."""
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"
