"""The verdict as a JUnit report: one test case for each demand, so that CI shows which one stopped a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring


def junit(document: Mapping[str, Any]) -> bytes:
    """One test suite, called like the gate. A broken demand is a failure; one that is undecided is an error.

    Doubts, and a gate that has nothing to demand, are an error of their own: no report is green unless the gate passed.
    """
    suite = Element("testsuite", name=f"gate {document['gate']}", timestamp=document["decided_at"])
    failures = errors = 0
    for demand in document["demands"]:
        case = SubElement(suite, "testcase", classname=f"gate.{document['gate']}", name=demand["name"])
        if demand["outcome"] == "fail":
            failures += 1
            SubElement(case, "failure", message=_printable(demand["reason"]), type="broken")
        elif demand["outcome"] == "inconclusive":
            errors += 1
            SubElement(case, "error", message=_printable(demand["reason"]), type="inconclusive")
        else:
            SubElement(case, "system-out").text = _printable(demand["reason"])
    if document["verdict"] != "pass" and not failures + errors:
        errors += 1
        case = SubElement(suite, "testcase", classname=f"gate.{document['gate']}", name="verdict")
        SubElement(case, "error", message=_printable(document["reason"]), type="inconclusive")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    indent(suite)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite) + b"\n"


def _printable(text: str) -> str:
    """Without control characters, which XML has no way to write."""
    return "".join(character if character.isprintable() else " " for character in text)
