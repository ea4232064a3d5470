"""Two workers of Dask, and two of Ray."""

import os
import warnings

import pytest


@pytest.fixture(scope="package")
def free_threads():
    """As on a machine where nobody has said how many threads there are to be."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            patch.delenv(name, raising=False)
        before = dict(os.environ)
        yield
        # Dask tells its workers by the environment how much memory to keep, and leaves it.
        for name in set(os.environ) - set(before):
            del os.environ[name]


@pytest.fixture(scope="package")
def dask_client(free_threads):
    """Two processes of one thread each."""
    distributed = pytest.importorskip("distributed", reason="dask[distributed]")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with (
        # Any free port: tests run side by side.
        distributed.LocalCluster(**options, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="package")
def ray_workers(free_threads):
    """Two workers, with joblib's backend registered."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray = pytest.importorskip("ray", reason="Ray has no wheel for this Python")
        from ray.util.joblib import register_ray

        root = os.getcwd()
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            configure_logging=False,
            runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}},
        )
        register_ray()
    yield ray
    ray.shutdown()
