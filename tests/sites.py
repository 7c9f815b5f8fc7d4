"""Servers that speak the APIs of the Hugging Face hub, Kaggle and OpenML, for the real clients."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse
from xml.sax.saxutils import escape

Headers = dict[str, str]


class Site:
    """Runs while the `with` block does; `requests` holds method, path and headers of what came."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Headers]] = []
        self.failures: dict[str, list[tuple[int, Headers]]] = {}
        """Part of a path -> statuses that are given first."""
        self.cut: dict[str, int] = {}
        """Part of a path -> bytes after which the connection breaks, once."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {k.lower(): v for k, v in self.headers.items()}
                outer.requests.append((self.command, self.path, headers))
                for part, planned in outer.failures.items():
                    if part in self.path and planned:
                        status, more = planned.pop(0)
                        self.send(status, {"error": f"planned {status}"}, more)
                        return
                outer.answer(self, self.command, self.path, body, headers)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _handle

            def send(self, status: int, body: Any, more: Headers | None = None) -> None:
                more = dict(more or {})
                kind = more.pop("Content-Type", "application/octet-stream")
                if not isinstance(body, bytes):
                    kind, body = "application/json", json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", more.pop("Content-Length", str(len(body))))
                for name, value in more.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "HEAD":
                    return
                for part in list(outer.cut):
                    if part in self.path and len(body) > outer.cut[part]:
                        self.wfile.write(body[: outer.cut.pop(part)])
                        self.close_connection = True
                        return
                self.wfile.write(body)

            def send_file(self, content: bytes, more: Headers) -> None:
                """Send a file, or the part of it that is asked for."""
                more = {"Accept-Ranges": "bytes", **more}
                asked = self.headers.get("Range", "")
                if not asked.startswith("bytes=") or not asked.endswith("-"):
                    self.send(200, content, more)
                    return
                start = int(asked[6:-1])
                span = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.send(206, content[start:], {**more, "Content-Range": span})

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, to: Any, method: str, path: str, body: bytes, headers: Headers) -> None:
        raise NotImplementedError

    def asked(self, part: str) -> list[str]:
        return [path for _, path, _ in self.requests if part in path]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Hub(Site):
    """Dataset repositories that can be listed, read, created and committed to."""

    def __init__(self) -> None:
        super().__init__()
        self.repos: dict[str, dict[str, bytes]] = {}
        self.tags: dict[str, list[str]] = {}
        self.private: dict[str, bool] = {}
        self.blobs: dict[str, bytes] = {}
        """What was uploaded as large files, by sha256."""
        self.commits: list[str] = []

    def sha(self, name: str) -> str:
        digest = hashlib.sha1()
        for path, content in sorted(self.repos[name].items()):
            digest.update(path.encode() + hashlib.sha1(content).digest())
        return digest.hexdigest()

    def _info(self, name: str) -> dict[str, Any]:
        files = self.repos[name]
        return {
            "id": name, "sha": self.sha(name), "lastModified": "2024-03-02T10:00:00.000Z",
            "tags": self.tags.get(name, []), "private": self.private.get(name, False),
            "gated": False, "downloads": 5, "likes": 1, "disabled": False,
            "siblings": [{"rfilename": p, "size": len(c)} for p, c in sorted(files.items())],
        }  # fmt: skip

    def answer(self, to, method, path, body, headers):
        where = urlparse(path)
        parts = [unquote(p) for p in where.path.strip("/").split("/")]
        if parts[:2] == ["api", "datasets"] and len(parts) == 2:
            query = parse_qs(where.query)
            found = [n for n in sorted(self.repos) if query.get("search", [""])[0] in n]
            wanted = {t for f in query.get("filter", []) for t in f.split(",")}
            found = [n for n in found if wanted <= set(self.tags.get(n, []))]
            to.send(200, [self._info(n) for n in found])
        elif parts == ["api", "repos", "create"]:
            asked = json.loads(body)
            name = f"{asked.get('organization') or 'me'}/{asked['name']}"
            if headers.get("authorization") != "Bearer hf_good":
                to.send(401, {"error": "Invalid credentials"})
            elif name in self.repos:
                to.send(409, {"error": "exists", "url": f"{self.url}/datasets/{name}"})
            else:
                self.repos[name] = {".gitattributes": b"*.parquet filter=lfs\n"}
                self.private[name] = asked.get("visibility") == "private"
                to.send(200, {"url": f"{self.url}/datasets/{name}", "name": name})
        elif parts == ["api", "validate-yaml"]:
            to.send(200, {"errors": [], "warnings": []})
        elif parts[:2] == ["api", "whoami-v2"]:
            to.send(200, {"name": "me", "orgs": []})
        elif parts[0] == "api":
            self._api(to, "/".join(parts[2:4]), parts[4:], body)
        elif parts[-3:] == ["lfs", "objects", "batch"]:
            objects = json.loads(body)["objects"]
            to.send(200, {"transfer": "basic", "objects": [self._upload(o) for o in objects]},
                    {"Content-Type": "application/vnd.git-lfs+json"})  # fmt: skip
        elif parts[0] == "lfs":
            self.blobs[parts[1]] = body
            to.send(200, {})
        else:
            self._resolve(to, "/".join(parts[1:3]), "/".join(parts[5:]))

    def _upload(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["oid"] in self.blobs:
            return asked
        return {**asked, "actions": {"upload": {"href": f"{self.url}/lfs/{asked['oid']}"}}}

    def _api(self, to, name, rest, body):
        if name not in self.repos:
            to.send(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        elif rest[:1] == ["preupload"]:
            files = json.loads(body)["files"]
            modes = [
                {"path": f["path"], "shouldIgnore": False, "oid": None,
                 "uploadMode": "lfs" if f["path"].endswith((".parquet", ".sqlite")) else "regular"}
                for f in files
            ]  # fmt: skip
            to.send(200, {"files": modes})
        elif rest[:1] == ["commit"]:
            for line in body.decode().splitlines():
                entry = json.loads(line)
                value = entry["value"]
                if entry["key"] == "file":
                    self.repos[name][value["path"]] = base64.b64decode(value["content"])
                elif entry["key"] == "lfsFile":
                    self.repos[name][value["path"]] = self.blobs[value["oid"]]
                elif entry["key"] == "deletedFile":
                    del self.repos[name][value["path"]]
            self.commits.append(name)
            sha = self.sha(name)
            to.send(
                200,
                {
                    "success": True,
                    "commitOid": sha,
                    "commitUrl": f"{self.url}/datasets/{name}/commit/{sha}",
                },
            )
        elif rest[:1] == ["tree"]:
            to.send(200, [
                {"type": "file", "path": p, "size": len(c), "oid": hashlib.sha1(c).hexdigest()}
                for p, c in sorted(self.repos[name].items())
            ])  # fmt: skip
        else:
            to.send(200, self._info(name))

    def _resolve(self, to, name, file):
        content = self.repos.get(name, {}).get(file)
        if content is None:
            to.send(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
            return
        to.send_file(content, {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": self.sha(name),
        })  # fmt: skip


class Kaggle(Site):
    """The client's two services: lists and pages of datasets, and their archives."""

    def __init__(self) -> None:
        super().__init__()
        self.datasets: dict[str, dict[str, Any]] = {}
        """`owner/slug` -> listing fields, with `info` (the page) and `files` (name -> bytes)."""
        self.bodies: list[dict[str, Any]] = []

    def answer(self, to, method, path, body, headers):
        if path.startswith("/archive/"):
            files = self.datasets[path.removeprefix("/archive/")]["files"]
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as archive:
                for name, content in files.items():
                    archive.writestr(zipfile.ZipInfo(name), content)
            to.send_file(stream.getvalue(), {})
            return
        if "authorization" not in headers:
            to.send(401, {"code": 401, "message": "Unauthenticated"})
            return
        asked = json.loads(body)
        self.bodies.append(asked)
        call = path.rsplit("/", 1)[1]
        if call == "ListDatasets":
            to.send(200, self._page(asked))
            return
        key = f"{asked['ownerSlug']}/{asked['datasetSlug']}"
        if key not in self.datasets:
            to.send(404, {"code": 404, "message": "Not found"})
        elif call == "GetDataset":
            to.send(200, self._listed(key))
        elif call == "GetDatasetMetadata":
            to.send(200, {"info": self.datasets[key]["info"]})
        elif call == "DownloadDataset":
            to.send(302, b"", {"Location": f"{self.url}/archive/{key}"})
        else:
            to.send(400, {"code": 400, "message": f"unknown {call}"})

    def _listed(self, key: str) -> dict[str, Any]:
        fields = {k: v for k, v in self.datasets[key].items() if k not in ("info", "files")}
        return {
            "ref": key,
            "currentVersionNumber": 3,
            "lastUpdated": "2024-02-01T08:00:00.123Z",
            **fields,
        }

    def _page(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Two datasets a page."""
        found = [k for k in sorted(self.datasets) if asked.get("search", "") in k]
        start = int(asked.get("pageToken") or 0)
        page = {"datasets": [self._listed(k) for k in found[start : start + 2]]}
        return {**page, "nextPageToken": str(start + 2)} if start + 2 < len(found) else page


class Openml(Site):
    """The XML API: lists, descriptions, and files in ARFF; its store of Parquet files speaks S3."""

    def __init__(self) -> None:
        super().__init__()
        self.datasets: dict[int, dict[str, str]] = {}
        """Number -> name, licence, description, arff."""
        self.parquets: dict[int, bytes] = {}
        """Number -> file in the store; described even where the file is empty, that is, gone."""

    def answer(self, to, method, path, body, headers):
        parts = unquote(urlparse(path).path).strip("/").split("/")[3:]
        if "data/list" in path:
            self._list(to, parts)
        elif parts[:1] == ["features"] or (len(parts) > 1 and parts[1] == "features"):
            to.send(200, self._features(self.datasets[int(parts[-1])]).encode())
        elif path.startswith("/datasets/"):
            self._stored(to, self.parquets.get(int(urlparse(path).path[-6:-3]), b""))
        elif "/files/" in path:
            number = int(path.rsplit("/", 1)[1].split(".")[0])
            to.send(200, self.datasets[number]["arff"].encode())
        elif int(parts[1]) in self.datasets:
            to.send(200, self._describe(int(parts[1])).encode())
        else:
            to.send(412, _error(111, "Unknown dataset").encode())

    def _stored(self, to, content: bytes) -> None:
        if not content:
            gone = "<Error><Code>NoSuchKey</Code><Message>Object does not exist</Message></Error>"
            to.send(404, gone.encode(), {"Content-Type": "application/xml"})
            return
        day = "Sun, 06 Apr 2014 23:23:39 GMT"
        digest = hashlib.md5(content).hexdigest()
        to.send_file(content, {"ETag": f'"{digest}"', "Last-Modified": day})

    def _list(self, to, parts):
        given = dict(zip(parts[2::2], parts[3::2], strict=True))
        numbers = [
            n
            for n in sorted(self.datasets)
            if given.get("data_name", "") in self.datasets[n]["name"]
        ]
        numbers = numbers[int(given.get("offset", 0)) :][: int(given["limit"])]
        if not numbers:
            to.send(412, _error(372, "No results").encode())
            return
        rows = "".join(
            f"<oml:dataset><oml:did>{n}</oml:did><oml:name>{self.datasets[n]['name']}</oml:name>"
            f"<oml:version>1</oml:version><oml:status>active</oml:status><oml:format>ARFF</oml:format>"
            f"</oml:dataset>"
            for n in numbers
        )
        to.send(200, f'<oml:data xmlns:oml="http://openml.org/openml">{rows}</oml:data>'.encode())

    def _describe(self, number: int) -> str:
        kept = self.datasets[number]
        digest = hashlib.md5(kept["arff"].encode()).hexdigest()
        stored = (
            f"<oml:parquet_url>{self.url}/datasets/0000/{number:04}/dataset_{number:03}.pq"
            "</oml:parquet_url>"
            if number in self.parquets
            else ""
        )
        return (
            '<oml:data_set_description xmlns:oml="http://openml.org/openml">'
            f"<oml:id>{number}</oml:id><oml:name>{kept['name']}</oml:name><oml:version>1</oml:version>"
            f"<oml:description>{escape(kept['description'])}</oml:description><oml:format>ARFF</oml:format>"
            f"<oml:upload_date>2014-04-06T23:23:39</oml:upload_date><oml:licence>{kept['licence']}</oml:licence>"
            f"<oml:url>{self.url}/files/{number}.arff</oml:url><oml:file_id>{number}</oml:file_id>"
            f"{stored}<oml:status>active</oml:status><oml:md5_checksum>{digest}</oml:md5_checksum>"
            "</oml:data_set_description>"
        )

    def _features(self, kept: dict[str, str]) -> str:
        rows = ""
        for index, line in enumerate(
            x for x in kept["arff"].splitlines() if x.startswith("@ATTRIBUTE")
        ):
            _, name, kind = line.split(" ", 2)
            values = (
                [v.strip() for v in kind.strip("{}").split(",")] if kind.startswith("{") else []
            )
            listed = "".join(f"<oml:nominal_value>{v}</oml:nominal_value>" for v in values)
            rows += (
                f"<oml:feature><oml:index>{index}</oml:index><oml:name>{name}</oml:name>"
                f"<oml:data_type>{'nominal' if values else 'numeric'}</oml:data_type>{listed}"
                "<oml:is_target>false</oml:is_target><oml:is_ignore>false</oml:is_ignore>"
                "<oml:is_row_identifier>false</oml:is_row_identifier>"
                "<oml:number_of_missing_values>0</oml:number_of_missing_values></oml:feature>"
            )
        return f'<oml:data_features xmlns:oml="http://openml.org/openml">{rows}</oml:data_features>'


FIRST_QUESTION = "Answer with the word ready."
"""What a model is asked before there is work for it."""


class Chat(Site):
    """The OpenAI chat API; `script` turns a conversation into an answer or a status."""

    def __init__(self, script: Callable[[list[dict[str, str]]], str | int]) -> None:
        super().__init__()
        self.script = script
        self.conversations: list[list[dict[str, str]]] = []

    def answer(self, to, method, path, body, headers):
        said = json.loads(body)["messages"]
        if said[-1]["content"] == FIRST_QUESTION:
            text: str | int = "ready"
        else:
            self.conversations.append(said)
            text = self.script(said)
        if isinstance(text, int):
            to.send(text, {"error": {"message": f"scripted {text}"}})
            return
        message = {"role": "assistant", "content": text}
        to.send(200, {
            "id": "x", "object": "chat.completion", "created": 0, "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        })  # fmt: skip


def _error(code: int, message: str) -> str:
    return (
        '<oml:error xmlns:oml="http://openml.org/openml">'
        f"<oml:code>{code}</oml:code><oml:message>{message}</oml:message></oml:error>"
    )
