# SPDX-License-Identifier: BSD-3-Clause
"""A page in headless Chromium, driven through its debugging port: clicks, keys, scripts, console."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# A loaded machine starts a browser within this many seconds.
PATIENCE = 90.0


def find_browser() -> str | None:
    """Path of Chromium; the environment variable CHROMIUM names another one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One tab of headless Chromium.

    Attributes
    ----------
    messages : list of str
        What the page wrote to the console, its exceptions and the addresses it asked the network for.
    """

    def __init__(self, folder: Path, *, width: int = 1400, height: int = 900) -> None:
        self.folder, self.size = folder, (width, height)
        self.messages: list[str] = []
        self._answers: dict[int, Any] = {}
        self._count = 0

    def __enter__(self) -> Self:
        program = find_browser()
        assert program is not None
        arguments = (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run",
            "--hide-scrollbars", "--disable-dev-shm-usage", "--disable-background-networking",
            "--disable-component-update", f"--user-data-dir={self.folder}/profile", "about:blank",
        )  # fmt: skip
        self._log = (self.folder / "chromium.log").open("wb")
        self._process = subprocess.Popen([program, *arguments], stdout=self._log, stderr=self._log)
        self._loop = asyncio.new_event_loop()
        port = self._port()
        self._socket = self._loop.run_until_complete(_connect(port))
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")
        self.resize(*self.size)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._loop.run_until_complete(self._close())
        finally:
            self._process.terminate()
            self._process.wait(30)
            self._loop.close()
            self._log.close()

    async def _close(self) -> None:
        # inside of the loop, as all else: another test may have left the thread without one
        self._socket.close()
        await asyncio.sleep(0.05)

    def _port(self) -> int:
        place = self.folder / "profile" / "DevToolsActivePort"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if place.exists() and (lines := place.read_text().split()):
                return int(lines[0])
            assert self._process.poll() is None, (self.folder / "chromium.log").read_text(errors="replace")
            time.sleep(0.1)
        raise TimeoutError("Chromium opened no debugging port")

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for its result."""
        self._count += 1
        number = self._count
        message = json.dumps({"id": number, "method": method, "params": parameters})
        return self._loop.run_until_complete(asyncio.wait_for(self._ask(message, number), PATIENCE))

    async def _ask(self, message: str, number: int) -> dict[str, Any]:
        await self._socket.write_message(message)
        while True:
            answer = json.loads(await self._socket.read_message())
            self._note(answer)
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def _note(self, answer: dict[str, Any]) -> None:
        method, given = answer.get("method"), answer.get("params", {})
        if method == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning", "assert"):
            self.messages.append(" ".join(str(part.get("value")) for part in given["args"]))
        elif method == "Runtime.exceptionThrown":
            self.messages.append(str(given["exceptionDetails"].get("exception", {}).get("description")))
        elif method == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.messages.append(given["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            address = given["request"]["url"]
            if not address.startswith(("data:", "file:", "blob:", "about:")):
                self.messages.append(f"request: {address}")

    def resize(self, width: int, height: int, *, touch: bool = False) -> None:
        """Set the size of the window in CSS pixels."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=touch,
        )

    def dark(self, on: bool) -> None:
        """Ask for a dark or a light page."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        self("Emulation.setEmulatedMedia", features=[feature])

    def open(self, path: Path) -> None:
        """Open a page and wait until its charts are drawn."""
        self("Page.navigate", url=path.resolve().as_uri())
        end = time.monotonic() + PATIENCE
        while self.run("document.documentElement?.dataset.ready || ''") != "yes":
            assert time.monotonic() < end, f"the page never became ready: {self.messages}"
            assert not self.messages, self.messages
            time.sleep(0.1)
        self.settle()

    def run(self, script: str) -> Any:
        """Evaluate JavaScript; gives its value."""
        result = self("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def settle(self) -> None:
        """Wait until what changed is drawn."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def steady(self, script: str) -> Any:
        """Value of a script once it stays the same for a while: charts settle some frames after a change."""
        last = None
        for _ in range(100):
            self.settle()
            value = self.run(script)
            if value == last:
                return value
            last = value
            time.sleep(0.1)
        raise TimeoutError(f"{script[:80]} keeps changing: {last}")

    def click(self, x: float, y: float, held: float = 0.0) -> None:
        """Click at a place of the window, with the button down for some seconds."""
        at = {"x": x, "y": y, "button": "left", "clickCount": 1}
        self("Input.dispatchMouseEvent", type="mousePressed", **at)
        time.sleep(held)
        self("Input.dispatchMouseEvent", type="mouseReleased", **at)
        self.settle()

    def drag(self, start: tuple[float, float], stop: tuple[float, float], steps: int = 8) -> None:
        """Press, move and release."""
        at = {"button": "left", "buttons": 1, "clickCount": 1}
        self("Input.dispatchMouseEvent", type="mousePressed", x=start[0], y=start[1], **at)
        for k in range(1, steps + 1):
            place = [a + (b - a) * k / steps for a, b in zip(start, stop, strict=True)]
            self("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1], **at)
        self("Input.dispatchMouseEvent", type="mouseReleased", x=stop[0], y=stop[1], **at)
        self.settle()

    def key(self, name: str) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self("Input.dispatchKeyEvent", type=kind, key=name, code=name)
        self.settle()

    def screenshot(self, path: Path, *, whole: bool = False) -> Path:
        """Save what the window shows, or the whole page, as PNG."""
        shot = self("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def pdf(self, path: Path) -> Path:
        """Print the page."""
        path.write_bytes(base64.b64decode(self("Page.printToPDF", printBackground=True)["data"]))
        return path


async def _connect(port: int) -> Any:
    """Connection to the debugger of the first tab."""
    from tornado.httpclient import AsyncHTTPClient
    from tornado.websocket import websocket_connect

    client = AsyncHTTPClient()
    for _ in range(100):
        answer = await client.fetch(f"http://127.0.0.1:{port}/json/list")
        pages = [entry for entry in json.loads(answer.body) if entry["type"] == "page"]
        if pages:
            address = pages[0]["webSocketDebuggerUrl"]
            return await websocket_connect(address, max_message_size=1 << 28)
        await asyncio.sleep(0.1)
    raise TimeoutError("Chromium opened no page")
