"""Searches on the workers of Dask and Ray give what one process gives, in little memory."""

import sys

import cloudpickle
import joblib
import numpy as np
import pytest
from joblib._parallel_backends import ThreadingBackend
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_validate
from sklearn.pipeline import Pipeline

from sklstm import LSTMRegressor, SlidingWindowTransformer
from tests.machines import workers
from tests.machines.ranks import free_port

rng = np.random.default_rng(0)
ROWS = np.cumsum(rng.normal(size=(400, 3)), axis=0)
TARGET = ROWS[:, 0] + ROWS[:, 1]


def search():
    model = Pipeline(
        [
            ("windows", SlidingWindowTransformer(context="fit")),
            ("lstm", LSTMRegressor(hidden_size=6, max_epochs=2, random_state=0)),
        ]
    )
    grid = {"windows__window_length": [3, 6], "lstm__learning_rate": [0.01, 0.1]}
    return GridSearchCV(model, grid, cv=TimeSeriesSplit(2, gap=6))


@pytest.fixture(scope="module")
def alone():
    return search().fit(ROWS, TARGET)


@pytest.fixture(params=["dask", "ray"])
def backend(request):
    request.getfixturevalue({"dask": "dask_client", "ray": "ray_workers"}[request.param])
    return request.param


def test_scores_are_those_of_one_process_bit_for_bit(backend, alone):
    with joblib.parallel_config(backend):
        found = search().set_params(n_jobs=2).fit(ROWS, TARGET)
    for name in ("split0_test_score", "split1_test_score", "mean_test_score"):
        np.testing.assert_array_equal(found.cv_results_[name], alone.cv_results_[name])
    np.testing.assert_array_equal(found.predict(ROWS), alone.predict(ROWS))


def test_each_worker_computes_on_one_thread(backend):
    with joblib.parallel_config(backend):
        jobs = (joblib.delayed(workers.n_threads)() for _ in range(4))
        assert joblib.Parallel(n_jobs=2)(jobs) == [1] * 4


def test_windows_themselves_are_sent(backend):
    X = SlidingWindowTransformer(6).fit_transform(ROWS)
    model = LSTMRegressor(hidden_size=6, max_epochs=2, random_state=0)
    expected = cross_validate(model, X, TARGET, cv=3)["test_score"]
    with joblib.parallel_config(backend):
        scores = cross_validate(model, X, TARGET, cv=3, n_jobs=2)["test_score"]
    np.testing.assert_array_equal(scores, expected)


# ---------------------------------------------------------------------- how much is sent


class Weighing(ThreadingBackend):
    """Notes how many bytes each task takes on its way to another process."""

    n_bytes = ()

    def compute_batch_size(self):
        return 1

    def submit(self, func, callback=None):
        self.weigh(func)
        return super().submit(func, callback)

    def apply_async(self, func, callback=None):  # joblib's name for it before 1.5
        self.weigh(func)
        return super().apply_async(func, callback)

    def weigh(self, func):
        Weighing.n_bytes = (*Weighing.n_bytes, len(cloudpickle.dumps(func)))


@pytest.mark.parametrize("sends_windows", [False, True])
def test_a_task_takes_little_more_than_the_rows(sends_windows):
    rows = rng.normal(size=(2000, 8))
    windows, model = (
        SlidingWindowTransformer(100),
        LSTMRegressor(hidden_size=2, max_steps=1),
    )
    X = windows.fit_transform(rows) if sends_windows else rows
    steps = [("lstm", model)] if sends_windows else [("windows", windows), ("lstm", model)]
    joblib.register_parallel_backend("weighing", Weighing)
    Weighing.n_bytes = ()
    with joblib.parallel_config("weighing", n_jobs=2):
        cross_validate(Pipeline(steps), X, rows[:, 0], cv=2)
    assert len(Weighing.n_bytes) == 2
    assert max(Weighing.n_bytes) <= 1.3 * (rows.nbytes + rows[:, 0].nbytes)


def test_windows_say_their_size(dask_client):
    """So Dask sends them once to each worker, rather than with each task."""
    windows = SlidingWindowTransformer(100).fit_transform(ROWS)
    indexes = 3 * 8 * len(ROWS) + 8 * 100
    assert 0 <= sys.getsizeof(windows) - ROWS.nbytes - indexes < 500
    from dask.sizeof import sizeof

    assert sizeof(windows) == sys.getsizeof(windows)


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from /proc")
def test_a_worker_takes_at_most_twice_the_rows(dask_client):
    rows = rng.normal(size=(400_000, 20)).astype("float32")
    X = SlidingWindowTransformer(4).fit_transform(rows)
    train = np.arange(400_000)
    model = LSTMRegressor(hidden_size=8, max_steps=5, batch_size=64, random_state=0)
    before = dask_client.run(workers.warm_up)
    with joblib.parallel_config("dask"):
        cv = [(train, train[:100]), (train, train[100:200])]
        cross_validate(model, X, rows[:, 0], cv=cv)
    after = dask_client.run(workers.memory)
    most = 2 * rows.nbytes / 2**20 + 300
    assert all(after[worker][0] - before[worker] <= most for worker in before)


# ---------------------------------------------------------------------- Optuna


def test_optuna_prunes_by_the_epochs():
    optuna = pytest.importorskip("optuna")
    from skorch.callbacks import Callback

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    class Report(Callback):
        def __init__(self, trial):
            self.trial = trial

        def on_epoch_end(self, net, **kwargs):
            self.trial.report(net.history[-1, "valid_loss"], net.n_epochs)
            if self.trial.should_prune():
                raise optuna.TrialPruned

    X = SlidingWindowTransformer(6).fit_transform(ROWS)

    def objective(trial):
        model = LSTMRegressor(
            hidden_size=6,
            max_epochs=6,
            learning_rate=trial.suggest_categorical("rate", [0.05, 1e-6]),
            early_stopping=True,
            callbacks=[Report(trial)],
            random_state=0,
        )
        return min(model.fit(X, TARGET).validation_loss_curve_)

    study = optuna.create_study(
        sampler=optuna.samplers.GridSampler({"rate": [0.05, 1e-6]}, seed=1),
        pruner=optuna.pruners.PercentilePruner(50.0, n_startup_trials=1),
    )
    study.enqueue_trial({"rate": 0.05})
    study.enqueue_trial({"rate": 1e-6})
    study.optimize(objective, n_trials=2)
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "PRUNED"]
    assert len(study.trials[0].intermediate_values) == 6
    assert len(study.trials[1].intermediate_values) < 6


# ---------------------------------------------------------------------- one fit


@pytest.mark.skipif(
    sys.platform == "win32",
    reason="processes meet by libuv, which torch may lack on Windows",
)
def test_two_workers_of_dask_fit_together(dask_client):
    from tests.machines.fits import SMALL, X, Y

    address = f"tcp://127.0.0.1:{free_port()}"
    places = list(dask_client.scheduler_info()["workers"])
    jobs = [
        dask_client.submit(
            workers.fit_together, rank, 2, address, workers=[place], pure=False
        )
        for rank, place in enumerate(places)
    ]
    first, second = dask_client.gather(jobs)
    np.testing.assert_array_equal(first, second)
    alone = LSTMRegressor(**SMALL).fit(X, Y).predict(X)
    np.testing.assert_allclose(first, alone, rtol=1e-3, atol=1e-4)
