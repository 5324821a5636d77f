"""Search: words in one's own conversations, in any script, and nothing that is not one's own."""

import urllib.parse

import bson
import pytest

from client import fresh, single
from instance import eventually
from test_files import send as send_file
from test_files import upload

EDIT, RECALL = 34, 32


def search(session, q, **more):
    query = urllib.parse.urlencode({"q": q, **{k.rstrip("_"): v for k, v in more.items()}})
    return session.get(f"/api/messages/search?{query}")


def find(session, q, **more):
    """What is found, as texts."""
    page = search(session, q, **more).ok()
    return [row["message"]["content"].get("text") for row in page["messages"]]


def marked(row):
    """The message with its highlights in brackets."""
    content = row["message"]["content"]
    text = content.get("text") or content.get("file_name") or content.get("title")
    for place in reversed(row["highlights"]):
        end = place["start"] + place["length"]
        text = f"{text[:place['start']]}[{text[place['start']:end]}]{text[end:]}"
    return text


def show(session, q, **more):
    return [marked(row) for row in search(session, q, **more).ok()["messages"]]


def wait_indexed(parley, *conversation_ids):
    """Until search knows what there is: then what it does not find, it does not show."""
    def is_indexed(conversation_id):
        found = parley.mongo["conversations"].find_one({"_id": conversation_id})
        return (found.get("indexed_seq", 0) >= found["last_seq"]
                and found.get("indexed_change_seq", 0) >= found.get("change_seq", 0))

    for conversation_id in conversation_ids:
        eventually(lambda: is_indexed(conversation_id), 30, "the index")


class Talk:
    def __init__(self, parley, user):
        self.parley = parley
        self.alice, self.bob = user(), user()
        self.phone, self.peer = self.alice.device(), self.bob.device()
        self.id = single(self.alice, self.bob)

    def say(self, *texts):
        acks = [self.phone.say(text, to=self.bob) for text in texts]
        wait_indexed(self.parley, self.id)
        return acks

    def change(self, ack, type, **more):
        after = len(self.phone.frames)
        self.phone.send({"type": type, "conversation_id": self.id,
                         "message_id": ack["message_id"], **more})
        answer = self.phone.wait_for(
            lambda f: f["type"] == 30 and f["message_id"] == ack["message_id"], after=after)
        assert answer["code"] == 0, answer
        wait_indexed(self.parley, self.id)


@pytest.fixture
def talk(parley, user):
    return Talk(parley, user)


# ---- Words


@pytest.mark.smoke
def test_finds_english_words_in_all_their_forms_newest_first(talk):
    talk.say("We were running late", "Runs like clockwork", "nothing of the kind", "RUN!")
    for session in (talk.alice, talk.bob):
        assert show(session, "run") == ["[RUN]!", "[Runs] like clockwork",
                                        "We were [running] late"]
    assert show(talk.bob, "Running") == show(talk.bob, "runs") == show(talk.bob, "ｒｕｎ")


def test_finds_chinese_japanese_and_korean_inside_a_sentence(talk):
    talk.say("我们明天去北京大学", "東京大学で猫が寝ている", "ﾊﾟｿｺﾝが壊れた", "내일 한국어 수업")
    assert show(talk.bob, "大学") == ["東京[大学]で猫が寝ている", "我们明天去北京[大学]"]
    assert show(talk.bob, "北京大学") == ["我们明天去[北京大学]"]
    assert show(talk.bob, "猫") == ["東京大学で[猫]が寝ている"]
    assert show(talk.bob, "パソコン") == ["[ﾊﾟｿｺﾝ]が壊れた"]
    assert show(talk.bob, "한국") == ["내일 [한국]어 수업"]
    assert show(talk.bob, "京北") == []


def test_finds_all_words_of_a_query_in_mixed_text(talk):
    talk.say("Der Zug nach Zürich", "Das Straßenfest 🎉 für iPhone手机 beginnt", "iPhone kaputt", "Книги и фильмы",
             "mail to anna.b@example.com by 2026-11-21")
    assert show(talk.bob, "手机 iphone") == ["Das Straßenfest 🎉 für [iPhone手机] beginnt"]
    assert show(talk.bob, "zurich") == ["Der Zug nach [Zürich]"]
    assert show(talk.bob, "STRASSENFEST") == ["Das [Straßenfest] 🎉 für iPhone手机 beginnt"]
    assert show(talk.bob, "книга") == ["[Книги] и фильмы"]
    assert show(talk.bob, "anna.b@example.com 21") == [
        "mail to [anna].[b]@[example].[com] by 2026-11-[21]"]
    assert show(talk.bob, "iphone absent") == show(talk.bob, "🎉") == []


def test_finds_names_of_files_and_titles_of_places(talk, parley):
    file = upload(talk.alice, b"abc" + fresh().encode(), name="Quarterly budget.txt").ok()
    send_file(talk.phone, file, to=talk.bob.id)
    talk.phone.ack(talk.phone.post({"type": 8, "to": talk.bob.id, "content": {
        "title": "Café Budget", "lng": 11.5, "lat": 48.1}}))
    talk.say("no budget")
    assert show(talk.bob, "budget") == ["no [budget]", "Café [Budget]", "Quarterly [budget].txt"]
    assert show(talk.bob, "budget", msg_type=7) == ["Quarterly [budget].txt"]


# ---- Filters and pages


def test_filters_by_conversation_sender_kind_and_time(parley, talk, user):
    carol = user()
    group_id = talk.alice.create_group(talk.bob, carol)
    conversation_id = f"group:{group_id}"
    first = talk.say("apple one")[0]
    talk.peer.say("apple two", to=talk.alice)
    carol.device().say("apple three", group_id=group_id)
    last = talk.phone.say("apple four", group_id=group_id)
    wait_indexed(parley, talk.id, conversation_id)
    assert find(talk.alice, "apple") == ["apple four", "apple three", "apple two", "apple one"]
    assert find(talk.alice, "apple", conversation_id=talk.id) == ["apple two", "apple one"]
    assert find(talk.alice, "apple", from_=talk.bob.id) == ["apple two"]
    assert find(talk.alice, "apple", from_=talk.alice.id, conversation_id=conversation_id) == [
        "apple four"]
    assert find(talk.alice, "apple", msg_type=8) == []
    assert find(talk.alice, "apple", after=last["timestamp"]) == ["apple four"]
    assert find(talk.alice, "apple", before=first["timestamp"] + 1) == ["apple one"]
    assert find(carol, "apple") == ["apple four", "apple three"]


def test_pages_hold_everything_once_and_in_order(parley, talk, user):
    carol = user()
    other = talk.alice.device()
    for i in range(12):
        talk.phone.say(f"pear {i}", to=(talk.bob, carol)[i % 2])
    wait_indexed(parley, talk.id, single(talk.alice, carol))
    for limit in (1, 5, 12):
        found, cursor = [], {}
        while cursor is not None:
            page = search(talk.alice, "pear", limit=limit, **cursor).ok()
            assert len(page["messages"]) <= limit
            found += [row["message"]["content"]["text"] for row in page["messages"]]
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
        assert found == [f"pear {i}" for i in reversed(range(12))]
    other.close()


def test_refuses_what_is_no_search_and_names_the_field(talk):
    search(talk.alice, "").refused(40001, "q")
    search(talk.alice, "x" * 101).refused(40001, "q")
    search(talk.alice, "x", limit=101).refused(40001, "limit")
    search(talk.alice, "x", cursor="-1").refused(40001, "cursor")
    assert search(talk.alice, "...").ok() == {"messages": [], "next_cursor": None}


# ---- Whose


def test_a_stranger_finds_nothing_and_learns_nothing(talk, user):
    talk.say("secret plans")
    stranger = user()
    assert find(stranger, "secret") == []
    for conversation_id in (talk.id, f"group:{fresh('group_')}", "nonsense"):
        answer = search(stranger, "secret", conversation_id=conversation_id).refused(40401)
        assert answer.field == "conversation_id"


def test_a_member_finds_what_was_said_while_he_was_there(parley, talk, user):
    carol = user()
    group_id = talk.alice.create_group(talk.bob)
    conversation_id = f"group:{group_id}"
    talk.phone.say("plum before", group_id=group_id)
    carol.join(group_id)
    talk.phone.say("plum during", group_id=group_id)
    carol.leave(group_id)
    talk.phone.say("plum after", group_id=group_id)
    wait_indexed(parley, conversation_id)
    assert find(talk.bob, "plum") == ["plum after", "plum during", "plum before"]
    assert find(carol, "plum") == ["plum during"]
    assert find(carol, "plum", conversation_id=conversation_id) == ["plum during"]
    page = search(carol, "plum", limit=1).ok()
    assert len(page["messages"]) == 1


# ---- What became of it


@pytest.mark.smoke
def test_an_edit_is_found_by_what_it_says_now(talk):
    ack = talk.say("cherry cake")[0]
    talk.change(ack, EDIT, content={"text": "walnut cake"})
    assert find(talk.bob, "cherry") == []
    assert show(talk.bob, "walnut") == ["[walnut] cake"]


def test_what_is_recalled_is_not_found_and_leaves_no_words(parley, talk):
    ack = talk.say("cherry cake")[0]
    talk.change(ack, RECALL)
    assert find(talk.bob, "cherry") == find(talk.alice, "cake") == []
    assert parley.mongo["message_terms"].find_one(
        {"_id": f"{talk.id}/{ack['message_id']}"})["terms"] == []


def test_what_one_deleted_for_himself_the_other_still_finds(talk):
    ack = talk.say("cherry cake")[0]
    talk.bob.delete(f"/api/conversations/{talk.id}/messages/{ack['message_id']}?scope=me").ok()
    assert find(talk.bob, "cherry") == []
    assert find(talk.alice, "cherry") == ["cherry cake"]


def test_what_has_expired_is_not_found_and_leaves_nothing(parley, talk):
    talk.alice.call("PUT", f"/api/conversations/{talk.id}/timer", {"seconds": 3600}).ok()
    ack = talk.say("cherry cake")[0]
    assert find(talk.bob, "cherry") == ["cherry cake"]
    document = f"{talk.id}/{ack['message_id']}"
    parley.mongo["messages"].update_one({"_id": document}, {"$set": {"expires_at": bson.Int64(1)}})
    assert find(talk.bob, "cherry") == []
    eventually(lambda: not parley.count("message_terms", {"_id": document}), 20, "its words")


# ---- When parts fail


def test_what_was_stored_before_a_crash_is_found_after_it(parley, talk):
    """Messages that are stored and not indexed when it dies, and some that are indexed and not noted
    as such."""
    for i in range(40):
        ack = talk.phone.say(f"fig {i}", to=talk.bob)
    parley.kill("message")
    wait_indexed(parley, talk.id)
    assert find(talk.bob, "fig", limit=100) == [f"fig {i}" for i in reversed(range(40))]
    parley.mongo["message_terms"].delete_one({"_id": f"{talk.id}/{ack['message_id']}"})
    parley.mongo["conversations"].update_one(
        {"_id": talk.id}, {"$set": {"indexed_seq": bson.Int64(37)}})
    parley.kill("message")
    wait_indexed(parley, talk.id)
    assert find(talk.bob, "fig", limit=100) == [f"fig {i}" for i in reversed(range(40))]


def test_no_search_reads_what_is_not_asked_for(parley, talk):
    """Every query that it makes goes by the index, and reads no more entries than it wants."""
    group_id = talk.alice.create_group(talk.bob)
    for message_id in [talk.phone.post({"type": 1, "to": talk.bob.id,
                                        "content": {"text": f"date common {i}"}})
                       for i in range(150)]:
        talk.phone.ack(message_id)
    talk.phone.say("date rare", to=talk.bob)
    talk.phone.say("date rare common", group_id=group_id)
    wait_indexed(parley, talk.id, f"group:{group_id}")
    parley.mongo.command("profile", 2)
    try:
        assert len(find(talk.bob, "common", limit=3)) == 3
        assert len(find(talk.bob, "date rare common", limit=3)) == 1
        assert len(find(talk.bob, "rare", from_=talk.alice.id, conversation_id=talk.id)) == 1
        assert find(talk.bob, "absent common") == []
    finally:
        parley.mongo.command("profile", 0)
    made = list(parley.mongo["system.profile"].find(
        {"ns": "parley.message_terms", "op": {"$in": ["query", "command"]}}))
    parley.mongo.drop_collection("system.profile")
    assert len(made) >= 6
    for query in made:
        assert query["planSummary"].startswith(
            "IXSCAN { conversation: 1, terms: 1, place: -1 }"), query
        assert not query.get("hasSortStage"), query
    finds = [q for q in made if "find" in q["command"]]
    examined = [(q["keysExamined"], q["command"]["limit"]) for q in finds]
    assert (2, 500) in examined, examined  # by the rarest of three words
    assert all(keys <= limit + 2 for keys, limit in examined), examined
    assert any(keys < 60 and limit == 50 for keys, limit in examined), examined
