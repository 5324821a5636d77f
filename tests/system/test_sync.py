"""GET /api/sync: a device that was away has in a few answers what changed meanwhile, and no more."""

import pytest

from client import fresh, single, texts
from instance import eventually


class Follower:
    """A device that only ever syncs: what each answer gave, and its cursor."""

    def __init__(self, session, cursor=None):
        self.session = session
        self.cursor = cursor

    def page(self, limit=None, cursor=None):
        cursor = cursor or self.cursor
        query = [f"cursor={cursor}"] if cursor else []
        query += [f"limit={limit}"] if limit else []
        return self.session.get("/api/sync?" + "&".join(query)).ok()

    def catch_up(self, limit=None):
        """All pages; what they gave, by conversation, in the order of their coming."""
        given = {}
        while True:
            page = self.page(limit)
            self.cursor = page["cursor"]
            for conversation in page["conversations"]:
                given.setdefault(conversation["conversation_id"], []).append(conversation)
            if not page["has_more"]:
                return given


def only(given):
    """The one conversation that was given, once."""
    (conversation,), = given.values()
    return conversation


@pytest.fixture
def pair(user):
    return user(), user()


def seed(parley, conversation_id, sender, first, n, **more):
    """Messages as `message` stores them, so that a month need not be waited for."""
    peer = next(id for id in conversation_id.split(":")[1:] if id != sender.id)
    parley.mongo["messages"].insert_many([{
        "_id": f"{conversation_id}/{fresh()}", "conversation_id": conversation_id, "seq": seq,
        "count": seq, "from_user_id": sender.id, "to_user_id": peer, "msg_type": 0,
        "content": '{"text":"%d"}' % seq, "created_at": 1700000000000 + seq, **more,
    } for seq in range(first, first + n)])


def test_without_a_cursor_everything_is_new(pair):
    ann, ben = pair
    ben.device().say("hello", to=ann)
    conversation = only(Follower(ann).catch_up())
    assert conversation["conversation_id"] == single(ann, ben)
    assert texts(conversation["messages"]) == ["hello"]
    assert conversation["unread_count"] == 1 and not conversation["limited"]
    assert conversation["peer"]["username"] == ben.username


def test_somebody_new_gets_a_cursor_too(user):
    ann = user()
    page = Follower(ann).page()
    assert page["conversations"] == [] and not page["has_more"] and page["cursor"]


def test_only_what_is_new_comes_and_then_nothing(pair, user, parley):
    ann, ben = pair
    carl = user()
    ben.device().say("one", to=ann)
    carl.device().say("aside", to=ann)
    away = Follower(ann)
    away.catch_up()
    ben.device().say("two", to=ann)
    conversation = only(away.catch_up())
    assert texts(conversation["messages"]) == ["two"]
    states = parley.count("sync_states", {"user_id": ann.id})
    cursor = away.cursor
    assert away.catch_up() == {} and away.cursor == cursor
    assert parley.count("sync_states", {"user_id": ann.id}) == states, "nothing new was written down"


def test_changes_of_what_one_has_come_as_it_is_now(pair):
    ann, ben = pair
    device = ben.device()
    ids = [device.say(str(n), to=ann) for n in range(3)]
    away = Follower(ann)
    away.catch_up()
    path = f"/api/conversations/{single(ann, ben)}/messages/"
    ben.patch(path + ids[0]["message_id"], {"content": {"text": "better"}}).ok()
    ben.patch(path + ids[0]["message_id"], {"content": {"text": "best"}}).ok()
    ben.delete(path + ids[1]["message_id"] + "?scope=all").ok()
    conversation = only(away.catch_up())
    assert conversation["messages"] == []
    best, gone = sorted(conversation["changes"], key=lambda m: m["seq"])
    assert best["content"] == {"text": "best"} and best["edited_at"]
    assert gone["content"] == {} and gone["recalled_at"]
    assert conversation["change_seq"] == 3 == max(best["change_seq"], gone["change_seq"])


def test_a_new_message_that_has_changed_already_is_given_once(pair):
    ann, ben = pair
    away = Follower(ann)
    away.catch_up()
    ack = ben.device().say("helo", to=ann)
    ben.patch(f"/api/conversations/{single(ann, ben)}/messages/{ack['message_id']}",
              {"content": {"text": "hello"}}).ok()
    conversation = only(away.catch_up())
    assert texts(conversation["messages"]) == ["hello"] and conversation["changes"] == []


def test_more_than_two_hundred_are_limited_with_the_place_to_go_on_from(pair, parley):
    ann, ben = pair
    device = ben.device()
    device.say("first", to=ann)
    away = Follower(ann)
    away.catch_up()
    conversation_id = single(ann, ben)
    seed(parley, conversation_id, ben, 2, 300)
    parley.mongo["conversations"].update_one(
        {"_id": conversation_id}, {"$set": {"last_seq": 301, "count": 301}})
    conversation = only(away.catch_up())
    assert conversation["limited"] and conversation["from_seq"] == 252
    assert [m["seq"] for m in conversation["messages"]] == list(range(252, 302))
    assert conversation["unread_count"] == 301
    before = ann.private_history(ben.id, "limit=100&last_seq=252")["messages"]
    assert [m["seq"] for m in before] == list(range(152, 252))
    assert away.catch_up() == {}


def test_two_hundred_new_ones_come_whole(pair, parley):
    ann, ben = pair
    ben.device().say("first", to=ann)
    away = Follower(ann)
    away.catch_up()
    seed(parley, single(ann, ben), ben, 2, 200)
    parley.mongo["conversations"].update_one(
        {"_id": single(ann, ben)}, {"$set": {"last_seq": 201, "count": 201}})
    conversation = only(away.catch_up())
    assert not conversation["limited"] and "from_seq" not in conversation
    assert [m["seq"] for m in conversation["messages"]] == list(range(2, 202))


def test_a_page_whose_answer_was_lost_is_asked_for_again(user):
    ann = user()
    others = [user() for _ in range(5)]
    for other in others:
        other.device().say("hello", to=ann)
    away = Follower(ann)
    first = away.page(limit=2)
    assert first["has_more"] and len(first["conversations"]) == 2
    again = [away.page(limit=2, cursor=first["cursor"]) for _ in range(12)]
    ids = [[c["conversation_id"] for c in page["conversations"]] for page in again]
    assert all(page == ids[0] for page in ids), "the same is given, however often it is asked for"
    for page in (again[-1], again[-2]):
        last = away.page(limit=2, cursor=page["cursor"])
        assert len(last["conversations"]) == 1 and not last["has_more"]


def test_calls_at_the_same_time_each_get_a_cursor_that_leads_on(user):
    ann = user()
    for n in range(4):
        user().device().say(str(n), to=ann)
    start = Follower(ann).page(limit=1)["cursor"]
    mine = Follower(ann, start).page(limit=1)
    late = Follower(ann, start).page(limit=1)  # of a tab that was slower
    ahead = Follower(ann, mine["cursor"])
    behind = Follower(ann, late["cursor"])
    assert len(ahead.catch_up(limit=1)) == 2
    assert len(behind.catch_up(limit=1)) == 2


def test_what_is_busy_does_not_keep_a_page_from_the_rest(user):
    ann, busy, quiet = user(), user(), user()
    quiet.device().say("I was here", to=ann)
    device = busy.device()
    device.say("1", to=ann)
    away = Follower(ann)
    seen = set()
    for n in range(3):
        page = away.page(limit=1)
        away.cursor = page["cursor"]
        seen.update(c["conversation_id"] for c in page["conversations"])
        device.say(f"again {n}", to=ann)
    assert seen == {single(ann, busy), single(ann, quiet)}


def test_a_foreign_cursor_and_one_that_is_gone_say_begin_anew(pair, parley):
    ann, ben = pair
    foreign = Follower(ben).page()["cursor"]
    ann.get(f"/api/sync?cursor={foreign}").refused(40001, "cursor")
    other_session = Follower(ann).page()["cursor"]
    ann.again().get(f"/api/sync?cursor={other_session}").refused(40001, "cursor")
    parley.mongo["sync_states"].delete_many({"user_id": ann.id})
    answer = ann.get(f"/api/sync?cursor={other_session}").refused(40001, "cursor")
    assert "without" in answer.body["message"]


def test_who_left_a_group_gets_it_once_more_up_to_there(user):
    ann, ben = user(), user()
    group_id = ann.create_group(ben)
    ann_device = ann.device()
    ann_device.say("before", group_id=group_id)
    away = Follower(ben)
    away.catch_up()
    ann_device.say("still there", group_id=group_id)
    ben.leave(group_id)
    ack = ann_device.say("among us", group_id=group_id)
    conversation = only(away.catch_up())
    assert "still there" in texts(conversation["messages"])
    assert conversation["messages"][-1]["content"]["event"] == "group.left"
    assert conversation["last_seq"] == ack["seq"] - 1 and conversation["unread_count"] == 0
    ann.patch(f"/api/conversations/group:{group_id}/messages/{ack['message_id']}",
              {"content": {"text": "changed"}}).ok()
    ann_device.say("and more", group_id=group_id)
    assert away.catch_up() == {}, "what goes on there is not told"


def test_a_page_of_long_messages_is_cut(user, parley):
    ann = user()
    for _ in range(3):
        ben = user()
        ben.device().say("first", to=ann)
        seed(parley, single(ann, ben), ben, 2, 20, content='{"text":"%s"}' % ("x" * 40000))
        parley.mongo["conversations"].update_one(
            {"_id": single(ann, ben)}, {"$set": {"last_seq": 21, "count": 21}})
    away = Follower(ann)
    page = away.page()
    assert page["has_more"] and len(page["conversations"]) < 3
    given = away.catch_up()
    assert len(given) == 3


def test_message_killed_between_pages_changes_nothing(user, parley):
    ann = user()
    for n in range(4):
        user().device().say(str(n), to=ann)
    away = Follower(ann)
    page = away.page(limit=2)
    away.cursor = page["cursor"]
    parley.kill("message")
    eventually(lambda: ann.get("/api/conversations").status == 200, what="message is back")
    given = away.catch_up(limit=2)
    assert len(given) == 2
    assert not set(given) & {c["conversation_id"] for c in page["conversations"]}


def test_what_one_deleted_for_oneself_goes_on_every_device(pair):
    ann, ben = pair
    device = ben.device()
    acks = [device.say(str(n), to=ann) for n in range(3)]
    away, live = Follower(ann), ann.device()
    away.catch_up()
    ann.delete(f"/api/conversations/{single(ann, ben)}/messages/{acks[1]['message_id']}"
               "?scope=me").ok()
    live.system("message.hidden")
    conversation = only(away.catch_up())
    assert conversation["hidden_message_ids"] == [acks[1]["message_id"]]
    assert away.catch_up() == {}
    assert texts(only(Follower(ann).catch_up())["messages"]) == ["0", "2"]
    assert texts(only(Follower(ben).catch_up())["messages"]) == ["0", "1", "2"]


def test_settings_and_reading_come_with_sync(pair):
    ann, ben = pair
    ack = ben.device().say("hello", to=ann)
    away, other = Follower(ann), Follower(ben)
    away.catch_up()
    other.catch_up()
    ann.patch(f"/api/conversations/{single(ann, ben)}",
              {"pinned": True, "draft": "perhaps", "read_seq": ack["seq"]}).ok()
    conversation = only(away.catch_up())
    assert conversation["pinned"] and conversation["draft"] == "perhaps"
    assert conversation["read_seq"] == 1 and conversation["unread_count"] == 0
    assert only(other.catch_up())["receipts"] == [
        {"user_id": ann.id, "read_seq": 1, "delivered_seq": 1}]


def test_who_knows_more_than_there_is_begins_anew(pair, parley):
    """As after a restore: his cursor is of messages that are no more."""
    ann, ben = pair
    ben.device().say("hello", to=ann)
    away = Follower(ann)
    away.catch_up()
    state = parley.mongo["sync_states"].find_one({"_id": {"$regex": f"/{away.cursor}$"}})
    key, last_seq, rest = state["vector"].split(" ", 2)
    assert last_seq == "1"
    parley.mongo["sync_states"].update_one({"_id": state["_id"]},
                                           {"$set": {"vector": f"{key} 2 {rest}"}})
    ann.get(f"/api/sync?cursor={away.cursor}").refused(40001, "cursor")
    assert texts(only(Follower(ann).catch_up())["messages"]) == ["hello"]
