"""Files of this release and of those before it load, and predict what they did."""

import numpy as np
import pytest

from sklstm.io import load
from tests.io.release import ASKED, FOLDER, X, Y

FILES = sorted(FOLDER.glob("*/*.safetensors"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_file_of_a_release_loads_and_predicts(path):
    expected = np.load(path.with_suffix(".npy"))
    given = np.asarray(ASKED[path.stem](load(path)))
    assert given.dtype == expected.dtype
    np.testing.assert_allclose(given.astype(float), expected.astype(float), rtol=1e-4,
                               atol=1e-6)  # fmt: skip


def test_each_kind_has_a_file():
    assert {path.stem for path in FILES} == set(ASKED)
    assert all(path.stat().st_size < 30_000 for path in FILES)


def test_training_goes_on_from_a_file_of_a_release():
    for path in FOLDER.glob("*/regressor.safetensors"):
        model = load(path)
        n_epochs = model.n_epochs_
        model.partial_fit(X, Y)
        assert model.n_epochs_ == n_epochs + 1
        assert len(model.net_.history) == n_epochs + 1
