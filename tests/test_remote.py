"""Tables at addresses: as on this machine, within bounded time, and without a credential in any word."""

import contextlib
import http.server
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import anchoraudit
from anchoraudit import AnchorauditError, audit_partitions, load_detector, merge
from anchoraudit.errors import without_credentials
from anchoraudit.io import remote, stores
from anchoraudit.io.addresses import Address, is_address, path_of
from anchoraudit.partitions.filtering import filter_partitions
from anchoraudit.partitions.listing import Listed
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from tests.hub import hub
from tests.in_parts import InThisProcess  # other processes do not see what is at memory://
from tests.test_partitions import drawn, run, table_of, write

pytest.importorskip("pyarrow")
fsspec = pytest.importorskip("fsspec")

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCY"
KEY = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture
def shards(tmp_path):
    return write(tmp_path / "shards", drawn(60), 3)


@pytest.fixture
def in_memory(shards):
    memory = fsspec.filesystem("memory")
    for file in shards.iterdir():
        memory.pipe(f"/bucket/shards/{file.name}", file.read_bytes())
    yield "memory://bucket/shards"
    memory.rm("/bucket", recursive=True)


@contextlib.contextmanager
def listening(*, answers):
    """A server that accepts connections and says nothing, or that refuses them; yields its port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answers:
            server.listen(16)
        yield server.getsockname()[1]


@pytest.fixture
def web(shards):
    pytest.importorskip("aiohttp", reason="http:// IS NOT TESTED: pip install aiohttp")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words):
            super().__init__(*words, directory=str(shards))

        def log_message(self, *words):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        # It looks every so many seconds whether it is to end.
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class TestAddresses:
    @pytest.mark.parametrize(
        ("written", "shown", "secret"),
        [
            ("s3://bucket/a/b.parquet", "s3://bucket/a/b.parquet", "s3://bucket/a/b.parquet"),
            ("S3://bucket/a/", "s3://bucket/a", "s3://bucket/a"),
            ("https://me:pw@host:80/a?X-Amz-Signature=1#x", "https://host:80/a", None),
            ("hf://datasets/me/data@main/a", "hf://datasets/me/data@main/a", "hf://datasets/me/data@main/a"),
            ("s3://bucket/a?.parquet", "s3://bucket/a?.parquet", "s3://bucket/a?.parquet"),
            ("s3://bucket/a?AWSAccessKeyId=1", "s3://bucket/a", None),
        ],
    )
    def test_what_is_shown_and_what_is_sent(self, written, shown, secret):
        address = path_of(written)
        assert isinstance(address, Path)
        assert str(address) == shown == os.fspath(address)
        assert shown in repr(address)
        assert address.secret == (secret or written.partition("#")[0])
        again = pickle.loads(pickle.dumps(address))
        assert (again, again.secret) == (address, address.secret)

    def test_the_ways_of_paths(self):
        folder = path_of("s3://me@bucket/a")
        assert str(folder / "b.parquet") == "s3://bucket/a/b.parquet"
        assert folder.below("b").secret == "s3://me@bucket/a/b"
        assert (folder / "b.parquet").suffix == ".parquet"
        assert (folder / "k=1" / "b").relative_to(folder).as_posix() == "k=1/b"
        assert str(folder.parent) == "s3://bucket"
        assert folder == Address.of("s3://bucket/a") != path_of("s3://bucket/b")

    def test_nothing_of_it_is_on_the_disk(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "s3:" / "bucket").mkdir(parents=True)
        address = path_of("s3://bucket")
        assert not address.exists() and not address.is_dir() and not address.is_file()
        with pytest.raises(FileNotFoundError):
            address.stat()

    @pytest.mark.parametrize("text", ["shards", "C://x", "/a/b", "a:b", "./s3://x", "file:///tmp/x", ""])
    def test_what_is_none(self, text):
        assert not is_address(text)

    def test_files_of_this_machine(self):
        assert path_of("file:///tmp/a%20b") == Path("/tmp/a b")
        with pytest.raises(AnchorauditError, match="another machine, host"):
            path_of("file://host/a")


class TestCredentials:
    @pytest.mark.parametrize(
        "text",
        [
            f"https://me:{SECRET}@host/a.parquet is gone",
            f"no 'https://host/a.parquet?X-Amz-Credential={KEY}&X-Amz-Signature={SECRET}'",
            f"The key {KEY} is unknown",
            f"X-Amz-Security-Token={SECRET}",
        ],
    )
    def test_none_is_in_a_message(self, text):
        for said in (without_credentials(text), str(AnchorauditError(text, path=text, remedy=text))):
            assert SECRET not in said
            assert KEY not in said

    @pytest.mark.parametrize(
        "text", ["what? a=b", "s3://bucket/part-?.parquet", "a.jpg?x", "me@host", "https://host/a: no b=c"]
    )
    def test_other_words_stay(self, text):
        assert without_credentials(text) == text

    def test_none_is_in_a_record_or_a_report(self, web, tmp_path):
        address = f"{web.replace('//', f'//me:{SECRET}@')}/part-0.parquet?X-Amz-Signature={SECRET}&a={KEY}"
        done = run("scan", address, "--output-format", "json", "-o", "out.json", cwd=tmp_path)
        assert done.returncode == 1, done.stderr
        texts = [
            path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path.suffix == ".json"
        ]
        assert json.loads((tmp_path / "out.json").read_text())["dataset"] == f"{web}/part-0.parquet"
        assert len(texts) == 2  # the record of the scan, too
        for text in (*texts, done.stdout, done.stderr):
            assert SECRET not in text
            assert KEY not in text

    def test_none_is_in_an_error(self, tmp_path):
        pytest.importorskip("aiohttp", reason="http:// IS NOT TESTED: pip install aiohttp")
        with listening(answers=False) as port:
            address = f"http://me:{SECRET}@127.0.0.1:{port}/a.parquet?Signature={SECRET}"
            done = run("scan", address, cwd=tmp_path)
        assert done.returncode == 2
        assert f"http://127.0.0.1:{port}/a.parquet: cannot be read" in done.stderr
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


class TestAnswers:
    def test_the_parts_are_those_of_the_folder(self, shards, in_memory):
        there, here = (
            merge(audit_partitions(each, "yolov5", engine=InThisProcess())) for each in (in_memory, shards)
        )
        assert there.to_json().replace(in_memory, str(shards)) == here.to_json()

    def test_the_whole_is_that_of_the_folder(self, shards, in_memory):
        there, here = (anchoraudit.audit(str(each), "yolov5", images="none") for each in (in_memory, shards))
        assert there.summary() == here.summary()
        assert there.findings.counts == here.findings.counts
        assert str(there.dataset.root) == in_memory

    def test_one_file_over_http(self, shards, web):
        there, here = (anchoraudit.read(f"{each}/part-1.parquet") for each in (web, shards))
        assert there.boxes.xyxy.tolist() == here.boxes.xyxy.tolist()

    def test_a_folder_over_http(self, shards, web):
        there, here = (merge(audit_partitions(each)) for each in (web, shards))
        assert there.summary() == here.summary()

    def test_a_pattern(self, shards, in_memory):
        there, here = (anchoraudit.read(f"{each}/part-[01].*") for each in (in_memory, shards))
        assert there.boxes.xyxy.tolist() == here.boxes.xyxy.tolist()
        assert there.recognised.startswith("table: 2 .parquet files")
        with pytest.raises(AnchorauditError, match="no file or folder matches"):
            anchoraudit.read(f"{in_memory}/part-9*.parquet")

    def test_a_folder_below(self, in_memory):
        assert anchoraudit.read("memory://bucket").sources[0].path == path_of(in_memory)

    def test_keys_of_folders(self, shards):
        memory = fsspec.filesystem("memory")
        for part, split in enumerate(("train", "val", "train")):
            data = (shards / f"part-{part}.parquet").read_bytes()
            memory.pipe(f"/hive/split={split}/{part}.parquet", data)
        try:
            assert anchoraudit.read("memory://hive", splits=("val",)).splits == ("val",)
            assert set(anchoraudit.read("memory://hive").splits) == {"train", "val"}
        finally:
            memory.rm("/hive", recursive=True)

    def test_a_broken_file_hides_nothing_of_the_others(self, in_memory):
        fsspec.filesystem("memory").pipe("/bucket/shards/part-1.parquet", b"PAR1 cut off")
        found = merge(audit_partitions(in_memory, engine=InThisProcess()))
        assert set(found.failed) == {1}
        assert found.findings.of("PAR001")[0].path == f"{in_memory}/part-1.parquet"
        assert found.summary()["images"] > 20

    def test_a_file_under_the_name_of_a_local_path(self, shards, tmp_path):
        whole = anchoraudit.read(f"file://{shards}")
        assert whole.root == shards

    def test_columns_that_are_not_needed_are_not_transferred(self, tmp_path, monkeypatch):
        import pyarrow as pa
        from pyarrow import parquet

        table = table_of(drawn(60))
        noise = [os.urandom(20_000) for _ in range(len(table))]
        parquet.write_table(table.append_column("picture", pa.array(noise)), tmp_path / "a.parquet")
        data = (tmp_path / "a.parquet").read_bytes()
        fsspec.filesystem("memory").pipe("/wide/a.parquet", data)
        asked = []
        own = remote._File._bytes
        monkeypatch.setattr(
            remote._File,
            "_bytes",
            lambda self, start, end: asked.append(max(end - start, 0)) or own(self, start, end),
        )
        there = anchoraudit.read("memory://wide/a.parquet")
        fsspec.filesystem("memory").rm("/wide", recursive=True)
        assert there.boxes.xyxy.tolist() == anchoraudit.read(tmp_path / "a.parquet").boxes.xyxy.tolist()
        assert 0 < sum(asked) < len(data) / 10
        assert len([size for size in asked if size]) < 12

    @pytest.mark.parametrize("suffix", ["csv", "jsonl"])
    def test_files_of_lines(self, tmp_path, monkeypatch, suffix):
        monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 50)
        table = table_of(drawn(80))
        file = tmp_path / f"boxes.{suffix}"
        if suffix == "csv":
            table.to_pandas().to_csv(file, index=False)
        else:
            file.write_text("".join(f"{json.dumps(row)}\n" for row in table.to_pylist()))
        fsspec.filesystem("memory").pipe(f"/lines/boxes.{suffix}", file.read_bytes())
        try:
            address = f"memory://lines/boxes.{suffix}"
            there = list(audit_partitions(address, engine=InThisProcess()))
            here = anchoraudit.audit(file, images="none")
            assert len(there) > 3
            assert merge(there).summary() == here.summary()
            assert anchoraudit.audit(address).summary() == here.summary()
        finally:
            fsspec.filesystem("memory").rm("/lines", recursive=True)

    def test_a_stamp_changes_with_the_bytes(self, in_memory):
        file = path_of(f"{in_memory}/part-1.parquet")
        before = stores.status(file)
        assert stores.status(file) == before
        fsspec.filesystem("memory").pipe("/bucket/shards/part-1.parquet", b"other")
        assert stores.status(file) != before


class TestNoAnswer:
    def test_a_server_that_says_nothing_is_named_in_time(self, tmp_path):
        pytest.importorskip("aiohttp", reason="http:// IS NOT TESTED: pip install aiohttp")
        with listening(answers=True) as port:
            done = subprocess.run(
                [sys.executable, "-m", "anchoraudit", "scan", f"http://127.0.0.1:{port}/a.parquet"],
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env={**os.environ, "ANCHORAUDIT_TIMEOUT": "0.5"},
                check=False,
            )
        assert done.returncode == 2
        assert f"127.0.0.1:{port} does not answer within 0.5 seconds" in done.stderr
        assert "ANCHORAUDIT_TIMEOUT=1" in done.stderr

    def test_a_server_that_stops_in_the_middle(self, shards, tmp_path, monkeypatch):
        pytest.importorskip("aiohttp", reason="http:// IS NOT TESTED: pip install aiohttp")
        data, released = (shards / "part-0.parquet").read_bytes(), threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Accept-Ranges", "bytes")
                self.end_headers()

            def do_GET(self):
                released.wait(20)

            def log_message(self, *words):
                pass

        monkeypatch.setenv("ANCHORAUDIT_TIMEOUT", "0.5")
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            host = f"127.0.0.1:{server.server_address[1]}"
            for read in (anchoraudit.read, lambda address: list(audit_partitions(address))):
                with pytest.raises(AnchorauditError, match=f"{host} does not answer within 0.5 seconds"):
                    read(f"http://{host}/a.parquet")
            released.set()
            server.shutdown()

    @pytest.mark.parametrize("text", ["soon", "0", "-1", "nan"])
    def test_times_that_are_none(self, monkeypatch, in_memory, text):
        monkeypatch.setenv("ANCHORAUDIT_TIMEOUT", text)
        with pytest.raises(AnchorauditError, match="is no number of seconds"):
            anchoraudit.read(in_memory)

    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("memory://none", "there is nothing at this address"),
            ("moon://bucket/x", "Protocol not known"),
            ("memory://none/a.parquet", "there is nothing at this address"),
        ],
    )
    def test_what_is_not_there(self, address, said):
        with pytest.raises(AnchorauditError, match=said):
            anchoraudit.read(address)

    @pytest.mark.parametrize(
        ("scheme", "module"), [("s3", "s3fs"), ("gs", "gcsfs"), ("hf", "huggingface_hub")]
    )
    def test_what_is_not_installed(self, scheme, module):
        code = f"import sys; sys.modules['{module}'] = None; import anchoraudit; anchoraudit.read('{scheme}://b/x')"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert f"{scheme}:// needs {module}\n  pip install {module.replace('_', '-')}\n" in done.stderr

    def test_without_fsspec(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "fsspec.core", None)
        with pytest.raises(AnchorauditError, match=r"pip install 'anchoraudit\[remote\]'"):
            anchoraudit.read("s3://bucket/x")


class TestCommandLine:
    def test_it_goes_by_parts(self, web, shards, tmp_path):
        there = run("scan", web, "--detector", "yolov5", "--output-format", "json", cwd=tmp_path)
        here = run(
            "scan",
            shards,
            "--engine",
            "local",
            "--detector",
            "yolov5",
            "--output-format",
            "json",
            cwd=tmp_path,
        )
        assert there.returncode == here.returncode == 1
        found, expected = json.loads(there.stdout), json.loads(here.stdout)
        assert found["dataset"] == web
        assert found["summary"] == expected["summary"]
        assert found["parts"] == expected["parts"]

    def test_the_last_scan_is_repeated(self, web, tmp_path):
        assert run("scan", web, cwd=tmp_path).returncode == 1
        again = run("scan", cwd=tmp_path)
        assert again.returncode == 1
        assert f"using {web}, as in the last scan" in again.stderr

    def test_in_a_settings_file(self, web, tmp_path):
        (tmp_path / "below").mkdir()
        (tmp_path / "anchoraudit.toml").write_text(f'dataset = "{web}"\n')
        done = run("scan", "--quiet", cwd=tmp_path / "below")
        assert done.returncode == 1, done.stderr

    def test_init_names_it(self, web, tmp_path):
        done = run("init", web, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f'dataset = "{web}"' in (tmp_path / "anchoraudit.toml").read_text()

    def test_what_needs_the_whole_says_what_to_do(self, web, tmp_path):
        done = run("scan", web, "--counts", cwd=tmp_path)
        assert done.returncode == 2
        assert "Leave it out, or copy the data to this machine." in done.stderr

    def test_other_commands_read_all_of_it(self, web, tmp_path):
        done = run("cluster", web, "--k", "3", "-o", "anchors.json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        done = run("filter", web, "-o", "clean", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        names = [f"part-{part}.parquet" for part in range(3)]
        assert [path.name for path in sorted((tmp_path / "clean").glob("*.parquet"))] == names
        done = run("filter", web, "-o", "clean.json", cwd=tmp_path)
        assert done.returncode == 2
        assert "or copy the data to this machine to write a manifest" in done.stderr


class TestWriting:
    """`filter` to an address: the files of a folder, each in one upload, and the list of them last."""

    @pytest.fixture
    def memory(self):
        system = fsspec.filesystem("memory")
        yield system
        for folder in ("/out", "/gone"):
            if system.exists(folder):
                system.rm(folder, recursive=True)

    @staticmethod
    def filtered(source, output, **options):
        settings = Settings(load_detector("torchvision-retinanet_resnet50_fpn"), loader="none")
        return filter_partitions(InParts(source, engine=InThisProcess()), output, settings, **options)

    @staticmethod
    def at(memory, folder="/out"):
        return {name.removeprefix(f"{folder}/"): memory.cat_file(name) for name in memory.find(folder)}

    def test_the_files_are_those_of_a_folder(self, shards, in_memory, memory, tmp_path):
        self.filtered(shards, tmp_path / "out")
        self.filtered(in_memory, "memory://out/b")
        there = self.at(memory, "/out/b")
        for path in (tmp_path / "out").glob("*.parquet"):
            assert there[path.name] == path.read_bytes()
        found = self.filtered(shards, "memory://out/a")
        there = self.at(memory, "/out/a")
        assert there == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        assert (str(found.output), str(found.manifest)) == (
            "memory://out/a",
            "memory://out/a/anchoraudit-manifest.json",
        )
        assert anchoraudit.read("memory://out/a").boxes.xyxy.shape[1] == 4

    def test_one_file(self, shards, memory):
        file = shards / "part-0.parquet"
        found = self.filtered(file, "memory://out/clean.parquet")
        there = self.at(memory)
        assert set(there) == {"clean.parquet", "clean.parquet.manifest.json"}
        assert found.parts[0].bytes == len(there["clean.parquet"])
        with pytest.raises(AnchorauditError, match="exists already"):
            self.filtered(file, "memory://out/clean.parquet")

    def test_what_is_there_is_replaced_only_if_asked_for(self, shards, memory):
        memory.pipe("/out/part-1.parquet", b"mine")
        with pytest.raises(AnchorauditError, match=r"memory://out/part-1.parquet: the output exists already"):
            self.filtered(shards, "memory://out")
        memory.pipe("/out/strange.parquet", b"mine")
        with pytest.raises(AnchorauditError, match=r"other files are there, such as strange\.parquet"):
            self.filtered(shards, "memory://out", replace=True)
        assert self.at(memory) == {"part-1.parquet": b"mine", "strange.parquet": b"mine"}
        memory.rm("/out/strange.parquet")
        self.filtered(shards, "memory://out", replace=True)
        assert self.at(memory)["part-1.parquet"][:4] == b"PAR1"

    @pytest.mark.parametrize("output", ["", "/out", "/part-0.parquet"])
    def test_the_data_set_is_no_output(self, in_memory, output):
        with pytest.raises(AnchorauditError, match="in each other"):
            self.filtered(in_memory, in_memory + output)

    def test_an_upload_that_fails_leaves_no_manifest(self, shards, memory, monkeypatch):
        self.filtered(shards, "memory://out")
        own = type(memory).put_file

        def failing(self, here, there, **more):
            if "part-1" in there:
                raise OSError("no more room")
            return own(self, here, there, **more)

        monkeypatch.setattr(type(memory), "put_file", failing)
        with pytest.raises(AnchorauditError, match=r"part-1.parquet: cannot be written: no more room"):
            self.filtered(shards, "memory://out", replace=True)
        assert "anchoraudit-manifest.json" not in self.at(memory)

    @pytest.mark.parametrize("output", ["https://host/a", "ftp://host/a", "hf://datasets/me/a"])
    def test_where_half_a_file_may_be_seen(self, shards, output):
        with pytest.raises(AnchorauditError, match=r"nothing is written to \w+:// addresses"):
            self.filtered(shards, output)

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_the_table_of_dropped_images(self, shards, memory, tmp_path, suffix):
        here, there = Listed(tmp_path / f"gone{suffix}"), Listed(path_of(f"memory://gone/a{suffix}"))
        self.filtered(shards, tmp_path / "out", listed=here)
        self.filtered(shards, "memory://out", listed=there)
        assert self.at(memory, "/gone") == {f"a{suffix}": here.path.read_bytes()}
        with pytest.raises(AnchorauditError, match="the output exists already"):
            self.filtered(shards, "memory://more", listed=there)
        with pytest.raises(AnchorauditError, match="a scan of that would read it, too"):
            self.filtered(shards, "memory://more", listed=Listed(path_of(f"memory://more/a{suffix}")))

    def test_an_option_of_the_whole(self, shards, tmp_path):
        done = run("filter", shards, "-o", "memory://out", "--certify", cwd=tmp_path)
        assert done.returncode == 2
        assert "--certify cannot go with an output at an address" in done.stderr


class TestObjectStore:
    """A real server of S3, where moto is installed: python -m pip install 'moto[server]' s3fs."""

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls):
        pytest.importorskip("s3fs", reason="S3 IS NOT TESTED: pip install s3fs 'moto[server]'")
        moto = pytest.importorskip("moto.server", reason="S3 IS NOT TESTED: pip install s3fs 'moto[server]'")
        server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()

    @pytest.fixture
    def bucket(self, server, monkeypatch, shards):
        for name, value in (
            ("AWS_ENDPOINT_URL", server),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ):
            monkeypatch.setenv(name, value)
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        system.mkdir("bucket")
        for file in shards.iterdir():
            system.pipe(f"bucket/shards/{file.name}", file.read_bytes())
        yield "s3://bucket/shards"
        system.rm("bucket", recursive=True)

    def test_the_answer_is_that_of_the_folder(self, shards, bucket, tmp_path):
        words = ("--detector", "yolov5", "--output-format", "json")
        there = run("scan", bucket, *words, cwd=tmp_path)
        here = run("scan", shards, "--engine", "local", *words, cwd=tmp_path)
        assert there.returncode == here.returncode == 1, there.stderr
        assert there.stderr == ""
        assert there.stdout.replace(bucket, str(shards)) == here.stdout

    def test_row_groups_are_read_by_themselves(self, shards, bucket, monkeypatch):
        monkeypatch.setattr("anchoraudit.formats.table.table_file._LARGE", 0)
        monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 20)
        parts = list(audit_partitions(bucket, "yolov5"))
        assert len(parts) > 6
        assert merge(parts).summary() == merge(audit_partitions(shards, "yolov5")).summary()

    def test_filter_writes_there(self, shards, bucket, tmp_path):
        words = ("--detector", "torchvision-retinanet_resnet50_fpn", "--ignore", "BOX017,CLS", "-o")
        here = run("filter", shards, "--engine", "local", *words, "out", cwd=tmp_path)
        there = run("filter", bucket, *words, "s3://bucket/clean", cwd=tmp_path)
        assert (here.returncode, there.returncode) == (0, 0), there.stderr
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        written = {name.rpartition("/")[2]: system.cat_file(name) for name in system.find("bucket/clean")}
        expected = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        assert written.keys() == expected.keys()
        manifests = [json.loads(each.pop("anchoraudit-manifest.json")) for each in (written, expected)]
        assert written == expected
        assert manifests[0]["parts"] == manifests[1]["parts"]
        again = run("filter", bucket, *words, "s3://bucket/clean", cwd=tmp_path)
        assert again.returncode == 2
        assert "the output exists already" in again.stderr
        scanned = run("scan", "s3://bucket/clean", *words[:4], "-q", cwd=tmp_path)
        assert scanned.returncode == 0, scanned.stdout

    def test_a_bucket_to_write_to_that_is_not_there(self, shards, bucket, tmp_path):
        done = run("filter", shards, "-o", "s3://none/clean", cwd=tmp_path)
        assert done.returncode == 2
        assert "s3://none/clean" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_bucket_that_is_not_there(self, bucket, tmp_path):
        done = run("scan", "s3://none/shards", cwd=tmp_path)
        assert done.returncode == 2
        assert "s3://none/shards: " in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("answers", [True, False])
    def test_a_server_that_does_not_answer(self, bucket, monkeypatch, tmp_path, answers):
        with listening(answers=answers) as port:
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
            monkeypatch.setenv("ANCHORAUDIT_TIMEOUT", "2")
            done = run("scan", bucket, cwd=tmp_path)
        assert done.returncode == 2
        assert f"http://127.0.0.1:{port}" in done.stderr
        assert bucket in done.stderr
        for word in (SECRET, KEY, "Traceback"):
            assert word not in done.stderr


def times(folder):
    """When each file below a folder was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def denying(status, words):
    """A server that answers every request as Google Cloud Storage does to who may not ask."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = json.dumps({"error": {"code": status, "message": words, "errors": []}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *words):
            pass

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


class TestGoogle:
    """A stand-in for Google Cloud Storage, where it is installed: gcp-storage-emulator and gcsfs."""

    WHERE = "GS IS NOT TESTED: pip install gcsfs gcp-storage-emulator"

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls):
        emulator = pytest.importorskip("gcp_storage_emulator.server", reason=cls.WHERE)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket="bucket")
        server.start()
        yield f"http://127.0.0.1:{port}"
        server.stop()

    @pytest.fixture
    def google(self, monkeypatch):
        # It asks a part of Google's that the stand-in does not have what kind of bucket it is.
        monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        pytest.importorskip("gcsfs", reason=self.WHERE)
        monkeypatch.setenv("FSSPEC_GS_TOKEN", "anon")
        monkeypatch.setitem(fsspec.config.conf, "gs", {"token": "anon"})

    @pytest.fixture
    def bucket(self, server, google, monkeypatch, shards):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
        system = fsspec.filesystem("gs", skip_instance_cache=True)
        for file in shards.iterdir():
            system.pipe_file(f"bucket/shards/{file.name}", file.read_bytes())
        yield "gs://bucket/shards"
        system.rm("bucket/shards", recursive=True)

    def test_the_answer_is_that_of_the_folder(self, shards, bucket, tmp_path):
        words = ("--detector", "yolov5", "--output-format", "json")
        there = run("scan", bucket, *words, cwd=tmp_path)
        here = run("scan", shards, "--engine", "local", *words, cwd=tmp_path)
        assert (there.returncode, there.stderr) == (1, "")
        assert there.stdout.replace(bucket, str(shards)) == here.stdout

    @pytest.mark.parametrize("name", ["part-1.parquet", "part-[1].parquet"])
    def test_a_file_and_a_pattern(self, shards, bucket, name):
        there, here = (anchoraudit.read(f"{each}/{name}") for each in (bucket, shards))
        assert there.boxes.xyxy.tolist() == here.boxes.xyxy.tolist()

    def test_what_did_not_change_is_not_read_again(self, shards, bucket, tmp_path):
        first = run("scan", bucket, "--cache", "cache", "-q", cwd=tmp_path)
        kept = times(tmp_path / "cache")
        again = run("scan", bucket, "--cache", "cache", "-q", cwd=tmp_path)
        assert again.stdout == first.stdout
        assert kept
        assert times(tmp_path / "cache") == kept
        system = fsspec.filesystem("gs", skip_instance_cache=True)
        system.pipe_file("bucket/shards/part-0.parquet", (shards / "part-1.parquet").read_bytes())
        other = run("scan", bucket, "--cache", "cache", "-q", cwd=tmp_path)
        assert other.stdout != first.stdout

    def test_filter_writes_there(self, shards, bucket, tmp_path):
        words = ("--detector", "torchvision-retinanet_resnet50_fpn", "--ignore", "BOX017,CLS")
        here = run("filter", shards, "--engine", "local", *words, "-o", "out", cwd=tmp_path)
        there = run("filter", bucket, *words, "-o", "gs://bucket/clean", cwd=tmp_path)
        assert (here.returncode, there.returncode) == (0, 0), there.stderr
        system = fsspec.filesystem("gs", skip_instance_cache=True)
        written = {name.rpartition("/")[2]: system.cat_file(name) for name in system.find("bucket/clean")}
        assert written.keys() == {path.name for path in (tmp_path / "out").iterdir()}
        for path in (tmp_path / "out").glob("*.parquet"):
            assert written[path.name] == path.read_bytes()
        again = run("filter", bucket, *words, "-o", "gs://bucket/clean", cwd=tmp_path)
        assert "the output exists already" in again.stderr
        assert run("scan", "gs://bucket/clean", *words, "-q", cwd=tmp_path).returncode == 0
        done = run("filter", bucket, *words, "-o", "gcs://bucket/shards/clean", cwd=tmp_path)
        assert "in each other" in done.stderr

    @pytest.mark.parametrize("place", ["bucket/none", "none/shards"])
    def test_what_is_not_there(self, bucket, tmp_path, place):
        done = run("scan", f"gs://{place}", cwd=tmp_path)
        assert done.returncode == 2
        assert f"gs://{place}: there is nothing at this address" in done.stderr

    def test_a_bucket_to_write_to_that_is_not_there(self, shards, bucket, tmp_path):
        done = run("filter", shards, "--ignore", "BOX017,CLS", "-o", "gs://none/clean", cwd=tmp_path)
        assert done.returncode == 2
        assert "cannot be written: there is no such bucket" in done.stderr

    @pytest.mark.parametrize(
        ("status", "said"),
        [(401, "Anonymous caller does not have storage.objects.list access"), (403, "Forbidden")],
    )
    def test_who_may_not_read(self, google, monkeypatch, tmp_path, status, said):
        with denying(status, "Anonymous caller does not have storage.objects.list access.") as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_address[1]}")
            done = run("scan", "gs://bucket/shards", cwd=tmp_path)
            server.shutdown()
        assert done.returncode == 2
        assert f"gs://bucket/shards: cannot be read: {said}" in done.stderr
        assert "Check address and credentials: gcloud auth application-default login." in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("answers", [True, False])
    def test_a_server_that_does_not_answer(self, google, monkeypatch, tmp_path, answers):
        monkeypatch.setenv("ANCHORAUDIT_TIMEOUT", "2")
        with listening(answers=answers) as port:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
            done = run("scan", "gs://bucket/shards", cwd=tmp_path)
        assert done.returncode == 2
        assert f"http://127.0.0.1:{port} does not answer within 2 seconds" in done.stderr


class TestHub:
    """The hub's own client, where it is installed, against what it asks of the hub (`tests/hub.py`)."""

    TOKEN = "hf_AbCdEfGhIjKlMnOpQrStUv"

    @pytest.fixture
    def client(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        pytest.importorskip("huggingface_hub", reason="hf:// IS NOT TESTED: pip install huggingface_hub")

        def at(endpoint):
            monkeypatch.setenv("HF_ENDPOINT", endpoint)
            monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)

        return at

    @pytest.fixture
    def boxes(self, client, shards):
        files = {f"data/{path.name}": path.read_bytes() for path in shards.iterdir()}
        lines = {"0.jsonl": b'{"image_id": "a", "label": "b", "x1": 1, "y1": 2, "x2": 30, "y2": 40}\n'}
        with hub({"me/boxes": {**files, "README.md": b"-"}, "me/lines": lines, "me/gated": files}) as held:
            held.gated = frozenset({"me/gated"})
            client(held.endpoint)
            yield held

    def test_the_answer_is_that_of_the_folder(self, shards, boxes, tmp_path):
        words = ("--detector", "yolov5", "--output-format", "json")
        here = run("scan", shards, "--engine", "local", *words, cwd=tmp_path)
        for address in ("hf://datasets/me/boxes/data", "hf://datasets/me/boxes@main/data"):
            there = run("scan", address, *words, cwd=tmp_path)
            assert (there.returncode, there.stderr) == (1, "")
            assert there.stdout.replace(address, str(shards)) == here.stdout

    @pytest.mark.parametrize("name", ["part-1.parquet", "part-[1].parquet", "part-1*"])
    def test_a_file_and_a_pattern(self, shards, boxes, tmp_path, name):
        words = ("--engine", "local", "--output-format", "json")
        there = run("scan", f"hf://datasets/me/boxes/data/{name}", *words, cwd=tmp_path)
        here = run("scan", shards / name, *words, cwd=tmp_path)
        assert json.loads(there.stdout)["summary"] == json.loads(here.stdout)["summary"]

    @pytest.mark.parametrize("address", ["hf://datasets/me/lines/*.jsonl", "hf://datasets/me/boxes"])
    def test_lines_and_a_data_set_whose_files_are_below(self, boxes, tmp_path, address):
        done = run("scan", address, "--output-format", "json", cwd=tmp_path)
        assert done.returncode == 1, done.stderr
        assert json.loads(done.stdout)["summary"]["images"] == (1 if "lines" in address else 60)

    def test_a_folder_is_listed_once_and_not_for_each_of_its_files(self, boxes):
        folder = path_of("hf://datasets/me/boxes/data")
        boxes.asked.clear()
        found = [stores.status(path).size for path, _ in stores.inside(folder)]
        assert found == [len(data) for path, data in sorted(boxes.files["me/boxes"].items())[1:]]
        listed = [path for _, path in boxes.asked if "/tree/main/data?" in path]
        assert len(listed) == 1

    def test_what_did_not_change_is_not_read_again(self, boxes, tmp_path):
        words = ("scan", "hf://datasets/me/boxes/data", "--cache", "cache", "-q")

        def read():
            boxes.asked.clear()
            done = run(*words, cwd=tmp_path)
            return done.stdout, {path.rpartition("/")[2] for _, path in boxes.asked if "/resolve/" in path}

        first, files = read()
        assert files == {f"part-{number}.parquet" for number in range(3)}
        again, files = read()
        assert again == first
        assert len(files) <= 1  # the first one, for its columns
        held = boxes.files["me/boxes"]
        held["data/part-2.parquet"] = held["data/part-1.parquet"]
        other, files = read()
        assert other != first
        assert "part-2.parquet" in files

    def test_filter_reads_from_there_and_does_not_write_there(self, shards, boxes, tmp_path):
        words = ("--engine", "local", "--ignore", "BOX017,CLS", "-o")
        assert run("filter", "hf://datasets/me/boxes/data", *words, "there", cwd=tmp_path).returncode == 0
        assert run("filter", shards, *words, "here", cwd=tmp_path).returncode == 0
        for path in (tmp_path / "here").glob("*.parquet"):
            assert (tmp_path / "there" / path.name).read_bytes() == path.read_bytes()
        done = run("filter", shards, *words, "hf://datasets/me/boxes/clean", cwd=tmp_path)
        assert done.returncode == 2
        assert "nothing is written to hf:// addresses" in done.stderr

    @pytest.mark.parametrize(
        ("place", "said"),
        [
            ("me/none", "Repository Not Found"),
            ("me/boxes@v2/data", "Revision Not Found"),
            ("me/boxes/none", "there is nothing at this address"),
            ("me/gated/data", "Cannot access gated repo"),
        ],
    )
    def test_what_is_not_there_or_not_for_all(self, boxes, tmp_path, place, said):
        done = run("scan", f"hf://datasets/{place}", cwd=tmp_path)
        assert done.returncode == 2
        assert f"hf://datasets/{place}" in done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr

    def test_tokens(self, boxes, monkeypatch, tmp_path):
        boxes.token = self.TOKEN
        words = ("scan", "hf://datasets/me/boxes/data", "-q")
        without = run(*words, cwd=tmp_path)
        assert without.returncode == 2
        assert "a token: hf auth login, or HF_TOKEN" in without.stderr
        monkeypatch.setenv("HF_TOKEN", self.TOKEN)
        assert run(*words, cwd=tmp_path).returncode == 1
        wrong = self.TOKEN[::-1]
        monkeypatch.setenv("HF_TOKEN", wrong)
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert wrong not in done.stderr

    def test_without_network(self, client, monkeypatch):
        monkeypatch.setenv("ANCHORAUDIT_TIMEOUT", "2")
        with listening(answers=False) as port:
            client(f"http://127.0.0.1:{port}")
            with pytest.raises(AnchorauditError) as caught:
                anchoraudit.read("hf://datasets/someone/something")
        assert "hf:// needs the network" in str(caught.value)

    def test_a_hub_that_does_not_answer(self, client, monkeypatch):
        monkeypatch.setenv("ANCHORAUDIT_TIMEOUT", "1")
        with listening(answers=True) as port:
            client(f"http://127.0.0.1:{port}")
            with pytest.raises(AnchorauditError, match=f"http://127.0.0.1:{port} does not answer within 1"):
                anchoraudit.read("hf://datasets/someone/something")
