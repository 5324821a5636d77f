"""Service accounts: a shop writes to its customers, over HTTP and over the bus."""

import pytest

from client import fresh, texts
from instance import eventually

WHY = {"reason": "because"}
SERVICES = "/v1/admin/services"


class Service:
    """A program with a token."""

    def __init__(self, parley, made):
        self.parley = parley
        self.id = made["service"]["user_id"]
        self.username = made["service"]["username"]
        self.token = made["token"]

    def call(self, method, path, body=None):
        return self.parley.rest.call(method, path, body, token=self.token)

    def say(self, text, to=None, **more):
        where = {"type": 1, "to": to.id} if to else {"type": 2}
        return self.call("POST", "/api/messages", {
            **where, "message_id": fresh(), "content": {"text": text}, **more})


@pytest.fixture
def make_service(parley, admin):
    def make(**more):
        wanted = {"username": fresh("shop-"), "nickname": "The shop", **WHY, **more}
        return Service(parley, admin.post(SERVICES, wanted).ok())

    return make


@pytest.fixture
def shop(make_service):
    return make_service()


# ---- Over HTTP


@pytest.mark.smoke
def test_a_service_writes_and_each_device_hears_it_from_a_bot(user, shop):
    ben = user()
    device = ben.device()
    message_id = fresh()
    sent = shop.say("Your parcel is on its way", to=ben, message_id=message_id).ok()
    assert shop.say("Your parcel is on its way", to=ben, message_id=message_id).ok() == sent

    heard = device.message(message_id)
    assert heard["from"] == shop.id and heard["content"]["text"] == "Your parcel is on its way"
    seen = ben.get(f"/api/users/{shop.id}").ok()
    assert seen["nickname"] == "The shop" and seen["bot"] is True
    row = ben.conversations()[sent["conversation_id"]]
    assert row["unread_count"] == 1, "a notice is a message like any other"


def test_makes_no_friends_and_nobody_answers_for_it(parley, user, shop):
    ben = user()
    shop.say("Hello", to=ben).ok()
    assert ben.get("/api/friends").ok()["friends"] == []
    device = ben.device()
    device.say("/help", to=shop)
    device.say("Thanks!", to=shop)
    hubot = user().get("/api/users?query=hubot").ok()["users"][0]["user_id"]
    device.say("/echo are you still there", to=hubot)  # after the two, in the bot's queue
    device.wait_for(lambda frame: frame["type"] == 1 and frame["from"] == hubot)
    assert texts(ben.private_history(shop.id)["messages"]) == ["Hello", "/help", "Thanks!"]


def test_is_stopped_by_a_block(user, shop):
    ben = user()
    shop.say("Buy!", to=ben).ok()
    ben.post("/api/blocks", {"user_id": shop.id}).ok()
    eventually(lambda: shop.say("Buy!!", to=ben).code == 40302)


def test_writes_to_a_group_only_as_its_member(user, shop):
    ada = user()
    group = ada.create_group()
    shop.say("hi all", group_id=group).refused(40401)


def test_its_token_opens_nothing_else(parley, user, shop):
    for method, path, body in (
            ("GET", "/api/users/me", None), ("GET", "/api/sessions", None),
            ("POST", "/api/logout", {}), ("POST", "/api/password", {"new_password": "x" * 12}),
            ("GET", "/api/account/export", None), ("POST", "/api/account/delete", {}),
            ("GET", "/api/conversations", None), ("POST", "/api/groups", {"name": "x"}),
            ("GET", "/v1/admin/users", None), ("GET", SERVICES, None),
            ("POST", SERVICES, {"username": fresh(), **WHY})):
        shop.call(method, path, body).refused(40301)
    assert parley.rest.call("POST", "/api/refresh", {"refresh_token": shop.token}).code == 40101
    opened = parley.rest.call("GET", f"/ws?token={shop.token}", headers={
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert opened.status == 401


@pytest.mark.parametrize("token", ["service_", "service_" + "A" * 43, "service_" + "A" * 44,
                                   "service_" + "!" * 43, "service_" + "A" * 2000])
def test_a_token_that_is_none_is_refused(parley, token):
    parley.rest.call("POST", "/api/messages", {}, token=token).refused(40101)


def test_a_new_token_ends_the_old_at_once(parley, admin, user, shop):
    ben = user()
    shop.say("by the old one", to=ben).ok()
    old = shop.token
    shop.token = admin.post(f"{SERVICES}/{shop.id}/token", WHY).ok()["token"]
    shop.say("by the new one", to=ben).ok()
    eventually(lambda: parley.rest.call("POST", "/api/messages", {}, token=old).code == 40101, 2,
               "the end of the old token")


@pytest.mark.parametrize("how", ["end", "ban", "logout"])
def test_an_ended_service_is_refused_at_once(admin, user, shop, how):
    ben = user()
    shop.say("Hello", to=ben).ok()
    if how == "end":
        admin.delete(f"{SERVICES}/{shop.id}?reason=because").ok()
        admin.post(f"{SERVICES}/{shop.id}/token", WHY).refused(40903)
    else:
        admin.post(f"/v1/admin/users/{shop.id}/{how}", WHY).ok()
    eventually(lambda: shop.say("Still here", to=ben).code == 40101, 2, "the end of its token")
    if how == "ban":
        admin.post(f"{SERVICES}/{shop.id}/token", WHY).refused(40903)


def test_a_muted_service_says_nothing(admin, user, shop):
    ben = user()
    admin.post(f"/v1/admin/users/{shop.id}/mute", {**WHY, "seconds": 60}).ok()
    eventually(lambda: shop.say("Hello", to=ben).code == 40303, 2, "the mute")


def test_its_token_outlives_every_process_and_is_nowhere_in_clear(parley, user, shop):
    ben = user()
    shop.say("before", to=ben).ok()
    for name in ("auth", "message"):
        parley.kill(name)
    eventually(lambda: shop.say("after", to=ben).code == 0, 20)
    assert shop.token not in str(list(parley.mongo["sessions"].find({"user_id": shop.id})))
    assert not [path for path in (parley.var / "log").glob("*")
                if shop.token in path.read_text(errors="replace")]


def test_does_not_expire(parley, user, shop):
    """Unused for longer than any session of people lives, and asked for anew."""
    parley.mongo["sessions"].update_many({"user_id": shop.id}, {"$set": {"seen_at": 1}})
    parley.kill("auth")  # at its start it ends what was not used
    parley.kill("message")
    shop.say("I am back", to=user()).ok()


def test_administrators_see_them_and_each_step_is_in_the_log(admin, user, make_service):
    shops = [make_service() for _ in range(2)]
    names, cursor = [], ""
    while cursor is not None:
        page = admin.get(f"{SERVICES}?limit=1" + (f"&cursor={cursor}" if cursor else "")).ok()
        names += [row["username"] for row in page["services"]]
        cursor = page["next_cursor"]
    assert {shop.username for shop in shops} <= set(names) == set(names) and (
        page["total"] == len(names) and names == sorted(names))
    assert all("token" not in row for row in page["services"])

    one = shops[0]
    admin.post(f"{SERVICES}/{one.id}/token", WHY).ok()
    admin.delete(f"{SERVICES}/{one.id}?reason=enough").ok()
    entries = admin.get(f"/v1/admin/audit?target_id={one.id}").ok()["entries"]
    assert [(entry["action"], entry["reason"]) for entry in entries] == [
        ("services.end", "enough"), ("services.token", "because"), ("services.create", "because")]
    assert one.token not in str(entries)
    person = user()
    admin.post(f"{SERVICES}/{person.id}/token", WHY).refused(40401)
    admin.delete(f"{SERVICES}/{person.id}?reason=x").refused(40401)
