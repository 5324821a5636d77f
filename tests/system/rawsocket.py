"""A WebSocket byte by byte: for what no library would send, and for who reads nothing."""

import base64
import os
import socket
import struct
import urllib.parse

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class RawSocket:
    def __init__(self, url, headers=None, receive_buffer=None, timeout=30, key=None):
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((parts.hostname, parts.port))
        key = key or base64.b64encode(os.urandom(16)).decode()
        lines = {"Host": parts.netloc, "Upgrade": "websocket", "Connection": "Upgrade",
                 "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13", **(headers or {})}
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.socket.sendall((f"GET {path} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in lines.items()
            if value is not None) + "\r\n").encode())
        self.rest = b""
        head = self._until(b"\r\n\r\n").decode("latin-1")
        self.status = int(head.split()[1])
        self.headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip()
                        for line in head.split("\r\n")[1:] if line}

    def _fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.rest += data

    def _until(self, mark):
        while mark not in self.rest:
            self._fill()
        head, _, self.rest = self.rest.partition(mark)
        return head

    def _take(self, size):
        while len(self.rest) < size:
            self._fill()
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def body(self):
        """The body of an answer that was no upgrade."""
        return self._take(int(self.headers["content-length"]))

    def send_frame(self, opcode, payload, fin=True, mask=b"\1\2\3\4"):
        if isinstance(payload, str):
            payload = payload.encode()
        size = len(payload)
        head = bytes([(0x80 if fin else 0) | opcode])
        bit = 0x80 if mask else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", size)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", size)
        if mask:
            whole = (mask * (size // 4 + 1))[:size]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(
                size, "big") if size else b""
            head += mask
        self.socket.sendall(head + payload)

    def read_frame(self):
        """(opcode, payload) of the next frame; EOFError at the end of the connection."""
        first, size = self._take(2)
        if size == 126:
            size, = struct.unpack(">H", self._take(2))
        elif size == 127:
            size, = struct.unpack(">Q", self._take(8))
        return first & 15, self._take(size)

    def read_close(self):
        """The close code, after whatever comes before it; None when there is none."""
        try:
            while True:
                opcode, payload = self.read_frame()
                if opcode == CLOSE:
                    return struct.unpack(">H", payload[:2])[0] if payload else 1005
        except (EOFError, ConnectionError):
            return None

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
