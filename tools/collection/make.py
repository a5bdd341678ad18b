"""Makes a collection for Postman and Bruno (form 2.1) from an OpenAPI description.

    python3 tools/collection/make.py <openapi/openapi.json >openapi/stockwell.postman_collection.json

One folder for each tag, one request for each operation, with its example body. The same description makes the same text. The
contract tests check that the file of the repository is up to date: `UPDATE=1 ./run test -p tests --test contract` writes it.
"""

import json
import sys

FORM = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
METHODS = ["get", "post", "put", "patch", "delete"]
ABOUT = """Every operation of the Stockwell API, made from its OpenAPI description.

Set the variables `base_url`, such as `http://127.0.0.1:8080`, and `key`, an API key. A write gets a new idempotency key each time
that it is sent: put in one of your own to repeat a write. Optional parameters are switched off. Ids are examples: put in your own."""
# Values of headers that have no example in the description. A text in double braces is filled in when the request is sent.
HEADERS = {"Idempotency-Key": "{{$guid}}", "If-Match": "*", "Prefer": "dry-run", "If-None-Match": '"1"'}


def resolved(document, node):
    """Returns what a reference stands for."""
    while "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def as_text(value):
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def example_of(document, parameter):
    if "example" in parameter:
        return as_text(parameter["example"])
    schema = resolved(document, parameter.get("schema", {}))
    for value in [schema.get("example"), *schema.get("examples", []), schema.get("default")]:
        if value is not None:
            return as_text(value)
    return as_text(schema["enum"][0]) if "enum" in schema else ""


def first_line(text):
    return text.strip().split("\n")[0]


def url_of(document, path, parameters):
    steps = [f":{step[1:-1]}" if step.startswith("{") else step for step in path.strip("/").split("/")]
    url = {"raw": "{{base_url}}/" + "/".join(steps), "host": ["{{base_url}}"], "path": steps}
    queries, variables, on = [], [], []
    for parameter in parameters:
        entry = {
            "key": parameter["name"],
            "value": example_of(document, parameter),
            "description": first_line(parameter.get("description", "")),
        }
        if parameter["in"] == "path":
            variables.append(entry)
        elif parameter["in"] == "query":
            if parameter.get("required"):
                on.append(f"{entry['key']}={entry['value']}")
            else:
                entry["disabled"] = True
            queries.append(entry)
    if on:
        url["raw"] += "?" + "&".join(on)
    if queries:
        url["query"] = queries
    if variables:
        url["variable"] = variables
    return url


def headers_of(document, parameters):
    headers = []
    for parameter in (parameter for parameter in parameters if parameter["in"] == "header"):
        name = parameter["name"]
        header = {"key": name, "value": HEADERS.get(name) or example_of(document, parameter)}
        # Every write gets an idempotency key, also where it may lack one.
        if not parameter.get("required") and name != "Idempotency-Key":
            header["disabled"] = True
        headers.append(header)
    return headers


def body_of(document, operation):
    """Returns the media type and the body of the example."""
    content = resolved(document, operation["requestBody"])["content"]
    media_type = "application/json" if "application/json" in content else next(iter(content))
    entry = content[media_type]
    example = entry.get("example")
    if example is None and entry.get("examples"):
        example = resolved(document, next(iter(entry["examples"].values()))).get("value")
    raw = example if isinstance(example, str) else json.dumps(example or {}, indent=2, ensure_ascii=False)
    language = "json" if media_type == "application/json" else "text"
    return media_type, {"mode": "raw", "raw": raw, "options": {"raw": {"language": language}}}


def request_of(document, path, method, operation):
    parameters = [resolved(document, parameter) for parameter in operation.get("parameters", [])]
    request = {"method": method.upper(), "header": headers_of(document, parameters)}
    request["url"] = url_of(document, path, parameters)
    request["description"] = operation.get("description", "").strip()
    if "requestBody" in operation:
        media_type, request["body"] = body_of(document, operation)
        request["header"].append({"key": "Content-Type", "value": media_type})
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    return {"id": operation["operationId"], "name": operation["summary"], "request": request, "response": []}


def collection_of(document):
    folders = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                item = request_of(document, path, method, operations[method])
                folders.setdefault(operations[method]["tags"][0], []).append(item)
    about = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    return {
        "info": {"name": document["info"]["title"], "description": ABOUT, "schema": FORM},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{key}}", "type": "string"}]},
        "variable": [
            {"key": "base_url", "value": "http://127.0.0.1:8080", "type": "string"},
            {"key": "key", "value": "", "type": "string"},
        ],
        "item": [
            {"name": name, "description": about.get(name, ""), "item": items} for name, items in folders.items() if items
        ],
    }


sys.stdout.reconfigure(encoding="utf-8", newline="\n")
json.dump(collection_of(json.load(sys.stdin.buffer)), sys.stdout, indent=1, ensure_ascii=False)
sys.stdout.write("\n")
