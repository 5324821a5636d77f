"""Real browsers on the instance that the other stories use, and the people at them."""

import os

import playwright.sync_api
import pytest
from playwright.sync_api import expect

from browser import axe as axe_core
from browser.person import DESKTOP, Person
from instance import SLOWNESS

FLAGS = [
    "--use-fake-device-for-media-stream",  # a microphone that beeps
    "--use-fake-ui-for-media-stream",  # and nobody who must allow it
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
]
expect.set_options(timeout=30_000 * SLOWNESS)  # nothing waits this long when all is well


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, one for all stories; people share nothing but its process."""
    with playwright.sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path="/usr/bin/chromium", args=FLAGS, chromium_sandbox=os.getuid() != 0)
        yield chromium
        chromium.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.when == "call":
        item.story_failed = report.failed
    return report


@pytest.fixture
def person(parley, browser, user, request, tmp_path):
    """person("anna") has a new account and a page of a logged-in browser; anna.open() shows it.

    session=other.session is the same person's other device; session=None with logged_in=False is
    a browser that nobody has used. Everything else goes to Playwright's new_context: viewport,
    color_scheme, locale, permissions, has_touch, reduced_motion."""
    people = []

    def make(nickname=None, *, session=None, logged_in=True, **context):
        if session is None and logged_in:
            session = user(nickname=nickname)
        context = {"viewport": DESKTOP, "locale": "en-GB", **context}
        people.append(Person(browser, parley, session, **context))
        return people[-1]

    yield make
    if getattr(request.node, "story_failed", True):
        take_pictures(people, tmp_path)
    faults = [f"{number}: {fault}" for number, each in enumerate(people)
              for fault in each.unexpected()]
    for each in people:
        each.close()
    assert not faults, "what the pages must not do:\n" + "\n".join(faults)


def take_pictures(people, folder):
    """Of every page, as it was when the story failed."""
    for number, each in enumerate(people):
        for tab, page in enumerate(each.context.pages):
            path = folder / f"person{number}-tab{tab}.png"
            try:
                page.screenshot(path=path, timeout=5000)
                print(f"screenshot: {path} ({page.url})")
            except playwright.sync_api.Error as fault:
                print(f"no screenshot of {page.url}: {fault}")


@pytest.fixture(scope="session")
def axe():
    """axe(page): it has nothing that is serious for those who do not see or use a mouse."""
    def judge(page):
        found = axe_core.violations(page)
        assert not found, f"axe-core about {page.url}:\n" + "\n".join(found)

    return judge
