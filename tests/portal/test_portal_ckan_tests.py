"""What is told of CKAN's own tests, with the extension and without it."""

import pytest

from portal import ckan_tests
from portal.console import PortalError

pytestmark = pytest.mark.pure

REPORT = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest">
<testcase classname="ckan.tests.a.TestA" name="test_one" time="0.1"/>
<testcase classname="ckan.tests.a.TestA" name="test_two[x]">
  <failure message="assert">why</failure></testcase>
<testcase classname="ckan.tests.b" name="test_three"><skipped message="no"/></testcase>
<testcase classname="ckan.tests.b" name="test_four">
  <error message="teardown">why</error></testcase>
</testsuite></testsuites>
"""
ONE, TWO = "ckan.tests.a.TestA::test_one", "ckan.tests.a.TestA::test_two[x]"
THREE, FOUR = "ckan.tests.b::test_three", "ckan.tests.b::test_four"


def test_a_report_says_what_became_of_each_test(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(REPORT, "utf-8")
    assert ckan_tests.outcomes(report) == {
        ONE: "passed",
        TWO: "failure",
        THREE: "skipped",
        FOUR: "error",
    }


def test_that_no_test_was_found_is_said(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text("<testsuites><testsuite/></testsuites>", "utf-8")
    with pytest.raises(PortalError, match="no test was found"):
        ckan_tests.outcomes(report)


def test_what_differs_is_told_and_what_is_alike_is_counted():
    without = {ONE: "passed", TWO: "failure", THREE: "skipped", FOUR: "passed"}
    told = ckan_tests.judged(without, {**without, TWO: "passed", FOUR: "failure"})
    assert told == {
        "tests": 4,
        "passed": 1,
        "alike": {"passed": 1, "skipped": 1},
        "differ": {TWO: ["failure", "passed"], FOUR: ["passed", "failure"]},
    }
    # A test that did not run at all on one side is no test that passed there.
    assert ckan_tests.judged({ONE: "passed"}, {})["differ"] == {
        ONE: ["passed", "missing"]
    }


def test_the_page_has_a_row_for_each_version_and_names_what_differs():
    alike = ckan_tests.judged(
        {ONE: "passed", TWO: "failure"}, {ONE: "passed", TWO: "failure"}
    )
    other = ckan_tests.judged({ONE: "passed"}, {ONE: "failure"})
    about = {"date": "2026-11-30"}
    page = ckan_tests.page(
        {
            "2.11": {**other, **about, "ckan": "2.11.6"},
            "2.12": {**alike, **about, "ckan": "2.12.0"},
        }
    )
    assert "| 2.12.0 | 2026-11-30 | 2 | 1 | 1 failure | 0 |" in page
    assert "| 2.11.6 | 2026-11-30 | 1 | 0 |  | 1 |" in page
    assert f"| `{ONE}` | passed | failure |  |" in page
    assert "What differs on CKAN 2.12" not in page
