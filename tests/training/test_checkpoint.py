"""A fit that did not come to its end is taken up, and ends as if nothing had happened."""

import os
import random
import re
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
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
from sklstm.training._described import described
from sklstm.training._fingerprint import digest_of
from sklstm.training._unfinished_file import read_checkpoint, unfinished_files
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


def file_of(path):
    """The one file of an unfinished fit."""
    (found,) = unfinished_files(path)
    return found


def names_in(folder):
    """Names of files, the digests in them left out."""
    return sorted(re.sub(r"\b[0-9a-f]{16}\b", "*", name) for name in os.listdir(folder))


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
    assert names_in(tmp_path) == ["fit.ckpt.*.unfinished"]
    steps = crash(0)
    model = clone(unfinished).fit(X, Y)
    assert steps == [3] * 4 + [4] * 4 + [5] * 4 + [6] * 4
    assert os.listdir(tmp_path) == []
    assert same(model, regressor().fit(X, Y))


def test_the_file_is_there_while_a_fit_is(path, tmp_path, crash):
    seen = []

    class Look(EpochScoring):
        def on_epoch_begin(self, net, **kwargs):
            seen.append(names_in(tmp_path))

    look = Look(lambda net, X, y: 0.0, name="nothing")
    regressor(path, callbacks=[look]).fit(X, Y)
    assert seen == [[".fit.ckpt.*.unfinished.lock", "fit.ckpt.*.unfinished"]] * 6
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
    expected = regressor(random_state=np.random.RandomState(4)).fit(X, Y)
    assert same(other.fit(X, Y), expected)
    steps = crash(0)
    model.fit(X, Y)
    assert steps[0] == 3
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
    assert os.listdir(path.parent) == []


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
    assert file_of(path)
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
    content = file_of(path).read_bytes()
    clone(unfinished).partial_fit(X, Y)
    assert file_of(path).read_bytes() == content
    assert len(os.listdir(tmp_path)) == 1


# ---------------------------------------------------------------------- one at a time


# What is global does not count.
WITHIN = []


class FitsAgain(EpochScoring):
    """Fits a clone of the estimator that it listens to, within the first epoch."""

    def on_epoch_end(self, net, **kwargs):
        if WITHIN:
            model = WITHIN.pop()
            with pytest.warns(UserWarning, match="keeps nothing .* is under way"):
                model.fit(X, Y)


def test_the_same_fit_twice_at_a_time_keeps_one_file(path, tmp_path):
    outer = regressor(path, callbacks=[FitsAgain(lambda net, X, y: 0.0)])
    inner = clone(outer)
    WITHIN.append(inner)
    outer.fit(X, Y)
    assert same_weights(inner, outer)
    assert same_weights(inner, regressor().fit(X, Y))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_fits_of_a_search_do_not_meet(n_jobs, path, tmp_path):
    rates = {"learning_rate": [0.1, 0.01, 0.001]}
    options = {"cv": 2, "n_jobs": n_jobs, "error_score": "raise"}
    search = GridSearchCV(regressor(path), rates, **options).fit(X, Y)
    plain = GridSearchCV(regressor(), rates, **options).fit(X, Y)
    scores = [one.cv_results_["mean_test_score"] for one in (search, plain)]
    np.testing.assert_array_equal(*scores)
    assert search.best_params_ == plain.best_params_
    assert os.listdir(tmp_path) == []


def test_a_search_that_crashed_is_run_again(path, tmp_path, crash):
    search = GridSearchCV(regressor(path), {"hidden_size": [2, 3, 4]}, cv=2)
    # Of 12 steps each fit; in the fifth.
    crashed(crash, 4 * 12 + 8, lambda: clone(search).fit(X, Y))
    assert len(os.listdir(tmp_path)) == 1
    steps = crash(0)
    search.fit(X, Y)
    assert len(steps) == 6 * 12 - 6 + 24  # the one is taken up; the last is of all rows
    assert os.listdir(tmp_path) == []
    plain = GridSearchCV(regressor(), search.param_grid, cv=2).fit(X, Y)
    scores = [one.cv_results_["mean_test_score"] for one in (search, plain)]
    np.testing.assert_array_equal(*scores)


def test_the_second_of_many_outputs_is_taken_up(path, tmp_path, crash):
    model = MultiOutputRegressor(regressor(path))
    targets = np.column_stack([Y, -Y])
    crashed(crash, 24 + 9, lambda: clone(model).fit(X, targets))
    assert len(os.listdir(tmp_path)) == 1
    steps = crash(0)
    model.fit(X, targets)
    assert len(steps) == 24 + 16
    assert os.listdir(tmp_path) == []


def test_files_of_others_stay(path, tmp_path):
    names = ["fit.ckpt", "fit.ckpt.lock", "fit.ckpt.part", "fit.ckpt.unfinished"]
    for name in names:
        (tmp_path / name).write_bytes(b"somebody's")
    regressor(path).fit(X, Y)
    assert sorted(os.listdir(tmp_path)) == names
    assert {(tmp_path / name).read_bytes() for name in names} == {b"somebody's"}


def test_a_lock_that_was_left_behind_locks_nobody_out(unfinished, path, tmp_path):
    name = file_of(path).name
    (tmp_path / f".{name}.lock").write_bytes(b"")
    (tmp_path / f".{name}.part").write_bytes(b"half a f")
    unfinished.fit(X, Y)
    assert os.listdir(tmp_path) == []


def test_what_is_no_lock_stays(path):
    path.write_bytes(b"somebody's")
    with pytest.raises(FileExistsError, match="it is no lock"):
        FileLock(path).acquire()
    assert path.read_bytes() == b"somebody's"


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

OTHERS = [
    {"hidden_size": 4},
    {"loss": torch.nn.HuberLoss(delta=2.0)},
    {"optimizer": partial(torch.optim.Adam, eps=0.1)},
    {"max_epochs": 7, "early_stopping": True},
    {"random_state": 1},
    {"random_state": None},
    {"callbacks": [EpochScoring("r2")]},
]


@pytest.mark.parametrize(
    "options",
    OTHERS,
    ids=[", ".join(f"{n}={v!r:.14}" for n, v in o.items()) for o in OTHERS],
)
def test_other_parameters_begin_anew(options, unfinished, path, crash):
    content = file_of(path).read_bytes()
    steps = crash(0)
    clone(unfinished).set_params(**options).fit(X, Y)
    assert steps[0] == 1
    assert file_of(path).read_bytes() == content


def changed(values, place):
    values = values.copy()
    values[place] += 1e-12
    return values


DATA = {
    "a value of X": (changed(X, (3, 2)), Y),
    "a value of y": (X, changed(Y, -1)),
    "fewer rows": (X[:-1], Y[:-1]),
    "weights": (X, Y, np.arange(1, 61)),
    "validation": (X, Y, None, X, Y),
}


@pytest.mark.parametrize("case", DATA)
def test_other_data_begin_anew(case, unfinished, path, crash):
    steps = crash(0)
    clone(unfinished).fit(*DATA[case])
    assert steps[0] == 1
    assert file_of(path)


def test_the_type_of_the_arguments_does_not_matter(unfinished, crash):
    steps = crash(0)
    assert same(unfinished.fit(X.tolist(), list(Y)), regressor().fit(X, Y))
    assert steps[0] == 3


def test_another_number_of_threads_begins_anew_and_says_so(unfinished, path):
    n_threads = torch.get_num_threads()
    torch.set_num_threads(n_threads + 1)
    try:
        with pytest.warns(
            UserWarning, match=rf"begins anew: .* {n_threads} thread\(s\) \(n"
        ):
            unfinished.fit(X, Y)
    finally:
        torch.set_num_threads(n_threads)
    assert file_of(path)


def test_another_kind_of_estimator_begins_anew(unfinished, path):
    LSTMClassifier(**SMALL, checkpoint=path).fit(X, Y > 0)
    assert file_of(path)


def test_training_goes_on_from_the_same_model(path, crash):
    first = regressor(warm_start=True).fit(X, Y)
    model = clone(first).fit(X, Y).set_params(checkpoint=path)
    crash(9)
    with pytest.raises(Crash):
        model.fit(X, Y)
    crash(0)
    again = clone(first).fit(X, Y).partial_fit(X, Y)
    for other in (clone(model), again.set_params(checkpoint=path)):
        with pytest.warns(UserWarning, match="another model that training went on from"):
            other.fit(X, Y)
    steps = crash(0)
    model.fit(X, Y)
    assert steps[0] == 6 + 3
    assert same(model, first.fit(X, Y))


# ---------------------------------------------------------------------- code


def power(exponent):
    return lambda output, target: (output - target).abs() ** exponent


def default(output, target, exponent=2.0):
    return (output - target).abs() ** exponent


def another_default():
    namespace = {}
    source = "def default(output, target, exponent=1.0): return output ** exponent"
    exec(source, {"__name__": __name__}, namespace)
    return namespace["default"]


class OfPrivate:
    def __init__(self, exponent):
        self._exponent = exponent

    def __call__(self, output, target):
        return (output - target).abs() ** self._exponent

    def method(self, output, target):
        return self(output, target)


class OfSlots(OfPrivate):
    __slots__ = ("_exponent",)


class PrivateModule(torch.nn.Module):
    def __init__(self, exponent):
        super().__init__()
        self._exponent = exponent

    def forward(self, output, target):
        return (output - target).abs() ** self._exponent


PAIRS = {
    "closures": (power(2.0), power(1.0)),
    "defaults": (default, another_default()),
    "private values": (OfPrivate(2.0), OfPrivate(1.0)),
    "slots": (OfSlots(2.0), OfSlots(1.0)),
    "methods": (OfPrivate(2.0).method, OfPrivate(1.0).method),
    "modules": (PrivateModule(2.0), PrivateModule(1.0)),
    "lambdas": (lambda a, b: (a - b) ** 2, lambda a, b: abs(a - b)),
    "constants": (lambda a, b: (a - b) ** 2, lambda a, b: (a - b) ** 4),
    "within": (lambda a, b: (lambda c: c**2)(a - b), lambda a, b: (lambda c: c**4)(a - b)),
}


@pytest.mark.parametrize("case", PAIRS)
def test_another_loss_is_another_fit(case, path, crash):
    one, other = PAIRS[case]
    crashed(crash, 11, lambda: regressor(path, loss=one).fit(X, Y))
    steps = crash(0)
    regressor(path, loss=other).fit(X, Y)
    assert steps[0] == 1
    steps = crash(0)
    regressor(path, loss=one).fit(X, Y)
    assert steps[0] == 3


def test_another_schedule_is_another_fit(path, crash):
    def model(rate):
        schedule = partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=rate)
        return regressor(path, learning_rate_schedule=schedule)

    crashed(crash, 11, lambda: model(lambda epoch: 1 / (1 + epoch)).fit(X, Y))
    steps = crash(0)
    model(lambda epoch: 0.01).fit(X, Y)
    assert steps[0] == 1
    assert file_of(path)


def test_what_cannot_be_told_apart_is_not_kept(path, tmp_path):
    lock = threading.Lock()

    def loss(output, target):
        with lock:
            return (output - target) ** 2

    with pytest.warns(UserWarning, match=r"keeps nothing of this fit: .*_thread\.lock"):
        model = regressor(path, loss=loss).fit(X, Y)
    assert model.n_epochs_ == 6
    assert os.listdir(tmp_path) == []


def test_what_a_callback_holds_open_does_not_matter(path, tmp_path, crash):
    class Writes(EpochScoring):
        def on_epoch_end(self, net, **kwargs):
            pass

    def model():
        look = Writes(lambda net, X, y: 0.0)
        look.file, look.lock = sys.stderr, threading.Lock()
        return regressor(path, callbacks=[look])

    crashed(crash, 11, lambda: model().fit(X, Y))
    steps = crash(0)
    model().fit(X, Y)
    assert steps[0] == 3


def test_a_description_is_the_same_in_another_process():
    code = (
        "from tests.training.test_checkpoint import PAIRS, described\n"
        "print([described(one) for pair in PAIRS.values() for one in pair])"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"},
    )
    expected = [described(one) for pair in PAIRS.values() for one in pair]
    assert child.stdout.strip() == str(expected), child.stderr


def test_bad_input_leaves_the_file_as_it_is(unfinished, path):
    content = file_of(path).read_bytes()
    for options, data in [({"max_epochs": 0}, (X, Y)), ({}, (X, Y[:3])), ({}, (X[0], Y))]:
        with pytest.raises(ValueError, match=r"max_epochs|inconsistent|Expected 2D"):
            clone(unfinished).set_params(**options).fit(*data)
    assert file_of(path).read_bytes() == content


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
    file = file_of(path)
    damage(file)
    model = clone(unfinished)
    with pytest.raises(ValueError, match="checkpoint must be the file of an unfinished"):
        model.fit(X, Y)
    assert os.listdir(path.parent) == [file.name]
    assert not hasattr(model, "n_epochs_")


def test_a_mutated_file_is_refused(path, crash):
    note = EpochScoring(lambda net, X, y: 0.0, name="nothing")
    model = regressor(path, callbacks=[note], weight_averaging=0.9, early_stopping=True)
    crashed(crash, 11, lambda: model.fit(X, Y))
    path = file_of(path)
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
    with pytest.raises(ValueError, match=r"checkpoint must be a path in a folder .* Got"):
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
    assert os.listdir(path.parent) == []
    regressor(learning_rate_schedule=schedule).fit(X, Y)


@pytest.mark.parametrize("value", [3, True, b"fit.ckpt", ["fit.ckpt"]], ids=repr)
def test_what_is_no_path_is_refused(value):
    with pytest.raises(ValueError, match="'checkpoint' parameter of LSTMRegressor must be"):
        regressor(value).fit(X, Y)


# ---------------------------------------------------------------------- as a parameter


@pytest.mark.parametrize("kind", [str, Path])
def test_a_loaded_model_writes_no_files(kind, path, tmp_path):
    model = regressor(kind(path)).fit(X, Y)
    save(model, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.checkpoint is None
    assert loaded.get_params() == model.get_params() | {"checkpoint": None}


def test_an_empty_path_is_refused():
    with pytest.raises(ValueError, match=r"checkpoint must be a path .* Got ''\."):
        regressor("").fit(X, Y)


def test_a_folder_and_the_home_folder(tmp_path, crash, monkeypatch):
    crashed(crash, 11, lambda: regressor(tmp_path).fit(X, Y))
    assert names_in(tmp_path) == ["fit.*.unfinished"]
    regressor(tmp_path / "fit").fit(X, Y)
    assert os.listdir(tmp_path) == []
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    crashed(crash, 11, lambda: regressor("~/sums").fit(X, Y))
    assert names_in(tmp_path) == ["sums.*.unfinished"]


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_a_full_disk_leaves_the_best_epoch(path, crash):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Full(EpochScoring):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 4:
                resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))

    options = {"learning_rate_schedule": "constant"}
    model = regressor(path, callbacks=[Full(lambda net, X, y: 0.0)], **options)
    try:
        with pytest.raises(OSError, match=r"could not be written after epoch 4 \("):
            model.fit(X, Y)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert model.n_epochs_ == 4
    assert same_weights(model, regressor(max_epochs=4, **options).fit(X, Y))
    assert len(read_checkpoint(file_of(path))["run"]["history"]) == 3
    assert os.listdir(path.parent) == [file_of(path).name]


def same_weights(one, other):
    one, other = (digest_of(model.module_.state_dict()) for model in (one, other))
    return one == other


def test_code_is_described_by_its_name():
    assert described(np.tanh) == described(np.tanh)
    assert described(OwnSchedule).startswith(f"{__name__}.OwnSchedule ")
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
    assert names_in(tmp_path) == ["fit.ckpt.*.unfinished"]
    crashed(crash, 2 + 10, fit)  # of four epochs of four steps
    assert names_in(tmp_path) == ["fit.ckpt.*.unfinished"]
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
    assert names_in(tmp_path) == ["fit.ckpt.*.unfinished"]
    model.pretrain(panel, fh=[1, 2])
    assert os.listdir(tmp_path) == []
    crashed(crash, 9, lambda: model.fit(one, fh=[1, 2]))
    assert names_in(tmp_path) == ["fit.ckpt.*.unfinished"]
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
        assert len(os.listdir(path.parent)) == 1
        model.clone().fit(*data)
        assert steps == [epoch for epoch in (3, 4, 5, 6) for _ in range(n_steps)]
        assert os.listdir(path.parent) == []
