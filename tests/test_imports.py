"""What an import brings with it."""

import subprocess
import sys

CODE = """
import sys
import sklearn, sklearn.base, sklearn.utils.validation, skorch, torch
before = set(sys.modules)
import sklstm
print(*sorted(set(sys.modules) - before))
"""


def test_importing_costs_no_more_than_torch_and_scikit_learn():
    child = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    )
    packages = {name.split(".")[0] for name in child.stdout.split()}
    assert "sklstm" in packages
    assert packages <= {"sklstm", "sklearn", "skorch", "scipy", *sys.stdlib_module_names}
    assert "sklstm.sktime" not in child.stdout.split()
