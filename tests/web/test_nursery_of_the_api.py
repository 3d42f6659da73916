"""The nursery of an API process: started by the first upload, ended with the server."""

from __future__ import annotations

import base64

from cadenza.audio import children
from cadenza.testing.audio import noise
from cadenza.testing.files import file_bytes


def test_ME_09_an_api_process_that_ends_leaves_no_nursery(house, monkeypatch):
    started = []
    real = children._started_nursery
    monkeypatch.setattr(
        children, "_started_nursery", lambda control: started.append(real(control)) or started[-1]
    )
    recording = base64.b64encode(file_bytes(noise(0.05), "wav")).decode()
    upload = ("POST", "/v1/uploads", {"data_base64": recording})
    answers = house.ask(house.caller("somebody"), upload, upload)
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(started) == 1
    assert started[0].returncode is not None
