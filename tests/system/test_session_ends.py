"""What a session's end does to sockets, on every node."""

import time

from conftest import PASSWORD
from instance import SLOWNESS, eventually
from tokens import claims_of


def session_id(session):
    return claims_of(session.token)["sid"]


def told(device, session, reason):
    frame = device.wait_for(lambda f: f["type"] == 3 and f["content"]["event"] == "session.ended"
                            and f["content"]["session_id"] == session_id(session))
    assert frame["content"] == {
        "event": "session.ended", "session_id": session_id(session), "reason": reason}


def test_all_devices_are_told_and_the_ended_ones_closed_within_a_second_on_every_node(user, node):
    desk = user()
    phone, tablet = desk.again("phone"), desk.again("tablet")
    stays = [desk.device(), tablet.device(node.ws_url)]
    ends = [phone.device(), phone.device(node.ws_url)]
    started = time.monotonic()
    desk.delete(f"/api/sessions/{session_id(phone)}").ok()
    for device in ends:
        assert device.wait_closed() == 1008
    assert time.monotonic() - started < 1 * SLOWNESS
    for device in ends + stays:
        told(device, phone, "ended")
    for device in stays:
        assert device.heartbeat()
    eventually(lambda: phone.get("/api/users/me").code == 40101, what="user has heard of it, too")


def test_the_close_code_tells_an_end_of_ones_own_from_one_by_somebody_else(user):
    desk = user()
    phone, tablet = desk.again("phone"), desk.again("tablet")
    sockets = {each: each.device() for each in (desk, phone, tablet)}
    tablet.post("/api/logout").ok()
    assert sockets[tablet].wait_closed() == 4401
    told(sockets[desk], tablet, "logout")
    desk.post("/api/password", {"old_password": PASSWORD, "new_password": PASSWORD + "2"}).ok()
    assert sockets[phone].wait_closed() == 1008
    told(sockets[desk], phone, "password")
    assert sockets[desk].heartbeat()


def test_a_stolen_refresh_token_is_told_to_the_user_before_the_close(user):
    desk = user()
    phone = desk.again("phone")
    staying, closing = desk.device(), phone.device()
    token = phone.refresh_token
    for _ in range(2):
        answer = phone.parley.rest.call("POST", "/api/refresh", {"refresh_token": token}).ok()
        token = answer["refresh_token"]
    phone.parley.rest.call("POST", "/api/refresh",
                           {"refresh_token": phone.refresh_token}).refused(40101)
    assert closing.wait_closed() == 1008
    told(staying, phone, "replay")
    told(closing, phone, "replay")


def test_an_end_that_passed_by_a_node_is_found_when_it_hears_again(parley, user):
    """The event is lost: the store says that it was announced, and nobody heard it."""
    desk = user()
    phone = desk.again("phone")
    staying, closing = desk.device(), phone.device()
    parley.mongo["sessions"].update_one({"_id": session_id(phone)}, {"$set": {
        "ended_at": int(time.time() * 1000), "end_reason": "ended", "announced": True}})
    parley.kill("rabbitmq")
    assert closing.wait_closed(60) == 1008
    told(staying, phone, "ended")
    assert staying.heartbeat()
