"""What the page's server answers, and whom."""

from __future__ import annotations

import pandas as pd
import pytest
from starlette.testclient import TestClient
from world import append, make_world

from darebench.errors import ConfigError
from darebench.evals.run import EvalConfig, evaluate
from darebench.evals.run_folder import read_run
from darebench.report.page.documents import as_text
from darebench.store.sources import resolve
from darebench.view.app import build_app
from darebench.view.places import Kind, find_places
from darebench.view.shelf import Shelf
from runs import HOSTILE, attempt, example


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("view"))


@pytest.fixture(scope="module")
def client(world):
    shelf = Shelf([world, world / "runs", world / "audit.json"])
    shelf.look()
    return TestClient(build_app(shelf), base_url="http://127.0.0.1:8765")


def test_places_are_told_apart_and_found_once(world):
    given = [world, world / "audit.json", world / "runs", world / "runs" / "first", world / "gone"]
    places, left = find_places(given)
    kinds = [place.kind for place in places]
    assert {kind: kinds.count(kind) for kind in Kind} == {
        Kind.RUN: 3, Kind.STORE: 1, Kind.CURATION: 1, Kind.AUDIT: 1, Kind.TRAINING: 1,
    }  # fmt: skip
    assert [(item.path, item.reason) for item in left] == [(str(world / "gone"), "is not there")]
    assert set(find_places([world])[0]) == set(places)


def test_a_look_around_passes_over_what_is_hidden_unreadable_deep_or_somebody_elses(tmp_path):
    example(tmp_path / "runs" / "one")
    for elsewhere in (".cache", "runs/more", "runs.old1"):
        example(tmp_path / elsewhere / "far")
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked").chmod(0)
    (tmp_path / "package.json").write_text('{"findings": "none"}')
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "gone.json").symlink_to(tmp_path / "nothing")
    places, left = find_places([tmp_path])
    assert [place.path for place in places] == [tmp_path / "runs" / "one"]
    assert left == []


def test_the_starter_store_is_called_by_its_name():
    shelf = Shelf([resolve(None)])
    shelf.look()
    assert [store["name"] for store in shelf.document("index")["stores"]] == ["starter"]


def test_a_truth_that_is_not_at_hand_is_said_where_it_would_stand(world):
    shelf = Shelf([world / "runs"], with_truth=True)
    shelf.look()
    scored = [made for made in shelf.document("run/0/0") if made["score"] is not None]
    for made in scored:
        assert "does not record its store" in made["against_truth"]["reason"]


def test_what_is_shown_has_the_names_that_links_use(client):
    index = client.get("/data/index").json()
    names = {
        kind: [item["name"] for item in index[kind]]
        for kind in index
        if isinstance(index[kind], list)
    }
    assert names == {
        "runs": ["first", "second", "third"], "stores": ["curation"], "curations": ["curation"],
        "audits": ["audit.json"], "trainings": ["training"], "left_out": [],
    }  # fmt: skip
    assert index["curations"][0]["store"] == "curation"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8765", "192.168.0.1", ""]
)
def test_a_name_that_leads_here_from_elsewhere_reads_nothing(client, host):
    for path in ("/", "/data/index", "/events"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert "first" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["data/../../etc/passwd", "data/%2e%2e/%2e%2e/etc/passwd", "data//etc/passwd", "data/run/99",
     "data/", "page.css", "data/run/0/config.json"],
)  # fmt: skip
def test_only_documents_that_there_are_can_be_read(client, path):
    request = client.build_request("GET", "http://127.0.0.1:8765/")
    request.url = request.url.copy_with(raw_path=f"/{path}".encode())
    assert client.send(request).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_written(client, method):
    assert client.request(method, "/").status_code == 405
    assert client.request(method, "/data/index").status_code == 405


def test_every_answer_forbids_what_it_does_not_need(client):
    for path in ("/", "/data/index", "/data/nothing"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    assert HOSTILE not in client.get("/").text


def test_documents_say_what_the_folders_hold(client, world):
    rows = client.get("/data/run/0").json()
    attempts = client.get("/data/run/0/0").json()
    kept = read_run(world / "runs" / "first").trajectories
    assert [a["task"] for a in attempts] == [t.task for t in kept]
    assert rows["score"] == [t.score for t in kept]
    assert "against_truth" not in attempts[0]
    assert client.get("/data/curation/0").json() == [
        {"table": "cars", "tasks": 0, "refused": 0, "stage": "design", "reason": "40 rows are left; 75 are needed", "explained": False},
        {"table": "houses", "tasks": 1, "refused": 1, "stage": None, "reason": None, "explained": True},
    ]  # fmt: skip
    task = client.get("/data/store/0/0").json()
    assert [(file["name"], file["columns"], len(file["rows"])) for file in task["files"]] == [
        ("train_v2.csv", ["a", "b", "price"], 5), ("val_v2.csv", ["row_id", "a", "b"], 5),
    ]  # fmt: skip
    assert client.get("/data/training/0").json()["reward"] == [
        [*range(1, 9)],
        [k / 10 for k in range(1, 9)],
    ]


def test_a_look_names_what_has_changed_and_nothing_else(tmp_path):
    root = make_world(tmp_path)
    shelf = Shelf([root / "runs", root / "curation"])
    assert shelf.look()
    assert shelf.look() == []
    append(root / "runs" / "second", attempt("d_reg/mm", 1, 0.25))
    assert "run/1" in (changed := shelf.look())
    assert not {"run/0", "run/2", "curation/0", "store/0"} & {*changed}
    assert shelf.document("run/1")["score"][-1] == 0.25
    (root / "runs" / "third" / "config.json").write_text("{")
    assert "run" in shelf.look()
    assert [run["name"] for run in shelf.document("index")["runs"]] == ["first", "second"]
    assert "third" in shelf.document("index")["left_out"][0]["path"]


def test_an_attempt_that_was_written_anew_is_refused_until_it_is_read_again(tmp_path):
    root = make_world(tmp_path)
    shelf = Shelf([root / "runs" / "first"])
    shelf.look()
    path = root / "runs" / "first" / "attempts.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join(lines[1:]), encoding="utf-8")
    with pytest.raises(ConfigError, match="has changed"):
        shelf.document("run/0/0")
    shelf.look()
    assert len(shelf.document("run/0/0")) == 10


@pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn
def test_the_truth_is_shown_to_those_who_ask_for_it_alone(tmp_path):
    store = make_world(tmp_path / "world") / "curation" / "store"
    run = evaluate(EvalConfig(model="trivial", store=str(store)), out=tmp_path / "run")
    for with_truth in (True, False):
        shelf = Shelf([run.folder, store], with_truth)
        shelf.look()
        ((attempt,),) = ([*shelf.document("run/0/0")],)
        assert ("against_truth" in attempt) == with_truth
    true = pd.read_csv(next(store.rglob("ground_truth.csv")), dtype=str)["price"]
    everything = "".join(as_text(make()) for make in shelf._documents.values())
    assert not [value for value in true if value in everything]
