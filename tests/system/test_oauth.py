"""Logging in by others: OpenID Connect at a real provider, GitHub's shape, and a forger."""

import concurrent.futures
import json
import os
import secrets
import signal
import subprocess
import time
import urllib.parse

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import client
import providers
from conftest import PASSWORD, PORT
from instance import ROOT, SLOWNESS, eventually
from providers import Browser
from tokens import encode, sign_es, sign_hs


@pytest.fixture(scope="module")
def real(parley):
    """The real providers, by kind."""
    found = {kind: providers.RealProvider(PORT, kind) for kind in ("rs256", "es256")}
    for provider in found.values():
        provider.wait_for("ready")
    yield found
    for provider in found.values():
        provider.close()


@pytest.fixture(scope="module")
def github(parley):
    server = providers.GitHub(PORT)
    yield server
    server.close()


@pytest.fixture(scope="module")
def forger_for_all(parley):
    server = providers.Forger(PORT)
    yield server
    server.close()


@pytest.fixture
def forger(forger_for_all):
    forger_for_all.reset()
    yield forger_for_all
    forger_for_all.reset()


@pytest.fixture
def browser(parley):
    return Browser(parley)


def fresh():
    """A name that is our alphabet's as it is."""
    return f"p{secrets.token_hex(6)}"


def query_of(address):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


def session_of(parley, answer):
    return client.Session(parley, None, answer.ok())


def accounts_of(parley, username):
    return parley.count("accounts", {"username": {"$regex": f"^{username}"}})


# ---- Who comes for the first time, and again


@pytest.mark.smoke
@pytest.mark.parametrize("kind", ["rs256", "es256"])
def test_the_first_login_makes_the_account_and_the_next_ones_find_it(parley, real, browser, kind):
    name = fresh()
    answer = browser.log_in(kind, f"sub-{name}|{name.upper()}|Anna {name}", device="Anna's phone")
    entry = answer.ok()
    assert set(entry) == {"user_id", "username", "nickname", "token", "refresh_token",
                          "expires_at", "websocket_url", "role"}
    assert (entry["username"], entry["nickname"]) == (name, f"Anna {name}")
    cookies = {cookie.partition("=")[0] for cookie in answer.cookies}
    assert {"access_token", "refresh_token"} <= cookies
    session = session_of(parley, answer)
    assert session.get("/api/users/me").ok()["nickname"] == f"Anna {name}"
    assert session.device().heartbeat()
    stored = parley.mongo["accounts"].find_one({"_id": entry["user_id"]})
    assert "password_hash" not in stored and stored["role"] == "user"
    assert parley.mongo["sessions"].find_one({"user_id": entry["user_id"]})["device"] \
        == "Anna's phone"

    again = Browser(parley).log_in(kind, f"sub-{name}|renamed|Else").ok()
    assert (again["user_id"], again["username"]) == (entry["user_id"], name)
    for device in session.devices:
        device.close()


def test_lists_the_providers_and_knows_no_others(rest, browser):
    found = rest.call("GET", "/api/oauth").ok()["providers"]
    assert [provider["name"] for provider in found] == list(providers.KINDS)
    for path in ("/api/oauth/nobody", "/api/oauth/nobody/callback?state=x&code=y"):
        browser.ours(path).refused(40401)


def test_two_first_logins_of_one_person_at_once_make_one_account(parley, real):
    name = fresh()
    ways = []
    for _ in range(4):
        browser = Browser(parley)
        ways.append((browser, providers.sign_in(
            browser, browser.start("rs256"), f"{name}|{name}|Anna")))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        entries = list(pool.map(lambda way: way[0].come_back(way[1]).ok(), ways))
    assert len({entry["user_id"] for entry in entries}) == 1
    assert {entry["username"] for entry in entries} == {name}
    assert accounts_of(parley, name) == 1


def test_what_a_crash_left_of_a_first_login_is_finished_by_the_next(parley, forger, browser):
    user_id = f"user_{secrets.token_hex(13).upper()}"
    parley.mongo["identities"].insert_one({
        "_id": f"forger:{forger.sub}", "user_id": user_id, "provider": "forger",
        "username": forger.sub, "created_at": 1, "leaving": False})
    assert browser.pass_through("forger").ok()["user_id"] == user_id


def test_a_taken_name_gets_a_suffix(parley, user, forger):
    name = fresh()
    user(username=name)
    names = []
    for _ in range(2):
        forger.sub = fresh()
        forger.claims = {"preferred_username": f"{name}@example.com"}
        names.append(Browser(parley).pass_through("forger").ok()["username"])
    assert names == [f"{name}-2", f"{name}-3"]


def test_the_same_subject_of_two_providers_is_two_people(parley, real, forger):
    name = forger.sub = fresh()
    first = Browser(parley).log_in("es256", f"{name}|{name}|Anna").ok()
    assert Browser(parley).pass_through("forger").ok()["user_id"] != first["user_id"]


def test_the_same_email_links_nothing(parley, forger, browser):
    first, second = fresh(), fresh()
    entries = []
    for sub in (first, second):
        forger.sub, forger.claims = sub, {"preferred_username": None, "email": f"{first}@a.org"}
        entries.append(Browser(parley).pass_through("forger").ok())
    assert entries[0]["user_id"] != entries[1]["user_id"]
    assert [entry["username"] for entry in entries] == [first, f"{first}-2"]


def test_nobody_logs_in_with_a_password_that_was_never_set(parley, rest, forger, browser):
    name = browser.pass_through("forger").ok()["username"]
    rest.call("POST", "/api/login", {"username": name, "password": PASSWORD}).refused(40103)


def test_a_login_goes_on_after_auth_was_killed(parley, real, browser):
    name = fresh()
    there = providers.sign_in(browser, browser.start("rs256"), f"{name}|{name}|Anna")
    parley.kill("auth")
    assert browser.come_back(there).ok()["username"] == name


@pytest.mark.parametrize("kind", ["rs256", "es256"])
def test_keys_may_change_while_somebody_logs_in(parley, real, browser, kind):
    name = fresh()
    browser.log_in(kind, f"{name}|{name}|Anna").ok()
    there = browser.start(kind)
    real[kind].process.send_signal(signal.SIGHUP)
    real[kind].wait_for("rotated")
    again = browser.come_back(providers.sign_in(browser, there, f"{name}|{name}|Anna"))
    assert again.ok()["username"] == name


# ---- Where the browser goes


def test_with_a_redirect_the_browser_ends_there_with_its_cookies(parley, forger, browser):
    answer = browser.pass_through("forger", redirect="/chat?room=7#new")
    assert (answer.status, answer.headers["Location"]) == (302, "/chat?room=7#new")
    assert browser.ours("/api/users/me").ok()["username"] == forger.sub


@pytest.mark.parametrize("redirect", [
    "//evil.example.com", "https://evil.example.com", "/\\evil.example.com", "\\/evil.example.com",
    "/a//evil.example.com", "evil.example.com", "javascript:alert(1)", "/\t/evil.example.com",
    "/a\r\nSet-Cookie: a=b", " /a", "/ä", "", "/" + "a" * 600,
])
def test_no_redirect_leads_away_from_us(rest, user, redirect):
    query = urllib.parse.urlencode({"redirect": redirect})
    rest.call("GET", f"/api/oauth/forger?{query}").refused(40001, "redirect")
    user().post("/api/oauth/forger/link", {"redirect": redirect}).refused(40001, "redirect")


@pytest.mark.parametrize("redirect, expected", [
    (None, None), ("/in", "/in?oauth_error=40301"), ("/in?a=b#c", "/in?a=b&oauth_error=40301#c"),
])
def test_who_turns_back_at_the_provider_is_told_so(real, browser, redirect, expected):
    query = {"redirect": redirect} if redirect else {}
    answer = browser.come_back(providers.refuse(browser, browser.start("rs256", **query)))
    if expected:
        assert (answer.status, answer.headers["Location"]) == (302, expected)
    else:
        answer.refused(40301)
    assert "access_token" not in browser.cookies


def test_the_way_to_the_provider_has_state_nonce_and_pkce(browser, parley, forger):
    answer = browser.ours("/api/oauth/forger")
    asked = query_of(answer.headers["Location"])
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{parley.url}/api/oauth/forger/callback"
    assert asked["client_id"] == providers.CLIENT_ID and asked["scope"] == "openid profile email"
    assert len({asked[name] for name in ("state", "nonce", "code_challenge")}) == 3
    assert all(len(asked[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    cookie, = answer.cookies
    assert cookie.startswith("oauth_browser=") and "Secure" not in cookie
    assert all(f"; {word}" in cookie for word in (
        "Path=/api/oauth", "HttpOnly", "SameSite=Lax", "Max-Age=600"))
    browser.come_back(browser.get(answer.headers["Location"]).headers["Location"]).ok()
    sent = next(form for _, path, _, form in forger.seen if path == "/token")
    assert providers.challenge_of(sent["code_verifier"]) == asked["code_challenge"]
    assert asked["state"] not in json.dumps(sent) and asked["nonce"] not in json.dumps(sent)


def test_two_tabs_of_a_browser_do_not_disturb_each_other(forger, browser):
    first, second = browser.start("forger"), browser.start("forger")
    for there in (first, second):
        browser.come_back(browser.get(there).headers["Location"]).ok()


# ---- What is no answer to what was asked


def test_a_state_is_good_once_and_in_its_browser_and_for_its_provider(parley, forger, browser):
    there = browser.get(browser.start("forger")).headers["Location"]
    state = query_of(there)["state"]
    stranger = Browser(parley)
    stranger.start("forger")  # it has a cookie of its own
    for other in (stranger, Browser(parley)):
        other.come_back(there).refused(40001, "state")
    browser.come_back(there.replace(state, "A" * 43)).refused(40001, "state")
    browser.come_back(there.replace(state, "")).refused(40001, "state")
    browser.ours("/api/oauth/forger/callback?code=x").refused(40001, "state")

    browser.come_back(there).ok()
    browser.come_back(there).refused(40001, "state")
    second = browser.get(browser.start("forger")).headers["Location"]
    browser.come_back(second.replace("/forger/", "/github/")).refused(40001, "state")


def test_a_missing_code_and_a_foreign_issuer_are_refused(parley, forger, browser):
    there = browser.get(browser.start("forger")).headers["Location"]
    browser.come_back(there.partition("code=")[0] + "state=" + query_of(there)["state"]).refused(
        40001, "code")
    there = browser.get(browser.start("forger")).headers["Location"]
    browser.come_back(there + "&iss=https://evil.example.com").refused(40101)
    assert not [path for _, path, _, _ in forger.seen if path == "/token"]


def by_public_key(forger, header, claims):
    numbers = forger.key.public_key().public_numbers()
    return sign_hs(encode(numbers.x.to_bytes(32, "big")), {**header, "alg": "HS256"}, claims)


def unsigned(_, header, claims):
    return (encode({**header, "alg": "none"}) + b"." + encode(claims) + b".").decode()


def by_a_stranger(_, header, claims):
    return sign_es(ec.generate_private_key(ec.SECP256R1()), header, claims)


# Of the clock they would be others in each worker of pytest-xdist, whose tests must have the same names.
LONG_AGO, FAR_OFF = 1_000_000_000, 4_000_000_000


@pytest.mark.parametrize("change", [
    {"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"aud": None}, {"aud": []},
    {"aud": ["another", "yet another"]}, {"aud": [providers.CLIENT_ID, "another"]},
    {"azp": "another"}, {"iss": "https://evil.example.com"}, {"iss": None},
    {"exp": LONG_AGO}, {"exp": None}, {"exp": "never"}, {"iat": FAR_OFF}, {"nbf": FAR_OFF},
    {"sub": None}, {"sub": ""}, {"sub": 7},
    by_public_key, unsigned, by_a_stranger,
    "not.a.token", "", "x" * 20000,
], ids=lambda change: getattr(change, "__name__", None) or json.dumps(change)[:40])
def test_refuses_an_id_token_that_is_not_for_this_login(parley, forger, browser, change):
    if isinstance(change, dict):
        forger.claims = change
    elif isinstance(change, str):
        forger.make_token = lambda *_: change
    else:
        forger.make_token = lambda *of: change(forger, *of)
    browser.pass_through("forger").refused(50301 if change == "x" * 20000 else 40101)
    assert parley.count("identities", {"_id": f"forger:{forger.sub}"}) == 0


def test_what_userinfo_says_of_somebody_else_is_not_taken(parley, forger, browser):
    forger.claims = {"preferred_username": None}
    forger.instead["userinfo"] = providers.Server.json({"sub": "other", "name": "Other"})
    browser.pass_through("forger").refused(40101)
    assert parley.count("identities", {"_id": f"forger:{forger.sub}"}) == 0


def test_takes_several_audiences_if_the_token_was_issued_to_us(forger, browser):
    forger.claims = {"aud": ["another", providers.CLIENT_ID], "azp": providers.CLIENT_ID}
    browser.pass_through("forger").ok()


@pytest.mark.parametrize("token, code", [
    (providers.Server.json({"access_token": "a", "token_type": "Bearer"}), 40101),
    (providers.Server.json({"error": "invalid_grant"}, 400), 40101),
    (providers.Server.json({"error": "invalid_client"}, 401), 50001),
    ((200, {"Content-Type": "text/html"}, b"<html>"), 50301),
    ((200, {"Content-Type": "application/json"}, b'{"a":"' + b"x" * 1100000 + b'"}'), 50301),
    ((302, {"Location": "http://127.0.0.1:1/"}, b""), 50301),
    ((503, {}, b""), 50301),
], ids=["no ID token", "code refused", "we are refused", "no JSON", "too large", "redirected",
        "busy"])
def test_copes_with_what_a_provider_answers(parley, forger, browser, token, code):
    forger.instead["token"] = token
    browser.pass_through("forger").refused(code)
    assert parley.count("identities", {"_id": f"forger:{forger.sub}"}) == 0


def test_a_provider_that_is_down_is_not_waited_for(parley, github, browser):
    there = browser.get(browser.start("github", redirect="/in")).headers["Location"]
    github.close()
    try:
        started = time.monotonic()
        answer = browser.come_back(there)
        assert time.monotonic() - started < 5 * SLOWNESS  # how long one that hangs is waited for
        assert answer.headers["Location"] == "/in?oauth_error=50301"
    finally:
        github.__init__(PORT)


def test_an_issuer_that_is_somebody_else_is_not_believed(parley, forger):
    forger.instead["discovery"] = providers.Server.json({
        "issuer": "https://evil.example.com", "authorization_endpoint": forger.url + "/authorize",
        "token_endpoint": forger.url + "/token", "jwks_uri": forger.url + "/keys"})
    parley.kill("auth")  # what was found before would be kept for an hour
    Browser(parley).ours("/api/oauth/forger").refused(50001)
    forger.reset()
    eventually(lambda: Browser(parley).ours("/api/oauth/forger").status == 302)


# ---- GitHub


def test_github_is_asked_as_it_wants_to_be(parley, github, browser):
    github.user = github.new_user(name=None)
    github.seen.clear()
    entry = browser.pass_through("github").ok()
    assert entry["username"] == entry["nickname"] == github.user["login"].lower()
    (_, path, _, _), (_, token_path, headers, form), (_, user_path, asked, _) = github.seen
    asked_for = query_of(path)
    assert "nonce" not in asked_for and "scope" not in asked_for
    assert token_path == "/login/oauth/access_token" and user_path == "/api/user"
    assert form["client_secret"] == providers.CLIENT_SECRET and "client_secret" not in path
    assert headers["Accept"] == "application/json" and asked["User-Agent"]


def test_at_github_the_number_says_who_it_is(parley, github):
    github.user = github.new_user()
    entry = Browser(parley).pass_through("github").ok()
    login, github.user["login"] = github.user["login"], fresh()
    assert Browser(parley).pass_through("github").ok()["user_id"] == entry["user_id"]
    github.user = github.new_user(login=login)  # somebody took the name that was given up
    other = Browser(parley).pass_through("github").ok()
    assert other["user_id"] != entry["user_id"] and other["username"] == f"{login.lower()}-2"


def test_a_code_that_github_does_not_know_is_refused(github, browser):
    there = browser.get(browser.start("github")).headers["Location"]
    github.codes.clear()
    browser.come_back(there).refused(40101)


# ---- Linking


def link(session, browser, kind="forger", **body):
    """The address that one is to visit, with this browser."""
    if session.account:  # who came by a provider has no password, but a fresh session
        body["password"] = session.account[1]
    answer = session.post(f"/api/oauth/{kind}/link", body)
    browser.cookies.set("oauth_browser", answer.cookies[0].split("=")[1].split(";")[0],
                        domain="127.0.0.1", path="/api/oauth")
    return answer.ok()["url"]


def come_back_from(browser, address):
    return browser.come_back(browser.get(address).headers["Location"])


def identities_of(session):
    data = session.get("/api/identities").ok()
    assert data["total"] == len(data["identities"]) and data["next_cursor"] is None
    return [(each["provider"], each["username"]) for each in data["identities"]]


def test_an_identity_is_linked_to_an_account_and_unlinked(parley, user, forger, browser):
    anna = user()
    assert identities_of(anna) == []
    answer = come_back_from(browser, link(anna, browser))
    assert answer.headers["Location"] == "/api/identities"
    assert "access_token" not in browser.cookies  # linking is no log-in
    assert identities_of(anna) == [("forger", forger.sub)]
    assert Browser(parley).pass_through("forger").ok()["user_id"] == anna.id

    come_back_from(browser, link(anna, browser, redirect="/mine"))  # once more changes nothing
    assert identities_of(anna) == [("forger", forger.sub)]
    anna.delete("/api/identities/forger").ok()
    anna.delete("/api/identities/forger").refused(40401)
    assert identities_of(anna) == []
    assert Browser(parley).pass_through("forger").ok()["user_id"] != anna.id


def test_an_identity_leads_to_one_account_and_an_account_to_one_of_each(
        parley, user, forger, browser):
    Browser(parley).pass_through("forger").ok()
    anna = user()
    answer = come_back_from(browser, link(anna, browser, redirect="/mine"))
    assert answer.headers["Location"] == "/mine?oauth_error=40903"
    assert identities_of(anna) == []
    forger.sub = fresh()
    come_back_from(browser, link(anna, browser))
    forger.sub = fresh()
    answer = come_back_from(browser, link(anna, browser, redirect="/mine"))
    assert answer.headers["Location"] == "/mine?oauth_error=40903"


def test_who_only_holds_a_session_links_nothing(user, forger):
    anna = user()
    anna.post("/api/oauth/forger/link").refused(40103)
    anna.post("/api/oauth/forger/link", {"password": "not-hers-at-all"}).refused(40103)
    assert identities_of(anna) == []


def test_a_link_is_for_the_browser_and_the_session_that_asked_for_it(
        parley, user, forger, browser):
    anna = user()
    there = browser.get(link(anna, browser)).headers["Location"]
    Browser(parley).come_back(there).refused(40001, "state")  # sent to a victim, it is nothing
    other = anna.again()
    there = browser.get(link(other, browser, redirect="/mine")).headers["Location"]
    other.post("/api/logout").ok()
    assert browser.come_back(there).headers["Location"] == "/mine?oauth_error=40101"
    assert identities_of(anna) == []


def test_a_session_that_ends_while_the_provider_is_asked_links_nothing(user, forger, browser):
    anna = user()
    other = anna.again()
    there = browser.get(link(other, browser, redirect="/mine")).headers["Location"]
    honest = forger.make_token

    def make_token(header, claims):
        other.post("/api/logout").ok()
        return honest(header, claims)

    forger.make_token = make_token
    assert browser.come_back(there).headers["Location"] == "/mine?oauth_error=40101"
    assert identities_of(anna) == []


def test_the_only_way_into_an_account_stays(parley, github, forger, browser):
    session = session_of(parley, browser.pass_through("forger"))
    session.delete("/api/identities/forger").refused(40903)
    assert Browser(parley).pass_through("forger").ok()["user_id"] == session.id
    github.user = github.new_user()
    come_back_from(browser, link(session, browser, "github"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda kind: session.delete(f"/api/identities/{kind}").code,
                              ("forger", "github")))
    assert set(codes) <= {0, 40903} and codes != [0, 0]
    assert identities_of(session)


def test_a_banned_account_is_not_let_in(parley, forger, browser):
    user_id = browser.pass_through("forger").ok()["user_id"]
    parley.mongo["accounts"].update_one({"_id": user_id}, {"$set": {
        "banned": True, "ban_reason": "spam"}})
    assert "spam" in Browser(parley).pass_through("forger").refused(40301).body["message"]
    answer = Browser(parley).pass_through("forger", redirect="/in")
    assert answer.headers["Location"] == "/in?oauth_error=40301"


# ---- Secrets, and the operator's file


def test_no_log_has_a_secret(parley, forger, github, browser):
    forger.claims = {"nonce": "another"}
    address = browser.start("forger")
    there = browser.get(address).headers["Location"]
    browser.come_back(there).refused(40101)
    Browser(parley).pass_through("github").ok()
    token = next(iter(github.tokens))
    told = [providers.CLIENT_SECRET, urllib.parse.quote(providers.CLIENT_SECRET), token,
            query_of(there)["code"], query_of(address)["state"], query_of(address)["nonce"]]
    for name in ("auth", "nginx", "edge"):
        log = parley.log(name)
        assert not [secret for secret in told if secret in log], name


def fault_of(path):
    """auth's exit status, and what it says of its settings."""
    program = ROOT / os.environ.get("BIN", "build/bin") / "parley-auth"
    done = subprocess.run([program], env={**os.environ, "OAUTH_FILE": str(path)},
                          capture_output=True, text=True, timeout=20, check=False)
    return done.returncode, done.stdout + done.stderr


def test_names_every_fault_of_its_file_at_once(tmp_path):
    path = tmp_path / "oauth.json"
    path.touch(0o600)
    path.write_text(json.dumps({"providers": [
        {"name": "github", "client_id": "c", "client_secret": "s", "api_url": "http://a.org"},
        {"name": "Corp", "issuer": "http://id.example.com", "client_id": "c"},
        {"name": "corp", "client_id": "c", "client_secret": "s"},
        {"name": "corp", "issuer": "https://id.example.com?a", "client_id": "", "client_secret": "s",
         "scopes": "profile", "token_url": "https://a.org"},
        {"issuer": "https://id.example.com", "client_id": "c", "client_secret": "s"},
    ]}))
    status, said = fault_of(path)
    assert status == 2
    for fault in ("'github': api_url must", "'Corp': name must", "'Corp': issuer must",
                  "'Corp': client_secret is missing", "'corp': issuer is missing",
                  "'corp': name comes twice", "'corp': issuer must", "'corp': client_id is missing",
                  "'corp': scopes must", "'corp': token_url is only", "providers[4]: name is"):
        assert fault in said, said


def test_refuses_a_file_that_others_may_read_or_that_is_not_there(tmp_path):
    path = tmp_path / "oauth.json"
    assert fault_of(path)[0] == 2 and "No such file" in fault_of(path)[1]
    path.write_text('{"providers":[]}')
    path.chmod(0o644)
    status, said = fault_of(path)
    assert status == 2 and "0600" in said
    path.chmod(0o600)
    path.write_text('{"providers":[{"name":7}]}')
    status, said = fault_of(path)
    assert status == 2 and "name" in said
