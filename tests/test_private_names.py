"""Private names of others that this package leans on: few, known, and still as they were.

Whoever moves to another version of scikit-learn, skorch or sktime finds here what to look
at. A name that is used and not listed, or listed and gone, fails.
"""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import sklstm

OTHERS = ("sklearn", "skorch", "sktime", "torch", "threadpoolctl")
# Name by module, and the parameters that are passed.
USED = {
    "sklearn.base._fit_context": ["prefer_skip_nested_validation"],
    "sklearn.utils._array_api.get_namespace": ["arrays"],
    "sklearn.utils._param_validation.HasMethods": ["methods"],
    "sklearn.utils._param_validation.Interval": ["type", "left", "right", "closed"],
    "sklearn.utils._param_validation.StrOptions": ["options"],
    "sklearn.utils._param_validation.validate_parameter_constraints": [
        "parameter_constraints",
        "params",
        "caller_name",
    ],
    "sklearn.utils._safe_indexing": ["X", "indices"],
    "sklearn.utils.validation._check_feature_names": ["estimator", "X", "reset"],
    "sklearn.utils.validation._check_feature_names_in": ["estimator", "input_features"],
    "sklearn.utils.validation._check_method_params": ["X", "params", "indices"],
    "sklearn.utils.validation._get_feature_names": ["X"],
    "sklearn.utils.validation._num_samples": ["x"],
}


def private_imports():
    """All private names that the package imports from others."""
    found = set()
    for path in Path(sklstm.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level:
                module = node.module or ""
                for name in node.names:
                    full = f"{module}.{name.name}"
                    parts = full.split(".")
                    if parts[0] in OTHERS and any(part[0] == "_" for part in parts[1:]):
                        found.add(full)
    return found


def test_private_names_are_those_that_are_known():
    assert private_imports() == set(USED)


@pytest.mark.parametrize("name", USED)
def test_a_private_name_takes_what_it_is_given(name):
    module, _, attribute = name.rpartition(".")
    found = getattr(importlib.import_module(module), attribute)
    assert set(USED[name]) <= set(inspect.signature(found).parameters)
