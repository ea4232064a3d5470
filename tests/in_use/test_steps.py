"""An output at each step: numbers and labels, causal, with steps and targets missing."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    make_scorer,
    mean_absolute_error,
    r2_score,
)
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from sklstm import (
    ConformalRegressor,
    LSTMClassifier,
    LSTMRegressor,
    SequenceReshaper,
    cut_sequences,
    pad_sequences,
    sliding_windows,
)
from sklstm.inspection import (
    attributions,
    gate_activations,
    sequence_permutation_importance,
    summary,
)
from sklstm.io import load, save
from sklstm.metrics import get_scorer, over_steps
from sklstm.network._step_attention import StepAttention
from sklstm.training import _side_by_side, hold_out

from ..network import oracle

rng = np.random.default_rng(0)
N, T = 40, 7
X = rng.normal(size=(N, T, 2))
SUMS = np.cumsum(X[:, :, 0], axis=1)
LABELS = np.where(SUMS > 0, "up", "down")
GAPS = X.copy()
GAPS[3, 2] = GAPS[5, :3] = GAPS[6, 4:] = GAPS[7] = np.nan
UNSEEN = np.isnan(GAPS).all(axis=2)
SMALL = {"hidden_size": 6, "max_epochs": 3, "random_state": 0, "return_sequences": True}
# One batch in float64: sums in another order do not show.
EXACT = {**SMALL, "dtype": "float64", "batch_size": 1000, "learning_rate": 0.05}
NETWORKS = [
    {},
    {"cell": "gru"},
    {"cell": "rnn"},
    {"cell": "peephole"},
    {"layer_norm": True},
    {"num_layers": 2},
    {"head_sizes": (4,)},
    {"memory_length": 5},
    {"convolution": "before", "conv_filters": (3,), "conv_kernel_sizes": (2,)},
    {"pooling": "attention"},
]
LOSSES = [
    {},
    {"loss": "absolute_error"},
    {"loss": "gaussian"},
    {"loss": "student_t"},
    {"loss": "mixture", "n_mixtures": 2},
    {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]},
]
each_network = pytest.mark.parametrize("options", NETWORKS, ids=str)


def many_to_one(model):
    """The same weights in an estimator that gives what follows the last step alone."""
    twin = clone(model).set_params(return_sequences=False)
    twin.fit(X, SUMS[:, -1] if isinstance(model, LSTMRegressor) else LABELS[:, -1])
    twin._model.network.load_state_dict(model._model.network.state_dict())
    twin._model.encoding = model._model.encoding
    if isinstance(model, LSTMRegressor):
        targets = twin._model.targets
        object.__setattr__(targets, "scaling", model._model.targets.scaling)
    return twin


# ---------------------------------------------------------------------- what a step knows


@each_network
def test_a_step_is_what_the_prefix_gives(options):
    model = LSTMRegressor(**EXACT, **options).fit(GAPS, SUMS)
    # No other network has attention from step to step.
    twin = None if "pooling" in options else many_to_one(model)
    steps = model.predict(GAPS)
    for t in range(T):
        seen = ~UNSEEN[:, t]
        shorter = model.predict(GAPS[:, : t + 1])[:, t]
        np.testing.assert_allclose(steps[seen, t], shorter[seen], rtol=1e-9, atol=1e-12)
        if twin is None:
            continue
        prefix = twin.predict(GAPS[:, : t + 1])
        np.testing.assert_allclose(steps[seen, t], prefix[seen], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(np.isnan(steps), UNSEEN)


@each_network
def test_the_probability_of_a_step_is_that_of_the_prefix(options):
    model = LSTMClassifier(**EXACT, **options).fit(X, LABELS)
    steps = model.predict_proba(X)
    np.testing.assert_allclose(steps.sum(axis=2), 1)
    if "pooling" in options:
        return
    twin = many_to_one(model)
    for t in range(T):
        np.testing.assert_allclose(steps[:, t], twin.predict_proba(X[:, : t + 1]))


@each_network
def test_no_step_knows_what_comes(options):
    model = LSTMRegressor(**SMALL, **options).fit(X, SUMS)
    changed = X.copy()
    changed[:, 4:] += 1
    before, after = model.predict(X), model.predict(changed)
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).mean() > 0.5


@pytest.mark.parametrize("bidirectional", [False, True])
def test_attention_to_the_steps_is_that_of_the_equations(bidirectional):
    options = {"pooling": "attention", "bidirectional": bidirectional}
    model = LSTMRegressor(**EXACT, **options).fit(GAPS, SUMS)
    network = model.module_
    attention, core = network.step_attention, network.core.layers[0]
    score, join = (
        [p.detach().numpy() for p in part.parameters()]
        for part in (attention.score, attention.join)
    )
    scaling, target = model._model.encoding.scaling, model._model.targets.scaling
    weights, predicted = model.attention_weights(GAPS), model.predict(GAPS)
    for i in range(10):
        seen = ~UNSEEN[i]
        x = (GAPS[i, seen] - scaling.mean) / scaling.scale
        states = oracle.lstm_states(x, *oracle._weights(core.forwards))
        if bidirectional:
            back = oracle.lstm_states(x[::-1], *oracle._weights(core.backwards))[::-1]
            states = np.concatenate([states, back], axis=1)
        given = np.full((T, T), 0.0)
        attended = []
        for t, state in enumerate(states):
            read = states if bidirectional else states[: t + 1]
            scores = read @ score[0].T @ state
            share = np.exp(scores - scores.max())
            share /= share.sum()
            given[np.flatnonzero(seen)[t], np.flatnonzero(seen)[: len(read)]] = share
            both = np.concatenate([share @ read, state])
            attended.append(np.tanh(join[0] @ both + join[1]))
        np.testing.assert_allclose(weights[i], given, atol=1e-9)
        if seen.any():
            wanted = oracle._linear(network.head.linear, np.array(attended))[:, 0]
            wanted = wanted * target.scale + target.mean
            np.testing.assert_allclose(predicted[i, seen], wanted, rtol=1e-9)


def test_both_directions_know_all():
    model = LSTMRegressor(**SMALL, bidirectional=True).fit(X, SUMS)
    changed = X.copy()
    changed[:, -1] += 1
    assert (model.predict(X)[:, 0] != model.predict(changed)[:, 0]).all()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_values_are_those_of_the_equations(bidirectional):
    model = LSTMRegressor(**EXACT, bidirectional=bidirectional, num_layers=2).fit(X, SUMS)
    network, scaling = model.module_, model._model.encoding.scaling
    target = model._model.targets.scaling
    for x, predicted in zip(X[:5], model.predict(X[:5]), strict=True):
        states = (x - scaling.mean) / scaling.scale
        for layer in network.core.layers:
            both = [oracle.lstm_states(states, *oracle._weights(layer.forwards))]
            if bidirectional:
                weights = oracle._weights(layer.backwards)
                both.append(oracle.lstm_states(states[::-1], *weights)[::-1])
            states = np.concatenate(both, axis=1)
        wanted = oracle._linear(network.head.linear, states)[:, 0]
        np.testing.assert_allclose(predicted, wanted * target.scale + target.mean)


def test_a_prediction_has_the_same_bits_alone():
    model = LSTMRegressor(**SMALL).fit(X, SUMS)
    together = model.predict(GAPS)
    alone = np.concatenate([model.predict(GAPS[i : i + 1]) for i in range(N)])
    np.testing.assert_array_equal(together, alone)


# ---------------------------------------------------------------------- what is missing


@pytest.mark.parametrize(
    "options", [*LOSSES, *NETWORKS[1:], {"bidirectional": True}], ids=str
)
def test_unobserved_steps_are_as_if_they_were_not_there(options):
    # Steps without values are spread over longer sequences.
    place = np.sort(np.array([rng.permutation(T + 4)[:T] for _ in range(N)]), axis=1)
    longer, targets = np.full((N, T + 4, 2), np.nan), np.full((N, T + 4), np.nan)
    np.put_along_axis(longer, place[:, :, None].repeat(2, axis=2), X, axis=1)
    np.put_along_axis(targets, place, SUMS, axis=1)
    plain = LSTMRegressor(**EXACT, **options).fit(X, SUMS)
    spread = LSTMRegressor(**EXACT, **options).fit(longer, targets)
    np.testing.assert_allclose(plain.loss_curve_, spread.loss_curve_, rtol=1e-9)
    given = np.take_along_axis(spread.predict(longer), place, axis=1)
    np.testing.assert_allclose(plain.predict(X), given, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("how", ["masked", "weight", "label"])
def test_a_target_that_is_not_known_counts_nothing(how):
    known = rng.random((N, T)) < 0.7
    wrong = np.where(known, SUMS, 1e6)
    first = LSTMRegressor(**EXACT).fit(X, SUMS, sample_weight=known.astype(float))
    if how == "weight":
        wrong = np.where(known, SUMS, np.nan)
        second = LSTMRegressor(**EXACT).fit(X, wrong, sample_weight=known.astype(float))
    elif how == "masked":
        second = LSTMRegressor(**EXACT).fit(X, np.ma.array(wrong, mask=~known))
    else:
        labels = LABELS.astype(object)
        labels[~known] = None
        weight = known.astype(float)
        first = LSTMClassifier(**EXACT).fit(X, LABELS, sample_weight=weight)
        second = LSTMClassifier(**EXACT).fit(X, np.ma.array(labels, mask=~known))
        np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_allclose(first.loss_curve_, second.loss_curve_, rtol=1e-12)


def test_one_of_several_outputs_may_be_masked():
    both = np.stack([SUMS, -SUMS], axis=2)
    mask = np.zeros(both.shape, bool)
    mask[:, ::2, 1] = True
    wrong = np.where(mask, np.nan, both)
    model = LSTMRegressor(**{**SMALL, "max_epochs": 60}, learning_rate=0.03)
    predicted = model.fit(X, np.ma.array(wrong, mask=mask)).predict(X)
    assert predicted.shape == both.shape
    assert np.abs(predicted - both).mean() < 0.5 * np.abs(both).mean()


def test_predictions_are_missing_where_steps_are():
    numbers = LSTMClassifier(**SMALL).fit(X, (SUMS > 0).astype(int))
    words = LSTMClassifier(**SMALL).fit(X, LABELS)
    assert numbers.predict(X).dtype == int
    assert words.predict(X).dtype == LABELS.dtype
    np.testing.assert_array_equal(np.isnan(numbers.predict(GAPS)), UNSEEN)
    np.testing.assert_array_equal(words.predict(GAPS) == None, UNSEEN)  # noqa: E711
    np.testing.assert_array_equal(np.isnan(words.predict_proba(GAPS)[:, :, 0]), UNSEEN)
    seen = ~UNSEEN
    rows = words.predict_proba(GAPS)[seen].argmax(axis=1)
    np.testing.assert_array_equal(words.predict(GAPS)[seen], words.classes_[rows])


# ---------------------------------------------------------------------- weights


@pytest.mark.parametrize("of", ["samples", "steps"])
def test_a_weight_is_a_number_of_repetitions(of):
    times = rng.integers(0, 4, size=N)
    weight = times.astype(float)
    if of == "steps":
        weight = np.repeat(weight[:, None], T, axis=1)
    weighted = LSTMRegressor(**EXACT).fit(X, SUMS, sample_weight=weight)
    repeated = LSTMRegressor(**EXACT).fit(np.repeat(X, times, 0), np.repeat(SUMS, times, 0))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-8)


def test_the_loss_is_the_weighted_mean_over_steps():
    weight = rng.random((N, T))
    model = LSTMRegressor(**{**EXACT, "max_epochs": 1}, optimizer="sgd", standardize=False)
    model.fit(X, SUMS, sample_weight=weight)
    start = clone(model).set_params(learning_rate=1e-300).fit(X, SUMS)
    squares = (start.predict(X) - SUMS) ** 2
    wanted = (weight * squares).sum() / weight.sum()
    assert model.loss_curve_[0] == pytest.approx(wanted, rel=1e-9)


def test_the_weight_of_a_class_is_that_of_its_steps():
    y = (SUMS > 1).astype(int)
    share = y.mean()
    weight = np.where(y == 1, 0.5 / share, 0.5 / (1 - share))
    balanced = LSTMClassifier(**EXACT, class_weight="balanced").fit(X, y)
    by_hand = LSTMClassifier(**EXACT).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(balanced.predict_proba(X), by_hand.predict_proba(X))


@pytest.mark.parametrize("n_threads", [1, 2])
def test_pieces_of_a_batch_learn_the_same(monkeypatch, n_threads):
    options = {**EXACT, "batch_size": 20, "max_epochs": 2}
    whole = LSTMRegressor(**options).fit(GAPS, SUMS)
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        monkeypatch.setattr(_side_by_side, "count_pieces", lambda n, *sizes: 4)
        pieces = LSTMRegressor(**options).fit(GAPS, SUMS)
    finally:
        torch.set_num_threads(before)
    np.testing.assert_allclose(whole.predict(X), pieces.predict(X), rtol=1e-9)


# ---------------------------------------------------------------------- values


def test_each_step_gets_the_target_of_its_series_and_time():
    # A value is its series and time; what is asked for is the value before.
    code = 100.0 * np.arange(30)[:, None] + np.arange(9)
    before = np.pad(code, ((0, 0), (1, 0)), mode="edge")[:, :-1]
    gaps = code.copy()
    gaps[rng.random(gaps.shape) < 0.2] = np.nan
    model = LSTMRegressor(return_sequences=True, random_state=0, max_epochs=150)
    predicted = model.fit(gaps, before).predict(gaps)
    assert np.nanmean(np.abs(predicted - before)) < 50  # of 3,000


def test_targets_and_weights_move_with_the_observed_steps():
    model = LSTMRegressor(**SMALL, standardize=False).fit(GAPS, SUMS)
    net, seen = model.net_, ~UNSEEN
    weight = rng.random((N, T))
    data = model._model.data(model._fitted(GAPS)[1])
    data.y, data.weight = torch.from_numpy(SUMS[:, :, None]), torch.from_numpy(weight)
    inputs, target = data.gather(torch.arange(N))
    for i in range(N):
        n = seen[i].sum()
        np.testing.assert_array_equal(target[i, :n, 0], SUMS[i, seen[i]])
        np.testing.assert_array_equal(inputs["weight"][i, :n], weight[i, seen[i]])
    assert net.module_ is model.module_


def test_it_adds_what_is_marked_step_by_step():
    """The adding problem (Hochreiter and Schmidhuber, 1997), with the sum so far."""
    rng = np.random.default_rng(0)
    values = rng.uniform(-1, 1, (600, 20))
    marks = np.zeros_like(values)
    for half in (slice(0, 10), slice(10, 20)):
        marks[np.arange(600), rng.integers(half.start, half.stop, 600)] = 1
    both, sums = np.stack([values, marks], axis=2), (values * marks).cumsum(axis=1)
    model = LSTMRegressor(return_sequences=True, max_epochs=60, random_state=0)
    model.fit(both[:500], sums[:500])
    error = (model.predict(both[500:]) - sums[500:]) ** 2
    assert error.mean() < 0.02 * sums[500:].var()
    # The last step has the sum of both: that of the problem with one output.
    assert error[:, -1].mean() < 0.03 * sums[500:, -1].var()


def test_it_learns_a_running_sum_and_both_directions_the_whole():
    whole = np.repeat(SUMS[:, -1:], T, axis=1)
    options = {"random_state": 0, "max_epochs": 200, "return_sequences": True}
    assert LSTMRegressor(**options).fit(X, SUMS).score(X, SUMS) > 0.97
    assert LSTMRegressor(**options).fit(X[:, :1], whole[:, :1]).score(X, SUMS) < 0.9
    both = LSTMRegressor(**options, bidirectional=True).fit(X, whole)
    assert both.score(X, whole) > 0.97


@pytest.mark.parametrize("options", LOSSES[2:], ids=str)
def test_uncertainty_has_an_axis_for_the_steps(options):
    model = LSTMRegressor(**SMALL, **options).fit(X, SUMS)
    quantiles = model.predict_quantiles(GAPS, [0.1, 0.5, 0.9])
    assert quantiles.shape == (N, T, 3)
    np.testing.assert_array_equal(np.isnan(quantiles).any(axis=2), UNSEEN)
    assert (np.diff(quantiles[~UNSEEN], axis=1) >= 0).all()
    assert model.predict_interval(GAPS).shape == (N, T, 2)
    assert model.sample_y(X, 4).shape == (N, T, 4)


# ---------------------------------------------------------------------- in scikit-learn


def test_scores_are_those_of_scikit_learn_over_the_observed_steps():
    model = LSTMClassifier(**SMALL).fit(GAPS, LABELS)
    seen, weight = ~UNSEEN, rng.random(N)
    rows, predicted = LABELS[seen], model.predict(GAPS)[seen].astype(str)
    assert model.score(GAPS, LABELS) == np.mean(rows == predicted)
    f1 = make_scorer(over_steps(f1_score), pos_label="up")
    assert f1(model, GAPS, LABELS) == f1_score(rows, predicted, pos_label="up")
    per_step = np.repeat(weight[:, None], T, axis=1)
    numbers = LSTMRegressor(**SMALL).fit(GAPS, SUMS)
    mae = over_steps(mean_absolute_error)(SUMS, numbers.predict(GAPS), sample_weight=weight)
    assert mae == mean_absolute_error(
        SUMS[seen], numbers.predict(GAPS)[seen], sample_weight=per_step[seen]
    )
    loss = over_steps(log_loss)(LABELS, model.predict_proba(GAPS))
    assert loss == pytest.approx(log_loss(rows, model.predict_proba(GAPS)[seen]))


@pytest.mark.parametrize("y", [SUMS, np.stack([SUMS, -SUMS], axis=2), LABELS], ids=str)
def test_searches_folds_pipelines_and_pickles(y):
    cls = LSTMClassifier if y.dtype.kind == "U" else LSTMRegressor
    flat = GAPS.reshape(N, -1)
    pipeline = make_pipeline(SequenceReshaper(2), cls(**SMALL))
    name = f"{cls.__name__.lower()}__num_layers"
    search = GridSearchCV(pipeline, {name: [1, 2]}, cv=3, error_score="raise").fit(flat, y)
    assert np.isfinite(search.best_score_)
    assert cross_val_predict(pipeline, flat, y, cv=3).shape == y.shape
    model = search.best_estimator_[-1]
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(
        clone(model).fit(X, y).predict(X), loaded.fit(X, y).predict(X)
    )


def test_training_goes_on_and_stops_early():
    model = LSTMClassifier(**SMALL, warm_start=True).fit(X, LABELS)
    assert model.fit(X, LABELS).n_epochs_ == 6
    model = LSTMClassifier(**SMALL)
    model.partial_fit(X, LABELS[:, :], classes=["up", "down"]).partial_fit(X, LABELS)
    assert model.n_epochs_ == 2
    options = {**SMALL, "max_epochs": 40, "early_stopping": True, "learning_rate": 0.2}
    stopped = LSTMRegressor(**options, n_epochs_no_change=2).fit(X, SUMS)
    assert stopped.n_epochs_ < 40
    assert len(stopped.validation_loss_curve_) == stopped.n_epochs_
    given = LSTMRegressor(**SMALL).fit(X, SUMS, X_val=GAPS, y_val=SUMS)
    assert np.isfinite(given.validation_loss_curve_).all()


def test_windows_of_rows_have_targets_at_their_steps():
    series = np.arange(60.0)
    windows, _ = sliding_windows(series, window_length=6)
    targets = np.asarray(windows)[:, :, 0] * 2
    model = LSTMRegressor(**{**SMALL, "max_epochs": 150}, early_stopping=False)
    predicted = model.fit(windows, targets).predict(windows)
    assert np.abs(predicted - targets).max() < 20


# ---------------------------------------------------------------------- bad input


SHORT = "y must have a target for each of the 7 steps of the 40 sequences of X, .* Got s"
HOLE = SUMS.copy()
HOLE[4, 2] = np.nan
LATE = LABELS.astype(object)
LATE[4, 2:4] = None


@pytest.mark.parametrize(
    ("cls", "options", "y", "message"),
    [
        (LSTMRegressor, {}, SUMS[:, :5], SHORT),
        (LSTMClassifier, {}, LABELS[:, :5], SHORT),
        (
            LSTMRegressor,
            {},
            SUMS[:, 0],
            r"y must have the shape .*n_timesteps.* Got the shape",
        ),
        (
            LSTMClassifier,
            {},
            LABELS[:, 0],
            r"y must have the shape .*n_timesteps.* Got the shape",
        ),
        (LSTMClassifier, {}, LABELS[:, :, None], r"y must have the shape .* Got the shape"),
        (
            LSTMRegressor,
            {},
            HOLE,
            "Got none at step 2 of sample 4, and 0 more. If it is not",
        ),
        (LSTMClassifier, {}, LATE, "Got none at step 2 of sample 4, and 1 more. If it is"),
        (LSTMRegressor, {}, [[1.0, 2.0], [1.0]], "sequences of unequal length: sklstm.pad"),
        (
            LSTMRegressor,
            {"patch_length": 2},
            SUMS,
            "patch_length must be 1 with return_seq",
        ),
        (
            LSTMRegressor,
            {"pooling": "mean"},
            SUMS,
            "pooling must be 'last' or 'attention' w",
        ),
        (
            LSTMRegressor,
            {"instance_norm": "affine"},
            SUMS,
            "instance_norm must be None with",
        ),
        (
            LSTMRegressor,
            {"instance_scale": True},
            SUMS,
            "instance_scale must be 'auto' or F",
        ),
        (
            LSTMRegressor,
            {"season_length": 2},
            SUMS,
            "season_length must be None with return",
        ),
        (LSTMRegressor, {"horizon": 2}, SUMS, "horizon must be None with return_sequences"),
        (
            LSTMClassifier,
            {"convolution": "beside"},
            LABELS,
            "convolution must be None or 'be",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(cls, options, y, message):
    model = cls(**SMALL, **options)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "module_")


@pytest.mark.parametrize("shape", [(N, 3), (N + 1,), (N + 1, T)])
def test_weights_of_another_shape_are_refused(shape):
    with pytest.raises(
        ValueError, match=r"sample_weight.shape must be \(40,\), .*\(40, 7\)"
    ):
        LSTMRegressor(**SMALL).fit(X, SUMS, sample_weight=np.ones(shape))


def test_targets_of_steps_need_the_parameter():
    with pytest.raises(ValueError, match="targets at each step need return_sequences=True"):
        LSTMRegressor().fit(X, SUMS[:, :, None])
    with pytest.raises(ValueError, match="labels at each step need return_sequences=True"):
        LSTMClassifier().fit(X, LABELS)


def test_another_meaning_when_training_goes_on_is_refused():
    model = LSTMRegressor(**SMALL, warm_start=True).fit(X, SUMS)
    with pytest.raises(ValueError, match="return_sequences must stay what it was"):
        model.set_params(return_sequences=False).fit(X, SUMS[:, 0])


def test_a_loss_of_the_whole_batch_is_refused():
    model = LSTMRegressor(**SMALL, loss=lambda output, target: (output - target).mean())
    with pytest.raises(ValueError, match=r"to be used with .*return_sequences"):
        model.fit(X, SUMS)


@pytest.mark.parametrize("y", [SUMS[:, 0], SUMS[:, :5]], ids=["flat", "short"])
def test_scores_of_other_steps_are_refused(y):
    model = LSTMRegressor(**SMALL).fit(X, SUMS)
    with pytest.raises(ValueError, match=r"y_(true|pred) must have the"):
        model.score(X, y)


def test_conformal_intervals_of_steps():
    X, y = rng.normal(size=(300, T)), rng.normal(size=(300, T))
    model = ConformalRegressor(LSTMRegressor(**SMALL), coverage=0.8).fit(X[:200], y[:200])
    lower, upper = np.moveaxis(model.predict_interval(X[200:]), -1, 0)
    assert lower.shape == (100, T)
    assert 0.7 < np.mean((lower <= y[200:]) & (y[200:] <= upper)) < 0.9


def test_what_reads_one_output_of_a_sequence_says_so():
    model = LSTMRegressor(**SMALL).fit(X, SUMS)
    with pytest.raises(ValueError, match="return_sequences must be False for attributions"):
        attributions(model, X)


def test_gates_summaries_curves_and_files_are_those_of_any_network(tmp_path):
    model = LSTMClassifier(**SMALL, pooling="attention").fit(GAPS, LABELS)
    gates = gate_activations(model, GAPS)
    np.testing.assert_array_equal(np.isnan(gates.hidden[:, :, 0]), UNSEEN)
    parts = summary(model).parts
    assert [p.name for p in parts] == ["lstm 1", "attention to the steps", "head"]
    assert sum(p.n_parameters for p in parts) == sum(
        p.numel() for p in model.module_.parameters()
    )
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(GAPS), model.predict_proba(GAPS))
    assert model.transform(X).shape == (N, 6)
    importance = sequence_permutation_importance(model, GAPS, LABELS, n_repeats=2)
    assert importance.importances.shape == (2, 2)


# ---------------------------------------------------------------------- kinds of labels

KINDS = {
    "text": np.array(["x", "y", "z"]),
    "bool": np.array([False, True]),
    "int": np.array([3, 7]),
    "large": np.array([2**60 + 1, 2**60 + 3]),
    "float": np.array([-1.0, 2.0]),
    "object": np.array(["x", "y"], dtype=object),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["array", "masked", "list", "frame"])
def test_labels_of_any_kind_are_kept(kind, form):
    labels = KINDS[kind][rng.integers(len(KINDS[kind]), size=(N, T))]
    y = labels
    if form == "masked":
        y = np.ma.array(labels, mask=UNSEEN)
    elif form == "list":
        y = labels.tolist()
    elif form == "frame":
        y = pd.DataFrame(labels)
    model = LSTMClassifier(**SMALL).fit(GAPS, y)
    assert model.classes_.tolist() == sorted(set(KINDS[kind].tolist()))
    if kind != "object" and (kind, form) != ("text", "frame"):
        assert model.classes_.dtype == KINDS[kind].dtype
    said = model.predict(GAPS)
    assert set(said[~UNSEEN].tolist()) <= set(KINDS[kind].tolist())
    assert all(label is None or label != label for label in said[UNSEEN])
    expected = np.mean(
        [a == b for a, b in zip(said[~UNSEEN], labels[~UNSEEN], strict=True)]
    )
    assert model.score(GAPS, y) == pytest.approx(expected)


@pytest.mark.parametrize("filler", ["<pad>", None, float("nan")])
def test_labels_of_unobserved_steps_are_no_classes(filler):
    padded = LABELS.astype(object)
    padded[UNSEEN] = filler
    model = LSTMClassifier(**EXACT).fit(GAPS, padded, X_val=GAPS, y_val=padded)
    assert model.classes_.tolist() == ["down", "up"]
    plain = LSTMClassifier(**EXACT).fit(GAPS, LABELS)
    np.testing.assert_array_equal(model.predict_proba(GAPS), plain.predict_proba(GAPS))
    as_list = LSTMClassifier(**EXACT).fit(GAPS, padded.tolist())
    assert as_list.classes_.tolist() == ["down", "up"]


def test_numbers_of_unobserved_steps_may_be_anything():
    odd = np.where(UNSEEN, np.inf, np.abs(SUMS))
    model = LSTMRegressor(**SMALL, loss="negative_binomial").fit(
        GAPS, np.where(UNSEEN, -1, 2)
    )
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(LSTMRegressor(**SMALL).fit(GAPS, odd).loss_curve_).all()


NOWHERE = np.full((N, T), np.nan)


@pytest.mark.parametrize(
    ("y", "weight"),
    [
        (np.ma.masked_invalid(NOWHERE), None),
        (np.ma.array(SUMS, mask=~UNSEEN), None),
        (SUMS, UNSEEN.astype(float)),
        (np.ma.array(np.stack([SUMS, SUMS], 2), mask=[[[0, 1]] * T] * N), None),
    ],
    ids=["masked", "unobserved", "weight", "one of two"],
)
def test_nothing_to_learn_from_is_refused(y, weight):
    message = r"y must have a target that counts.* Got none"
    with pytest.raises(ValueError, match=message):
        LSTMRegressor(**SMALL).fit(GAPS, y, sample_weight=weight)
    if weight is None:
        whole = np.nan_to_num(np.ma.getdata(y))
        with pytest.raises(ValueError, match=message.replace("y", "y_val", 1)):
            LSTMRegressor(**SMALL).fit(X, whole, X_val=GAPS, y_val=y)


# ---------------------------------------------------------------------- scorers

SCORERS = [
    ("accuracy", accuracy_score, "predict", {}),
    ("f1_macro", f1_score, "predict", {"average": "macro"}),
    ("balanced_accuracy", balanced_accuracy_score, "predict", {}),
    ("neg_log_loss", log_loss, "predict_proba", {}),
]


@pytest.mark.parametrize(("name", "metric", "method", "options"), SCORERS)
@pytest.mark.parametrize("classes", [["down", "up"], ["a", "b", "c"], [0, 1]], ids=str)
@pytest.mark.parametrize("n_steps", [2, T])
def test_scorers_by_name_read_the_steps(name, metric, method, options, classes, n_steps):
    labels = np.array(classes)[np.digitize(SUMS, [0, 1][: len(classes) - 1])]
    x, y, unseen = GAPS[:, :n_steps], labels[:, :n_steps], UNSEEN[:, :n_steps]
    model = make_pipeline(LSTMClassifier(**SMALL)).fit(x, y)
    weight = rng.random(N)
    score = get_scorer(name)(model, x, y, sample_weight=weight)
    said, rows = getattr(model, method)(x)[~unseen], y[~unseen]
    said = np.array(said.tolist()) if method == "predict" else said
    weight = np.repeat(weight[:, None], n_steps, axis=1)[~unseen]
    expected = metric(rows, said, sample_weight=weight, **options)
    assert score == pytest.approx(-expected if name.startswith("neg") else expected)
    search = GridSearchCV(model, {"lstmclassifier__num_layers": [1]}, cv=KFold(2))
    search.set_params(scoring=get_scorer(name), error_score="raise").fit(x, y)
    assert np.isfinite(pickle.loads(pickle.dumps(search)).best_score_)


def test_scorers_of_several_numbers_are_their_mean():
    both = np.stack([SUMS, -SUMS], axis=2)
    model = LSTMRegressor(**SMALL).fit(GAPS, both)
    one_known = np.ma.array(both, mask=np.zeros(both.shape, bool))
    one_known[:20, :, 1] = np.ma.masked
    seen = ~UNSEEN
    said = model.predict(GAPS)
    later = seen & (np.arange(N) >= 20)[:, None]
    expected = np.mean(
        [
            r2_score(both[seen, 0], said[seen, 0]),
            r2_score(both[later, 1], said[later, 1]),
        ]
    )
    assert get_scorer("r2")(model, GAPS, one_known) == pytest.approx(expected)
    assert model.score(GAPS, one_known) == pytest.approx(expected)
    scorer = make_scorer(over_steps(mean_absolute_error), greater_is_better=False)
    assert pickle.loads(pickle.dumps(scorer))(model, GAPS, both) < 0


def test_ragged_labels_go_through_searches():
    parts = [rng.normal(size=(n, 2)) for n in rng.integers(2, 9, size=N)]
    X, y = pad_sequences(parts, [np.where(p[:, 0] > 0, "a", "b") for p in parts])
    model = LSTMClassifier(**SMALL)
    search = GridSearchCV(model, {"hidden_size": [3, 4]}, cv=3, error_score="raise")
    assert search.fit(X, y).best_score_ > 0
    said = cross_val_predict(model, X, y, cv=3)
    assert [label is None for label in said.ravel()] == np.ma.getmaskarray(
        y
    ).ravel().tolist()


def test_parts_of_one_recording_are_held_out_at_its_end():
    who = np.repeat([0, 1, 2], 50)
    X = cut_sequences(rng.normal(size=150), length=10, groups=who).X
    assert X.shape[0] == 15
    train, valid = hold_out(X, 0.2, "auto", labels=np.zeros(15, int), horizon=0)
    assert valid.tolist() == [4, 9, 14]
    assert train.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13]


def test_attention_to_long_sequences_takes_little_memory():
    x = rng.normal(size=(4, 1500))
    model = LSTMRegressor(**{**SMALL, "max_epochs": 1}, pooling="attention")
    tracemalloc.start()
    model.fit(x, np.cumsum(x, axis=1)).predict(x)
    assert tracemalloc.get_traced_memory()[1] < 30e6  # of NumPy; and of torch:
    tracemalloc.stop()
    hidden = torch.randn(1, 3000, 8)
    attention = model.module_.step_attention
    small = StepAttention(8, True, torch.float32)
    with torch.no_grad():
        for part in small.parameters():
            torch.nn.init.normal_(part, generator=torch.Generator().manual_seed(0))
        fast = small(hidden, None)
        context = small.weights(hidden, None) @ hidden
        slow = small.join(torch.cat([context, hidden], dim=2)).tanh()
    np.testing.assert_allclose(fast, slow, atol=1e-5)
    assert attention.is_causal
