"""A fit that did not come to its end is taken up, and ends as if nothing had happened."""

import os
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import EpochScoring

from sklstm import (
    LSTMClassifier,
    LSTMOutlierDetector,
    LSTMRegressor,
    SlidingWindowTransformer,
)
from sklstm.files._lock import FileLock
from sklstm.io import load, save
from sklstm.training import SequenceNet
from sklstm.training._checkpoint import read_checkpoint
from sklstm.training._fingerprint import described, digest_of
from tests.io.mutate import MUTATIONS

SCRIPT = Path(__file__).parent / "killed.py"
ROOT = Path(__file__).parents[2]

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 6))
Y = X[:, -1] + 0.1 * rng.normal(size=60)
# Four steps an epoch.
SMALL = {"hidden_size": 3, "max_epochs": 6, "batch_size": 16, "random_state": 0}


class Crash(BaseException):
    """What is raised in place of the end of the process."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fit.ckpt"


@pytest.fixture
def crash(monkeypatch):
    """Let the next fits crash at a step, or those after them come to their end."""
    steps = []
    original = SequenceNet.train_step

    def crash_at(number, error=Crash):
        def train_step(net, *args, **kwargs):
            steps.append(net.n_epochs)
            if len(steps) == number:
                raise error
            return original(net, *args, **kwargs)

        steps.clear()
        monkeypatch.setattr(SequenceNet, "train_step", train_step)
        return steps

    return crash_at


def crashed(crash, number, call):
    crash(number)
    with pytest.raises(Crash):
        call()
    return crash(0)


def regressor(path=None, **options):
    return LSTMRegressor(**SMALL | {"checkpoint": path} | options)


@pytest.fixture
def unfinished(path, crash):
    """A fit that crashed in its third epoch."""
    model = regressor(path)
    crash(11)
    with pytest.raises(Crash):
        model.fit(X, Y)
    crash(0)
    return model


def same(one, other):
    one, other = one._model.__getstate__(), other._model.__getstate__()
    return digest_of(one) == digest_of(other)


# ---------------------------------------------------------------------- killed


@pytest.mark.skipif(os.name != "posix", reason="processes fork as POSIX has it")
def test_killed_fits_end_as_those_that_were_not():
    child = subprocess.run(
        [sys.executable, SCRIPT, "20", "0"],
        capture_output=True,
        text=True,
        timeout=1200,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert child.returncode == 0, child.stderr
    lines = [line.split(": ") for line in child.stdout.splitlines()]
    assert len(lines) == 13
    for name, n_killed, n_whole, found in lines:
        assert found == "[]", (name, found)
        assert int(n_killed) >= 20
        assert int(n_whole) >= 1


# ---------------------------------------------------------------------- taken up


def test_only_what_is_left_is_trained(unfinished, crash, path, tmp_path):
    assert os.listdir(tmp_path) == ["fit.ckpt"]
    steps = crash(0)
    model = clone(unfinished).fit(X, Y)
    assert steps == [3] * 4 + [4] * 4 + [5] * 4 + [6] * 4
    assert os.listdir(tmp_path) == []
    assert same(model, regressor().fit(X, Y))


def test_the_file_is_there_while_a_fit_is(path, tmp_path, crash):
    seen = []

    class Look(EpochScoring):
        def on_epoch_begin(self, net, **kwargs):
            seen.append(sorted(os.listdir(tmp_path)))

    look = Look(lambda net, X, y: 0.0, name="nothing")
    regressor(path, callbacks=[look]).fit(X, Y)
    assert seen == [["fit.ckpt", "fit.ckpt.lock"]] * 6
    assert os.listdir(tmp_path) == []


def test_a_fit_that_crashed_after_its_last_epoch_is_whole_at_once(path, crash, monkeypatch):
    stops = {"early_stopping": True, "n_epochs_no_change": 1, "max_epochs": 60}
    model = regressor(path, learning_rate=0.1, **stops)
    with monkeypatch.context() as patch:
        patch.setattr(LSTMRegressor, "_model", Crashing(), False)
        with pytest.raises(Crash):
            model.fit(X, Y)
    steps = crash(0)
    model.fit(X, Y)
    assert steps == []
    assert same(model, clone(model).set_params(checkpoint=None).fit(X, Y))
    assert model.n_epochs_ < 60


class Crashing:
    """In the place of the attribute that a fit sets when it is whole."""

    def __set__(self, estimator, value):
        raise Crash


def test_it_goes_through_pipelines_and_clones(path, crash):
    rows = rng.normal(size=(40, 2))
    pipeline = make_pipeline(SlidingWindowTransformer(4), regressor(str(path)))
    crash(9)
    with pytest.raises(Crash):
        clone(pipeline).fit(rows, rows[:, 0])
    steps = crash(0)
    pipeline = clone(pipeline).fit(rows, rows[:, 0])
    assert steps[0] == 3
    assert len(steps) == 12
    whole = clone(pipeline).set_params(lstmregressor__checkpoint=None)
    assert same(pipeline[-1], whole.fit(rows, rows[:, 0])[-1])


def test_without_a_random_state_the_seed_is_kept(path, crash):
    model = regressor(path, random_state=None, early_stopping=True, dropout=0.2)
    crash(9)
    with pytest.raises(Crash):
        model.fit(X, Y)
    crash(0)
    model.fit(X, Y)
    seed = model._model.memory.seed

    class Known(np.random.RandomState):
        def randint(self, *args):
            return seed

    whole = regressor(random_state=Known(), early_stopping=True, dropout=0.2).fit(X, Y)
    assert same(model, whole)
    assert regressor(path, random_state=None).fit(X, Y)._model.memory.seed != seed


def test_a_generator_is_known_by_the_seed_that_it_gives(path, crash):
    model = regressor(path, random_state=np.random.RandomState(3))
    crash(9)
    with pytest.raises(Crash):
        clone(model).fit(X, Y)
    crash(0)
    other = clone(model).set_params(random_state=np.random.RandomState(4))
    with pytest.raises(ValueError, match="of a fit with another random_state"):
        other.fit(X, Y)
    model.fit(X, Y)
    whole = regressor(random_state=np.random.RandomState(3)).fit(X, Y)
    assert same(model, whole)


def test_a_detector_without_a_random_state_holds_out_the_same(path, crash):
    model = LSTMOutlierDetector(
        **SMALL | {"random_state": None}, checkpoint=path, validation_split="random"
    )
    crash(9)
    with pytest.raises(Crash):
        model.fit(X)
    steps = crash(0)
    model.fit(X)
    assert steps[0] == 3
    assert not path.exists()


def test_who_watches_may_be_another(unfinished, capsys):
    clone(unfinished).set_params(verbose=1).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [f"epoch {i}/6" for i in (3, 4, 5, 6)]
    assert all("left" in line for line in lines[:-1])


def test_what_a_callback_has_noted_comes_back(path, crash):
    def model(path):
        score = EpochScoring("r2", lower_is_better=False, name="r2")
        return regressor(path, callbacks=[score], early_stopping=True)

    crash(11)
    with pytest.raises(Crash):
        model(path).fit(X, Y)
    crash(0)
    one, other = model(path).fit(X, Y), model(None).fit(X, Y)
    assert len(one.net_.history[:, "r2"]) == 6
    assert one.net_.history[:, "r2"] == other.net_.history[:, "r2"]
    assert one.net_.history[:, "r2_best"] == other.net_.history[:, "r2_best"]
    (_, noted), (_, expected) = one.net_.callbacks_[0], other.net_.callbacks_[0]
    assert noted.best_score_ == expected.best_score_


# ---------------------------------------------------------------------- interrupted


def test_after_ctrl_c_the_model_is_fitted_and_the_fit_can_go_on(path, crash):
    model = regressor(path)
    crash(11, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.n_epochs_ == 2
    assert path.exists()
    crash(14 - 8, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.n_epochs_ == 3
    crash(0)
    model.fit(X, Y)
    assert same(model, regressor().fit(X, Y))


@pytest.mark.parametrize("error", [Crash, OSError, KeyboardInterrupt])
def test_before_the_first_whole_epoch_nothing_is_kept(path, tmp_path, crash, error):
    crash(3, error)
    with pytest.raises(error):
        regressor(path).fit(X, Y)
    assert os.listdir(tmp_path) == []


def test_a_fit_that_diverges_leaves_nothing_to_take_up(path, tmp_path):
    model = regressor(
        path, optimizer="sgd", learning_rate=1e18, standardize=False, max_grad_norm=None
    )
    with pytest.raises(ValueError, match="Try a smaller learning_rate"):
        model.fit(1e3 * X, 1e6 * Y)
    assert os.listdir(tmp_path) == []


def test_partial_fit_does_not_use_it(unfinished, path, tmp_path):
    content = path.read_bytes()
    clone(unfinished).partial_fit(X, Y)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["fit.ckpt"]


# ---------------------------------------------------------------------- one at a time


def test_two_fits_at_a_time_do_not_share_a_file(path, tmp_path):
    lock = FileLock(f"{path}.lock")
    assert lock.acquire()
    message = (
        r"checkpoint must be a file that no other fit uses meanwhile. Got '.*fit.ckpt'"
    )
    with pytest.raises(ValueError, match=message):
        regressor(path).fit(X, Y)
    search = GridSearchCV(
        regressor(path), {"hidden_size": [2, 3]}, cv=2, error_score="raise"
    )
    with pytest.raises(ValueError, match=message):
        search.fit(X, Y)
    assert os.listdir(tmp_path) == ["fit.ckpt.lock"]
    lock.release()
    assert search.fit(X, Y).best_params_
    assert os.listdir(tmp_path) == []


def test_a_fit_refuses_another_within_it(path):
    class Within(EpochScoring):
        def on_epoch_end(self, net, **kwargs):
            regressor(path).fit(X, Y)

    model = regressor(path, callbacks=[Within(lambda net, X, y: 0.0)])
    with pytest.raises(ValueError, match="no other fit uses"):
        model.fit(X, Y)


def test_a_lock_that_was_left_behind_locks_nobody_out(unfinished, path, tmp_path):
    Path(f"{path}.lock").write_bytes(b"")
    path.with_name("fit.ckpt.part").write_bytes(b"half a f")
    unfinished.fit(X, Y)
    assert os.listdir(tmp_path) == []


def test_a_lock_is_taken_once(path):
    one, other = FileLock(path), FileLock(path)
    assert [one.acquire(), other.acquire()] == [True, False]
    one.release()
    one.release()
    assert not path.exists()
    assert other.acquire()
    assert not one.acquire()
    other.release()


# ---------------------------------------------------------------------- another fit

OTHERS = {
    "hidden_size": ({"hidden_size": 4}, r"hidden_size=3 \(now 4\)\. Fit with"),
    "a loss": (
        {"loss": torch.nn.HuberLoss(delta=2.0)},
        r"loss='squared_error' \(now torch",
    ),
    "a callable": (
        {"optimizer": partial(torch.optim.Adam, eps=0.1)},
        r"optimizer='adam' \(now torch.optim.adam.Adam\(.*'eps': 0.1",
    ),
    "two": (
        {"max_epochs": 7, "early_stopping": True},
        r"early_stopping=False \(now True\); max_epochs=6 \(now 7\)\. Fit",
    ),
    "random_state": ({"random_state": 1}, r"random_state=0 \(now 1\)"),
    "no random_state": ({"random_state": None}, r"random_state=0 \(now None\)"),
    "callbacks": (
        {"callbacks": [EpochScoring("r2")]},
        r"callbacks=None \(now \(skorch.callbacks.scoring.EpochScoring\(",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_parameters_are_refused_by_name(case, unfinished, path):
    options, message = OTHERS[case]
    content = path.read_bytes()
    with pytest.raises(ValueError, match=message) as error:
        clone(unfinished).set_params(**options).fit(X, Y)
    assert str(error.value).startswith("checkpoint must be the file of a fit with these")
    assert repr(str(path)) in str(error.value)
    assert path.read_bytes() == content
    assert not Path(f"{path}.lock").exists()


def changed(values, place):
    values = values.copy()
    values[place] += 1e-12
    return values


DATA = {
    "a value of X": ((changed(X, (3, 2)), Y), "of a fit with other values in X. Fit"),
    "a value of y": ((X, changed(Y, -1)), "of a fit with other values in y. Fit"),
    "fewer rows": ((X[:-1], Y[:-1]), r"X of shape \(60, 6, 1\) \(now \(59, 6, 1\)\)"),
    "weights": ((X, Y, np.arange(1, 61)), "of a fit with no sample_weight. Fit"),
    "validation": ((X, Y, None, X, Y), r"of a fit with no X_val; no y_val\. Fit"),
}


@pytest.mark.parametrize("case", DATA)
def test_other_data_are_refused_by_name(case, unfinished, path):
    data, message = DATA[case]
    with pytest.raises(ValueError, match=message):
        clone(unfinished).fit(*data)
    assert path.exists()


def test_the_type_of_the_arguments_does_not_matter(unfinished):
    assert same(unfinished.fit(X.tolist(), list(Y)), regressor().fit(X, Y))


def test_another_number_of_threads_is_refused(unfinished):
    n_threads = torch.get_num_threads()
    torch.set_num_threads(n_threads + 1)
    try:
        with pytest.raises(ValueError, match=rf"{n_threads} thread\(s\) \(now"):
            unfinished.fit(X, Y)
    finally:
        torch.set_num_threads(n_threads)


def test_another_kind_of_estimator_is_refused(unfinished, path):
    with pytest.raises(ValueError, match=r"estimator=.*LSTMRegressor \(now .*Classifier"):
        LSTMClassifier(**SMALL, checkpoint=path).fit(X, Y > 0)


def test_training_goes_on_from_the_same_model(path, crash):
    first = regressor(warm_start=True).fit(X, Y)
    model = clone(first).fit(X, Y).set_params(checkpoint=path)
    crash(9)
    with pytest.raises(Crash):
        model.fit(X, Y)
    crash(0)
    with pytest.raises(ValueError, match="another model that training went on from"):
        clone(model).fit(X, Y)
    again = clone(first).fit(X, Y).partial_fit(X, Y)
    with pytest.raises(ValueError, match="another model that training went on from"):
        again.set_params(checkpoint=path).fit(X, Y)
    model.fit(X, Y)
    assert same(model, first.fit(X, Y))


def test_bad_input_leaves_the_file_as_it_is(unfinished, path):
    content = path.read_bytes()
    for options, data in [({"max_epochs": 0}, (X, Y)), ({}, (X, Y[:3])), ({}, (X[0], Y))]:
        with pytest.raises(ValueError, match=r"max_epochs|inconsistent|Expected 2D"):
            clone(unfinished).set_params(**options).fit(*data)
    assert path.read_bytes() == content


# ---------------------------------------------------------------------- bad files


def cut(path):
    path.write_bytes(path.read_bytes()[:-50])


def another(path):
    save(regressor(), path)


def replaced(old, new, path):
    """Of the same length, or the file could not be read at all."""
    content = path.read_bytes()
    assert old in content
    assert len(old) == len(new)
    path.write_bytes(content.replace(old, new))


garbled = partial(replaced, rb"n_epochs\":2", rb"n_epochs\":x")
of_other_parts = partial(replaced, rb"\"deck\":", rb"\"dock\":")


def folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [cut, another, garbled, of_other_parts, folder])
def test_a_damaged_or_another_file_is_refused(damage, unfinished, path):
    damage(path)
    model = clone(unfinished)
    with pytest.raises(ValueError, match="checkpoint must be the file of an unfinished"):
        model.fit(X, Y)
    assert path.exists()
    assert not Path(f"{path}.lock").exists()
    assert not hasattr(model, "n_epochs_")


def test_a_mutated_file_is_refused(path, crash):
    note = EpochScoring(lambda net, X, y: 0.0, name="nothing")
    model = regressor(path, callbacks=[note], weight_averaging=0.9, early_stopping=True)
    crashed(crash, 11, lambda: model.fit(X, Y))
    content, rng = path.read_bytes(), random.Random(0)
    kept = digest_of(read_checkpoint(path)["run"])
    said = []
    for _ in range(200):
        path.write_bytes(rng.choice(MUTATIONS)(content, rng))
        said.append(run_of(path))
    # But for those in which spaces are others, or the version that wrote it.
    refused = [text for text in said if text != kept]
    assert len(refused) > 180
    start = f"checkpoint must be the file of an unfinished fit. Got {str(path)!r}: "
    assert all(text.startswith(start) for text in refused)


def run_of(path):
    """A digest of the run in a file, or the error that it raises."""
    try:
        return digest_of(read_checkpoint(path)["run"])
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("place", ["missing/fit.ckpt", "file/fit.ckpt"])
def test_a_place_that_cannot_be_written_to_fails_before_training(place, tmp_path, crash):
    (tmp_path / "file").write_bytes(b"")
    steps = crash(0)
    with pytest.raises(ValueError, match=r"checkpoint must be a file in a folder .* Got"):
        regressor(tmp_path / place).fit(X, Y)
    assert steps == []


class OwnSchedule:
    """A schedule whose state nobody can ask for."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def step(self):
        pass


class Unspeakable(OwnSchedule):
    """One whose state is no data."""

    def state_dict(self):
        return {"optimizer": self.optimizer}

    def load_state_dict(self, state):
        pass


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (OwnSchedule, "must give a scheduler with state_dict and load_state_dict for a"),
        (Unspeakable, "checkpoint must be None where .*learning_rate_schedule.* is one of"),
    ],
)
def test_what_has_no_state_is_refused_before_training(schedule, message, path, crash):
    steps = crash(0)
    with pytest.raises((TypeError, ValueError), match=message):
        regressor(path, learning_rate_schedule=schedule).fit(X, Y)
    assert steps == []
    assert not path.exists()
    regressor(learning_rate_schedule=schedule).fit(X, Y)


@pytest.mark.parametrize("value", [3, True, b"fit.ckpt", ["fit.ckpt"]], ids=repr)
def test_what_is_no_path_is_refused(value):
    with pytest.raises(ValueError, match="'checkpoint' parameter of LSTMRegressor must be"):
        regressor(value).fit(X, Y)


# ---------------------------------------------------------------------- as a parameter


@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_of_the_model_has_the_path_as_it_was_given(kind, path, tmp_path):
    model = regressor(kind(path)).fit(X, Y)
    save(model, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.checkpoint == kind(path)
    assert type(loaded.checkpoint) is type(kind(path))


def test_code_is_described_by_its_name():
    assert described(np.tanh) == described(np.tanh)
    assert described(OwnSchedule) == f"{__name__}.OwnSchedule"
    torch.manual_seed(0)
    one, other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    assert described(one) == described(one)
    assert described(one) != described(other)
    assert described({"a": [1, np.int64(2)]}) == "{'a': (1, 2)}"
    assert " at 0x" not in described([EpochScoring(lambda net, X, y: 0.0), np.random])


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "?", "U3", object])
def test_each_value_counts_in_a_digest(dtype):
    values = np.arange(400_000).reshape(-1, 4) % 2
    values = values.astype(dtype)
    digests = {digest_of(values), digest_of(values.ravel()), digest_of(values[:-1])}
    for place in [(0, 0), (50_000, 1), (-1, -1)]:
        other = values.copy()
        other[place] = values[place[0], place[1] - 1]
        digests.add(digest_of(other))
    assert len(digests) == 6
    assert digest_of(np.asfortranarray(values)) == digest_of(values)


# ---------------------------------------------------------------------- sktime


def test_each_network_of_a_forecaster_has_a_file_of_its_own(path, tmp_path, crash):
    adapters = pytest.importorskip("sklstm.sktime", reason="adapts to it")
    series = np.sin(np.arange(60) / 3) + 0.1 * rng.normal(size=60)
    small = {**SMALL, "window_length": 6, "max_epochs": 4, "max_steps": None}
    model = adapters.LSTMForecaster(
        **small, quantile=(0.25, 0.5, 0.75), calibration_fraction=0.4, checkpoint=path
    )

    def fit(model=model):
        return model.clone().fit(series, fh=[1, 2])

    crashed(crash, 7, fit)  # of four epochs of two steps
    assert os.listdir(tmp_path) == ["fit.ckpt.calibration"]
    crashed(crash, 2 + 10, fit)  # of four epochs of four steps
    assert os.listdir(tmp_path) == ["fit.ckpt"]
    steps = crash(0)
    fitted = fit()
    # The first begins anew, the second goes on.
    assert steps == [1, 1, 2, 2, 3, 3, 4, 4] + [3] * 4 + [4] * 4
    assert os.listdir(tmp_path) == []
    assert fitted.model_.regressor.checkpoint == path
    expected = fit(model.clone().set_params(checkpoint=None))
    np.testing.assert_array_equal(fitted.predict(), expected.predict())
    quantiles = (one.predict_quantiles(alpha=[0.25]) for one in (fitted, expected))
    np.testing.assert_array_equal(*quantiles)


def test_a_forecaster_is_pretrained_in_a_file_of_its_own(path, tmp_path, crash):
    adapters = pytest.importorskip("sklstm.sktime", reason="adapts to it")
    panel = pd.Series(
        rng.normal(size=120), pd.MultiIndex.from_product([["a", "b", "c"], range(40)])
    ).to_frame()
    one = panel.loc["a"]
    options = {**SMALL, "window_length": 6}
    model = adapters.LSTMForecaster(**options, checkpoint=path)
    crashed(crash, 20, lambda: model.pretrain(panel, fh=[1, 2]))
    assert os.listdir(tmp_path) == ["fit.ckpt.pretraining"]
    model.pretrain(panel, fh=[1, 2])
    assert os.listdir(tmp_path) == []
    crashed(crash, 9, lambda: model.fit(one, fh=[1, 2]))
    assert os.listdir(tmp_path) == ["fit.ckpt"]
    model = adapters.LSTMForecaster(**options, checkpoint=path)
    model.pretrain(panel, fh=[1, 2]).fit(one, fh=[1, 2])
    assert os.listdir(tmp_path) == []
    other = adapters.LSTMForecaster(**options)
    other.pretrain(panel, fh=[1, 2]).fit(one, fh=[1, 2])
    np.testing.assert_array_equal(model.predict(), other.predict())


def test_adapters_of_whole_series_and_of_anomalies_take_up(path, crash):
    adapters = pytest.importorskip("sklstm.sktime", reason="adapts to it")
    panel, rows = X[:, None, :], pd.DataFrame({"x": X.ravel()})
    small = {**SMALL, "max_steps": None, "checkpoint": path}
    whole = {**small, "convolution": None}
    for model, data, n_steps in [
        (adapters.LSTMTimeSeriesClassifier(**whole), (panel, (Y > 0).astype(int)), 4),
        (adapters.LSTMTimeSeriesRegressor(**whole), (panel, Y), 3),
        (adapters.LSTMDetector(**small, window_length=8), (rows,), 18),
    ]:
        steps = crashed(crash, 2 * n_steps + 1, partial(model.clone().fit, *data))
        assert path.exists()
        model.clone().fit(*data)
        assert steps == [epoch for epoch in (3, 4, 5, 6) for _ in range(n_steps)]
        assert not path.exists()
