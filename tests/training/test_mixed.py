"""Training whose recurrent products are of bfloat16."""

import numpy as np
import pytest
import torch

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.io import load, save
from sklstm.network._core import RecurrentLayer

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 12, 3)).astype("float32")
X[::7, :3] = np.nan
Y = np.nansum(X[:, -4:, 0], axis=1)
SMALL = {"hidden_size": 16, "max_epochs": 5, "learning_rate": 0.01, "random_state": 0}


def types_given(kind, model, X, y):
    """Types of what layers of a kind give, in training and in prediction."""
    seen = []
    forward = kind.forward

    def look(self, *args):
        result = forward(self, *args)
        seen.append(result.dtype)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "forward", look)
        model.fit(X, y)
        trained = set(seen)
        seen.clear()
        model.predict(X)
    return trained, set(seen)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_layers": 2, "bidirectional": True, "dropout": 0.2},
        {"instance_norm": "level", "target_features": [0]},
        {"patch_length": 3, "pooling": "attention"},
        {"convolution": "before", "conv_filters": (8, 8), "conv_kernel_sizes": (3, 2)},
        {"convolution": "beside", "conv_filters": (8, 8), "conv_kernel_sizes": (3, 2)},
    ],
    ids=str,
)
def test_losses_are_those_of_float32_to_a_few_digits(options):
    mixed = LSTMRegressor(**SMALL, dtype="bfloat16", **options).fit(X, Y)
    plain = LSTMRegressor(**SMALL, **options).fit(X, Y)
    np.testing.assert_allclose(mixed.loss_curve_, plain.loss_curve_, rtol=0.03)
    assert mixed.loss_curve_ != plain.loss_curve_
    assert {weight.dtype for weight in mixed.module_.parameters()} == {torch.float32}
    assert mixed.predict(X).dtype == plain.predict(X).dtype


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (RecurrentLayer, {}),
        (torch.nn.Conv1d, {"convolution": "before"}),
        (torch.nn.Conv1d, {"convolution": "beside"}),
    ],
)
def test_products_are_of_bfloat16_in_training_alone(kind, options):
    options = options | {"conv_filters": (8,), "conv_kernel_sizes": (3,)}
    model = LSTMRegressor(**SMALL, **options, dtype="bfloat16", early_stopping=True)
    assert types_given(kind, model, X, Y) == (
        {torch.bfloat16, torch.float32},
        {torch.float32},
    )
    plain = LSTMRegressor(**SMALL, **options)
    assert types_given(kind, plain, X, Y) == ({torch.float32}, {torch.float32})


def test_a_seed_gives_the_same_bits_and_training_goes_on():
    first, second = (LSTMRegressor(**SMALL, dtype="bfloat16").fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    first.partial_fit(X, Y)
    assert first.n_epochs_ == 6


def test_files_give_the_same_predictions(tmp_path):
    model = LSTMClassifier(**SMALL, dtype="bfloat16").fit(X, Y > 0)
    save(model, tmp_path / "model.safetensors")
    read = load(tmp_path / "model.safetensors")
    assert read.dtype == "bfloat16"
    np.testing.assert_array_equal(read.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("options", [{"cell": "gru"}, {"layer_norm": True}], ids=str)
def test_other_cells_are_refused_by_name(options):
    with pytest.raises(ValueError, match=r"dtype must be 'float32' or 'float64' but for"):
        LSTMRegressor(**SMALL, dtype="bfloat16", **options).fit(X, Y)


def own_loss(output, target):
    return ((output - target) ** 2).mean()


@pytest.mark.parametrize("loss", ["squared_error", own_loss], ids=["cut", "whole"])
def test_a_callers_autocast_changes_nothing(loss):
    models = [LSTMRegressor(**SMALL, dtype="bfloat16", loss=loss) for _ in range(2)]
    alone = models[0].fit(X, Y)
    with torch.autocast("cpu", torch.bfloat16):
        within = models[1].fit(X, Y)
    assert within.loss_curve_ == alone.loss_curve_
