"""What administrators do to messages: looked up with all that they once said, recalled, and written
down in the log before it is done."""

import pytest

from client import fresh, single
from test_admin import audit, promote

WHY = "reason=reported,+case+12"


class Report:
    """A message that somebody has reported."""

    def __init__(self, user):
        self.alice, self.bob = user(), user()
        self.phone, self.peer = self.alice.device(), self.bob.device()
        sent = self.phone.say("first", to=self.bob)
        self.conversation_id, self.message_id = sent["conversation_id"], sent["message_id"]
        self.place = f"{self.conversation_id}/{self.message_id}"
        self.path = f"/v1/admin/messages/{self.place}"
        self.own = f"/api/conversations/{self.conversation_id}/messages/{self.message_id}"

    def edit(self, text):
        self.alice.patch(self.own, {"content": {"text": text}}).ok()


@pytest.fixture
def report(user):
    return Report(user)


@pytest.mark.smoke
def test_a_look_up_shows_all_that_a_message_once_said_and_is_in_the_log(admin, report):
    report.edit("second")
    report.edit("third")
    report.bob.post(report.own + "/reactions", {"emoji": "👎"}).ok()
    found = admin.get(f"{report.path}?{WHY}").ok()
    assert found["message"]["content"] == {"text": "third"}
    assert found["message"]["from"] == report.alice.id and found["message"]["edited_at"]
    assert [(c["kind"], c.get("old_content"), c.get("content")) for c in found["changes"]] == [
        ("edit", {"text": "first"}, {"text": "second"}),
        ("edit", {"text": "second"}, {"text": "third"}), ("reaction", None, None)]
    assert found["total"] == 3 and found["next_cursor"] is None
    entry = audit(admin, target_id=report.alice.id, action="messages.read")[0]
    assert entry["details"] == report.place and entry["reason"] == "reported, case 12"
    assert "third" not in str(entry)


def test_a_long_history_of_edits_comes_in_pages(admin, report):
    for i in range(5):
        report.edit(f"edit {i}")
    shown, cursor = [], ""
    while cursor is not None:
        page = admin.get(f"{report.path}?{WHY}&limit=2{cursor}").ok()
        assert page["total"] == 5 and len(page["changes"]) <= 2
        shown += [change["content"]["text"] for change in page["changes"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert shown == [f"edit {i}" for i in range(5)]


@pytest.mark.smoke
def test_an_administrator_recalls_in_a_conversation_that_is_not_his(parley, admin, report):
    answer = admin.delete(f"{report.path}?{WHY}").ok()
    assert answer["message_id"] == report.message_id and answer["change_seq"] == 1
    for device in (report.phone, report.peer):
        told = device.wait_for(lambda f: f["type"] == 32)
        assert told["message_id"] == report.message_id and "from" not in told
    shown = report.bob.private_history(report.alice.id)["messages"][0]
    assert shown["recalled_at"] and shown["content"] == {}
    assert admin.id not in str(parley.mongo["changes"].find_one(
        {"conversation_id": report.conversation_id}))
    entry = audit(admin, target_id=report.alice.id, action="messages.recall")[0]
    assert entry["actor_id"] == admin.id and entry["details"] == report.place
    assert admin.delete(f"{report.path}?{WHY}").ok()["change_seq"] == 1  # again: nothing more


def test_what_was_said_in_a_group_long_ago_by_somebody_who_is_gone_is_recalled_too(parley, admin,
                                                                                  user):
    owner, gone = user(), user()
    group_id = owner.create_group(gone)
    sent = gone.device().say("left behind", group_id=group_id)
    document = f"{sent['conversation_id']}/{sent['message_id']}"
    parley.mongo["messages"].update_one({"_id": document}, {"$inc": {"created_at": -10**9}})
    gone.post("/api/account/delete", {"password": gone.account[1]}).ok()
    admin.delete(f"/v1/admin/messages/{document}?{WHY}").ok()
    recalled, = [message for message in owner.group_history(group_id)["messages"]
                 if message["message_id"] == sent["message_id"]]  # "left" may have come after it
    assert recalled["recalled_at"]


def test_nobody_looks_without_the_right_a_reason_and_an_entry(parley, admin, user, report):
    moderator = promote(admin, user(), "moderator")
    for session in (report.bob, moderator):
        session.get(f"{report.path}?{WHY}").refused(40301)
    report.bob.delete(f"{report.path}?{WHY}").refused(40301)
    admin.get(report.path).refused(40001, "reason")
    admin.delete(f"{report.path}?reason=%20").refused(40001, "reason")
    assert audit(admin, target_id=report.alice.id) == []
    moderator.delete(f"{report.path}?{WHY}").ok()


def test_a_moderator_recalls_nothing_of_his_betters_and_the_attempt_is_in_the_log(admin, user):
    moderator, bob = promote(admin, user(), "moderator"), user()
    sent = admin.device().say("official", to=bob)
    place = f"{sent['conversation_id']}/{sent['message_id']}"
    moderator.delete(f"/v1/admin/messages/{place}?{WHY}").refused(40301)
    entries = audit(admin, actor_id=moderator.id, action="messages.recall")
    assert [entry["details"] for entry in entries] == [place, place] and entries[0]["failure"]
    assert bob.private_history(admin.id)["messages"][0]["content"] == {"text": "official"}


def test_what_is_not_there_is_not_found_and_what_has_run_out_is_not_there(parley, admin, report):
    admin.get(f"/v1/admin/messages/{report.conversation_id}/{fresh()}?{WHY}").refused(40401)
    admin.delete(f"/v1/admin/messages/{single('user_a', 'user_b')}/{fresh()}?{WHY}").refused(40401)
    parley.mongo["messages"].update_one({"_id": report.place}, {"$set": {"expires_at": 1}})
    admin.get(f"{report.path}?{WHY}").refused(40401)
