"""axe-core's judgement of a page."""

import pathlib

SOURCE = pathlib.Path(__file__).parent / "node_modules/axe-core/axe.min.js"
GRAVE = ("serious", "critical")
RUN = """axe.run(document, {resultTypes: ['violations']}).then(({violations}) =>
    violations.map(({id, impact, help, nodes}) => ({id, impact, help,
        nodes: nodes.map(({html, failureSummary}) => ({html, failureSummary}))})))"""


def violations(page):
    """What is grave, in words; axe runs in a world of its own, which the page's CSP leaves alone."""
    client = page.context.new_cdp_session(page)
    try:
        frame = client.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = client.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})

        def evaluate(expression):
            answer = client.send("Runtime.evaluate", {
                "expression": expression, "contextId": world["executionContextId"],
                "awaitPromise": True, "returnByValue": True})
            assert "exceptionDetails" not in answer, answer["exceptionDetails"]
            return answer["result"].get("value")

        evaluate(SOURCE.read_text(encoding="utf-8") + "; undefined")
        found = evaluate(RUN)
    finally:
        client.detach()
    return [f"{each['impact']}: {each['id']}: {each['help']}\n" + "\n".join(
        f"    {node['html'][:300]}\n        {node['failureSummary']}" for node in each["nodes"][:5])
        for each in found if each["impact"] in GRAVE]
