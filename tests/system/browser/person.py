"""Somebody with a browser: an account, a context of his own, and the pages in it.

What a page must never do is written down in `faults` and fails the story at its end: errors and
exceptions in the console, violations of the Content-Security-Policy, requests to another origin,
files of the page that are missing, and answers that are our fault. A story that provokes one
says so: `anna.expects("WebSocket")`.
"""

import re
import urllib.parse
from http.cookies import SimpleCookie

from conftest import PASSWORD
from instance import eventually

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
API = ("/api/", "/v1/", "/ws", "/.well-known/")
WATCH = """addEventListener('securitypolicyviolation', (event) => window.__violation(
    `${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));"""


class Person:
    """Owned by the fixture `person`, which closes it."""

    def __init__(self, browser, parley, session=None, **context):
        self.parley = parley
        self.session = session  # of REST: what the story does for him beside the page
        self.faults = []
        self.expected = []
        self.context = browser.new_context(base_url=parley.url, **context)
        self.context.set_default_timeout(60_000)  # of what one does: slow machines draw late
        self.context.expose_binding(
            "__violation", lambda _, text: self.faults.append(f"CSP violation: {text}"))
        self.context.add_init_script(WATCH)
        self.context.on("page", self._watch)
        if session:
            self._take_cookies()
        self.page = self.context.new_page()

    @property
    def id(self):
        return self.session.id

    @property
    def username(self):
        return self.session.username

    def open(self, path="/", page=None):
        """Go there (/#/chats); the page."""
        page = page or self.page
        page.goto(path)
        return page

    def tab(self, path="/"):
        """Another page of the same browser, at path."""
        return self.open(path, self.context.new_page())

    def wait_live(self):
        """Until his page is told what happens; before, what happens is history to it."""
        state = "import('/client.js').then(({parley}) => parley.state)"
        eventually(lambda: self.page.evaluate(state) == "live", 30, "the page is live")

    def expects(self, *patterns):
        """From now on, and until its end, faults that hold one of these are no faults."""
        self.expected += patterns

    def unexpected(self):
        return [fault for fault in self.faults
                if not any(re.search(pattern, fault) for pattern in self.expected)]

    def close(self):
        self.context.close()

    # ---- The inside

    def _take_cookies(self):
        """Log in by REST as a page does; the cookies are all that it keeps of it."""
        username, password = self.session.account
        answer = self.parley.answer_to_login(username, password or PASSWORD, "browser")
        answer.ok()
        for line in answer.cookies:
            for name, morsel in SimpleCookie(line).items():
                self.context.add_cookies([{
                    "name": name, "value": morsel.value, "domain": "127.0.0.1",
                    "path": morsel["path"] or "/", "httpOnly": True,
                    "sameSite": morsel["samesite"] or "Lax"}])

    def _watch(self, page):
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        page.on("crash", lambda _: self.faults.append("the page crashed"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failure)
        page.on("websocket", lambda socket: self._judge_origin(socket.url))

    def _on_console(self, message):
        # What the API refuses is the page's to show, and no fault: _on_response judges it.
        refused = message.text.startswith("Failed to load resource: the server responded")
        if message.type == "error" and not (refused and is_api(message.location["url"])):
            self.faults.append(f"console: {message.text} ({message.location['url']})")

    def _on_request(self, request):
        self._judge_origin(request.url)

    def _judge_origin(self, url):
        parts = urllib.parse.urlsplit(url)
        ours = urllib.parse.urlsplit(self.parley.url).netloc
        if parts.scheme not in ("blob", "data", "about") and parts.netloc != ours:
            self.faults.append(f"request to another origin: {url}")

    def _on_response(self, response):
        limit = 500 if is_api(response.url) else 400
        if response.status >= limit:
            self.faults.append(f"HTTP {response.status}: {response.request.method} {response.url}")

    def _on_failure(self, request):
        if request.failure != "net::ERR_ABORTED":  # it was called off by the page or a reload
            self.faults.append(f"{request.failure}: {request.method} {request.url}")


def is_api(url):
    return urllib.parse.urlsplit(url).path.startswith(API)
