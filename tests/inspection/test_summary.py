"""Counts of weights, part by part."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.inspection import summary

X = np.random.default_rng(0).normal(size=(30, 12, 2))
Y = X[:, 0, 0]


def fitted(estimator=LSTMRegressor, **options):
    target = Y if estimator is LSTMRegressor else Y > 0
    return estimator(max_epochs=1, random_state=0, **options).fit(X, target)


def test_the_network_of_the_report_is_counted_as_its_source_counts():
    model = LSTMRegressor(hidden_size=50, num_layers=3, max_epochs=1)
    found = summary(model.fit(X[:, :, 0], Y))
    # Keras: 4 (50 (1 + 50) + 50), twice 4 (50 (50 + 50) + 50), 50 + 1.
    assert found.n_parameters == 51_451
    assert "600 are second biases" in str(found)
    assert str(found).endswith("50,851.")
    assert [part.n_parameters for part in found.parts] == [10_600, 20_400, 20_400, 0, 51]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cell": "gru", "bidirectional": True, "num_layers": 2},
        {"cell": "peephole", "layer_norm": True, "pooling": "attention"},
        {"cell": "rnn", "patch_length": 5, "head_sizes": [4, 3]},
        {"convolution": "before", "conv_filters": [4, 6], "conv_kernel_sizes": [3, 2]},
        {"convolution": "beside", "conv_filters": [4, 6], "conv_kernel_sizes": [3, 2],
         "squeeze_excite": True},
        {"instance_norm": "affine", "target_features": 0},
        {"instance_norm": "last", "target_features": 0, "season": "skip",
         "season_length": 4},
    ],
)  # fmt: skip
def test_every_weight_is_counted_once(options):
    model = fitted(**options)
    found = summary(model)
    assert found.n_parameters == sum(p.numel() for p in model.module_.parameters())
    assert all(part.output.startswith("(") for part in found.parts)


def test_categories_and_classes_are_counted():
    tokens = np.random.default_rng(0).integers(5, size=(30, 12))
    model = LSTMClassifier(categorical_features=0, embedding_size=3, max_epochs=1)
    found = summary(model.fit(tokens, np.arange(30) % 3))
    sizes = {part.name: (part.output, part.n_parameters) for part in found.parts}
    assert sizes["embedding"] == ("(T, 3)", 6 * 3)
    assert sizes["head"] == ("(3,)", 33 * 3)


def test_outputs_have_the_shapes_of_the_network():
    model = fitted(patch_length=4, bidirectional=True, hidden_size=7)
    shapes = {part.name: part.output for part in summary(model).parts}
    assert shapes == {
        "patches": "(T/4, 7)",
        "lstm 1, both directions": "(T/4, 14)",
        "pooling (last)": "(14,)",
        "head": "(1,)",
    }


def test_a_notebook_gets_a_table():
    html = summary(fitted())._repr_html_()
    assert html.count("<tr>") == 5
    assert "<td>lstm 1</td>" in html


def test_what_is_not_fitted_has_no_network():
    with pytest.raises(NotFittedError):
        summary(LSTMRegressor())
    with pytest.raises(TypeError, match=r"estimator must be an LSTM .* Got str"):
        summary("model")
