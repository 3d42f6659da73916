"""The snippets of docs/callbacks.md are run as printed, against headers that we really send."""

import base64
import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from cadenza.domain.clock import SystemClock
from cadenza.notify.plan import DELAYS_S, MOST_ATTEMPTS
from cadenza.notify.signing import new_secret, standard_headers

PAGE = (Path(__file__).parents[2] / "docs" / "callbacks.md").read_text(encoding="utf-8")
NEW, OLD = new_secret(), new_secret()
BODY = '{"title":"Größe, 夜曲","n":1.50}'.encode()


def snippet(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    return found


def cases(*, looks_at_the_clock=True):
    now = SystemClock().now()  # the snippets look at the machine's clock
    good = standard_headers("evt_1", BODY, now, [NEW, OLD])
    yield NEW, good, BODY, True
    yield OLD, good, BODY, True
    yield new_secret(), good, BODY, False
    yield NEW, good, BODY + b" ", False
    yield NEW, good | {"webhook-id": "evt_2"}, BODY, False
    yield NEW, good | {"webhook-signature": "v1,AAAA"}, BODY, False
    if looks_at_the_clock:
        stale = standard_headers("evt_1", BODY, now - timedelta(minutes=10), [NEW])
        yield NEW, stale, BODY, False


def test_wh_01_the_python_snippet_knows_genuine_from_forged():
    names = {}
    exec(snippet("python"), names)  # noqa: S102 - the page's own text
    for secret, headers, body, genuine in cases():
        assert names["is_genuine"](secret, headers, body) is genuine


def test_wh_01_the_javascript_snippet_knows_genuine_from_forged():
    if not shutil.which("node"):
        pytest.skip("node is not here")
    told = [[secret, headers, base64.b64encode(body).decode()] for secret, headers, body, _ in cases()]
    program = (
        f"{snippet('javascript')}\nconst cases = {json.dumps(told)};\n"
        "console.log(JSON.stringify(cases.map(([s, h, b]) => isGenuine(s, h, Buffer.from(b, 'base64')))));"
    )
    ran = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [genuine for *_, genuine in cases()]


def test_wh_01_the_published_library_of_javascript_knows_genuine_from_forged():
    """It is looked for where node looks: in NODE_PATH, or installed beside."""
    if not shutil.which("node"):
        pytest.skip("node is not here")
    if subprocess.run(
        ["node", "-e", "require('standardwebhooks')"], capture_output=True, check=False
    ).returncode:
        pytest.skip("standardwebhooks of npm is not installed where node finds it (NODE_PATH)")
    told = [[secret, headers, base64.b64encode(body).decode()] for secret, headers, body, _ in cases()]
    program = """
const { Webhook } = require("standardwebhooks");
const verified = ([secret, headers, body]) => {
  try { new Webhook(secret).verify(Buffer.from(body, "base64").toString(), headers); return true; }
  catch { return false; }
};
"""
    program += f"console.log(JSON.stringify({json.dumps(told)}.map(verified)));"
    ran = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [genuine for *_, genuine in cases()]


RUNNERS = {
    "php": (
        ("php", "-d", "display_errors=stderr"),
        """
foreach (json_decode(file_get_contents('cases.json'), true) as [$secret, $headers, $body]) {
    $found[] = is_genuine($secret, $headers, base64_decode($body));
}
echo json_encode($found);
""",
    ),
    "ruby": (
        ("ruby",),
        """
require "json"
puts JSON.dump(JSON.parse(File.read("cases.json")).map { |s, h, b| genuine?(s, h, b.unpack1("m")) })
""",
    ),
}


@pytest.mark.parametrize("language", RUNNERS)
def test_wh_01_the_snippets_of_other_languages_know_genuine_from_forged(language, tmp_path):
    words, ending = RUNNERS[language]
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not here")
    told = [[secret, headers, base64.b64encode(body).decode()] for secret, headers, body, _ in cases()]
    (tmp_path / "cases.json").write_text(json.dumps(told))
    (tmp_path / "program").write_text(snippet(language) + ending)
    ran = subprocess.run([*words, "program"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [genuine for *_, genuine in cases()]


def test_wh_01_the_shell_snippet_knows_genuine_from_forged(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("the openssl program is not here")
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"}
    for secret, headers, body, genuine in cases(looks_at_the_clock=False):
        (tmp_path / "body.json").write_bytes(body)
        told = {
            "SECRET": secret,
            "ID": headers["webhook-id"],
            "TIMESTAMP": headers["webhook-timestamp"],
            "SIGNATURE": headers["webhook-signature"],
        }
        ran = subprocess.run(
            ["sh", "-c", snippet("sh")],
            cwd=tmp_path,
            env=path | told,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.stdout.strip() == ("genuine" if genuine else "forged"), ran.stderr


def test_wh_03_the_retry_table_of_the_page_is_the_plan():
    rows = re.findall(r"^\| (\d+) \| (\d+) (s|min|h) \|", PAGE, flags=re.MULTILINE)
    seconds = {"s": 1, "min": 60, "h": 3600}
    assert [int(attempt) for attempt, *_ in rows] == list(range(2, MOST_ATTEMPTS + 1))
    assert tuple(float(number) * seconds[unit] for _, number, unit in rows) == DELAYS_S
