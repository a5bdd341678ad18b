"""Nightly copy of Stockwell's records and documents for an ERP, as CSV files. Python 3.9 or newer, no packages.

    export STOCKWELL_URL=http://127.0.0.1:8080 STOCKWELL_API_KEY=sw_live_sk_...
    python3 sync.py --state state.json --out outbox

The key needs the scopes catalog:read, customers:read, events:read, orders:read, pos:read and payments:read. Each run writes
what changed since the run before: a file of products, one of customers, and one of the documents that the events name. A file
has the next number, and none is written if nothing changed. The ERP reads the files in the order of their numbers.

A run may be killed at any point and started again: no row is lost. A file gets its name after the state names it, so that the
ERP never sees a file that a later run would write differently.
"""

import argparse
import csv
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

TRIES_MAX = 5
TIMEOUT_SECONDS = 60
# Rows of a page, the most that a list has.
PAGE_ROWS = 200
# Documents of a file, but for its last page. A first run writes several files, and may be killed between them.
EVENTS_MAX = 2000

RECORDS = {
    "products": ["id", "version", "sku", "name", "status", "list_price", "tax_class_id", "updated_at"],
    "customers": ["id", "version", "number", "name", "status", "email", "country", "updated_at"],
}
# Documents that the ERP books. A star stands for any text.
EVENT_TYPES = "order.*,pos_sale.*,return.*,payment.*,payment_reversal.*,payout.*"
DOCUMENT_FIELDS = ["number", "status", "kind", "occurred_at", "customer_id", "currency", "net", "tax", "total", "amount"]
EVENT_FIELDS = ["event_id", "event_type", "recorded_at", "object", "document_id"]


class Rejected(Exception):
    """A response with a problem (RFC 9457)."""


class Api:
    def __init__(self, url, key):
        self.url = url.rstrip("/")
        self.key = key

    def get(self, path, parameters=None):
        """Reads JSON. Waits and repeats if the server asks for it, or can't be reached."""
        url = self.url + path
        if parameters:
            url += "?" + urllib.parse.urlencode(parameters)
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.key}"})
        for left in reversed(range(TRIES_MAX)):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                body = error.read().decode()
                pause = error.headers.get("Retry-After")
                if pause is None or left == 0:
                    raise Rejected(f"GET {path} returned {error.code}: {told(body)}") from None
                time.sleep(int(pause))
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                if left == 0:
                    raise Rejected(f"GET {path}: the server can't be reached: {error}") from None
                time.sleep(1)


def told(body):
    """Returns a problem in words: its code, and each field with its fix."""
    try:
        problem = json.loads(body)
    except ValueError:
        return body
    words = [f"{problem.get('code')}: {problem.get('detail')}"]
    for field in problem.get("errors", []):
        place = field.get("pointer") or field.get("parameter") or field.get("header")
        words.append(f"{place}: {field.get('detail')}")
    return "; ".join(words)


class State:
    """The place up to which the ERP has everything. Its file is replaced whole, or stays as it was."""

    def __init__(self, path):
        self.path = path
        self.place = {"cursor": "", "next_number": 1, "ready": None}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.place.update(json.load(file))

    def save(self):
        written = self.path + ".new"
        with open(written, "w", encoding="utf-8") as file:
            json.dump(self.place, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.replace(written, self.path)


class Outbox:
    """Numbered files. One is written as `.part`, then named by the state, then gets its name."""

    def __init__(self, folder, state):
        self.folder = folder
        self.state = state
        os.makedirs(folder, exist_ok=True)
        # The run before may have ended after it saved its state.
        self.publish()

    def put(self, name, fields, rows, changes):
        """Writes a file of rows if there are any, and saves the place behind them: `changes` of the state."""
        place = self.state.place
        if rows:
            file_name = f"{place['next_number']:06}-{name}.csv"
            with open(os.path.join(self.folder, file_name + ".part"), "w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, fields, extrasaction="ignore", restval="")
                writer.writeheader()
                writer.writerows(rows)
                file.flush()
                os.fsync(file.fileno())
            place["next_number"] += 1
            place["ready"] = file_name
        place.update(changes)
        self.state.save()
        self.publish()
        print(f"{name}: {len(rows)} rows")

    def publish(self):
        ready = self.state.place["ready"]
        if ready is not None:
            part = os.path.join(self.folder, ready + ".part")
            if os.path.exists(part):
                os.replace(part, os.path.join(self.folder, ready))


def changed_records(api, name, since):
    """Returns the records that changed since an instant, and the instant to continue from."""
    parameters = {"sort": "updated_at", "limit": PAGE_ROWS}
    if since is not None:
        parameters["updated_at[gte]"] = since
    rows, until = {}, since
    while True:
        page = api.get(f"/v1/{name}", parameters)
        for row in page["data"]:
            # A record that changed while the pages were read comes twice, the newer version later.
            rows[row["id"]] = row
        until = page["page"]["synced_until"]
        if page["page"]["next_cursor"] is None:
            return list(rows.values()), until
        parameters["cursor"] = page["page"]["next_cursor"]


def new_documents(api, cursor):
    """Returns a row for each document that the next events name, as it is now, the cursor to continue from, and whether that is
    the end of the feed."""
    events, is_end = {}, False
    while not is_end and len(events) < EVENTS_MAX:
        page = api.get("/v1/events", {"limit": PAGE_ROWS, "type": EVENT_TYPES, "cursor": cursor})
        for event in page["data"]:
            # The last event of a document stands for all: the document is read once.
            events.pop(event["data"]["object"]["id"], None)
            events[event["data"]["object"]["id"]] = event
        cursor = page["page"]["resume_cursor"]
        is_end = page["page"]["next_cursor"] is None
    rows = []
    for event in events.values():
        subject = event["data"]["object"]
        if subject.get("url") is None:
            continue
        row = {name: value for name, value in api.get(subject["url"]).items() if name in DOCUMENT_FIELDS}
        row.update(event_id=event["id"], event_type=event["type"], recorded_at=event["created_at"])
        row.update(object=subject["object"], document_id=subject["id"])
        rows.append(row)
    return rows, cursor, is_end


def main():
    parser = argparse.ArgumentParser(description="Copies changed records and new documents into CSV files.")
    parser.add_argument("--state", default="state.json", help="file of the place to continue from")
    parser.add_argument("--out", default="outbox", help="folder of the CSV files")
    arguments = parser.parse_args()
    missing = [name for name in ("STOCKWELL_URL", "STOCKWELL_API_KEY") if not os.environ.get(name)]
    if missing:
        sys.exit(f"Set in the environment: {', '.join(missing)}")
    api = Api(os.environ["STOCKWELL_URL"], os.environ["STOCKWELL_API_KEY"])
    state = State(arguments.state)
    outbox = Outbox(arguments.out, state)
    try:
        for name, fields in RECORDS.items():
            synced = f"{name}_synced_until"
            rows, until = changed_records(api, name, state.place.get(synced))
            outbox.put(name, fields, rows, {synced: until})
        is_end = False
        while not is_end:
            rows, cursor, is_end = new_documents(api, state.place["cursor"])
            outbox.put("documents", EVENT_FIELDS + DOCUMENT_FIELDS, rows, {"cursor": cursor})
    except Rejected as error:
        sys.exit(f"sync: {error}")


if __name__ == "__main__":
    main()
