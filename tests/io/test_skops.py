"""Files of skops hold no pickle of ours, and load with the types that are named."""

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetRegressor
from torch import nn

from sklstm import (
    ConformalClassifier,
    ConformalRegressor,
    LSTMClassifier,
    LSTMOutlierDetector,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
)
from sklstm.io import TRUSTED_TYPES, load, save
from tests.io.same import is_same

skops = pytest.importorskip("skops.io")
SMALL = {"hidden_size": 3, "max_epochs": 2, "random_state": 0}
X = np.random.default_rng(0).normal(size=(40, 4))
Y = X[:, 0]
MODELS = {
    "regressor": LSTMRegressor(**SMALL).fit(X, Y),
    "pipeline": make_pipeline(
        StandardScaler(), SlidingWindowTransformer(3, context="fit"), LSTMRegressor(**SMALL)
    ).fit(X, Y),
    "path": LSTMRegressor(**SMALL).fit(X, Y).set_params(checkpoint=Path("runs")),
    "classifier": make_pipeline(SequenceReshaper(2), LSTMClassifier(**SMALL)).fit(X, Y > 0),
    "intervals": ConformalRegressor(LSTMRegressor(**SMALL), coverage=0.6).fit(X, Y),
    "sets": ConformalClassifier(LSTMClassifier(**SMALL), coverage=0.6).fit(X, Y > 0),
    "forecasts": LSTMOutlierDetector(**SMALL).fit(X),
    "reconstructions": LSTMOutlierDetector(**SMALL, method="reconstruction").fit(X),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_file_of_skops_holds_json_and_arrays_and_loads(name, tmp_path):
    model, path = MODELS[name], tmp_path / "model.skops"
    skops.dump(model, path)
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
        schema = json.loads(file.read("schema.json"))
        arrays = [file.read(one) for one in names if one != "schema.json"]
    assert all(content.startswith(b"\x93NUMPY") for content in arrays)
    assert "__cuda_dependent_attributes__" not in json.dumps(schema)
    assert "BytesNode" not in json.dumps(schema)
    assert set(skops.get_untrusted_types(file=path)) <= set(TRUSTED_TYPES)
    loaded = skops.load(path, trusted=list(TRUSTED_TYPES))
    assert is_same(loaded.predict(X), model.predict(X))


def test_all_types_are_there():
    for name in TRUSTED_TYPES:
        module, _, attribute = name.rpartition(".")
        assert hasattr(__import__(module, fromlist=[attribute]), attribute)
    assert list(TRUSTED_TYPES) == sorted(TRUSTED_TYPES)


class Attack:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


class Hiding(NeuralNetRegressor):
    """A net of skorch whose state is bytes that are a pickle, as that of each one is."""

    def __getstate__(self):
        hidden = pickle.dumps(Attack(self.mark))
        return {**super().__getstate__(), "__cuda_dependent_attributes__": hidden}


# skops names the class in the file, and an attacker would name that of skorch.
Hiding.__module__, Hiding.__qualname__ = "skorch.regressor", "NeuralNetRegressor"
Hiding.__name__ = "NeuralNetRegressor"


@pytest.fixture
def net(tmp_path):
    net = Hiding(nn.Identity)
    net.mark = tmp_path / "code of the file was here"
    return net


def test_the_pickle_in_skorchs_bytes_raises_before_anything_runs(net, tmp_path):
    model = LSTMRegressor(**SMALL).fit(X, Y)
    vars(model)["net"] = net
    skops.dump(model, tmp_path / "model.skops")
    with pytest.raises(skops.exceptions.UntrustedTypesFoundException, match="skorch"):
        skops.load(tmp_path / "model.skops", trusted=list(TRUSTED_TYPES))
    assert not net.mark.exists()
    with pytest.raises(TypeError, match=r"LSTMRegressor must have.* Got net = "):
        save(model, tmp_path / "model")


def test_the_attack_is_one(net):
    """A state of skorch that is set does run what is in its bytes."""
    with pytest.raises(TypeError):
        NeuralNetRegressor(nn.Identity).__setstate__(net.__getstate__())
    assert net.mark.exists()


@pytest.mark.parametrize("name", ["NeuralNetRegressor", "SequenceNet", "LSTMNetwork"])
def test_a_file_of_ours_cannot_name_a_net(name, tmp_path):
    save(MODELS["regressor"], tmp_path / "model")
    content = (tmp_path / "model").read_bytes()
    n = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + n])
    value = header["__metadata__"]["value"]
    header["__metadata__"]["value"] = value.replace("TrainedModel", name)
    text = json.dumps(header).encode()
    new = len(text).to_bytes(8, "little") + text + content[8 + n :]
    (tmp_path / "model").write_bytes(new)
    with pytest.raises(ValueError, match=f"a class '{name}' is not known"):
        load(tmp_path / "model")
