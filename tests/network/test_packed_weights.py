"""Predictions by packed weights are torch's, bit by bit, whatever became of the weights."""

import copy
import gc
import pickle
from itertools import product

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call

from sklstm.network import _core, _packed_weights
from sklstm.training._threads import OwnThreads

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="torch is built without oneDNN"
)


def layer_of(n_features=3, n_units=5, seed=0):
    torch.manual_seed(seed)
    return nn.LSTM(n_features, n_units, batch_first=True).eval()


def sequences(n_samples=4, n_timesteps=6, n_features=3):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n_samples, n_timesteps, n_features, generator=generator)


@torch.inference_mode()
def assert_as_torch(layer, x):
    assert torch.equal(_core.states_of(layer, x), layer(x)[0])


@pytest.fixture
def packs(monkeypatch):
    """How often weights are packed."""
    calls, pack = [], _packed_weights._pack
    monkeypatch.setattr(
        _packed_weights, "_pack", lambda *args: calls.append(1) or pack(*args)
    )
    return calls


@pytest.mark.parametrize("n_features", [1, 7, 33])
@pytest.mark.parametrize("n_units", [1, 16, 50, 128])
def test_states_have_the_bits_of_torchs(packs, n_features, n_units):
    layer = layer_of(n_features, n_units)
    for n_samples, n_timesteps in product([1, 2, 33, 256], [1, 2, 24]):
        assert_as_torch(layer, sequences(n_samples, n_timesteps, n_features))
    assert len(packs) == 1


def expanded():
    return torch.tensor([[[1.0], [-1.0], [2.0], [0.5]]]).expand(1, 4, 5)


def transposed():
    return sequences(1, 5, 4).transpose(1, 2)


@pytest.mark.parametrize("make", [lambda: torch.ones(1, 4, 5), expanded, transposed])
def test_a_state_to_begin_with_is_read(packs, make):
    layer, x = layer_of(), sequences()
    state = make(), -2.0 * make()
    with torch.inference_mode():
        assert torch.equal(_core.states_of(layer, x, state), layer(x, state)[0])
    assert packs


def set_in_place(layer):
    with torch.no_grad():
        layer.weight_hh_l0[0, 0] = 3.0


def set_in_data(layer):
    layer.weight_ih_l0.data[-1, -1] += 0.5


def set_in_numpy(layer):
    layer.weight_hh_l0.detach().numpy()[2, 1] = torch.nan


def load(layer):
    layer.load_state_dict(layer_of(seed=1).state_dict())


def replace(layer):
    layer.weight_hh_l0 = nn.Parameter(layer.weight_hh_l0.detach() / 2)


def transpose_in_memory(layer):
    layer.weight_hh_l0.data = layer.weight_hh_l0.data.t().contiguous().t()


@pytest.mark.parametrize("change", [set_in_place, set_in_data, set_in_numpy, load, replace])
def test_weights_that_change_are_packed_anew(packs, change):
    layer, x = layer_of(), sequences()
    before = layer(x)[0]
    assert_as_torch(layer, x)
    change(layer)
    assert not torch.equal(layer(x)[0], before)
    with torch.inference_mode():
        found, expected = _core.states_of(layer, x), layer(x)[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
    assert len(packs) == 2


def test_weights_in_another_order_of_memory_count(packs):
    layer, x = layer_of(), sequences()
    transpose_in_memory(layer)
    assert_as_torch(layer, x)
    set_in_data(layer)
    assert_as_torch(layer, x)
    assert len(packs) == 2


def test_weights_that_change_while_they_are_packed_are_packed_anew(monkeypatch):
    layer, x = layer_of(), sequences()
    pack = _packed_weights._pack

    def pack_slowly(*args):
        packed = pack(*args)
        set_in_place(layer)  # as another thread may
        return packed

    monkeypatch.setattr(_packed_weights, "_pack", pack_slowly)
    with torch.inference_mode():
        _core.states_of(layer, x)
    monkeypatch.undo()
    assert_as_torch(layer, x)


def test_biases_are_read_each_time(packs):
    layer, x = layer_of(), sequences()
    assert_as_torch(layer, x)
    layer.bias_hh_l0.data += 1.0
    assert_as_torch(layer, x)
    assert len(packs) == 1


@torch.inference_mode()
def test_weights_for_one_call_count(packs):
    layer, x = layer_of(), sequences()

    class Reads(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return _core.states_of(self.layer, x)

    other = layer_of(seed=1)
    weights = {f"layer.{name}": weight for name, weight in other.named_parameters()}
    assert torch.equal(functional_call(Reads(), weights, x), other(x)[0])
    assert torch.equal(Reads()(x), layer(x)[0])
    assert len(packs) == 2


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))]
)
def test_copies_have_weights_of_their_own(packs, copied):
    layer, x = layer_of(), sequences()
    assert_as_torch(layer, x)
    other = copied(layer)
    set_in_data(other)
    assert_as_torch(other, x)
    assert_as_torch(layer, x)
    assert len(packs) == 2


def test_what_was_packed_goes_with_its_layer():
    layer = layer_of()
    assert_as_torch(layer, sequences())
    gc.collect()
    n_kept = len(_packed_weights._kept)
    del layer
    gc.collect()
    assert len(_packed_weights._kept) == n_kept - 1


def test_threads_share_a_layer(packs):
    layer, x = layer_of(), sequences()
    expected = layer(x)[0]

    @torch.inference_mode()
    def states(_):
        return _core.states_of(layer, x)

    threads = OwnThreads()
    for found in threads.run(lambda: threads.map(states, range(50))):
        assert torch.equal(found, expected)
    assert packs


def test_where_torch_does_not_ask_its_library_neither_do_we(monkeypatch, packs):
    layer, x = layer_of(), sequences()
    with torch.no_grad():
        _core.states_of(layer, x)
    with torch.inference_mode():
        assert torch.equal(
            _core.states_of(layer.double(), x.double()), layer(x.double())[0]
        )
        layer.float()
        with monkeypatch.context() as context:
            context.setattr(torch.backends.mkldnn, "enabled", False)
            assert torch.equal(_core.states_of(layer, x), layer(x)[0])
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(_core.states_of(layer, x), layer(x)[0])
        assert torch.equal(_core.states_of(layer, x[:0]), layer(x[:0])[0])
        assert torch.equal(_core.states_of(layer.train(), x), layer(x)[0])
    assert not packs


@torch.inference_mode()
def test_torch_can_compile_what_calls_the_layer():
    layer, x = layer_of(), sequences()
    states = torch.compile(lambda x: _core.states_of(layer, x), backend="eager")
    assert torch.equal(states(x), layer(x)[0])


@torch.inference_mode()
def test_tensors_without_values_are_left_to_torch(packs):
    layer, x = layer_of(), sequences()
    with FakeTensorMode(allow_non_fake_inputs=True) as fake:
        assert _core.states_of(layer, fake.from_tensor(x)).shape == (4, 6, 5)
    assert not packs
