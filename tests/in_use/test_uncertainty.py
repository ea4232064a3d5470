"""What a regressor says of its predictions: values, units, levels, and messages."""

import pickle

import numpy as np
import pytest
import sklearn
from scipy import stats
from sklearn.base import clone
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import EpochScoring

from sklstm import LSTMRegressor, SlidingWindowTransformer, sliding_windows
from sklstm.losses import GaussianLoss
from sklstm.metrics import get_scorer
from tests.losses.test_distributions import Gamma

rng = np.random.default_rng(0)
# The deviation of y is the mean of a sequence, and its median the last value.
X = rng.uniform(0.2, 2, size=(3000, 5, 1))
NOISE = rng.standard_normal(3000)
SIGMA = X.mean(axis=(1, 2))
Y = X[:, -1, 0] + SIGMA * NOISE
COUNTS = rng.negative_binomial(4, 4 / (4 + 20 * X[:, -1, 0])).astype(float)
LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]
QUICK = {"max_epochs": 2, "hidden_size": 4, "random_state": 0}
LOSSES = {
    "quantile": {"loss": "quantile", "quantile": LEVELS},
    "gaussian": {"loss": "gaussian"},
    "student_t": {"loss": "student_t"},
    "mixture": {"loss": "mixture"},
    "negative_binomial": {"loss": "negative_binomial"},
    "own": {"loss": Gamma()},
}
every_loss = pytest.mark.parametrize("options", LOSSES.values(), ids=LOSSES)


def targets_for(options):
    return COUNTS if options["loss"] == "negative_binomial" else np.abs(Y) + 0.1


def quick(options, X=X[:200], y=None, **others):
    y = targets_for(options)[:200] if y is None else y
    return LSTMRegressor(**QUICK | options | others).fit(X, y)


# ------------------------------------------------------------------ values


@pytest.mark.parametrize("name", ["quantile", "gaussian", "student_t", "mixture"])
def test_the_spread_of_each_target_is_learnt(name):
    options = {"max_epochs": 40, "random_state": 0, "learning_rate_schedule": "cosine"}
    model = LSTMRegressor(**LOSSES[name] | options).fit(X[:2000], Y[:2000])
    given = model.predict_quantiles(X[2000:], LEVELS)
    wanted = X[2000:, -1] + SIGMA[2000:, None] * stats.norm.ppf(LEVELS)
    error = np.abs(given - wanted) / SIGMA[2000:, None]
    assert error.mean() < 0.2
    inside = (Y[2000:, None] < given).mean(axis=0)
    np.testing.assert_allclose(inside, LEVELS, atol=0.04)


def test_counts_are_learnt_with_their_dispersion():
    model = LSTMRegressor(loss="negative_binomial", max_epochs=30, random_state=0)
    model.fit(X[:2000], COUNTS[:2000])
    mean, std = model.predict(X[2000:], return_std=True)
    wanted = 20 * X[2000:, -1, 0]
    assert np.mean(np.abs(mean / wanted - 1)) < 0.1
    assert np.mean(np.abs(std / np.sqrt(wanted + wanted**2 / 4) - 1)) < 0.15


def test_two_answers_to_one_question():
    """Half of the targets are at x, half at -x: the mean of both is never right."""
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 2, size=(1500, 3))
    y = np.where(rng.random(1500) < 0.5, 1, -1) * x[:, -1] + 0.1 * rng.normal(size=1500)
    nll = {}
    for loss in ("gaussian", "student_t", "mixture"):
        model = LSTMRegressor(
            loss=loss, max_epochs=30, early_stopping=True, random_state=0
        ).fit(x, y)
        nll[loss] = min(model.validation_loss_curve_)
    assert nll["mixture"] < nll["gaussian"] - 1
    low, high = model.predict_quantiles(x[:200], [0.25, 0.75]).T
    np.testing.assert_allclose(low, -x[:200, -1], atol=0.3)
    np.testing.assert_allclose(high, x[:200, -1], atol=0.3)


@every_loss
def test_what_is_said_in_one_way_agrees_with_the_other(options):
    model = quick(options)
    levels = model.predict_quantiles(X[:50], [0.05, 0.5, 0.95])
    assert levels.shape == (50, 3)
    interval = model.predict_interval(X[:50], 0.9)
    np.testing.assert_allclose(interval, levels[:, [0, 2]], rtol=1e-9)
    samples = model.sample_y(X[:50], 4000)
    assert samples.shape == (50, 4000)
    spread = levels[:, 2] - levels[:, 0]
    for k, level in enumerate([0.05, 0.5, 0.95]):
        # Many counts may lie on a quantile.
        below = (samples < levels[:, [k]]).mean(axis=1)
        upto = (samples <= levels[:, [k]]).mean(axis=1)
        assert (below - 0.03 < level).all()
        assert (level < upto + 0.03).all()
    np.testing.assert_array_equal(samples, model.sample_y(X[:50], 4000, random_state=0))
    assert not np.array_equal(samples, model.sample_y(X[:50], 4000, random_state=1))
    if options["loss"] == "quantile":
        np.testing.assert_array_equal(model.predict(X[:50]), levels[:, 1])
        return
    mean, std = model.predict(X[:50], return_std=True)
    assert (np.abs(mean - samples.mean(axis=1)) < 0.15 * spread + 0.1 * std).all()
    np.testing.assert_array_equal(mean, model.predict(X[:50]))


@every_loss
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("head", [{}, {"head_sizes": (5,)}])
def test_shapes_follow_those_of_y(options, outputs, head):
    y = targets_for(options)[:200]
    flat = quick(options, **head)
    assert flat.predict_quantiles(X[:7], [0.2, 0.9]).shape == (7, 2)
    wide = quick(options, y=np.stack([y, y, y], axis=1), **head)
    assert wide.predict(X[:7]).shape == (7, 3)
    assert wide.predict_quantiles(X[:7]).shape == (7, 3, 5)
    assert wide.predict_interval(X[:7]).shape == (7, 3, 2)
    assert wide.sample_y(X[:7], 4).shape == (7, 3, 4)


@pytest.mark.parametrize("name", ["quantile", "gaussian", "student_t", "mixture"])
@pytest.mark.parametrize("norm", [None, "last", "standard"])
def test_units_of_the_target_do_not_matter(name, norm):
    """Another unit of the sequence and of what is forecast, the same forecast in it."""
    rng = np.random.default_rng(1)
    series = np.cumsum(rng.normal(size=300))
    given = []
    for shift, scale in ((0.0, 1.0), (5000.0, 250.0)):
        windows, y = sliding_windows(shift + scale * series, window_length=6)
        model = LSTMRegressor(
            **QUICK | LOSSES[name], instance_norm=norm, dtype="float64"
        ).fit(windows, y)
        given.append((model.predict_interval(windows) - shift) / scale)
    np.testing.assert_allclose(given[0], given[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("norm", ["last", "standard"])
def test_a_spread_grows_with_that_of_the_sequence(norm):
    rng = np.random.default_rng(1)
    series = np.cumsum(rng.normal(size=400))
    windows, y = sliding_windows(series, window_length=8)
    model = LSTMRegressor(
        **QUICK | {"loss": "gaussian", "max_epochs": 10}, instance_norm=norm
    ).fit(windows, y)
    one = np.asarray(windows[:20])
    wide = one[:, :1] + 10 * (one - one[:, :1])
    ratio = model.predict(wide, return_std=True)[1] / model.predict(one, return_std=True)[1]
    low, high = (9.99, 10.01) if norm == "standard" else (0.2, 9.0)
    assert (ratio > low).all()
    assert (ratio < high).all()


@pytest.mark.parametrize("name", ["quantile", "gaussian", "student_t", "mixture"])
def test_series_of_unlike_size_have_intervals_of_their_own_size(name):
    rng = np.random.default_rng(1)
    small = rng.poisson(20 + 10 * np.sin(np.arange(200) * np.pi / 4)).astype(float)
    rows = np.r_[small, 1000 * small]
    windows, y = sliding_windows(rows, window_length=8, groups=np.repeat(["a", "b"], 200))
    options = LOSSES[name] | {"max_epochs": 15, "random_state": 0}
    model = LSTMRegressor(**options, instance_norm="last").fit(windows, y)
    width = np.diff(model.predict_interval(windows), axis=1)[:, 0].reshape(2, -1)
    np.testing.assert_allclose(width[1] / width[0], 1000, rtol=0.15)


def test_zeros_alone_have_no_spread():
    rows = np.r_[np.arange(40.0) + 5, np.zeros(40)]
    windows, y = sliding_windows(rows, window_length=5, groups=np.repeat(["a", "b"], 40))
    for options in LOSSES.values():
        if options["loss"] == "own":
            continue
        model = LSTMRegressor(**QUICK | options, instance_norm="last").fit(windows, y)
        interval = model.predict_interval(windows)
        assert np.isfinite(interval).all()
        np.testing.assert_allclose(interval[y == 0], 0, atol=1e-100)


@every_loss
def test_targets_that_are_not_known_count_nothing(options):
    y = targets_for(options)[:60]
    ahead = np.c_[np.r_[y[1:], np.nan], np.r_[y[2:], np.nan, np.nan]]
    ahead[10, 1] = np.nan
    rows = SlidingWindowTransformer(4, context="fit").fit_transform(X[:60, -1])
    model = LSTMRegressor(**QUICK | options, horizon=2).fit(rows, ahead)
    assert np.isfinite(model.loss_curve_).all()
    other = LSTMRegressor(**QUICK | options, horizon=2)
    # What lies after the training rows is not looked at either.
    ahead[-1:], ahead[-2:, 1] = 7.0, 7.0
    other.fit(rows, ahead)
    given = model.predict_interval(rows)
    assert given.shape == (60, 2, 2)
    np.testing.assert_array_equal(given, other.predict_interval(rows))


def test_a_weight_of_zero_is_left_out():
    weight = np.r_[np.ones(100), np.zeros(100)]
    options = LOSSES["gaussian"]
    light = LSTMRegressor(**QUICK | options).fit(X[:200], Y[:200], sample_weight=weight)
    short = LSTMRegressor(**QUICK | options).fit(X[:100], Y[:100])
    np.testing.assert_allclose(light.predict_interval(X[:9]), short.predict_interval(X[:9]))


# ------------------------------------------------------------------ in use


@every_loss
def test_pickles_and_clones_say_the_same(options):
    model = quick(options)
    given = model.predict_quantiles(X[:9])
    for other in (pickle.loads(pickle.dumps(model)), quick(clone(model).get_params())):
        np.testing.assert_array_equal(other.predict_quantiles(X[:9]), given)


def test_a_model_says_what_it_was_trained_to_say():
    model = quick(LOSSES["quantile"])
    given = model.predict_interval(X[:9])
    model.set_params(loss="squared_error", quantile=0.5)
    np.testing.assert_array_equal(model.predict_interval(X[:9]), given)
    model = pickle.loads(pickle.dumps(quick(LOSSES["own"]).set_params(loss=GaussianLoss())))
    with pytest.raises(ValueError, match="loss must be the one of fit"):
        model.predict(X[:9])


def test_training_goes_on_with_a_loss_of_the_same_head():
    model = quick(LOSSES["gaussian"]).set_params(warm_start=True)
    before = model.predict(X[:9])
    model.fit(X[:200], Y[:200])
    assert not np.array_equal(model.predict(X[:9]), before)
    with pytest.raises(ValueError, match="loss must have as many values for each target"):
        model.set_params(loss="student_t").fit(X[:200], Y[:200])
    counts = LSTMRegressor(**QUICK, loss="negative_binomial")
    for part in (slice(0, 99), slice(99, 200)):
        counts.partial_fit(X[part], COUNTS[part])
    assert counts.n_epochs_ == 2


def pinball(y_true, y_pred):
    return mean_pinball_loss(y_true, y_pred[:, 0], alpha=0.05)


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9),
    reason="before 1.9 scikit-learn's scorers ask regressors for `predict` alone",
)
def test_scorers_and_searches_read_quantiles():
    scorer = make_scorer(
        pinball, greater_is_better=False, response_method=["predict_quantiles"]
    )
    model = LSTMRegressor(**QUICK | LOSSES["quantile"])
    grid = {"quantile": [[0.05, 0.5], [0.05, 0.25, 0.75]], "loss": ["quantile"]}
    search = GridSearchCV(model, grid, scoring=scorer, cv=2, error_score="raise")
    search.fit(X[:100], Y[:100])
    best = search.best_estimator_.predict_quantiles(X[100:200])
    assert search.score(X[100:200], Y[100:200]) == -pinball(Y[100:200], best)
    missing = np.where(np.arange(100) % 2, Y[100:200], np.nan)
    kept = get_scorer(scorer)(search.best_estimator_, X[100:200], missing)
    assert kept == -pinball(missing[1::2], best[1::2])


@every_loss
def test_skorchs_scorers_compare_predictions(options):
    scores = EpochScoring("r2", on_train=True, use_caching=False)
    model = quick(options, callbacks=[scores])
    last = model.net_.history[-1, "r2"]
    np.testing.assert_allclose(last, model.score(X[:200], targets_for(options)[:200]))


# ------------------------------------------------------------------ messages


@pytest.mark.parametrize(
    ("quantile", "message"),
    [
        ([0.1, 0.9, 0.5], "quantile must be ascending levels .* Got"),
        ([0.1, 0.1, 0.9], "quantile must be ascending levels"),
        ([0.0, 0.5], r"quantile must be ascending levels in \(0, 1\)"),
        ([0.5, 1.0], r"quantile must be ascending levels in \(0, 1\)"),
        ([0.1, np.nan], "quantile must be ascending levels"),
        ([], "quantile must be ascending levels"),
        ([0.6, 0.9], "quantile must have a level on each side of 0.5, or 0.5 itself"),
        ([0.9], "quantile must have a level on each side of 0.5"),
        (1.5, "'quantile' parameter"),
    ],
)
def test_levels_out_of_order_are_refused_before_training(quantile, message):
    model = LSTMRegressor(loss="quantile", quantile=quantile)
    with pytest.raises(ValueError, match=message):
        model.fit(X[:20], Y[:20])
    assert not hasattr(model, "n_features_in_")


def test_a_list_may_hold_the_median_alone():
    model = quick({"loss": "quantile", "quantile": [0.5]})
    single = quick({"loss": "quantile", "quantile": 0.5})
    np.testing.assert_array_equal(model.predict(X[:9]), single.predict(X[:9]))
    assert not hasattr(model, "predict_quantiles")


@pytest.mark.parametrize("levels", [[0.9, 0.1], [0.5, 0.5], [0.0], [1.2], 0.5, "half", []])
def test_levels_asked_for_are_checked(levels):
    model = quick(LOSSES["gaussian"])
    with pytest.raises(ValueError, match="quantiles must be ascending levels"):
        model.predict_quantiles(X[:9], levels)


@pytest.mark.parametrize("coverage", [0, 1, 90, -0.1, True, "90%", None, np.nan])
def test_coverage_is_a_share(coverage):
    model = quick(LOSSES["gaussian"])
    with pytest.raises(ValueError, match=r"coverage must be a number in \(0, 1\)"):
        model.predict_interval(X[:9], coverage)


@pytest.mark.parametrize("n_samples", [0, 2.5, True, "many"])
def test_the_number_of_samples_is_a_number(n_samples):
    with pytest.raises(ValueError, match="n_samples must be an int of at least 1"):
        quick(LOSSES["gaussian"]).sample_y(X[:9], n_samples)


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("method", ["predict_quantiles", "predict_interval", "sample_y"])
def test_a_loss_that_knows_a_point_alone_says_so(method, fitted):
    model = LSTMRegressor(**QUICK)
    if fitted:
        model.fit(X[:20], Y[:20])
    assert not hasattr(model, method)
    message = f"{method} needs a loss that .*Got loss='squared_error'"
    with pytest.raises(AttributeError, match=message):
        getattr(model, method)(X[:9])


@pytest.mark.parametrize("options", [{}, LOSSES["quantile"]])
def test_a_deviation_needs_a_distribution(options):
    model = quick(options | {"loss": options.get("loss", "squared_error")})
    message = f"return_std needs a distribution .*{options.get('loss', 'squared_error')}"
    with pytest.raises(AttributeError, match=message):
        model.predict(X[:9], return_std=True)


@pytest.mark.parametrize("bad", [-1.0, 0.5])
def test_counts_are_whole_and_not_negative(bad):
    y = COUNTS[:200].copy()
    y[7] = bad
    with pytest.raises(ValueError, match=f"y must have counts.*Got {bad:g}"):
        quick(LOSSES["negative_binomial"], y=y)
    given = {"X_val": X[:20], "y_val": y[:20]}
    with pytest.raises(ValueError, match=f"must have counts.*Got {bad:g}"):
        LSTMRegressor(**QUICK, loss="negative_binomial").fit(X[:200], COUNTS[:200], **given)


def test_targets_outside_an_own_distribution_are_refused():
    with pytest.raises(ValueError, match=r"y must have .*Gamma.* Got -3"):
        quick(LOSSES["own"], y=np.full(200, -3.0))
