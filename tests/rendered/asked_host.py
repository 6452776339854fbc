"""What a rendered repository asks its host: run in its environment, with the answers as JSON."""

import importlib
import json
import sys

import httpx  # type: ignore[import-not-found]  # the repository's own


def main() -> None:
    """Print each request as method, path and body, and what the function answered."""
    package, given = sys.argv[1], json.loads(sys.argv[2])
    host = importlib.import_module(f"{package}.host")
    hosting = importlib.import_module(f"{package}.hosting")
    asked: list[tuple[str, str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        asked.append((request.method, path, json.loads(request.content or "null")))
        known = given["answers"].get(f"{request.method} {path}")
        missing = request.method == "GET" and known is None
        return httpx.Response(404 if missing else 200, json={} if known is None else known)

    opened = host.client(hosting.Place("https://git.example.org", "team"), "token")
    client = httpx.Client(base_url=opened.base_url, transport=httpx.MockTransport(answer))
    if given["call"] == "protect":
        owners, releaser = tuple(given["owners"]), given["releaser"]
        repository = hosting.Repository(given["path"], owners, releaser)
        said: object = list(host.protect(client, repository, given["checks"]))
    elif given["call"] == "propose":
        said = host.propose(client, given["path"], "product-spec", "Follow", "It has changed.")
    else:
        said = host.report(client, given["path"], "Drift in staging", "It differs.")
    print(json.dumps({"asked": asked, "said": said}))


main()
