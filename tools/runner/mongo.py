"""The three questions that mongod must be asked, without a driver: OP_MSG over a socket.

A mongod of a fresh folder is no replica set until somebody says so, and Debian has neither a
driver in the standard library nor mongosh.
"""

import socket
import struct


def encode(document):
    body = b""
    for key, value in document.items():
        name = key.encode() + b"\0"
        if isinstance(value, bool):
            body += b"\x08" + name + struct.pack("<?", value)
        elif isinstance(value, int):
            body += b"\x12" + name + struct.pack("<q", value)
        elif isinstance(value, str):
            text = value.encode() + b"\0"
            body += b"\x02" + name + struct.pack("<i", len(text)) + text
        elif isinstance(value, list):
            body += b"\x04" + name + encode({str(i): item for i, item in enumerate(value)})
        else:
            body += b"\x03" + name + encode(value)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


FIXED = {0x01: "<d", 0x08: "<?", 0x09: "<q", 0x10: "<i", 0x11: "<Q", 0x12: "<q"}


def decode(data, start=0):
    """The document at start. Ids, binaries and null come as None: nobody asks for them here."""
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
            at += 5 + struct.unpack_from("<i", data, at)[0]
        elif kind == 0x07:
            at += 12
        elif kind != 0x0A:
            raise ValueError(f"BSON type {kind} is not known here")
        ret[key] = value
    return ret


def command(port, document):
    message = struct.pack("<ib", 0, 0) + encode({**document, "$db": "admin"})
    header = struct.pack("<iiii", 16 + len(message), 1, 0, 2013)  # OP_MSG
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(header + message)
        with connection.makefile("rb") as answer:
            size = struct.unpack("<i", answer.read(4))[0]
            return decode(answer.read(size - 4), 12 + 5)


def is_primary(port):
    """Whether mongod takes writes; makes it a replica set of one first, if it is none yet."""
    try:
        if command(port, {"hello": 1}).get("isWritablePrimary"):
            return True
        host = f"127.0.0.1:{port}"
        members = [{"_id": 0, "host": host}]
        known = command(port, {"replSetGetConfig": 1}).get("config")
        if known is None:
            command(port, {"replSetInitiate": {"_id": "rs0", "members": members}})
        elif known["members"][0]["host"] != host:  # the same data, another PORT
            command(port, {"replSetReconfig": {
                "_id": "rs0", "version": known["version"] + 1, "protocolVersion": 1,
                "members": members}, "force": True})
    except (OSError, struct.error, ValueError):
        pass  # not listening yet, or on its way
    return False
