"""Sends one batch as Segment's Python client does, and prints how often it asked and how it ended.

Shape `pinned` (1.2.9): anything but 200 is posted again at once, five posts in all. Shape `newer` (from 1.3.0b0): a 4xx other than 429 is
final where the answer is no JSON, or JSON with `code` and `message`; JSON that lacks either counts as a fault of the network.
"""
import json
import sys
from datetime import datetime, timezone

import requests

shape, url, key = sys.argv[1:4]
batch = json.load(sys.stdin)["batch"]
tries = 5 if shape == "pinned" else 11
session = requests.Session()
posts, outcome, code = 0, "gave up", None

while posts < tries:
    posts += 1
    body = json.dumps({"batch": batch, "sentAt": datetime.now(timezone.utc).isoformat()})
    answer = session.post(url, data=body, auth=(key, ""), headers={"content-type": "application/json"}, timeout=15)
    if answer.status_code == 200:
        outcome = "sent"
        break
    if shape == "newer":
        try:
            told = answer.json()
            final = 400 <= answer.status_code < 500 and answer.status_code != 429 and "code" in told and "message" in told
            code = told.get("code")
        except ValueError:
            final = True
        if final:
            outcome = "final"
            break

print(json.dumps({"posts": posts, "outcome": outcome, "code": code}))
