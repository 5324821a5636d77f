"""Pictures, files and voices: chosen, pasted, dropped, recorded, sent and looked at."""

import re
import struct
import zlib

from playwright.sync_api import expect

from browser.steps import button, field, history
from browser.test_composer import chat_with, said, say
from client import single
from instance import eventually

UPLOAD = 30  # seconds: programs look at each file, and they may have to wait for their turn

PASTE = """(field, [bytes, name, type]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, {type}));
    field.dispatchEvent(
        new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
}"""
ENDLESS = "(one) => { one.loop = true; }"  # it does not end while one looks
DRAG = """([bytes, name, type, kind]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(bytes)], name, {type}));
    document.querySelector('main').dispatchEvent(
        new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true}));
}"""


def picture(red, green, blue, width=640, height=400):
    """A PNG of one colour."""
    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content
                + struct.pack(">I", zlib.crc32(kind + content)))

    rows = (b"\0" + bytes((red, green, blue)) * width) * height
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


RED, GREEN, BLUE = picture(220, 60, 60), picture(50, 160, 90), picture(60, 90, 220)


# A film of a moving square, as this browser makes it.
FILM = """async () => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 160, height: 120});
    const pen = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(25), {mimeType: 'video/webm'});
    const pieces = [];
    recorder.ondataavailable = (event) => pieces.push(event.data);
    const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    for (let x = 0; x < 20; x++) {
        pen.fillStyle = x % 2 ? 'teal' : 'gold';
        pen.fillRect(x * 5, 20, 60, 60);
        await new Promise(requestAnimationFrame);
    }
    recorder.stop();
    await stopped;
    return [...new Uint8Array(await new Blob(pieces).arrayBuffer())];
}"""


def sound(seconds):
    """A WAV of silence."""
    data = bytes(8000 * seconds)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
            + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data"
            + struct.pack("<I", len(data)) + data)


def choose(page, *files):
    page.get_by_test_id("file-input").set_input_files([
        {"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files])


def kinds(anna, ben):
    return [each["msg_type"] for each in anna.session.private_history(ben.id)["messages"]]


def test_several_files_wait_and_go_in_their_order_behind_their_caption(person, user, axe):
    anna, ben, page = chat_with(person, user)
    button(page, "Attach").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Pictures and files").click()
    chooser.value.set_files([{"name": "red.png", "mimeType": "image/png", "buffer": RED}])
    choose(page, ("empty.txt", "text/plain", b""), ("notes.txt", "text/plain", b"milk\n"),
           ("no.png", "image/png", b"I am no picture"))
    expect(page.get_by_text("empty.txt is empty.")).to_be_visible()
    tray = page.get_by_role("list", name="Files to send")
    expect(tray.get_by_role("listitem")).to_have_count(3)
    axe(page)
    button(page, "Remove no.png").click()
    expect(tray.get_by_role("listitem")).to_have_count(2)
    field(page).fill("Look at these")
    button(page, "Send").click()
    expect(tray).to_have_count(0)
    expect(button(page, "Open picture red.png")).to_be_visible()
    expect(history(page).get_by_text("notes.txt")).to_be_visible()
    eventually(lambda: kinds(anna, ben) == [0, 0, 4, 7], UPLOAD, what="all at the server")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download notes.txt").click()
    assert download.value.suggested_filename == "notes.txt"


def test_pasted_and_dropped_pictures_are_sent_and_what_is_too_large_is_not(person, user):
    anna, ben, page = chat_with(person, user)
    page.evaluate("""() => {
        const dataTransfer = new DataTransfer();
        const file = new File(['x'], 'film.mkv');
        Object.defineProperty(file, 'size', {value: 200 * 1024 * 1024});
        const event = new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true});
        Object.defineProperty(event, 'dataTransfer', {value: {types: ['Files'], files: [file]}});
        window.dispatchEvent(event);
    }""")
    expect(page.get_by_text("film.mkv is too large: 100 MB at most.")).to_be_visible()
    field(page).evaluate(PASTE, [list(GREEN), "image.png", "image/png"])
    expect(page.get_by_role("list", name="Files to send")).to_contain_text(".png")
    dropped = [list(BLUE), "blue.png", "image/png"]
    page.evaluate(DRAG, [*dropped, "dragover"])
    expect(page.get_by_text("Drop files here")).to_be_visible()
    page.evaluate(DRAG, [*dropped, "drop"])
    expect(page.get_by_text("Drop files here")).to_have_count(0)
    field(page).press("Enter")
    eventually(lambda: kinds(anna, ben) == [0, 4, 4], UPLOAD, what="both at the server")


def test_pictures_are_looked_at_one_after_the_other(person, user, axe):
    anna, ben, page = chat_with(person, user)
    for name, data in (("red.png", RED), ("green.png", GREEN)):
        choose(page, (name, "image/png", data))
        field(page).press("Enter")
        expect(button(page, f"Open picture {name}")).to_be_visible()
    eventually(lambda: kinds(anna, ben) == [0, 4, 4], UPLOAD, what="both at the server")
    page.reload()  # from the server now: the box is there before the picture
    first = button(page, "Open picture red.png")
    box = first.bounding_box()
    assert abs(box["width"] / box["height"] - 640 / 400) < 0.02, box
    first.click()
    red = page.get_by_role("dialog", name="Picture red.png")
    expect(red.get_by_role("img", name="red.png")).to_have_js_property("naturalWidth", 640)
    axe(page)
    page.keyboard.press("ArrowRight")
    green = page.get_by_role("dialog", name="Picture green.png")
    expect(green).to_contain_text("2 of 2")
    with page.expect_download() as download:
        green.get_by_role("link", name="Download green.png").click()
    assert download.value.suggested_filename == "green.png"
    page.keyboard.press("Escape")
    expect(green).to_have_count(0)
    expect(first).to_be_focused()


def test_a_picture_that_met_an_old_cookie_is_fetched_once_more(person, user):
    anna, ben, page = chat_with(person, user)
    choose(page, ("red.png", "image/png", RED))
    field(page).press("Enter")
    eventually(lambda: kinds(anna, ben) == [0, 4], UPLOAD, what="it at the server")
    refused = []

    def refuse(route):
        refused.append(route.request.url)
        route.fulfill(status=401)

    page.route(re.compile("/thumbnail$"), refuse)
    page.reload()
    image = button(page, "Open picture red.png").locator("img")
    expect(image).to_have_attribute("src", re.compile("again$"))
    expect(image).to_have_js_property("complete", True)
    assert refused and image.evaluate("(one) => one.naturalWidth") > 0


def test_a_file_waits_for_the_network_and_can_be_called_off(person, user):
    anna, ben, page = chat_with(person, user)
    anna.expects("ERR_INTERNET_DISCONNECTED")
    anna.context.set_offline(True)
    choose(page, ("red.png", "image/png", RED), ("blue.png", "image/png", BLUE))
    field(page).press("Enter")
    expect(page.get_by_role("progressbar", name="Upload")).to_have_count(2)
    row = history(page).locator(".file-content", has=button(page, "Open picture blue.png"))
    row.get_by_role("button", name="Cancel upload").click()
    expect(button(page, "Open picture blue.png")).to_have_count(0)
    anna.context.set_offline(False)
    eventually(lambda: kinds(anna, ben) == [0, 4], UPLOAD, what="the other one at the server")
    expect(page.get_by_role("progressbar", name="Upload")).to_have_count(0)


def test_who_leaves_the_page_while_files_wait_is_asked(person, user):
    anna, ben, page = chat_with(person, user)
    choose(page, ("red.png", "image/png", RED))
    field(page).press_sequentially("See this")  # a page that nobody has touched asks nothing
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("() => location.reload()")
    eventually(lambda: page.wait_for_timeout(20) or asked == ["beforeunload"], what="the question")
    expect(page.get_by_role("list", name="Files to send")).to_contain_text("red.png")
    field(page).press("Enter")
    eventually(lambda: kinds(anna, ben) == [0, 0, 4], UPLOAD, what="both at the server")
    page.reload()
    expect(button(page, "Open picture red.png")).to_be_visible()


def test_a_voice_is_recorded_listened_to_and_heard_by_the_other(person, axe):
    anna, ben = person("Anna", permissions=["microphone"]), person("Ben")
    say(ben.session, anna, "Hello")
    path = f"/#/c/{single(anna.id, ben.id)}"
    page = anna.open(path)
    expect(history(page)).to_contain_text("Hello")
    button(page, "Record a voice message").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile("0:0[1-9]"))
    axe(page)
    button(page, "Stop recording").click()
    own = page.get_by_role("group", name="Voice message").last
    own.locator("audio").evaluate(ENDLESS)
    own.get_by_role("button", name="Play").click()
    expect(own.get_by_role("button", name="Pause")).to_be_visible()
    button(page, "Send voice message").click()
    eventually(lambda: kinds(anna, ben) == [0, 5], UPLOAD, what="it at the server")
    assert 500 < said(anna, ben)[-1]["duration"] < 60_000
    theirs = ben.open(path)
    voice = history(theirs).get_by_role("group", name="Voice message")
    voice.locator("audio").evaluate(ENDLESS)
    voice.get_by_role("button", name="Play").click()
    expect(voice.get_by_role("slider", name="Position")).not_to_have_value("0")


def test_a_discarded_recording_is_not_sent_and_an_impossible_one_says_why(person, user):
    anna, ben = person("Anna", permissions=["microphone"]), user()
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    button(page, "Record a voice message").click()
    expect(page.get_by_role("timer")).to_be_visible()
    button(page, "Discard recording").click()
    expect(field(page)).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    page.evaluate("""() => { navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException('no', 'NotAllowedError'); }; }""")
    button(page, "Record a voice message").click()
    expect(page.get_by_text("may not use the microphone")).to_be_visible()
    expect(field(page)).to_be_visible()


def test_films_and_sounds_are_played_one_at_a_time(person, user):
    anna, ben, page = chat_with(person, user)
    choose(page, ("film.webm", "video/webm", bytes(page.evaluate(FILM))))
    field(page).press("Enter")
    film = history(page).locator("video")
    expect(film).to_have_js_property("videoWidth", 160)
    choose(page, ("sound.wav", "audio/wav", sound(30)))  # it does not end while one looks
    field(page).press("Enter")
    eventually(lambda: sorted(kinds(anna, ben)) == [0, 5, 6], UPLOAD, what="both at the server")
    page.reload()
    player = history(page).get_by_role("group", name="Voice message")
    film.evaluate("(one) => { one.loop = true; return one.play(); }")
    expect(film).to_have_js_property("paused", False)
    player.get_by_role("button", name="Play").click()
    expect(film).to_have_js_property("paused", True)
    player.get_by_role("button", name="Pause").click()
    line = player.get_by_role("slider", name="Position")
    line.fill("2000")
    expect(line).to_have_attribute("aria-valuetext", "0:02 of 0:30")
    assert player.locator("audio").evaluate("(one) => one.currentTime") == 2
