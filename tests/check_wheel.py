"""Build the wheel and look for what users need in it: ``python tests/check_wheel.py``."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

NEEDED = {
    "sklstm/__init__.py",
    "sklstm/datasets/data/netflix.csv",
    "sklstm/py.typed",
    "sklstm/sktime/_pretrained/weights.safetensors",
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--wheel", "--outdir", folder]
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        names = set(zipfile.ZipFile(wheel).namelist())
    missing = NEEDED - names
    foreign = {name for name in names if not name.startswith(("sklstm/", "sklstm-"))}
    if missing or foreign:
        sys.exit(f"missing from the wheel: {missing}; not to be in it: {foreign}")
    print(f"{wheel.name} holds {len(names)} files, with the data and the types")


if __name__ == "__main__":
    main()
