"""docs/reliability.md says what is tried: neither more nor less than the tests that exist."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("reliability", Path(__file__).parent / "reliability.py")
reliability = sys.modules["reliability"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(reliability)
PAGE = reliability.PAGE.read_text()
WRITE = "write the page anew: python tests/house/reliability.py"


def test_the_page_names_exactly_the_tests_that_exist():
    told = set(re.findall(r"^\| (\w\w-\d\d) \| (.+?) <sub>(.+?)</sub> \|", PAGE, re.MULTILINE))
    exist = {(one.entry, one.sentence, one.path.removeprefix("tests/")) for one in reliability.tests()}
    assert told == exist, WRITE


@pytest.mark.parametrize("entry", reliability.entries())
def test_every_entry_is_tried_or_has_its_reason(entry):
    assert re.search(rf"^\| {entry} \|", PAGE, re.MULTILINE), WRITE
    left = PAGE.partition("## Not covered")[2]
    told = re.search(rf"^\| {entry} \| (.+) \|$", left, re.MULTILINE)
    assert told is None or told[1] == reliability.NOT_COVERED.get(entry), f"{entry} needs a test or a reason"


def test_a_reason_is_given_only_for_what_is_not_tried():
    tried = {one.entry for one in reliability.tests()} | reliability.benchmarks().keys()
    assert not reliability.NOT_COVERED.keys() & tried


def test_every_test_names_an_entry_that_is_in_the_catalogue():
    known = set(reliability.entries())
    assert {one.entry for one in reliability.tests()} <= known


def test_no_test_of_the_catalogue_was_recorded_as_failed():
    for form, path in reliability.RECORDS.items():
        failed = [node for node, told in reliability._record(path).items() if told["outcome"] == "failed"]
        assert failed == [], form
