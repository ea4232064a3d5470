"""Run scikit-learn's checks with its array API switched on, which is read when imported."""

import os
import sys

os.environ["SCIPY_ARRAY_API"] = "1"

if __name__ == "__main__":
    import pytest

    sys.exit(pytest.main(["-n", "2", "tests/test_conformance.py", *sys.argv[1:]]))
