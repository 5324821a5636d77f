"""What mongod must be asked and told, without a driver: OP_MSG over a socket.

A mongod of a fresh folder is no replica set and has no users until somebody says so, and Debian has
neither a driver in the standard library nor mongosh.
"""

import base64
import hashlib
import hmac
import secrets
import socket
import struct
import time


def encode(document):
    body = b""
    for key, value in document.items():
        name = key.encode() + b"\0"
        if isinstance(value, bool):
            body += b"\x08" + name + struct.pack("<?", value)
        elif isinstance(value, int):  # some commands insist on the short kind
            short = -2**31 <= value < 2**31
            body += (b"\x10" if short else b"\x12") + name
            body += struct.pack("<i" if short else "<q", value)
        elif isinstance(value, str):
            text = value.encode() + b"\0"
            body += b"\x02" + name + struct.pack("<i", len(text)) + text
        elif isinstance(value, bytes):
            body += b"\x05" + name + struct.pack("<ib", len(value), 0) + value
        elif isinstance(value, list):
            body += b"\x04" + name + encode({str(i): item for i, item in enumerate(value)})
        else:
            body += b"\x03" + name + encode(value)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


FIXED = {0x01: "<d", 0x08: "<?", 0x09: "<q", 0x10: "<i", 0x11: "<Q", 0x12: "<q"}


def decode(data, start=0):
    """The document at start. Ids and null come as None: nobody asks for them here."""
    end = start + struct.unpack_from("<i", data, start)[0] - 1
    at, ret = start + 4, {}
    while at < end:
        kind = data[at]
        stop = data.index(b"\0", at)
        key, at = data[at + 1:stop].decode(), stop + 1
        value = None
        if kind in FIXED:
            value = struct.unpack_from(FIXED[kind], data, at)[0]
            at += struct.calcsize(FIXED[kind])
        elif kind in (0x03, 0x04):
            value = decode(data, at)
            at += struct.unpack_from("<i", data, at)[0]
            value = list(value.values()) if kind == 0x04 else value
        elif kind == 0x02:
            length = struct.unpack_from("<i", data, at)[0]
            value = data[at + 4:at + 3 + length].decode()
            at += 4 + length
        elif kind == 0x05:
            length = struct.unpack_from("<i", data, at)[0]
            value = data[at + 5:at + 5 + length]
            at += 5 + length
        elif kind == 0x07:
            at += 12
        elif kind != 0x0A:
            raise ValueError(f"BSON type {kind} is not known here")
        ret[key] = value
    return ret


class Refused(Exception):
    """mongod's answer to a command, in its own words."""

    def __init__(self, answer):
        super().__init__(answer.get("errmsg", "no reason given"))
        self.code = answer.get("code")


# MongoDB's codes
UNAUTHORIZED, WRONG_PASSWORD, NO_MEMBER, NO_SET_YET, USER_EXISTS = 13, 18, 93, 94, 51003


class Connection:
    """Of one user, or of nobody until log_in(). Answers are as they come; must() insists."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.answers = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answers.close()
        self.socket.close()

    def ask(self, document):
        message = struct.pack("<ib", 0, 0) + encode({**document, "$db": "admin"})
        header = struct.pack("<iiii", 16 + len(message), 1, 0, 2013)  # OP_MSG
        self.socket.sendall(header + message)
        size = struct.unpack("<i", self.answers.read(4))[0]
        return decode(self.answers.read(size - 4), 12 + 5)

    def must(self, document):
        answer = self.ask(document)
        if not answer.get("ok"):
            raise Refused(answer)
        return answer

    def log_in(self, user, password):
        """SCRAM-SHA-256 (RFC 5802, 7677)."""
        nonce = secrets.token_urlsafe(24)
        bare = f"n={user},r={nonce}"
        answer = self.must({"saslStart": 1, "mechanism": "SCRAM-SHA-256",
                            "payload": b"n,," + bare.encode(),
                            "options": {"skipEmptyExchange": True}})
        first = answer["payload"].decode()
        fields = dict(pair.split("=", 1) for pair in first.split(","))
        if not fields["r"].startswith(nonce):
            raise ValueError("this is not our log-in that mongod answers")
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]),
                                     int(fields["i"]))
        final = f"c=biws,r={fields['r']}"
        signed = f"{bare},{first},{final}".encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        mask = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, mask)))
        answer = self.must({"saslContinue": 1, "conversationId": answer["conversationId"],
                            "payload": f"{final},p=".encode() + proof})
        theirs = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        if answer["payload"] != b"v=" + base64.b64encode(theirs):
            raise ValueError("this is not the mongod that knows the password")


def become_set(connection, port, users):
    """A replica set of one, if it is none yet, or was one under another PORT."""
    host = f"127.0.0.1:{port}"
    members = [{"_id": 0, "host": host}]
    code = connection.ask({"replSetGetStatus": 1}).get("code")
    if code == UNAUTHORIZED:
        connection.log_in("operator", users["operator"])
        code = connection.ask({"replSetGetStatus": 1}).get("code")
    if code == NO_SET_YET:
        connection.ask({"replSetInitiate": {"_id": "rs0", "members": members}})
    elif code == NO_MEMBER:
        # Nobody may ask for it as long as there are no users; then any larger number will do.
        known = connection.ask({"replSetGetConfig": 1}).get("config", {"version": int(time.time())})
        connection.ask({"replSetReconfig": {
            "_id": "rs0", "version": known["version"] + 1, "protocolVersion": 1,
            "members": members}, "force": True})


def have_users(connection, users):
    """Who may log in. As long as there is nobody, somebody on this machine may make the first one,
    who makes the others; a password in a new file becomes theirs."""
    operator = users["operator"]
    try:
        connection.log_in("operator", operator)
    except Refused as fault:
        if fault.code != WRONG_PASSWORD:
            raise
        connection.must({"createUser": "operator", "pwd": operator, "roles": ["root"],
                         "mechanisms": ["SCRAM-SHA-256"]})
        connection.log_in("operator", operator)
    parley = {"pwd": users["parley"], "roles": [{"role": "readWrite", "db": "parley"}],
              "mechanisms": ["SCRAM-SHA-256"]}
    try:
        connection.must({"createUser": "parley", **parley})
    except Refused as fault:
        if fault.code != USER_EXISTS:
            raise
        connection.must({"updateUser": "parley", **parley})


def prepare(port, users):
    """Make it a replica set of one with these users, step by step: (whether, why not yet)."""
    try:
        with Connection(port) as connection:
            if connection.ask({"hello": 1}).get("isWritablePrimary"):
                if users:
                    have_users(connection, users)
                return True, ""
            become_set(connection, port, users)
    except Refused as fault:
        return False, f"var/secrets is not what its data was made with: {fault}"
    except (OSError, struct.error, ValueError):
        pass  # not listening yet, or on its way
    return False, "is not primary yet"

