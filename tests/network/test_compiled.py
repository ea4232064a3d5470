"""The kernels of the LSTM against torch's own layer, and fits with and without them."""

import threading

import numpy as np
import pytest
import torch
from numpy.polynomial import Polynomial
from torch import nn

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.network import _compiled, _core
from sklstm.network._compiled import compiled_layers, lstm
from tests.network import parts

kernels = pytest.importorskip("sklstm.network._kernels", reason="needs numba")


def layer_and_inputs(shape, dtype=torch.float32, scale=1.0):
    n_samples, n_timesteps, n_features, n_units = shape
    generator = torch.Generator().manual_seed(0)
    layer = nn.LSTM(n_features, n_units, batch_first=True, dtype=dtype)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.uniform_(-1, 1, generator=generator).div_(n_units**0.5)
    x = torch.randn(n_samples, n_timesteps, n_features, generator=generator)
    return layer, (scale * x).to(dtype).requires_grad_()


def by_torch(layer, x):
    return layer(x)[0]


def values_and_gradients(compute, layer, x):
    """Hidden states, then gradients of a loss in which each state has its own weight."""
    hidden = compute(layer, x)
    weight = torch.linspace(0.1, 1, hidden.numel(), dtype=x.dtype).view_as(hidden)
    weights = [x, *layer.parameters()]
    gradients = torch.autograd.grad((weight * hidden).sum(), weights)
    return [hidden.detach(), *gradients]


def relative(value, expected):
    """The largest difference, to the largest value if there is one."""
    return float((value - expected).abs().max() / (expected.abs().max() or 1))


# ------------------------------------------------------------------ values


@pytest.mark.parametrize("n_units", [1, 3, 8, 33, 64, 128])
@pytest.mark.parametrize("n_samples", [1, 2, 4, 7, 32])
@pytest.mark.parametrize("n_timesteps", [1, 2, 16, 17, 40])
def test_states_and_gradients_are_those_of_torch(n_samples, n_timesteps, n_units):
    shape = n_samples, n_timesteps, 3, n_units
    layer, x = layer_and_inputs(shape, torch.float64)
    exact = values_and_gradients(by_torch, layer, x)
    for value, expected in zip(values_and_gradients(lstm, layer, x), exact, strict=True):
        assert relative(value, expected) < 1e-13
    single = nn.LSTM(3, n_units, batch_first=True)
    single.load_state_dict(layer.state_dict())
    x = x.detach().float().requires_grad_()
    ours = values_and_gradients(lstm, single, x)
    theirs = values_and_gradients(by_torch, single, x)
    for value, other, expected in zip(ours, theirs, exact, strict=True):
        assert value.is_contiguous()
        assert relative(value, expected) < max(1e-6, relative(other, expected))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_states_are_those_of_the_equations(dtype):
    layer, x = layer_and_inputs((5, 6, 2, 4), dtype)
    w = {name: value.astype(float) for name, value in parts.weights(layer).items()}
    expected = [parts.recurrent("lstm", row, w) for row in x.detach().double().numpy()]
    hidden = lstm(layer, x).detach().numpy()
    np.testing.assert_allclose(hidden, expected, rtol=1e-5, atol=1e-7)


def test_gradients_are_those_of_finite_differences():
    layer, x = layer_and_inputs((5, 4, 2, 3), torch.float64)
    weights = tuple(layer.parameters())
    assert torch.autograd.gradcheck(lambda *args: lstm(layer, args[0]), (x, *weights))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gates_may_be_shut_and_open(dtype):
    layer, x = layer_and_inputs((6, 9, 2, 5), dtype, scale=100.0)
    ours = values_and_gradients(lstm, layer, x)
    theirs = values_and_gradients(by_torch, layer, x)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    for value, expected in zip(ours, theirs, strict=True):
        assert value.isfinite().all()
        assert relative(value, expected) < tolerance


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_spoils_its_own_sequence_and_the_gradient(value):
    layer, x = layer_and_inputs((6, 5, 2, 3))
    expected = lstm(layer, x)
    with torch.no_grad():
        x[4, 2] = value
        x[4, 2, 1] = -value
    hidden = lstm(layer, x)
    assert hidden[4, 2:].isnan().all()
    rest = [0, 1, 2, 3, 5]
    assert torch.equal(hidden[rest], expected[rest])
    assert torch.equal(hidden[4, :2], expected[4, :2])
    gradients = torch.autograd.grad(hidden.sum(), list(layer.parameters()))
    assert all(gradient.isnan().any() for gradient in gradients)


@pytest.mark.parametrize("shape", [(0, 4, 2, 3), (4, 0, 2, 3), (1, 1, 1, 1)])
def test_nothing_to_read_is_read(shape):
    layer, x = layer_and_inputs(shape)
    hidden, d_x, *gradients = values_and_gradients_of_sum(layer, x)
    assert hidden.shape == (*shape[:2], shape[3])
    assert d_x.shape == x.shape
    if 0 in shape:
        assert not any(gradient.any() for gradient in gradients)


def values_and_gradients_of_sum(layer, x):
    hidden = lstm(layer, x)
    return hidden, *torch.autograd.grad(hidden.sum(), [x, *layer.parameters()])


def test_a_sequence_has_the_same_bits_whatever_stands_beside_it():
    layer, x = layer_and_inputs((11, 7, 3, 9))
    together = lstm(layer, x)
    for n in (1, 2, 3, 5):
        alone = torch.cat([lstm(layer, part) for part in x.split(n)])
        assert torch.equal(alone, together)


def test_inputs_may_lie_in_any_order():
    layer, x = layer_and_inputs((6, 5, 2, 3))
    turned = x.detach().flip(1).transpose(0, 1).contiguous().transpose(0, 1)
    assert not turned.is_contiguous()
    expected = lstm(layer, turned.contiguous())
    assert torch.equal(lstm(layer, turned), expected)
    # A gradient of one step, spread over all of them.
    lstm(layer, turned)[:, -1].sum().backward()
    gradient = layer.weight_hh_l0.grad.clone()
    layer.zero_grad()
    by_torch(layer, turned)[:, -1].sum().backward()
    torch.testing.assert_close(gradient, layer.weight_hh_l0.grad)


def test_a_second_derivative_is_refused():
    layer, x = layer_and_inputs((2, 3, 1, 2), torch.float64)
    loss = (lstm(layer, x) ** 2).sum()
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


# ------------------------------------------------------------------ the tangent


@pytest.mark.parametrize(
    ("dtype", "most_units"), [("float32", 6), ("float64", 8)], ids=["single", "double"]
)
def test_the_hyperbolic_tangent_is_within_a_few_units_in_the_last_place(dtype, most_units):
    from numba import njit

    @njit
    def tanh_of(x, y):
        for j in range(len(x)):
            y[j] = kernels.tanh(x[j])

    small = np.geomspace(1e-30, 1, 20_000)
    x = np.r_[0, small, np.linspace(0, 30, 200_001), 1e4, np.inf].astype(dtype)
    x = np.r_[-x, x]
    y = np.empty_like(x)
    tanh_of(x, y)
    exact = np.tanh(x.astype(np.longdouble))
    unit = np.spacing(np.abs(exact).astype(dtype))
    assert float((np.abs(y - exact) / unit).max()) <= most_units
    assert np.abs(y).max() == 1
    tanh_of(np.full(3, np.nan, dtype), y[:3])
    assert np.isnan(y[:3]).all()


def fitted_quotient(bound, n_rounds=300, n_points=2000):
    """The quotient P(z) / Q(z), z = x^2, nearest to tanh(x) / x, relatively.

    Linear least squares of P - f Q, divided by the last Q, whose weights grow where the
    error is large (Lawson's algorithm).
    """
    x = bound * (1 - np.cos(np.linspace(0, np.pi, n_points + 1)[1:])) / 2
    z, f = (x / bound) ** 2, np.tanh(x) / x
    powers = z[:, None] ** np.arange(5)
    weight, q = np.ones(n_points), np.ones(n_points)
    best = np.inf, None
    for _ in range(n_rounds):
        columns = np.hstack([powers, -f[:, None] * powers[:, 1:]])
        scale = np.sqrt(weight) / (f * q)
        found = np.linalg.lstsq(columns * scale[:, None], f * scale, rcond=None)[0]
        q = 1 + powers[:, 1:] @ found[5:]
        error = np.abs(powers @ found[:5] / q / f - 1)
        best = min(best, (error.max(), (found[:5], found[5:])), key=lambda pair: pair[0])
        weight = np.maximum(weight * error / error.mean(), 1e-12)
        weight /= weight.mean()
    error, (p, q) = best
    shrink = bound ** (2 * np.arange(5))
    return error, p / shrink, q / shrink[1:]


def test_the_single_precision_coefficients_are_fitted():
    error, p, q = fitted_quotient(float(kernels.NINE))
    assert error < 2.2e-8
    np.testing.assert_allclose(p[0], 1, rtol=1e-7)
    ours = [kernels.P0, kernels.P1, kernels.P2, kernels.P3]
    np.testing.assert_allclose(ours, p[1:], rtol=1e-3)
    ours = [kernels.Q0, kernels.Q1, kernels.Q2, kernels.Q3]
    np.testing.assert_allclose(ours, q, rtol=1e-3)


def test_the_double_precision_coefficients_are_those_of_the_continued_fraction():
    z = Polynomial([0, 1])
    over, under = Polynomial([23.0]), Polynomial([1.0])
    for k in range(21, 0, -2):  # k + z / (the fraction so far)
        over, under = k * over + z * under, over
    y = 0.7
    quotient = y * under(y * y) / over(y * y)
    np.testing.assert_allclose(quotient, np.tanh(y), rtol=1e-15)
    assert under.coef.tolist() == [
        316234143225, 45831035250, 1571349780, 18378360, 75075, 78
    ]  # fmt: skip
    assert over.coef.tolist() == [
        316234143225, 151242416325, 9820936125, 192972780, 1351350, 3003, 1
    ]  # fmt: skip


# ------------------------------------------------------------------ where they are used


def spied_on(monkeypatch):
    """Count what the kernels compute, and let them."""
    calls = []

    def counted(layer, x):
        calls.append(tuple(x.shape))
        return lstm(layer, x)

    monkeypatch.setattr(_core, "lstm", counted)
    return calls


def test_a_thread_that_is_not_told_leaves_layers_to_torch(monkeypatch):
    calls = spied_on(monkeypatch)
    layer, x = layer_and_inputs((6, 5, 2, 3))
    wide, _ = layer_and_inputs((1, 1, 2, _compiled.MOST_UNITS + 1))
    gru = nn.GRU(2, 3, batch_first=True)
    with compiled_layers():
        _core.states_of(wide, x)
        _core.states_of(gru, x)
        other = threading.Thread(target=_core.states_of, args=(layer, x))
        other.start()
        other.join()
        assert not calls
        _core.states_of(layer, x)
        assert len(calls) == 1
    _core.states_of(layer, x)
    assert len(calls) == 1


rng = np.random.default_rng(0)
X = rng.normal(size=(70, 6, 2))
X[::5, :2] = np.nan
Y = np.nansum(X[:, -2:], axis=(1, 2)) + 0.1 * rng.normal(size=70)
N_BATCHES = 5
OPTIONS = {"hidden_size": 6, "batch_size": 16, "random_state": 0}
ENOUGH = -(-_compiled.LEAST_STEPS // N_BATCHES)


@pytest.fixture
def soon(monkeypatch):
    """Let a short fit use the kernels."""
    monkeypatch.setattr(_compiled, "LEAST_STEPS", 1)


def test_only_a_fit_of_many_steps_uses_them(monkeypatch):
    calls = spied_on(monkeypatch)
    LSTMRegressor(**OPTIONS, max_epochs=ENOUGH - 1).fit(X, Y).predict(X)
    assert not calls
    LSTMRegressor(**OPTIONS, max_epochs=ENOUGH).fit(X, Y)
    assert len(calls) == N_BATCHES * ENOUGH


FITS = [
    (LSTMRegressor, {}),
    (LSTMRegressor, {"dtype": "float64"}),
    (LSTMRegressor, {"num_layers": 2, "bidirectional": True, "dropout": 0.2}),
    (LSTMRegressor, {"pooling": "attention", "early_stopping": True}),
    (LSTMRegressor, {"loss": "quantile", "quantile": [0.1, 0.9], "patch_length": 2}),
    (LSTMClassifier, {"head_sizes": (5,)}),
    # Batch normalisation takes the biases before it out again. Their gradient is rounding,
    # which Adam makes large in float32.
    (LSTMClassifier, {"convolution": "beside", "dtype": "float64"}),
]


@pytest.mark.parametrize(("kind", "options"), FITS, ids=str)
def test_a_fit_gives_what_it_gives_without_numba(soon, monkeypatch, kind, options):
    calls = spied_on(monkeypatch)
    if options.get("convolution"):
        options = {**options, "conv_filters": (4,), "conv_kernel_sizes": (3,)}
    y = Y if kind is LSTMRegressor else (Y > 0).astype(int)

    def fit():
        model = kind(**OPTIONS, **options, max_epochs=4).fit(X, y)
        answer = model.predict if kind is LSTMRegressor else model.predict_proba
        return model, answer(X)

    compiled, ours = fit()
    assert calls
    assert isinstance(compiled.module_.core.layers[0].forwards, nn.LSTM)
    monkeypatch.setattr(_compiled, "LEAST_STEPS", 1_000_000)
    n_calls = len(calls)
    plain, theirs = fit()
    assert len(calls) == n_calls
    tolerance = 1e-10 if options.get("dtype") == "float64" else 1e-4
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.ptp(theirs))
    assert compiled.module_.state_dict().keys() == plain.module_.state_dict().keys()


def test_the_same_seed_gives_the_same_bits_in_two_threads_at_once(soon):
    def fit(answers):
        model = LSTMRegressor(**OPTIONS, dropout=0.2, max_epochs=6).fit(X, Y)
        answers.append(model.predict(X))

    answers = []
    fit(answers)
    threads = [threading.Thread(target=fit, args=(answers,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer, answers[0])


def test_a_loss_that_diverges_is_noticed(soon):
    model = LSTMRegressor(
        **OPTIONS, standardize=False, optimizer="sgd", learning_rate=1e30, max_epochs=3
    )
    with pytest.raises(ValueError, match=r"became (nan|inf)"):
        model.set_params(max_grad_norm=None).fit(X, 1e3 * Y)


def test_without_numba_nothing_changes(monkeypatch):
    network = LSTMRegressor(**OPTIONS, max_epochs=1).fit(X, Y).module_
    assert _compiled.gains_by_kernels(network.core, _compiled.LEAST_STEPS)
    monkeypatch.setitem(__import__("sys").modules, "sklstm.network._kernels", None)
    assert not _compiled.gains_by_kernels(network.core, _compiled.LEAST_STEPS)


def test_mixed_precision_has_no_kernels(soon, monkeypatch):
    calls = spied_on(monkeypatch)
    LSTMRegressor(**OPTIONS, dtype="bfloat16", max_epochs=1).fit(X, Y)
    assert not calls


@pytest.mark.parametrize("options", [{"cell": "gru"}, {"layer_norm": True}], ids=str)
def test_other_cells_have_no_kernels(options):
    model = LSTMRegressor(**OPTIONS, **options, max_epochs=1).fit(X, Y)
    assert not _compiled.gains_by_kernels(model.module_.core, 10**9)
