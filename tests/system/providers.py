"""Others whom one may log in with: a real OpenID Connect provider, GitHub's shape, a forger; and a
browser that goes between them and us."""

import base64
import hashlib
import html
import http.server
import json
import pathlib
import re
import secrets
import subprocess
import threading
import time
import urllib.parse

import requests
from cryptography.hazmat.primitives.asymmetric import ec

from client import Answer
from instance import base_port
from tokens import encode, sign_es

OIDC = pathlib.Path(__file__).parent / "oidc"
CLIENT_ID = "parley test"  # both are encoded on their way
CLIENT_SECRET = "s3cret:%+&=of-the-client"  # must appear in no log
KINDS = ("rs256", "es256", "github", "forger")


def port_of(port, kind):
    """Each has one of an instance's ports, past those of the services."""
    return base_port(port) + 28 + KINDS.index(kind)


def write_file(port, folder):
    """OAUTH_FILE for an instance, whether the providers live or not; its path."""
    urls = {kind: f"http://127.0.0.1:{port_of(port, kind)}" for kind in KINDS}
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    path = folder / "oauth.json"
    path.touch(0o600)
    path.write_text(json.dumps({"providers": [
        {"name": "rs256", "issuer": urls["rs256"], **client},
        {"name": "es256", "issuer": urls["es256"], **client, "scopes": "openid profile"},
        {"name": "github", "authorize_url": urls["github"] + "/login/oauth/authorize",
         "token_url": urls["github"] + "/login/oauth/access_token",
         "api_url": urls["github"] + "/api", **client},
        {"name": "forger", "issuer": urls["forger"], **client},
    ]}))
    return str(path)


# ---- The real one


class RealProvider:
    def __init__(self, port, kind):
        self.kind = kind
        self.process = subprocess.Popen(
            ["node", OIDC / "provider.mjs", str(port_of(port, kind)), CLIENT_ID, CLIENT_SECRET,
             f"http://127.0.0.1:{port}/api/oauth/{kind}/callback", kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def wait_for(self, line):
        for said in self.process.stdout:
            if said.strip() == line:
                return
        raise AssertionError(f"the provider ended before it said {line}")

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0


def sign_in(browser, address, login):
    """Through the provider's pages, as somebody who logs in and agrees: where they lead."""
    answer = browser.get(address)
    while True:
        if answer.status_code in (302, 303):
            there = urllib.parse.urljoin(answer.url, answer.headers["Location"])
            if "/callback?" in there:
                return there
            answer = browser.get(there)
            continue
        assert answer.status_code == 200, answer.text
        action = html.unescape(re.search(r'action="([^"]+)"', answer.text)[1])
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)[1]
        answer = browser.post(action, {"prompt": prompt, "login": login, "password": "any"})


def refuse(browser, address):
    """Somebody who turns back at the provider's first page: where that leads."""
    page = browser.get(urllib.parse.urljoin(address, browser.get(address).headers["Location"]))
    there = html.unescape(re.search(r'href="([^"]+/abort)"', page.text)[1])
    while "/callback?" not in there:
        there = browser.get(there).headers["Location"]
    return there


# ---- A browser


class Browser:
    """Keeps cookies, shows each where it belongs, and goes where it is sent only when told to."""

    def __init__(self, parley):
        self.parley = parley
        self.http = requests.Session()
        self.http.trust_env = False
        self.cookies = self.http.cookies

    def get(self, address):
        return self.http.get(address, allow_redirects=False, timeout=30)

    def post(self, address, form):
        return self.http.post(address, form, allow_redirects=False, timeout=30)

    def ours(self, path):
        return Answer(self.get(self.parley.url + path))

    def start(self, kind, **query):
        """Where /api/oauth/{kind} sends it."""
        answer = self.ours(f"/api/oauth/{kind}?{urllib.parse.urlencode(query)}")
        assert answer.status == 302, answer
        return answer.headers["Location"]

    def come_back(self, address):
        assert address.startswith(self.parley.url + "/api/oauth/"), address
        return Answer(self.get(address))

    def log_in(self, kind, login, **query):
        """All of it, with a real provider."""
        return self.come_back(sign_in(self, self.start(kind, **query), login))

    def pass_through(self, kind, **query):
        """All of it, with one that asks nothing."""
        return self.come_back(self.get(self.start(kind, **query)).headers["Location"])


# ---- Small servers


class Server:
    """One thread; routes are methods, by the path's last word."""

    def __init__(self, port, kind):
        self.url = f"http://127.0.0.1:{port_of(port, kind)}"
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
                path, _, query = self.path.partition("?")
                outer.seen.append((self.command, self.path, dict(self.headers), form))
                word = path.rpartition("/")[2].replace("-", "_")
                status, headers, body = getattr(outer, "on_" + word)(
                    {**dict(urllib.parse.parse_qsl(query)), **form}, self.headers)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # it had enough

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", port_of(port, kind)), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.02}).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def json(value, status=200):
        return status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(
            value).encode()

    @staticmethod
    def redirect(address, **query):
        return 302, {"Location": address + "?" + urllib.parse.urlencode(query)}, b""


def challenge_of(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class GitHub(Server):
    """As docs.github.com has it: "Authorizing OAuth apps" and "Get the authenticated user".

    Who visits it is logged in as .user, and agrees."""

    def __init__(self, port):
        super().__init__(port, "github")
        self.user = self.new_user()
        self.codes = {}
        self.tokens = {}

    @staticmethod
    def new_user(**more):
        number = secrets.randbelow(2**40) + 1
        return {"login": f"Octo-{number:x}", "id": number, "node_id": "MDQ6VXNlcjE=",
                "avatar_url": "https://github.com/images/error/octocat_happy.gif", "type": "User",
                "site_admin": False, "name": "monalisa octocat", "company": None, "blog": "",
                "location": None, "email": None, "hireable": None, "bio": None, "followers": 20,
                "created_at": "2008-01-14T04:33:35Z", **more}

    def on_authorize(self, query, _):
        code = secrets.token_hex(10)
        self.codes[code] = (self.user, query)
        return self.redirect(query["redirect_uri"], code=code, state=query["state"])

    def on_access_token(self, query, headers):
        user, asked = self.codes.pop(query.get("code"), (None, {}))
        if (query["client_id"], query["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            answer = {"error": "incorrect_client_credentials"}
        elif (not user or query["redirect_uri"] != asked["redirect_uri"]
              or challenge_of(query["code_verifier"]) != asked["code_challenge"]):
            answer = {"error": "bad_verification_code",
                      "error_description": "The code passed is incorrect or expired.",
                      "error_uri": "https://docs.github.com/"}
        else:
            token = "gho_" + secrets.token_hex(18)
            self.tokens[token] = user
            answer = {"access_token": token, "token_type": "bearer", "scope": ""}
        if "application/json" in headers.get("Accept", ""):
            return self.json(answer)
        return 200, {"Content-Type": "application/x-www-form-urlencoded"}, urllib.parse.urlencode(
            answer).encode()

    def on_user(self, _, headers):
        if not headers.get("User-Agent"):
            return self.json({"message": "Request forbidden by administrative rules."}, 403)
        user = self.tokens.get(headers.get("Authorization", "").removeprefix("Bearer "))
        return self.json(user) if user else self.json({"message": "Bad credentials"}, 401)


class Forger(Server):
    """An issuer of OpenID Connect that says whatever a test has it say."""

    def __init__(self, port):
        super().__init__(port, "forger")
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.nonces = {}
        self.reset()

    def reset(self):
        """Be honest."""
        self.sub = secrets.token_hex(8)
        self.claims = {}  # None takes one away
        self.header = {"alg": "ES256", "kid": "k"}
        self.make_token = lambda header, claims: sign_es(self.key, header, claims)
        self.instead = {}  # what a path answers, instead of the truth
        self.seen.clear()

    def on_openid_configuration(self, *_):
        return self.instead.get("discovery") or self.json({
            "issuer": self.url, "authorization_endpoint": self.url + "/authorize",
            "token_endpoint": self.url + "/token", "jwks_uri": self.url + "/keys",
            "userinfo_endpoint": self.url + "/userinfo"})

    def on_userinfo(self, *_):
        return self.instead.get("userinfo") or self.json({"sub": self.sub})

    def on_keys(self, *_):
        numbers = self.key.public_key().public_numbers()
        return self.json({"keys": [
            {"kty": "oct", "kid": "k", "k": "AAAA"},  # none of ours
            {"kty": "EC", "crv": "P-256", "kid": "k",
             "x": encode(numbers.x.to_bytes(32, "big")).decode(),
             "y": encode(numbers.y.to_bytes(32, "big")).decode()}]})

    def on_authorize(self, query, _):
        code = secrets.token_hex(10)
        self.nonces[code] = query["nonce"]
        return self.redirect(query["redirect_uri"], code=code, state=query["state"])

    def on_token(self, query, _):
        if "token" in self.instead:
            return self.instead["token"]
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "sub": self.sub, "iat": now, "exp": now + 300,
                  "nonce": self.nonces[query["code"]], "preferred_username": self.sub,
                  **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.json({"access_token": "a", "token_type": "Bearer",
                          "id_token": self.make_token(self.header, claims)})
