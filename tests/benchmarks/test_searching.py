"""Searches: side by side, and by halving."""

import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, TimeSeriesSplit

from tests.benchmarks.by_hand import Work

pytestmark = pytest.mark.bench

WORK = Work(24, 1, 32, 1, 32, n_rows=4000)
RATES = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]


def test_two_jobs_take_little_more_than_half_the_time(side_by_side):
    X, y = WORK.windows()
    X = np.ascontiguousarray(X)

    def search(n_jobs):
        grid = {"learning_rate": [1e-3, 2e-3, 3e-3, 4e-3]}
        model = WORK.estimator(max_epochs=4)
        GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, refit=False).fit(X, y)

    search(2)  # starts the workers
    ratio = side_by_side(
        "Searching",
        f"`GridSearchCV(n_jobs=2)` beside `n_jobs=1`: {WORK}",
        lambda: search(2),
        lambda: search(1),
        target=1 / 1.8,
    )
    assert ratio <= 1 / 1.8


def test_halving_over_epochs_finds_as_good_a_model_sooner(side_by_side):
    X, y = WORK.windows()
    grid = {"learning_rate": RATES, "hidden_size": [8, 32]}
    options = {"cv": TimeSeriesSplit(2), "refit": False}
    searches = {
        "halving": HalvingGridSearchCV(
            WORK.estimator(),
            grid,
            resource="max_epochs",
            min_resources=2,
            max_resources=18,
            factor=3,
            random_state=0,
            **options,
        ),
        "full": GridSearchCV(WORK.estimator(max_epochs=18), grid, **options),
    }
    ratio = side_by_side(
        "Searching",
        f"`HalvingGridSearchCV` over 2 to 18 epochs beside the full grid: {WORK}",
        lambda: searches["halving"].fit(X, y),
        lambda: searches["full"].fit(X, y),
        target=0.5,
        rounds=1,
    )
    assert ratio <= 0.5
    assert searches["halving"].best_score_ > searches["full"].best_score_ - 0.01
