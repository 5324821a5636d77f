"""What the first load of the chat page costs: .venv/bin/python tests/bench/first_load.py [URL] [rounds]

Against an instance that runs (make run). Each round is a browser that was never there: requests,
bytes on the wire (packed, with the headers of answers) and unpacked, and milliseconds from the
request until the first words are painted and until the log-in can be typed into. Then the same
page once more, by way of the browser's cache."""

import sys
import time

from playwright.sync_api import sync_playwright

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080/"
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"


class Traffic:
    """What a page has fetched, as Chromium's developer tools count it."""

    def __init__(self, page):
        self.requests = self.wire = self.unpacked = 0
        tools = page.context.new_cdp_session(page)
        tools.send("Network.enable")
        tools.on("Network.dataReceived", self._on_data)
        tools.on("Network.loadingFinished", self._on_end)

    def _on_data(self, event):
        self.unpacked += event["dataLength"]

    def _on_end(self, event):
        self.requests += 1
        self.wire += event["encodedDataLength"]


def visit(page, how):
    """Go there until one may type; print what that took."""
    traffic, began = Traffic(page), time.monotonic()
    page.goto(URL) if how == "first" else page.reload()
    page.get_by_role("textbox", name="Password").wait_for()
    ready = (time.monotonic() - began) * 1000
    page.wait_for_load_state("networkidle")
    print(f"{how}: {traffic.requests} requests, {traffic.wire / 1000:.0f} KB on the wire, "
          f"{traffic.unpacked / 1000:.0f} KB unpacked; painted after {page.evaluate(PAINTED):.0f} ms, "
          f"log-in after {ready:.0f} ms", flush=True)


def main():
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", chromium_sandbox=False)
        for number in range(ROUNDS):
            context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
            page = context.new_page()
            visit(page, "first")
            if number == ROUNDS - 1:
                visit(page, "again")
            context.close()
        chromium.close()


if __name__ == "__main__":
    main()
