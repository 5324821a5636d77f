"""The pages: what the edge serves out of clients/, and what it keeps to itself."""

import gzip
import http.client
import json
import re
import sys
import urllib.parse

import pytest

from instance import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from runner import edge  # noqa: E402

POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'",
    "img-src": "'self' blob: data:", "media-src": "'self' blob:", "connect-src": "'self'",
    "font-src": "'self'", "manifest-src": "'self'", "worker-src": "'self'", "base-uri": "'none'",
    "form-action": "'self'", "frame-ancestors": "'none'",
}
PAGES = ("/", "/admin/", "/docs/")
KINDS = {".js": "text/javascript", ".css": "text/css",
         ".json": "application/json", ".webmanifest": "application/manifest+json",
         ".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".txt": "text/plain"}

NAMED = re.compile(r"""(?:\bfrom |\bimport |\bimport\(|\bsrc=|\bhref=)["'](\.{0,2}/[^"'#?]*)["']""")


def fetch(parley, path, method="GET", **headers):
    """As it comes over the wire: the path unchanged, nothing unpacked."""
    connection = http.client.HTTPConnection("127.0.0.1", parley.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def files():
    """Every file that a page may want, with its address."""
    for folder, prefix in (("clients/web", "/"), ("clients/js", "/js/"), ("build/vendor", "/vendor/")):
        for path in sorted((ROOT / folder).rglob("*")):
            below = path.relative_to(ROOT / folder)
            hidden = any(part.startswith(".") for part in below.parts)
            if path.is_file() and path.suffix not in (".html", ".ts") and not hidden:
                yield prefix + str(below), path


def refused(answer, status, code):
    assert answer[0] == status
    assert answer[1]["Content-Type"] == "application/json"
    assert answer[1]["X-Request-Id"]
    assert json.loads(answer[2])["code"] == code


def policy_of(headers):
    """One policy, and each directive in it once."""
    (policy,) = headers.get_all("Content-Security-Policy")
    directives = [directive.strip().split(" ", 1) for directive in policy.split(";")]
    assert len({name for name, _ in directives}) == len(directives)
    return dict(directives)


@pytest.mark.smoke
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_served_under_the_strict_policy(parley, path):
    status, headers, body = fetch(parley, path)
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert body.lstrip().lower().startswith(b"<!doctype html>")
    assert policy_of(headers) == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Permissions-Policy"] == "microphone=(self), geolocation=(self), camera=()"


@pytest.mark.parametrize("path", ["/admin", "/docs"])
def test_a_page_is_found_without_its_last_slash(parley, path):
    status, headers, _ = fetch(parley, path)
    assert (status, headers["Location"]) == (301, path + "/")


def test_every_file_comes_whole_as_what_it_is(parley):
    seen = 0
    for address, path in files():
        status, headers, body = fetch(parley, address)
        assert status == 200, address
        assert body == path.read_bytes(), address
        assert headers["Content-Type"].split(";")[0] == KINDS[path.suffix], address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", address
        seen += 1
    assert seen > 10


def test_what_the_pages_name_is_there(parley):
    """Scripts, styles, icons, imports: a file that was forgotten is found here, not by a person."""
    missing = []
    pages = [(page, ROOT / f"clients/web{page}index.html") for page in PAGES]
    for address, path in [*pages, *files()]:
        if path.suffix not in (".html", ".js", ".css") or address.startswith("/vendor/"):
            continue
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        named = [urllib.parse.urljoin(address, other) for other in NAMED.findall(text)]
        missing += [f"{address} names {other}" for other in named
                    if fetch(parley, other)[0] not in (200, 301)]
    assert not missing


def test_scripts_and_styles_travel_packed(parley):
    _, headers, body = fetch(parley, "/vendor/swagger-ui.js", Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip" and headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(body) == (ROOT / "build/vendor/swagger-ui.js").read_bytes()


def test_our_files_are_asked_for_again_and_npms_once_a_day(parley):
    _, headers, _ = fetch(parley, "/")
    assert headers["Cache-Control"] == "no-cache"
    status, again, body = fetch(parley, "/", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    assert policy_of(again) == POLICY  # a browser takes the headers of a 304 for the stored page
    _, headers, _ = fetch(parley, "/vendor/preact.js")
    assert headers["Cache-Control"] == "max-age=86400"


def test_the_document_of_the_api_is_asked_for_again_too(parley):
    _, headers, _ = fetch(parley, "/openapi.json", Accept_Encoding="gzip")
    assert headers["Cache-Control"] == "no-cache" and headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("path", [
    "/nothing", "/nothing.html", "/index.html", "/admin/index.html", "/css", "/css/", "/js/",
    "/vendor/", "/js", "/admin/nothing.js",
    "/.gitignore", "/.git/config", "/vendor/.version", "/js/nothing.js", "/js../web/index.html",
    "/vendor../openapi.json", "/web/index.html", "/index.html/", "/api", "/api/nothing", "/README.md",
])
def test_what_is_not_there_is_404_in_the_envelope(parley, path):
    refused(fetch(parley, path), 404, 40401)


@pytest.mark.parametrize("path", [
    "/../Makefile", "/js/../../Makefile", "/js/..%2f..%2f..%2fMakefile", "/%2e%2e/%2e%2e/Makefile",
    "/vendor/..%2f..%2f..%2fREADME.md", "/admin/%2e%2e/%2e%2e/vendor/package.json",
    "//etc/passwd", "/js//etc/passwd", "/css/..%5c..%5cMakefile", "/vendor/%00.version",
])
def test_nothing_outside_is_served(parley, path):
    status, headers, body = fetch(parley, path)
    assert status in (400, 404)
    assert headers["Content-Type"] == "application/json" and json.loads(body)["data"] is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_page_can_only_be_read(parley, method):
    answer = fetch(parley, "/", method)
    refused(answer, 405, 40501)
    assert answer[1]["Allow"] == "GET, HEAD"
    refused(fetch(parley, "/nothing", method), 404, 40401)


def test_head_has_the_headers_alone(parley):
    status, headers, body = fetch(parley, "/", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) == (ROOT / "clients/web/index.html").stat().st_size


@pytest.mark.parametrize("address, sources", [
    ("", "'self'"), ("wss://push.example.com/ws", "'self' wss://push.example.com"),
    ("ws://[::1]:8443/ws", "'self' ws://[::1]:8443"), ("wss://a; script-src *", "'self' wss://a")])
def test_the_policy_names_an_address_of_pushs_own(address, sources):
    """Or a page could not open its WebSocket there. What tools/run renders is asked, not served."""
    assert edge.connect_sources({"PUSH_PUBLIC_URL": address}) == sources
