"""The watchman of the pages sees what it is there for."""

import re

import pytest

from instance import eventually

INLINE = "const s = document.createElement('script'); s.textContent = '1'; document.body.append(s)"


@pytest.mark.parametrize("name, action", [
    ("CSP violation: script-src", INLINE),
    ("console: away with it", "console.error('away with it')"),
    ("exception: .*oops", "setTimeout(() => { throw new Error('oops'); })"),
    ("CSP violation: connect-src http://127.0.0.2", "fetch('http://127.0.0.2:9/').catch(() => 0)"),
    ("another origin: http://127.0.0.2", "setTimeout(() => { location = 'http://127.0.0.2:9/'; })"),
    ("HTTP 404: GET .*/nowhere.js", "fetch('/nowhere.js')"),
], ids=("inline", "console", "exception", "connection", "navigation", "missing"))
def test_a_page_that_misbehaves_is_noticed(person, name, action):
    anna = person(logged_in=False)
    anna.open().evaluate(f"() => {{ {action} }}")

    def is_noticed():
        anna.page.wait_for_timeout(20)  # Playwright hands events on in its own calls only
        return any(re.search(name, fault) for fault in anna.faults)

    eventually(is_noticed, what=f"a fault like {name}")
    assert anna.unexpected()
    anna.expects(name, "console: ", "net::ERR", "CSP violation: connect-src")
    assert not anna.unexpected(), anna.unexpected()


def test_axe_sees_a_button_without_a_name(person, axe):
    page = person(logged_in=False).open()
    page.evaluate("() => document.body.append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        axe(page)
