"""Make the pictures of docs/images: .venv/bin/python tests/bench/screenshots.py [name …]

An instance of its own, some people who talk about a trip to a lighthouse, and Chromium, which
looks at the main views. PNG with a palette, 60 KB at most each; no test looks at them."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ["PARLEY_TEST_PORT"] = os.environ.get("PORT", "8196")
sys.path.insert(0, str(ROOT / "tests/system"))

from playwright.sync_api import expect, sync_playwright  # noqa: E402

import conftest  # noqa: E402
from browser.person import DESKTOP, PHONE, Person  # noqa: E402
from client import fresh, single  # noqa: E402
from test_files import BOUNDARY, form  # noqa: E402

IMAGES = ROOT / "docs/images"
MOST_BYTES = 60 * 1024
MINUTE = 60_000
LANDSCAPE = """<svg xmlns="http://www.w3.org/2000/svg" width="960" height="600" viewBox="0 0 960 600">
<defs><linearGradient id="a" x2="0" y2="1"><stop offset="0" stop-color="#23335c"/>
<stop offset=".5" stop-color="#e5806a"/><stop offset="1" stop-color="#ffd59a"/></linearGradient></defs>
<path fill="url(#a)" d="M0 0h960v600H0z"/><circle cx="250" cy="330" r="54" fill="#fff1c9"/>
<path fill="#31527a" d="M0 390h960v210H0z"/><path fill="#243d5e" d="M0 450q240-30 480 0t480 0v150H0z"/>
<path fill="#1b2436" d="M520 600q60-190 210-215 150 10 230 215z"/>
<path fill="#f6f1ea" d="M700 390l14-200h44l14 200z"/><path fill="#c8443c" d="M709 262h54l4 54h-62z"/>
<path fill="#1b2436" d="M708 190v-32h56v32z"/><path fill="#ffe9a8" d="M716 186v-24h40v24z"/>
<path fill="#c8443c" d="M704 158l32-28 32 28z"/><path fill="#ffe9a8" opacity=".35" d="M716 172L0 60v150z"/>
</svg>"""
FACE = """<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128">
<path fill="{0}" d="M0 0h128v128H0z"/><path fill="{1}" d="M16 128q8-46 48-46t48 46z"/>
<circle cx="64" cy="54" r="27" fill="{2}"/><path fill="{3}" d="M35 56q-4-38 29-38t29 38q-6-20-29-20t-29 20z"/>
</svg>"""
PEOPLE = {  # username: name, the colours of the picture; none: initials
    "anna": ("Anna Atkins", ("#9db8d9", "#3c5a86", "#e7b996", "#5b3a29")),
    "ben": ("Ben Bell", ("#f0cf9b", "#8a4b3a", "#d9a27c", "#2b2b33")),
    "carla": ("Carla Gómez", ("#b9d8c2", "#2f6b57", "#c98f68", "#1d1a20")),
    "limei": ("李梅", None),
    "noor": ("Noor Haddad", None),
    "dmitri": ("Dmitri Orlov", None),
}


def drawn(svg, name):
    """The bytes of a picture, made from words."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "a.svg")
        source.write_text(svg, encoding="utf-8")
        target = pathlib.Path(folder, name)
        subprocess.run(["vips", "copy", source, target], check=True)
        return target.read_bytes()


def upload(session, content, name):
    return session.call("POST", "/api/files", raw=form(content, name), headers={
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}).ok()


class Story:
    """Who they are, and what they said."""

    def __init__(self, parley):
        self.parley = parley
        self.people = {name: self.enter(name, *about) for name, about in PEOPLE.items()}
        self.anna = self.people["anna"]
        for name in ("ben", "carla", "limei", "dmitri"):
            self.befriend(self.people[name], self.anna)
        self.ask(self.people["noor"], "We met at the harbour. Noor")
        self.group_id = self.anna.post("/api/groups", {
            "name": "Lighthouse trip 🌊", "description": "Saturday, 09:40, platform 3",
            "member_ids": [self.people[name].id for name in ("ben", "carla", "limei")]}).ok()[
                "group_id"]
        self.talk_in_group()
        self.talk_in_private()

    def enter(self, username, name, colours):
        session = self.parley.register(username=username, nickname=name)
        if colours:
            face = upload(session, drawn(FACE.format(*colours), "a.png"), "me.png")
            session.patch("/api/users/me", {"avatar": face["url"]}).ok()
        session.patch("/api/users/me", {"bio": "Collects lighthouses."}).ok()
        return session

    def ask(self, asker, greeting):
        return asker.post("/api/friend_requests", {
            "user_id": self.anna.id, "greeting": greeting}).ok()["request_id"]

    def befriend(self, asker, asked):
        asked.post(f"/api/friend_requests/{self.ask(asker, 'Hello')}/accept").ok()

    def say(self, name, text, *, to=None, msg_type=0, **content):
        message_id = fresh()
        where = {"type": 1, "to": self.people[to].id} if to else {
            "type": 2, "group_id": self.group_id}
        self.people[name].post("/api/messages", {
            **where, "message_id": message_id, "msg_type": msg_type,
            "content": {**({"text": text} if text else {}), **content}}).ok()
        return message_id

    def change(self, name, message_id, what, body=None, method="POST"):
        self.people[name].call(method, f"/api/conversations/group:{self.group_id}/messages/"
                               f"{message_id}/{what}", body).ok()

    def talk_in_group(self):
        plan = self.say("carla", "The train leaves at 9:40 from platform 3. Bring a jacket!")
        self.change("anna", plan, "pin", method="PUT")
        self.say("ben", "I have the sandwiches 🥪 and the old camera")
        self.say("carla", "@limei knows the place. Shall we meet at https://example.org/harbour?",
                 at_user_ids=[self.people["limei"].id])
        photo = upload(self.people["limei"], drawn(LANDSCAPE, "a.jpg"), "lighthouse.jpg")
        picture = self.say("limei", None, msg_type=4, file_id=photo["file_id"])
        self.say("limei", "去年秋天拍的，灯塔还亮着")
        for name, emoji in (("ben", "😍"), ("carla", "😍"), ("anna", "😍"), ("anna", "🌊")):
            self.change(name, picture, "reactions", {"emoji": emoji})
        self.say("anna", "Beautiful! See you there at half past nine 👋", reply_to=picture)
        self.say("ben", "👍")

    def talk_in_private(self):
        for name, to, text in (
                ("dmitri", "anna", "The negatives are dry"),
                ("anna", "dmitri", "Wonderful, I pick them up on Monday"),
                ("limei", "anna", "明天见！"),
                ("ben", "anna", "Did you book the boat?"), ("anna", "ben", "Done, at two o’clock"),
                ("ben", "anna", "You are the best"), ("ben", "anna", "One more thing: rain?"),
                ("carla", "anna", "I found the map of the lighthouse")):
            self.say(name, text, to=to)

    def let_them_age(self):
        """The talk took its time: older messages are some minutes, the first ones a day older."""
        messages = self.parley.mongo["messages"]
        rows = sorted(messages.find({}), key=lambda row: row["created_at"])
        for number, row in enumerate(rows):
            left = len(rows) - number
            age = left * 3 * MINUTE + (22 * 60 * MINUTE if left > len(rows) - 4 else 0)
            messages.update_one({"_id": row["_id"]}, {"$inc": {"created_at": -age}})


# ---- The views: each shows itself on a page, and returns when it is whole

def group(page, story):
    page.goto(f"/#/c/group:{story.group_id}")
    expect(page.get_by_role("log").get_by_text("👍").first).to_be_visible()
    page.mouse.move(0, 0)


def chats(page, story):
    page.goto("/#/chats")
    expect(page.get_by_role("list", name="Chats")).to_contain_text("rain?")


def private(page, story, *two):
    page.goto(f"/#/c/{single(*(two or (story.anna, story.people['ben'])))}")
    expect(page.get_by_role("log").get_by_role("article").last).to_be_visible()


def info(page, story):
    group(page, story)
    page.get_by_role("button", name="Information").click()
    expect(page.get_by_text("Ben Bell").last).to_be_visible()


def people(page, story):
    page.goto("/#/people")
    expect(page.get_by_role("main")).to_contain_text("We met at the harbour")


def settings(page, story):
    page.goto("/#/settings/appearance")
    expect(page.get_by_role("main")).to_be_visible()


def search(page, story):
    page.goto("/#/search?q=lighthouse")
    expect(page.get_by_role("main").get_by_role("mark").first).to_be_visible()


def admin(page, story):
    page.goto("/admin/")
    expect(page.get_by_role("main")).to_contain_text("Messages")
    for number in (12, 30, 7, 22):  # a curve, of one point in 5 s
        for _ in range(number):
            story.say("dmitri", "Tick", to="noor")
        page.wait_for_timeout(5000)


VIEWS = {  # name of the picture: view, the context's settings
    "chat": (group, {}),
    "chat-dark": (group, {"color_scheme": "dark"}),
    "chat-phone": (group, {"viewport": PHONE}),
    "chat-zh": (group, {"locale": "zh-CN"}),
    "chats-phone-dark": (chats, {"viewport": PHONE, "color_scheme": "dark"}),
    "info": (info, {}),
    "people": (people, {}),
    "private-phone-dark": (private, {"viewport": PHONE, "color_scheme": "dark"}),
    "search": (search, {"color_scheme": "dark"}),
    "settings": (settings, {}),
    "settings-phone": (settings, {"viewport": PHONE}),
    "admin-overview": (admin, {}),
    "admin-phone-dark": (admin, {"viewport": PHONE, "color_scheme": "dark"}),
}


def keep(page, name):
    """As a PNG with a palette of as many colours as fit."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "a.png"), IMAGES / f"{name}.png"
        page.screenshot(path=source)
        for quality in (100, 80, 60, 40, 20, 5):
            subprocess.run(["vips", "pngsave", source, target, "--palette", "--strip",
                            f"--Q={quality}", "--compression=9", "--effort=10"], check=True)
            if target.stat().st_size <= MOST_BYTES:
                break
        print(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes")


@contextlib.contextmanager
def instance():
    with tempfile.TemporaryDirectory(prefix="parley-images-") as var:
        parley = conftest.Parley(conftest.PORT, var, ADMIN_USERNAME=conftest.ADMIN,
                                 ADMIN_PASSWORD=conftest.PASSWORD).start()
        try:
            yield parley
        finally:
            parley.stop()


def main(wanted):
    IMAGES.mkdir(exist_ok=True)
    expect.set_options(timeout=60_000)
    with instance() as parley, sync_playwright() as driver:
        story = Story(parley)
        story.let_them_age()
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium",
                                          chromium_sandbox=os.getuid() != 0)
        friends = [Person(chromium, parley, story.people[name]) for name in ("ben", "carla")]
        for each in friends:  # they are here, and have read what she wrote
            private(each.page, story, story.anna, each.session)
        overseer = parley.login(conftest.ADMIN)
        for name in wanted or VIEWS:
            view, more = VIEWS[name]
            who = Person(chromium, parley, overseer if view is admin else story.anna, **{
                "viewport": DESKTOP, "locale": "en-GB", **more})
            view(who.page, story)
            who.page.wait_for_load_state("networkidle")  # the pictures in it
            keep(who.page, name)
            who.close()
        chromium.close()


if __name__ == "__main__":
    main(sys.argv[1:])
