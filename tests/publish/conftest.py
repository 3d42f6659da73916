"""A folder and a bucket to keep files in."""

from __future__ import annotations

import pytest

from cadenza.publish.bucket import bucket_of
from cadenza.publish.objects import ObjectStore
from cadenza.publish.store import MediaStore
from cadenza.settings import from_environment


@pytest.fixture
def new_file(tmp_path):
    """Make a file of some bytes and return its path; each under a name of its own."""
    made = []

    def make(content):
        path = tmp_path / f"new-{len(made)}"
        path.write_bytes(content)
        made.append(path)
        return path

    return make


@pytest.fixture
def bucket_name(bucket_server):
    return bucket_server.new_bucket()


@pytest.fixture
def open_bucket(bucket_server, bucket_name):
    """Open the test's bucket, through another port and with less patience where these are given."""

    def open_it(*, port=None, silence_s=30.0):
        settings = from_environment(bucket_server.environment(bucket_name, port=port))
        return ObjectStore(bucket_of(settings), silence_s=silence_s)

    return open_it


@pytest.fixture(params=["folder", "bucket"])
def media(request, tmp_path):
    """A place for files; every test that uses it runs on both kinds."""
    if request.param == "folder":
        return MediaStore(tmp_path / "media")
    return request.getfixturevalue("open_bucket")()
