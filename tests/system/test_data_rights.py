"""What people take along, and how they go: nothing of them stays but what others have."""

import concurrent.futures
import contextlib
import io
import json
import os
import re
import secrets
import signal
import zipfile

import pytest

from client import fresh, insist, single, texts
from conftest import PASSWORD
from instance import eventually


# ---- Export


def unpack(answer):
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/zip"
    assert re.fullmatch(r'attachment; filename="[\w.-]+"', answer.headers["Content-Disposition"])
    archive = zipfile.ZipFile(io.BytesIO(answer.raw))
    assert archive.testzip() is None
    return {name: archive.read(name).decode() for name in archive.namelist()}


def exported(session):
    """The files by name, all but the first read as JSON."""
    files = unpack(session.get("/api/account/export"))
    return {name: text if name == "README.txt" else json.loads(text)
            for name, text in files.items()}


def befriend(a, b):
    request = a.post("/api/friend_requests", {"user_id": b.id, "greeting": "hello there"}).ok()
    b.post(f"/api/friend_requests/{request['request_id']}/accept").ok()


def test_an_export_holds_everything_about_its_owner_and_nothing_else(user):
    anna, bert, carl, dora = user(), user(), user(), user()
    anna.patch("/api/users/me", {"bio": "likes tea", "email": "anna@example.com"}).ok()
    befriend(anna, bert)
    anna.patch(f"/api/friends/{bert.id}", {"remark": "my brother"}).ok()
    bert.patch(f"/api/friends/{anna.id}", {"remark": "secret of bert's"}).ok()
    anna.post("/api/friend_requests", {"user_id": carl.id, "greeting": "please"}).ok()
    anna.post("/api/blocks", {"user_id": dora.id}).ok()
    carl.post("/api/blocks", {"user_id": anna.id}).ok()
    group_id = bert.create_group(anna)
    phone, other = anna.device(), bert.device()
    phone.say("from anna", to=bert)
    other.say("from bert", to=anna)
    phone.say("anna in the group", group_id=group_id)
    other.say("bert in the group", group_id=group_id)
    carl.device().say("between others", to=bert)

    files = exported(anna)
    assert files["account.json"]["username"] == anna.username
    assert [row["device"] for row in files["sessions.json"]] == ["test"]
    assert files["profile.json"]["email"] == "anna@example.com"
    assert [(row["user_id"], row["remark"]) for row in files["friends.json"]] == [
        (bert.id, "my brother")]
    assert [(row["user_id"], row["direction"]) for row in files["friend_requests.json"]] == [
        (carl.id, "outgoing")]
    assert [row["user_id"] for row in files["blocks.json"]] == [dora.id]
    assert [(row["group_id"], row["role"]) for row in files["groups.json"]] == [
        (group_id, "member")]
    assert {row["conversation_id"] for row in files["conversations.json"]} == {
        single(anna, bert), f"group:{group_id}"}
    private = files["messages/" + single(anna, bert).replace(":", "_") + ".json"]
    assert texts(private) == ["from anna", "from bert"]
    assert [message["seq"] for message in private] == [1, 2]
    assert texts(files[f"messages/group_{group_id}.json"]) == ["anna in the group"]

    everything = json.dumps(files)
    for stranger in ("bert in the group", "between others", "secret of bert's", "argon2",
                     "_hash", anna.refresh_token):
        assert stranger not in everything, stranger
    assert "audit.json" not in files and "identities.json" not in files
    assert set(name for name in re.findall(r"^(\S+\.json)", files["README.txt"], re.M)) >= {
        name for name in files if "/" not in name and name.endswith(".json")}


def test_an_export_holds_what_became_of_messages_and_how_one_keeps_a_conversation(parley, user):
    anna, bert = user(), user()
    conversation_id = single(anna, bert)
    path = f"/api/conversations/{conversation_id}"
    phone, other = anna.device(), bert.device()
    own = phone.say("first", to=bert)["message_id"]
    theirs = other.say("from bert", to=anna)["message_id"]
    gone = phone.say("long gone", to=bert)["message_id"]
    anna.patch(f"{path}/messages/{own}", {"content": {"text": "second"}}).ok()
    anna.post(f"{path}/messages/{theirs}/reactions", {"emoji": "👍"}).ok()
    bert.post(f"{path}/messages/{own}/reactions", {"emoji": "🎉"}).ok()
    anna.delete(f"{path}/messages/{theirs}?scope=me").ok()
    anna.patch(path, {"pinned": True, "draft": "not yet said"}).ok()
    anna.call("PUT", f"{path}/timer", {"seconds": 3600}).ok()
    parley.mongo["messages"].update_one({"_id": f"{conversation_id}/{gone}"},
                                        {"$set": {"expires_at": 1}})
    files = exported(anna)
    row = files["conversations.json"][0]
    assert row["pinned"] and not row["muted"] and row["draft"] == "not yet said"
    assert row["ttl"] == 3600
    messages = {m["message_id"]: m
                for m in files["messages/" + conversation_id.replace(":", "_") + ".json"]}
    assert messages[own]["edited_at"] and messages[own]["reactions"][0]["user_ids"] == [bert.id]
    assert messages[theirs]["hidden"] and "hidden" not in messages[own]
    assert gone not in messages
    assert [(c["kind"], c.get("old_content"), c.get("emoji")) for c in files["changes.json"]] == [
        ("edit", {"text": "first"}, None), ("reaction", None, "👍")]


def test_an_export_is_made_once_in_ten_minutes(parley, user):
    anna = user()
    exported(anna)
    refused = anna.get("/api/account/export").refused(42901)
    assert 590 <= int(refused.headers["Retry-After"]) <= 600
    parley.mongo["accounts"].update_one({"_id": anna.id}, {"$inc": {"exported_at": -600_000}})
    exported(anna)
    parley.rest.call("GET", "/api/account/export").refused(40101)


def test_two_exports_are_made_at_once_and_who_is_turned_away_may_come_again(parley, user):
    people = [user() for _ in range(4)]
    stopped = parley.signal("message", signal.SIGSTOP)  # so that none is ready before the others
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        try:
            asked = {pool.submit(session.get, "/api/account/export"): session
                     for session in people}
            eventually(lambda: sum(one.done() for one in asked) == 2, 8, "two refusals")
            turned_away = next(session for one, session in asked.items() if one.done())
            waits = list(pool.map(lambda _: int(turned_away.get(
                "/api/account/export").refused(42901).headers["Retry-After"]), range(40)))
        finally:
            os.kill(stopped, signal.SIGCONT)
    refused = [session for one, session in asked.items() if one.result().status == 429]
    assert len(refused) == 2
    assert min(waits) > 0  # also of who asks many times at once
    for one, session in asked.items():
        if session in refused:
            assert int(one.result().refused(42901).headers["Retry-After"]) <= 30
            exported(session)
        else:
            unpack(one.result())


def test_an_export_is_complete_however_many_messages_there_are(parley, user):
    anna, bert = user(), user()
    group_id = anna.create_group(bert)
    bert.device().say("one", to=anna)
    fill(parley, single(anna, bert), 2500, anna, bert, to_user_id=bert.id)
    fill(parley, f"group:{group_id}", 30000, bert, bert, group_id=group_id)
    anna.device().say("at the end", group_id=group_id)
    files = exported(anna)
    private = files["messages/" + single(anna, bert).replace(":", "_") + ".json"]
    assert [message["seq"] for message in private] == list(range(1, 2502))
    in_group = files[f"messages/group_{group_id}.json"]
    assert [(message["seq"], message["from"]) for message in in_group] == [
        (1, anna.id), (30002, anna.id)]


def fill(parley, conversation_id, n, *senders, **more):
    """Messages that were said long ago: owners read the newest again when they are started."""
    last = parley.mongo["conversations"].find_one({"_id": conversation_id})
    parley.mongo["messages"].insert_many([{
        "_id": f"{conversation_id}/{fresh()}", "conversation_id": conversation_id,
        "seq": seq, "count": last["count"] + seq - last["last_seq"],
        "from_user_id": senders[seq % len(senders)].id, "msg_type": 0,
        "content": json.dumps({"text": f"message {seq}"}), "created_at": 1_700_000_000_000,
        **more} for seq in range(last["last_seq"] + 1, last["last_seq"] + n + 1)])
    parley.mongo["conversations"].update_one(
        {"_id": conversation_id}, {"$inc": {"last_seq": n, "count": n}})
    parley.kill("message")


def test_an_administrator_exports_and_it_is_in_the_log(parley, user, admin):
    anna = user()
    files = unpack(admin.post(f"/v1/admin/users/{anna.id}/export", {"reason": "she wrote a letter"}))
    assert json.loads(files["account.json"])["user_id"] == anna.id
    entry = parley.mongo["audit"].find_one({"target_id": anna.id, "action": "users.export"})
    assert entry["reason"] == "she wrote a letter" and entry["actor_id"] == admin.id
    told = exported(anna)["audit.json"]
    assert [(row["action"], row["reason"]) for row in told] == [
        ("users.export", "she wrote a letter")]
    assert admin.id not in json.dumps(told)
    anna.post(f"/v1/admin/users/{admin.id}/export", {"reason": "curious"}).refused(40301)


# ---- Deletion


def job(parley, somebody):
    return parley.mongo["deletions"].find_one({"_id": somebody.id})


def wait_for_round(parley, somebody, rounds=1):
    return eventually(lambda: (row := job(parley, somebody)) and row["rounds"] >= rounds and row,
                      60, f"round {rounds} of the deletion")


def finish(parley, somebody):
    """Both rounds: the second would wait until nobody keeps anything about him."""
    wait_for_round(parley, somebody)
    parley.mongo["deletions"].update_one({"_id": somebody.id, "finished_at": 0},
                                         {"$set": {"due_at": 0}})
    assert wait_for_round(parley, somebody, 2)["finished_at"] > 0


def delete(session, password=PASSWORD):
    return insist(lambda: session.post("/api/account/delete", {"password": password}))


def wait_for_end(session):
    """Of its token: once user has heard of it."""
    eventually(lambda: session.get("/api/users/me").code == 40101, what="the token's end")


def traces(parley, *words):
    """Where in the database any of the words is left."""
    found = []
    for name in parley.mongo.list_collection_names():
        for document in parley.mongo[name].find():
            text = json.dumps(document, default=str)
            found += [(name, document["_id"], word) for word in words if word in text]
    return found


def test_who_goes_leaves_nothing_but_what_others_have(parley, user):
    mark = secrets.token_hex(6)
    anna, bert, carl = user(username=f"anna{mark}", nickname=f"Anna {mark}"), user(), user()
    anna.patch("/api/users/me", {"bio": f"bio {mark}", "email": f"{mark}@example.com",
                                 "avatar": f"/files/{mark}"}).ok()
    tablet = anna.again(device=f"tablet {mark}")
    befriend(anna, bert)
    bert.patch(f"/api/friends/{anna.id}", {"remark": f"remark {mark}"}).ok()
    anna.post("/api/friend_requests", {"user_id": carl.id, "greeting": mark}).ok()
    group_id = anna.create_group(bert)
    alone = anna.create_group()
    phone, other = anna.device(), bert.device()
    phone.say("this stays", to=bert)
    phone.say("this too", group_id=group_id)
    other.message(phone.frames[-1]["message_id"])

    delete(anna, "wrong-password").refused(40103)
    delete(anna).ok()
    assert phone.wait_closed() == 1008
    for session in (anna, tablet):
        wait_for_end(session)
        parley.rest.call("POST", "/api/refresh",
                         {"refresh_token": session.refresh_token}).refused(40101)
    assert parley.answer_to_login(anna.username).status in (401, 403)
    finish(parley, anna)

    # What others see of her.
    assert other.system("friend.removed")["content"]["user_id"] == anna.id
    shown = bert.get(f"/api/users/{anna.id}").ok()
    assert shown["nickname"] == "Deleted user" and shown["deleted"] is True
    assert bert.get(f"/api/users?query=anna{mark}").ok()["users"] == []
    assert bert.get(f"/api/users?query={shown['username']}").ok()["users"] == []
    assert bert.get("/api/friends").ok()["friends"] == []
    assert carl.get("/api/friend_requests?direction=incoming").ok()["total"] == 0
    assert texts(bert.private_history(anna.id)["messages"]) == ["this stays"]
    assert "this too" in texts(bert.group_history(group_id)["messages"])
    peer = eventually(lambda: (row := bert.conversations()[single(anna, bert)]["peer"])
                      and "nickname" in row and row, what="names, which a slow user leaves out")
    assert peer["nickname"] == "Deleted user"
    assert bert.get(f"/api/groups/{group_id}").ok()["role"] == "owner"
    members = bert.get(f"/api/groups/{group_id}/members").ok()["members"]
    assert [member["user_id"] for member in members] == [bert.id]

    # Nobody reaches her, and nobody becomes her.
    newcomer = user()
    assert newcomer.device().refusal({"type": 1, "to": anna.id, "content": {"text": "hi"}})[
        "code"] == 40401
    newcomer.post("/api/friend_requests", {"user_id": anna.id}).refused(40401)
    newcomer.post("/api/groups", {"name": "with her", "member_ids": [anna.id]}).refused(40001)
    for name in (anna.username, anna.username.upper(), "Deleted-" + mark):
        parley.enter("/api/register", {
            "username": name, "password": PASSWORD}).refused(40902, "username")

    # And in the store there is nothing of hers.
    assert traces(parley, mark, *[PASSWORD]) == []
    assert parley.count("conversation_users", {"user_id": anna.id}) == 0
    assert parley.mongo["groups"].find_one({"_id": alone})["member_count"] == 0
    account = parley.mongo["accounts"].find_one({"_id": anna.id})
    assert account["role"] == "user" and "password_hash" not in account


def test_a_conversation_that_nobody_has_any_more_goes(parley, user):
    anna, bert, carl = user(), user(), user()
    sent = anna.device().say("between the two", to=bert)
    path = f"/api/conversations/{sent['conversation_id']}/messages/{sent['message_id']}"
    bert.post(path + "/reactions", {"emoji": "👍"}).ok()
    bert.get("/api/sync").ok()
    bert.device().say("to a third", to=carl)
    parley.mongo["vanished"].insert_many([{  # more than are removed at once
        "_id": f"{single(*pair)}/{fresh()}", "conversation_id": single(*pair), "seq": 1,
        "from_user_id": bert.id, "created_at": 1, "expires_at": 2 ** 50}
        for pair in [(anna, bert)] * 2500 + [(carl, bert)]])
    eventually(lambda: parley.count("message_terms", {"_id": path[19:].replace(
        "/messages/", "/")}) == 1, what="findable")
    delete(anna).ok()
    finish(parley, anna)
    assert parley.count("messages", {"conversation_id": single(anna, bert)}) == 1
    assert parley.count("changes", {"conversation_id": single(anna, bert)}) == 1
    delete(bert).ok()
    finish(parley, bert)
    for collection in ("messages", "changes", "vanished"):
        assert parley.count(collection, {"conversation_id": single(anna, bert)}) == 0
    assert parley.count("vanished", {"conversation_id": single(carl, bert)}) == 1
    assert parley.count("message_terms", {"_id": {"$regex": f"^{single(anna, bert)}/"}}) == 0
    assert parley.count("sync_states", {"user_id": bert.id}) == 0
    assert parley.count("conversations", {"_id": single(anna, bert)}) == 0
    assert texts(carl.private_history(bert.id)["messages"]) == ["to a third"]


def test_without_a_password_only_a_young_session_deletes(parley, user):
    anna = user()
    parley.mongo["accounts"].update_one({"_id": anna.id}, {"$unset": {"password_hash": ""}})
    sessions = parley.mongo["sessions"]
    sessions.update_many({"user_id": anna.id}, {"$inc": {"created_at": -601_000}})
    anna.post("/api/account/delete").refused(40301)
    assert job(parley, anna) is None
    sessions.update_many({"user_id": anna.id}, {"$inc": {"created_at": 601_000}})
    anna.post("/api/account/delete").ok()
    finish(parley, anna)


@contextlib.contextmanager
def the_only_admins(parley, *people):
    """No other is one meanwhile."""
    accounts = parley.mongo["accounts"]
    ids = [somebody.id for somebody in people]
    others = [row["_id"] for row in accounts.find({"role": "admin", "_id": {"$nin": ids}})]
    accounts.update_many({"_id": {"$in": others}}, {"$set": {"role": "user"}})
    accounts.update_many({"_id": {"$in": ids}}, {"$set": {"role": "admin"}})
    try:
        yield
    finally:
        accounts.update_many({"_id": {"$in": others}}, {"$set": {"role": "admin"}})
        accounts.update_many({"_id": {"$in": ids, "$nin": others}}, {"$set": {"role": "user"}})


def test_the_last_administrator_stays(parley, user):
    anna = user()
    with the_only_admins(parley, anna):
        delete(anna).refused(40903)
        assert job(parley, anna) is None
    anna.get("/api/users/me").ok()


def test_two_administrators_who_go_at_once_do_not_leave_nobody(parley, user):
    for _ in range(3):
        both = user(), user()
        with the_only_admins(parley, *both), concurrent.futures.ThreadPoolExecutor() as pool:
            answers = list(pool.map(delete, both))
            assert 40903 in [answer.code for answer in answers]
            living = {"role": "admin", "deleted_at": {"$not": {"$gt": 0}}}
            assert parley.count("accounts", living) >= 1


def test_an_administrator_deletes_and_it_is_in_the_log(parley, user, admin, hubot):
    anna = user()
    phone = anna.device()
    path = f"/v1/admin/users/{anna.id}/delete"
    anna.post(path, {"reason": "me"}).refused(40301)
    admin.post(path, {}).refused(40001, "reason")
    admin.post(path, {"reason": "asked by letter"}).ok()
    assert phone.wait_closed() == 1008
    finish(parley, anna)
    admin.post(path, {"reason": "again"}).refused(40903)
    admin.post(f"/v1/admin/users/{hubot}/delete", {"reason": "why not"}).refused(40301)
    entry = parley.mongo["audit"].find_one({"target_id": anna.id, "reason": "asked by letter"})
    assert entry["action"] == "users.delete" and entry["actor_id"] == admin.id


def add_friends(parley, somebody, n):
    """Friends from the time when there were other people."""
    parley.mongo["relations"].insert_many([{
        "_id": f"{somebody.id}:user_~{i:03}", "rev": f"rev_{i}", "user_a": somebody.id,
        "user_b": f"user_~{i:03}", "friends": [somebody.id, f"user_~{i:03}"],
        "friends_since": 1, "requested_at": 0, "rejected_a": 0, "rejected_b": 0, "blockers": [],
    } for i in range(n)])


@contextlib.contextmanager
def held(parley, collection, document):
    """Who writes it has to wait for us: so long nothing can be over."""
    with parley.mongo_client() as mongo, mongo.start_session() as session:
        session.start_transaction()
        assert mongo["parley"][collection].update_one(
            {"_id": document}, {"$set": {"held": True}}, session=session).modified_count == 1
        yield
        session.abort_transaction()


@pytest.mark.parametrize("victim", ["auth", "user", "group", "message"])
def test_a_deletion_is_finished_whoever_dies_in_it(parley, user, victim):
    anna, bert = user(), user()
    groups = [anna.create_group(bert) for _ in range(25)]
    anna.device().say("hello", to=bert)
    add_friends(parley, anna, 200)
    busy, query, n, last = (  # the newest group goes first
        ("relations", {"friends": anna.id}, 200, f"{anna.id}:user_~199") if victim == "user" else
        ("groups", {"members.user_id": anna.id}, 25, groups[0]))
    with held(parley, busy, last):
        delete(anna).ok()
        eventually(lambda: parley.count(busy, query) < n, 20, "its beginning")
        old = parley.kill(victim, wait=False)
        assert parley.count(busy, query) > 0
    parley.wait_replaced(victim, old)
    finish(parley, anna)
    for group_id in groups:
        assert bert.get(f"/api/groups/{group_id}").ok()["member_count"] == 1
    for name, query in (("groups", {"members.user_id": anna.id}),
                        ("conversation_users", {"user_id": anna.id}),
                        ("relations", {"friends": anna.id})):
        assert parley.count(name, query) == 0, name
    assert bert.get(f"/api/users/{anna.id}").ok()["nickname"] == "Deleted user"


def test_a_deletion_that_was_only_noted_is_carried_out(parley, user):
    """As when auth dies between the two: the note is there, the account still open."""
    anna = user()
    parley.mongo["deletions"].insert_one({
        "_id": anna.id, "requested_at": 1, "steps": [], "rounds": 0, "attempts": 0,
        "due_at": 0, "finished_at": 0})
    finish(parley, anna)
    wait_for_end(anna)


def test_who_logs_in_while_the_account_goes_does_not_stay(parley, user):
    anna = user()
    delete(anna).ok()
    for _ in range(3):
        answer = parley.answer_to_login(anna.username)
        assert answer.status in (401, 403), answer
    finish(parley, anna)
    assert parley.count("sessions", {"user_id": anna.id, "ended_at": 0}) == 0
