"""/docs: the OpenAPI document, rendered, and tried out with the cookie of who is logged in.

The policy of the pages holds here too, without an exception: the fixture fails a story on any
violation and on any request to another origin.
"""

from playwright.sync_api import expect


def open_operation(page, method, path):
    """Unfold an operation; what belongs to it."""
    row = page.locator(".opblock").filter(has=page.get_by_text(method, exact=True)).filter(
        has=page.locator(f"[data-path='{path}']"))
    row.get_by_role("button").first.click()
    return row


def test_every_operation_is_rendered(person, rest):
    page = person(logged_in=False).open("/docs")
    paths = rest.call("GET", "/openapi.json").body["paths"]
    operations = sum(method in ("get", "post", "put", "patch", "delete")
                     for item in paths.values() for method in item)
    expect(page.locator(".opblock")).to_have_count(operations)
    expect(page.get_by_role("heading", name="Parley")).to_be_visible()

    row = open_operation(page, "GET", "/api/users/{user_id}")
    expect(row).to_contain_text("Somebody's profile")
    expect(row.locator(".responses-table")).to_contain_text("40401")


def test_an_operation_is_tried_out_with_the_pages_cookie(person):
    anna = person("Änna <b>")
    page = anna.open("/docs/")
    row = open_operation(page, "GET", "/api/users/me")
    row.get_by_role("button", name="Try it out").click()
    row.get_by_role("button", name="Execute").click()
    expect(row.locator(".live-responses-table")).to_contain_text("Änna <b>")
    expect(row.locator(".live-responses-table")).to_contain_text(anna.id)

    row = open_operation(page, "PATCH", "/api/users/me")
    row.get_by_role("button", name="Try it out").click()
    row.get_by_role("textbox").fill('{"nickname": "Anna of the docs"}')
    row.get_by_role("button", name="Execute").click()
    expect(row.locator(".live-responses-table")).to_contain_text('"code": 0')
    assert anna.session.get("/api/users/me").ok()["nickname"] == "Anna of the docs"
