"""Reading back: pages by number, around a message, and from a day on."""

import datetime

import pytest

from client import fresh, single, texts

DAY = 86400000


def talk(a, b, n):
    """n messages, from a to b."""
    device = a.device()
    ids = [device.post({"type": 1, "to": b.id, "content": {"text": f"no {i}"}})
           for i in range(1, n + 1)]
    for message_id in ids:
        assert device.ack(message_id)["code"] == 0
    return ids


def seqs(page):
    return [message["seq"] for message in page["messages"]]


def backdate(parley, conversation_id, times):
    """As if the messages had been sent at these times, in the order of seq."""
    for seq, created_at in enumerate(times, 1):
        done = parley.mongo.messages.update_one(
            {"conversation_id": conversation_id, "seq": seq}, {"$set": {"created_at": created_at}})
        assert done.matched_count == 1


@pytest.mark.smoke
def test_each_message_has_the_names_of_both_kinds_of_clients(user):
    alice, bob = user(), user()
    talk(alice, bob, 1)
    group_id = alice.create_group(bob)
    sent = alice.device().say("hi", group_id=group_id)
    [message] = bob.private_history(alice.id)["messages"]
    assert message["from"] == message["from_user_id"] == alice.id
    assert message["to"] == message["to_user_id"] == bob.id
    assert message["timestamp"] == message["created_at"] > 0
    assert message["type"] == 1 and message["msg_type"] == 0
    message = bob.group_history(group_id)["messages"][-1]
    assert message["from"] == message["from_user_id"] == alice.id
    assert message["group_id"] == group_id and "to_user_id" not in message
    assert message["timestamp"] == message["created_at"] == sent["timestamp"]
    shown = bob.conversations()[f"group:{group_id}"]["last_message"]
    assert shown == message


def test_a_page_around_a_message_has_half_before_it_and_half_from_it_on(user):
    alice, bob = user(), user()
    talk(alice, bob, 20)
    for around, limit, want, before, after in (
            (10, 6, range(7, 13), True, True),
            (10, 5, range(8, 13), True, True),
            (2, 6, range(1, 7), False, True),
            (19, 6, range(15, 21), True, False),
            (10, 100, range(1, 21), False, False),
            (1, 1, range(1, 2), False, True),
            (500, 4, range(17, 21), True, False)):
        page = bob.private_history(alice.id, f"around_seq={around}&limit={limit}")
        assert seqs(page) == list(want), (around, limit)
        assert (page["has_more_before"], page["has_more_after"]) == (before, after), (around, limit)
        assert page["has_more"] == (before or after)
    assert "has_more_before" not in bob.private_history(alice.id, "last_seq=5")


def test_a_page_begins_at_the_first_message_of_a_day(user, parley):
    alice, bob = user(), user()
    talk(alice, bob, 40)
    noon = int(datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc).timestamp()) * 1000
    # four a day, six hours apart, over ten days; none on the fifth
    times = [noon + DAY * (i // 4 + (i // 4 >= 4)) + (i % 4) * 10 for i in range(40)]
    backdate(parley, single(alice, bob), times)

    def page(query):
        return bob.private_history(alice.id, f"limit=5&{query}")

    first = page("day=2026-03-03")
    assert seqs(first) == [9, 10, 11, 12, 13]
    assert first["has_more_before"] and first["has_more_after"] and first["has_more"]
    assert seqs(page("day=2026-03-05")) == [17, 18, 19, 20, 21]  # nothing was said: the next day
    assert seqs(page("day=2020-01-01")) == [1, 2, 3, 4, 5]
    assert not page("day=2020-01-01")["has_more_before"]
    late = page("day=2027-01-01")
    assert seqs(late) == [] and late["has_more_before"] and not late["has_more_after"]
    # Where the clock is 12 hours ahead, noon is the next day already.
    assert seqs(page("day=2026-03-03&offset=720"))[0] == 5
    assert seqs(page("day=2026-03-03&offset=719"))[0] == 9
    assert seqs(page("day=2026-03-03&offset=-720"))[0] == 9
    assert seqs(page("day=2026-03-03&offset=-721"))[0] == 13
    for i in (0, 1, 17, 39):
        assert seqs(page(f"at={times[i]}"))[0] == i + 1
    assert seqs(page(f"at={times[17] + 1}"))[0] == 19
    assert seqs(page(f"at={times[39] + 1}")) == []


def test_a_day_is_found_although_messages_are_missing(user, parley):
    alice, bob = user(), user()
    talk(alice, bob, 30)
    conversation_id = single(alice, bob)
    backdate(parley, conversation_id, [1000 * i for i in range(1, 31)])
    gone = [i for i in range(1, 31) if i % 3 or 9 < i < 20]
    parley.mongo.messages.delete_many({"conversation_id": conversation_id,
                                          "seq": {"$in": gone}})
    left = [i for i in range(1, 31) if i not in gone]
    for i in range(0, 32):
        page = bob.private_history(alice.id, f"at={1000 * i}&limit=2")
        assert seqs(page) == [seq for seq in left if seq >= i][:2], i
        assert page["has_more_before"] == any(seq < i for seq in left), i


def test_a_page_is_full_although_messages_are_missing_or_hidden(user, parley):
    alice, bob = user(), user()
    talk(alice, bob, 12)
    conversation_id = single(alice, bob)
    messages = parley.mongo.messages
    messages.delete_many({"conversation_id": conversation_id, "seq": {"$in": [3, 4, 10]}})
    messages.update_many({"conversation_id": conversation_id, "seq": {"$in": [6, 11]}},
                         {"$set": {"hidden_for": [bob.id]}})
    page = bob.private_history(alice.id, "limit=4")
    assert seqs(page) == [7, 8, 9, 12] and page["has_more"]
    page = bob.private_history(alice.id, "limit=4&last_seq=7")
    assert seqs(page) == [1, 2, 5] and not page["has_more"]
    page = bob.private_history(alice.id, "limit=3&after_seq=2")
    assert seqs(page) == [5, 7, 8] and page["has_more"]
    page = bob.private_history(alice.id, "limit=4&around_seq=7")
    assert seqs(page) == [2, 5, 7, 8]
    assert seqs(alice.private_history(bob.id)) == [1, 2, 5, 6, 7, 8, 9, 11, 12]


def test_a_history_answers_one_question(user):
    alice, bob = user(), user()
    talk(alice, bob, 1)
    path = f"/api/messages/private/{bob.id}?"
    for query, field in (("around_seq=3&last_seq=3", "around_seq"),
                         ("around_seq=3&day=2026-01-01", "around_seq"),
                         ("day=2026-01-01&after_seq=0", "day"), ("day=2026-01-01&at=5", "day"),
                         ("at=5&last_seq=1", "at"), ("day=2026-02-30", "day"),
                         ("day=2026-2-003", "day"), ("day=today", "day"),
                         ("day=2026-01-01&offset=841", "offset"), ("around_seq=-1", "around_seq"),
                         ("at=x", "at")):
        alice.get(path + query).refused(40001, field)


def test_one_message_is_shown_to_those_who_may_see_it(user, parley):
    alice, bob, carol = user(), user(), user()
    device = alice.device()
    group_id = alice.create_group(bob)
    seen = device.say("for bob", group_id=group_id)["message_id"]
    bob.leave(group_id)
    unseen = device.say("after bob", group_id=group_id)["message_id"]

    def get(who, message_id):
        return who.get(f"/api/conversations/group:{group_id}/messages/{message_id}")

    assert get(bob, seen).ok() == bob.group_history(group_id)["messages"][-2]
    assert get(alice, unseen).ok()["content"] == {"text": "after bob"}
    get(bob, unseen).refused(40401)
    get(alice, fresh()).refused(40401)
    get(carol, seen).refused(40401)
    private = device.say("you", to=bob)
    path = f"/api/conversations/{private['conversation_id']}/messages/{private['message_id']}"
    assert bob.get(path).ok()["seq"] == 1
    carol.get(path).refused(40401)
    parley.mongo.messages.update_one({"conversation_id": private["conversation_id"]},
                                        {"$set": {"hidden_for": [bob.id]}})
    bob.get(path).refused(40401)
    alice.get(path).ok()


def test_who_was_away_sees_by_day_only_what_he_may_see(user, parley):
    alice, bob = user(), user()
    device = alice.device()
    group_id = alice.create_group(bob)
    device.say("one", group_id=group_id)
    bob.leave(group_id)
    device.say("two", group_id=group_id)
    bob.join(group_id)
    device.say("three", group_id=group_id)
    backdate(parley, f"group:{group_id}", [1000 * seq for seq in range(1, 7)])
    page = bob.group_history(group_id, "at=4000")
    assert texts(page["messages"]) == [None, "three"]
    assert page["has_more_before"] and not page["has_more_after"]
    assert seqs(bob.group_history(group_id, "around_seq=4&limit=4")) == [2, 3, 5, 6]
