"""Searches: side by side, and by halving."""

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, TimeSeriesSplit

from tests.benchmarks.by_hand import Work

pytestmark = pytest.mark.bench

WORK = Work(24, 1, 32, 1, 32, n_rows=2000)
RATES = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]


def two_jobs_and_one(work):
    threads = Parallel(n_jobs=2)(delayed(torch.get_num_threads)() for _ in range(2))
    assert threads == [1, 1]
    X, y = work.windows()
    X = np.array(X)  # large enough that joblib shares it through a file
    return lambda: search(X, y, work, 2), lambda: search(X, y, work, 1)


def halving_and_full(work):
    X, y = work.windows()
    halving, full = searches(work)
    return lambda: halving.fit(X, y), lambda: full.fit(X, y)


def search(X, y, work, n_jobs):
    grid = {"learning_rate": [1e-3, 2e-3, 3e-3, 4e-3]}
    model = work.estimator(max_epochs=4)
    GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, refit=False).fit(X, y)


# A large batch uses both cores by itself.
@pytest.mark.parametrize(
    ("work", "target"),
    [
        (Work(24, 1, 32, 1, 32, n_rows=12_000), 1 / 1.8),
        (Work(48, 7, 64, 1, 256), 1.0),
    ],
    ids=str,
)
def test_two_jobs_take_less_time_than_one(monkeypatch, side_by_side, work, target):
    # The threads of the workers are for joblib to choose.
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    pytest.importorskip("psutil", reason="without it workers collect garbage each second")
    ratio = side_by_side(
        "Searching",
        f"`GridSearchCV(n_jobs=2)` beside `n_jobs=1`: {work}",
        two_jobs_and_one,
        work,
        target=target,
        lasting=60,
    )
    assert ratio <= target


def searches(work):
    """Make a search by halving and one of the full grid."""
    grid = {"learning_rate": RATES, "hidden_size": [8, 32]}
    options = {"cv": TimeSeriesSplit(2), "refit": False}
    halving = HalvingGridSearchCV(
        work.estimator(),
        grid,
        resource="max_epochs",
        min_resources=2,
        max_resources=18,
        factor=3,
        random_state=0,
        **options,
    )
    return halving, GridSearchCV(work.estimator(max_epochs=18), grid, **options)


def test_halving_over_epochs_finds_as_good_a_model_sooner(side_by_side):
    ratio = side_by_side(
        "Searching",
        "`HalvingGridSearchCV` over 2 to 18 epochs beside the full grid of 12:"
        " 24 x 1, 8 or 32 units, batch 32",
        halving_and_full,
        WORK,
        target=0.5,
        lasting=0,
    )
    halving, full = (search.fit(*WORK.windows()) for search in searches(WORK))
    assert halving.best_score_ > full.best_score_ - 0.01
    assert ratio <= 0.5
