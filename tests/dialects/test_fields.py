"""The reader of request fields: one table reads, explains and describes."""

import pytest
from jsonschema import Draft202012Validator

from cadenza.dialects.fields import Field, TooLong, openapi_schema, read
from cadenza.dialects.kinds import Choice, Flag, Hundredths, Seconds, Text, Unfit, Url, Whole
from cadenza.dialects.meaning import reads_as_lyrics
from cadenza.domain.errors import Fault, Malformed
from cadenza.domain.request import Weight

NAME = Field("name", Text(5), "A name.", required=True)
LOUD = Field("loud", Flag(), "Whether loud.", default=False)
WEIGHT = Field("weight", Hundredths(), "A weight.", also=("wt",))
TABLE = (NAME, LOUD, WEIGHT)


def faults_of(body):
    reading = read(TABLE, body)
    with pytest.raises(Malformed) as refused:
        reading.settle()
    return refused.value.faults


def test_values_are_read_by_their_field():
    reading = read(TABLE, {"name": "Ann", "loud": True, "weight": 0.29})
    reading.settle()
    assert (reading.get(NAME), reading.flag(LOUD), reading.get(WEIGHT)) == ("Ann", True, Weight(29))


@pytest.mark.parametrize("nothing", [None, "", "  ", "\n"])
def test_null_and_blank_text_mean_not_given(nothing):
    reading = read(TABLE, {"name": "Ann", "loud": nothing, "weight": nothing})
    reading.settle()
    assert (reading.flag(LOUD), reading.get(WEIGHT), reading.has(WEIGHT)) == (False, None, False)


def test_every_fault_is_told_with_its_limit_and_the_measured_value():
    assert faults_of({"name": "Anneliese", "loud": 3, "weight": 1.5}) == (
        TooLong("name", "must have at most 5 characters, has 9", 5, 9),
        Fault("loud", "must be true or false"),
        Fault("weight", "must lie between 0 and 1", 1, 1.5),
    )


def test_a_fault_bears_the_name_the_caller_used():
    assert [fault.field for fault in faults_of({"name": "Ann", "wt": 2})] == ["wt"]


def test_the_documented_name_and_the_other_one_are_the_same_field():
    assert read(TABLE, {"name": "Ann", "wt": 0.5}).get(WEIGHT) == Weight(50)


def test_a_required_field_that_is_absent_is_a_fault():
    assert faults_of({}) == (Fault("name", "is required"),)


def test_a_field_that_does_not_fit_is_not_called_absent_too():
    reading = read(TABLE, {"name": 3})
    reading.require(NAME, when="it matters")
    with pytest.raises(Malformed) as refused:
        reading.settle()
    assert len(refused.value.faults) == 1


def test_an_unused_field_is_reported_only_if_it_was_given():
    reading = read(TABLE, {"name": "Ann", "weight": 1, "colour": "red"})
    reading.unused(LOUD, WEIGHT)
    assert reading.reported == ("colour", "weight")


@pytest.mark.parametrize("weight", [0, 0.0, 0.01, 0.29, 0.57, 0.58, 1, 1.0, 0.1 + 0.2])
def test_a_weight_is_exact_to_the_hundredth(weight):
    assert Hundredths().read(weight).hundredths == round(weight * 100)


@pytest.mark.parametrize(("value", "seconds"), [(60, 60.0), (60.5, 60.5), ("60", 60.0), (" 60.25 ", 60.25)])
def test_seconds_come_as_numbers_and_numeric_texts(value, seconds):
    assert Seconds().read(value) == seconds


def test_a_whole_number_may_be_written_with_a_point():
    assert Whole(0, 100).read(60.0) == 60
    with pytest.raises(Unfit):
        Whole(0, 100).read(60.5)


def test_a_large_seed_keeps_every_digit():
    assert Whole(0, 2**63 - 1).read(2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize("word", ["f", "F", " f ", "female"])
def test_a_choice_reads_its_words_in_any_case(word):
    assert Choice({"f": 1, "m": 2}, also={"female": 1}).read(word) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/x",
        "http://127.0.0.1:9/x?y=1&z=%20",
        "HTTPS://A.EXAMPLE",
        "http://[::1]/x",
        "https://ä.example",
    ],
)
def test_http_urls_are_urls(url):
    assert Url().read(url) == url


@pytest.mark.parametrize(
    "url",
    ["a.example", "ftp://a.example/x", "file:///etc/passwd", "javascript:alert(1)", "http://", "http:///x",
     "http://a b/", "http://a.example/\r\nx", "http://[::1", "http://a.example:99999/",
     "data:audio/wav;base64,AA"],
)  # fmt: skip
def test_other_texts_are_no_urls(url):
    with pytest.raises(Unfit):
        Url().read(url)


@pytest.mark.parametrize(
    ("text", "sung"),
    [
        ("[Verse]\nLa la", True),
        ("[Chorus] we are", True),
        ("La la\nla la la", True),
        ("Extend the music with more relaxing notes", False),
        ("Make it calm.\n", False),
        ("a song about arrays like x[0]", False),
        ("", False),
    ],
)
def test_words_to_sing_come_in_lines_or_under_section_marks(text, sung):
    assert reads_as_lyrics(text) is sung


def test_the_schema_says_what_the_reader_takes():
    schema = openapi_schema(TABLE)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for body in ({"name": "Ann"}, {"name": "Ann", "loud": None, "weight": 0.25, "other": 1}):
        assert validator.is_valid(body)
        read(TABLE, body).settle()
    for body in ({}, {"name": "Anneliese"}, {"name": "Ann", "weight": 2}):
        assert not validator.is_valid(body)
        assert faults_of(body)
