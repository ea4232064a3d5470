"""Processes that fit together have one model: that of one process with as many pieces."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch.distributed as dist
from sklearn.linear_model import Ridge

from sklstm import LSTMRegressor, distributed
from tests.machines import fits
from tests.machines.ranks import free_port, team_of

pytestmark = [
    pytest.mark.skipif(
        not (dist.is_available() and dist.is_gloo_available()),
        reason="this torch has no gloo, by which processes talk",
    ),
    pytest.mark.skipif(
        sys.platform == "win32",
        reason="processes meet by libuv, which torch may lack on Windows",
    ),
]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def team():
    with team_of(2) as two:
        yield two


# ---------------------------------------------------------------------- the same rows


@pytest.mark.parametrize(
    ("options", "weighs"),
    [
        ({}, False),
        ({"early_stopping": True, "learning_rate_schedule": "one_cycle"}, True),
        ({"dropout": 0.3, "num_layers": 2, "weight_averaging": 0.9}, False),
        ({"classifies": True, "class_weight": "balanced", "early_stopping": True}, True),
        ({"loss": "quantile", "quantile": [0.1, 0.5], "dtype": "float64"}, False),
        ({"bidirectional": True, "max_steps": 7, "batch_size": 64}, False),
        ({"instance_norm": "affine", "target_features": [0], "optimizer": "sgd"}, False),
        ({"pooling": "mean", "instance_norm": "level", "target_features": [0]}, False),
        ({"cell": "peephole", "max_epochs": 1}, False),
        ({"early_stopping": True, "refit_head": True}, True),
    ],
    ids=str,
)
def test_two_processes_equal_one_with_two_pieces_bit_for_bit(team, options, weighs):
    first, second = team(fits.fit_same, options, weighs)
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])
    if options.get("cell") == "peephole":
        # One process leaves these whole.
        expected = fits.model_of(options).fit(fits.X, fits.Y).predict(fits.X)
        np.testing.assert_allclose(first[1], expected, rtol=1e-4)
        return
    expected, prediction = fits.fit_in_pieces(options, 2, weighs)
    np.testing.assert_array_equal(first[1], prediction)
    assert first[0] == expected


@pytest.mark.parametrize("seed", [0, 3])
def test_a_state_that_moves_gives_one_seed_for_all(team, seed):
    first, second = team(fits.without_state, seed)
    assert first == second


def test_training_goes_on_in_all(team):
    (first, n_epochs), (second, _) = team(fits.go_on)
    assert first == second
    assert n_epochs == 5


def test_the_pieces_are_those_of_as_many_threads(team, monkeypatch):
    sizes = {"batch_size": 150, "hidden_size": 512, "max_epochs": 1}
    first, second = team(fits.fit_same, sizes)
    assert first[0] == second[0]


# ---------------------------------------------------------------------- rows of their own


@pytest.mark.parametrize("weighs", [False, True])
@pytest.mark.parametrize("bounds", [(0, 75, 150), (0, 100, 150)])
def test_own_rows_are_learnt_as_if_they_were_together(team, bounds, weighs):
    options = {"batch_size": 200, "max_epochs": 3, "dtype": "float64"}
    first, second = team(fits.fit_own, options, bounds, weighs)
    assert first[0] == second[0]
    weight = fits.WEIGHT if weighs else None
    alone = fits.model_of(options).fit(fits.X, fits.Y, sample_weight=weight)
    scaling = alone._model.encoding.scaling
    np.testing.assert_allclose(first[2].mean, scaling.mean, rtol=1e-12)
    np.testing.assert_allclose(first[2].scale, scaling.scale, rtol=1e-12)
    np.testing.assert_allclose(first[1], alone.predict(fits.X), rtol=1e-9)


def test_classes_are_those_of_all(team):
    order = np.argsort(fits.LABELS, kind="stable")
    n_down = int((fits.LABELS == "down").sum())
    first, second = team(fits.fit_sorted, order, (0, n_down, 150))
    assert first == second == ["down", "up"]


@pytest.mark.parametrize(
    "options",
    [
        {"early_stopping": True, "validation_split": "random"},
        {"max_steps": 9},
        {"validation_steps": 1, "early_stopping": True, "n_epochs_no_change": 2},
        {"batch_size": 7},
        {"instance_norm": "level", "target_features": [0]},
        {"instance_norm": "standard", "target_features": ()},
    ],
    ids=str,
)
def test_parts_of_unequal_size_train_to_one_model(team, options):
    first, second = team(fits.fit_own, options, (0, 10, 150))
    assert first[0] == second[0]
    assert first[3] == second[3]
    assert np.isfinite(first[1]).all()


@pytest.mark.parametrize("bounds", [(0, 75, 150), (0, 10, 150)])
def test_the_last_layer_is_solved_from_the_rows_of_all(team, bounds):
    (first, said, states, penalties), (second, *_) = team(fits.solve_own, bounds)
    assert first == second
    (penalty,) = penalties
    ridge = Ridge(alpha=penalty * len(fits.X)).fit(states, fits.Y)
    np.testing.assert_allclose(said, ridge.predict(states), rtol=1e-6)


def test_stores_of_a_panel_share_their_levels(team):
    options = {"instance_norm": "level", "target_features": 0, "instance_scale": True}
    (first, state), (second, _) = team(fits.fit_panel, options)
    assert first == second
    assert all(np.isfinite(value.numpy()).all() for value in state.values())


# ---------------------------------------------------------------------- rank 0's


def test_callbacks_are_those_of_rank_0_and_all_stop_with_it(team):
    (epochs, n_epochs, first), (others, n_others, second) = team(fits.fit_with_callbacks)
    assert epochs == [1, 2, 3]
    assert others == []
    assert n_epochs == n_others == 3
    assert first == second


# ---------------------------------------------------------------------- wrong use


@pytest.mark.parametrize(
    ("of_rank", "said"),
    [
        ([{"hidden_size": 4}, {"hidden_size": 5}], "rank 1 hidden_size=5 (in rank 0: 4)"),
        ([{}, {"classifies": True}], "LSTMClassifier"),
        ([{"random_state": 1}, {"random_state": 2}], "random_state=2 (in rank 0: 1)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("rows", ["same", "own"])
def test_unequal_parameters_are_refused_by_name(team, of_rank, said, rows):
    for error in team.errors(fits.fit_with, of_rank, (), rows):
        assert isinstance(error, ValueError)
        assert said in str(error)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (fits.fit_listening, "callbacks must not listen to batches"),
        (fits.fit_own_loss, "loss must be a name or one of torch's losses"),
    ],
)
def test_what_looks_at_a_whole_batch_is_refused_by_name(team, call, said):
    assert said in str(team.errors(call)[0])


def test_batch_normalisation_is_refused_by_name(team):
    options = {"convolution": "beside", "conv_filters": (2,), "conv_kernel_sizes": (3,)}
    for error in team.errors(fits.fit_with, [{}, {}], options):
        assert "convolution must not be 'beside'" in str(error)


def test_other_data_are_refused_where_all_should_have_the_same(team):
    data = [(fits.X, fits.Y), (fits.X + 1, fits.Y)]
    for error in team.errors(fits.fit_on, data):
        assert "X, y, parameters and the previous model must be the same" in str(error)
        assert "other values in X" in str(error)


def test_who_has_no_error_hears_of_that_of_another(team):
    data = [(fits.X, fits.Y), (fits.X, np.full(150, np.nan))]
    heard, own = team.errors(fits.fit_on, data, (), "own")
    assert "Input y contains NaN" in str(own)
    assert "Got in rank 1 ValueError: Input y contains NaN" in str(heard)


def test_other_features_are_refused(team):
    data = [(fits.X, fits.Y), (fits.X[:, :5], fits.Y)]
    for error in team.errors(fits.fit_on, data, (), "own"):
        assert "X of shape (5, 2) (in rank 0: (8, 2))" in str(error)


def test_a_callback_that_fails_fails_in_all(team):
    own, heard = team.errors(fits.fit_with_callbacks, 2)
    assert isinstance(own, ZeroDivisionError)
    assert "Got in rank 0 ZeroDivisionError: as told" in str(heard)


@pytest.mark.parametrize("rows", ["same", "own"])
def test_a_checkpoint_is_refused(team, tmp_path, rows):
    options = {"checkpoint": str(tmp_path / "fit")}
    for error in team.errors(fits.fit_with, [{}, {}], options, rows):
        assert "checkpoint must be None within distributed" in str(error)


def test_rows_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="rows must be 'same' or 'own'"), distributed("x"):
        pass


# ---------------------------------------------------------------------- alone, and torchrun


def test_alone_nothing_changes():
    alone = LSTMRegressor(**fits.SMALL).fit(fits.X, fits.Y)
    with distributed(rows="own"):
        model = LSTMRegressor(**fits.SMALL).fit(fits.X, fits.Y)
    assert fits.digest(model) == fits.digest(alone)
    assert not dist.is_initialized()


SCRIPT = """
import sys
from sklstm import LSTMRegressor, distributed
from tests.machines.fits import SMALL, X, Y, digest

with distributed():
    model = LSTMRegressor(**SMALL).fit(X, Y)
with open(sys.argv[1] + __import__("os").environ.get("RANK", "alone"), "w") as file:
    file.write(digest(model))
"""


def test_the_same_script_under_torchrun(team, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    command += [f"--master-port={free_port()}", str(script), str(tmp_path / "rank")]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    said = [(tmp_path / f"rank{i}").read_text("utf-8") for i in range(2)]
    assert said == [one[0] for one in team(fits.fit_same, {})]
