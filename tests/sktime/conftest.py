import pytest

pytest.importorskip("sktime", reason="the sktime extra is not installed")
