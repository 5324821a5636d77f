"""Who does not read slows nobody down."""

import json

import pytest

from instance import SLOWNESS
from rawsocket import CLOSE, TEXT, RawSocket

LETTER = "🐚" * 10000  # 40,000 bytes
LETTERS = 600  # 24 MB: 1 MiB of push's, and all that kernels and the edge may hold between


@pytest.mark.parametrize("way", ["through the edge", "directly"])
def test_a_slow_reader_is_cut_off_and_the_others_have_all_before_he_reads_a_byte(
        parley, user, way):
    senders, reader, slow = [user() for _ in range(3)], user(), user()
    group_id = senders[0].create_group(*senders[1:], reader, slow)
    url = parley.ws_url if way == "through the edge" else parley.push_url
    lazy = RawSocket(f"{url}?token={slow.token}", receive_buffer=4096)
    assert lazy.status == 101 and not lazy.rest
    device = reader.device()
    own = [sender.device() for sender in senders]

    for i in range(0, LETTERS, 24):
        send_letters(own, group_id, min(24, LETTERS - i))
    device.wait_for(lambda f: f.get("msg_type") == 0, count=LETTERS, timeout=60 * SLOWNESS)
    shown = [m["message_id"] for m in device.messages() if m["msg_type"] == 0]
    assert len(shown) == len(set(shown)) == LETTERS
    assert [m["seq"] for m in device.messages() if m["msg_type"] == 0] == list(
        range(2, LETTERS + 2))

    # Only now he begins to read: whole frames, and 1013 at their end.
    read = 0
    code = None
    try:
        while code is None:
            opcode, payload = lazy.read_frame()
            if opcode == CLOSE:
                code = int.from_bytes(payload[:2], "big")
            elif opcode == TEXT:
                json.loads(payload)
                read += 1
    except (EOFError, ConnectionError):
        pass
    assert code == 1013
    assert read < LETTERS + 1
    lazy.close()

    # He catches up by history and is welcome again.
    assert slow.conversations()[f"group:{group_id}"]["last_seq"] == LETTERS + 1
    again = slow.device()
    ack = own[0].say("short", group_id=group_id)
    assert again.message(ack["message_id"])["seq"] == LETTERS + 2


def send_letters(devices, group_id, count):
    """Send them by turns, again what was refused as too fast, until all are acked."""
    while count:
        sent = []
        for i in range(count):
            device = devices[i % len(devices)]
            sent.append((device, device.post({
                "type": 2, "group_id": group_id, "content": {"text": LETTER}})))
        codes = [device.ack(message_id)["code"] for device, message_id in sent]
        assert set(codes) <= {0, 42901}
        count = codes.count(42901)
