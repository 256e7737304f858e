"""The page, in a real browser where there is one."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from harbor_fleet.evaluation import Evaluation, Row
from harbor_fleet.fleet import Outlook
from harbor_fleet.metrics import Scores
from harbor_fleet.report import report_page
from harbor_fleet.table import Finding

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--virtual-time-budget=3000", "--enable-logging=stderr"),
]
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium or google-chrome here")


@pytest.fixture(scope="module")
def page(fleet) -> str:
    """The page of three depots, one of them with a name that is no plain text."""
    panel = fleet._replace(
        sites=("Alpha", 'Beta, <b>east</b> & "x"', "Gamma"), cities=("Oslo", "Bergen", "Oslo")
    )
    held = panel.counts[:, -30:]
    expected = np.nan_to_num(held) + 1.0
    scores = Scores(9.0, 8.0, 7.0, 0.6, 1)
    rows = [
        Row("seasonal naive", "", scores._replace(wape=14.0), None, 0.1),
        Row("GRU", "", scores, 79.6, 3.0),
        Row("GRU", "Oslo", scores, 80.0, 3.0),
        Row("GRU", "Bergen", scores, 80.0, 3.0),
    ]
    forecasts = {"GRU": expected, "seasonal naive": expected + 4}
    found = Evaluation(rows, forecasts, np.stack([expected - 5, expected + 5]), None)
    dates = panel.dates[-1] + np.arange(1, 8)
    point = np.tile([[10.0], [20.0], [np.nan]], (1, 7))
    notes = ("", "only zeros since 2023-09-01", "no counts yet: no forecast")
    week = Outlook(panel.sites, dates, point, point - 2, point + 2, notes)
    findings = [Finding("warning", "row 4", "a <script> & more", "look")]
    return report_page(panel, findings, "counts.csv", found, panel.sites, panel.dates[-30:], week)


def test_the_page_holds_everything_and_fetches_nothing(page):
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"<(?:link|img|iframe)\b|\bsrc=|url\(|@import|fetch\(|XMLHttp", page)
    assert "default-src 'none'" in page
    assert "a &lt;script&gt; &amp; more" in page
    for word in ("Bergen", "seasonal naive", "80 % holds", "30 days"):
        assert word in page


def test_the_data_are_whole_numbers_of_days(page):
    text = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)[1]
    told = json.loads(text)
    assert told["days"] == told["known"] + 7 and told["held"] == told["known"] - 30
    assert [depot["site"] for depot in told["depots"]][1:3] == ["Alpha", 'Beta, <b>east</b> & "x"']
    for depot in told["depots"]:
        assert len(depot["seen"]) == told["known"] and len(depot["week"]["point"]) == 7
    assert told["depots"][3]["week"]["point"] == [None] * 7
    assert "Harbor Day" in told["named"].values()


def dom(page: str, tmp_path, address: str = "", width: int = 1200) -> tuple[str, str]:
    """The page's elements after its script ran, and what the browser's console said."""
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    command = [BROWSER, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    command += [f"--window-size={width},900", path.as_uri() + address]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = [line for line in ran.stderr.splitlines() if "CONSOLE" in line]
    return ran.stdout, "\n".join(said)


@needs_browser
def test_the_first_view_is_all_depots(page, tmp_path):
    shown, said = dom(page, tmp_path)
    assert said == ""
    assert re.search(r'<h2 id="depot-title"[^>]*>All depots</h2>', shown)
    assert shown.count("<option") == 4 and '<optgroup label="Bergen">' in shown
    assert 'class="told-line"' in shown and re.search(r'class="seen-line"[^>]* d="M[\d.]+ ', shown)


@needs_browser
def test_an_address_chooses_a_depot(page, tmp_path):
    shown, said = dom(page, tmp_path, "#depot=Beta%2C%20%3Cb%3Eeast%3C%2Fb%3E%20%26%20%22x%22", 500)
    assert said == ""
    assert '<title>Beta, &lt;b&gt;east&lt;/b&gt; &amp; "x" – Harbor Fleet</title>' in shown
    assert 'class="band-area" d="M' in shown
    assert re.search(r'<p id="note"[^>]*>only zeros since 2023-09-01</p>', shown)
    assert shown.count('<td class="strong">20</td><td>18–22</td>') == 7
    assert "<td>Week</td><td>140</td>" in shown


@needs_browser
def test_arrow_keys_read_the_days_and_buttons_change_the_depot(page, tmp_path):
    """What a person without a mouse does, as a script."""
    acts = """<script>
      byId("after").click(); byId("theme").click();
      for (const key of ["ArrowLeft", "ArrowRight", "PageUp"])
        byId("chart").dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
      byId("find").value = "gam"; byId("find").dispatchEvent(new Event("input"));
    </script>"""
    shown, said = dom(page.replace("</body>", acts + "</body>"), tmp_path)
    assert said == "" and 'data-theme="' in shown
    assert re.search(r'<h2 id="depot-title"[^>]*>Alpha, Oslo</h2>', shown)
    read = re.search(r'<figcaption id="read"[^>]*>(.*?)</figcaption>', shown)[1]
    assert re.fullmatch(
        r"Fri, Oct 20 · counted [\d,]+ · forecast [\d,]+ \(.*\) · last week .*", read
    )
    table = shown.partition('<table id="all">')[2].partition("</table>")[0]
    assert "Gamma" in table and "Alpha" not in table


@needs_browser
def test_a_script_error_would_be_seen(page, tmp_path):
    broken = page.replace("fillSelect();", "fillSelect(); noSuchName();", 1)
    assert "noSuchName is not defined" in dom(broken, tmp_path)[1]
