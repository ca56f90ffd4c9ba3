"""Posts what standard input names through HTTPS_PROXY with requests, and prints what came back, a JSON line each."""
import json
import sys

import requests

for line in sys.stdin:
    wanted = json.loads(line)
    try:
        answer = requests.request(
            wanted["method"], wanted["url"], data=wanted["body"].encode(), headers=wanted["headers"], timeout=10
        )
        told = {"status": answer.status_code, "type": answer.headers.get("Content-Type"), "body": answer.text}
    except requests.exceptions.ProxyError as error:
        told = {"error": "ProxyError", "text": str(error)[:300]}
    except requests.exceptions.SSLError as error:
        told = {"error": "SSLError", "text": str(error)[:300]}
    print(json.dumps(told), flush=True)
