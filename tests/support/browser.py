"""A headless Chromium, and axe on what it shows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# a browser in a container has no sandbox of its own, and none of ours asks anything of the network
# without `--disable-software-rasterizer` a second process plays a GPU on the CPU
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-software-rasterizer", "--disable-background-networking",
    "--disable-component-update",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, or the one that CHROMIUM names; skips the test where there is none, except in CI."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        assert not os.environ.get("CI"), "CI installs a Chromium: .ci/run"
        pytest.skip("no Chromium on this machine; name one by CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
