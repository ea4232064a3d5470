"""The site as it was built: its pages, and a browser that shows them."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from .page import Page

HARNESS = Path(__file__).with_name("harness.html")
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    folder = os.environ.get("SKLSTM_SITE")
    if not folder:
        pytest.skip("tox run -e docs builds the site and looks at it")
    assert (Path(folder) / "index.html").exists(), f"no site in {folder}"
    return Path(folder)


@pytest.fixture(scope="session")
def pages(site):
    """All pages, by their path within the site."""
    left_out = ("genindex", "search", "_static", "_modules")
    paths = sorted(site.rglob("*.html"))
    names = [path.relative_to(site).as_posix() for path in paths]
    return {name: Page(site / name) for name in names if not name.startswith(left_out)}


@pytest.fixture(scope="session")
def examples_ran(site):
    if not any((site / "_images").glob("sphx_glr_plot_*_001.png")):
        pytest.skip("the site was built without running the examples")


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/harness.html"):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(HARNESS.read_bytes())
        else:
            super().do_GET()

    def log_message(self, format, *args):
        """Be silent."""


@pytest.fixture(scope="session")
def address(site):
    handler = functools.partial(_Handler, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def seen(pages, address, tmp_path_factory):
    """What a browser tells of all pages at 420 pixels, and of a search."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("needs Chromium; Debian has it as a package")
    profile = tmp_path_factory.mktemp("browser")
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={profile}",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--window-size=1300,1000",
            "--virtual-time-budget=3600000",
            "--dump-dom",
            f"{address}/harness.html#{quote(json.dumps(list(pages)))}",
        ],
        capture_output=True,
        text=True,
        timeout=500,
    )
    found = re.search(r'<pre id="done">(.*?)</pre>', done.stdout, re.S)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(unescape(found[1]))
