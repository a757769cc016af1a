"""The catalogue, what is exposed, the page, the dashboard and the alerts speak of the same."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from gateway.metrics.catalogue import CATALOGUE, Kind, Metric
from gateway.metrics.exposition import Exposition
from tests.architecture.metrics_reference import reference, written
from tests.architecture.promql import NotUnderstood, spoken
from tests.architecture.sources import ROOT

DASHBOARD = ROOT / "deploy" / "grafana" / "argent.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
SCRAPE = ROOT / "deploy" / "prometheus" / "prometheus.yml"

OF_PROMETHEUS = {"instance", "job"}
"""Labels that every value is given when it is collected."""
FOREIGN = {"up": OF_PROMETHEUS}
"""Metrics that Prometheus makes itself."""
UNITS = ("_seconds", "_bytes", "_dollars", "_info", "_fds")
SMALL = {
    *("channel", "result", "outcome", "kind", "condition", "model", "end", "code"),
    *("tool", "reason", "summarised", "phase", "store", "version", "python"),
}
"""Labels whose values are few. A chat, a person or a session is none of them."""

SERIES: dict[str, set[str]] = {
    **FOREIGN,
    **{
        name: {*metric.labels, *OF_PROMETHEUS, *({"le"} if name.endswith("_bucket") else ())}
        for metric in CATALOGUE
        for name in metric.series
    },
}


def panels() -> Iterator[dict[str, Any]]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield panel
        yield from panel.get("panels", ())


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def asked() -> list[tuple[str, str, str]]:
    """Every expression, with whose it is and what is said about its labels."""
    found = [(rule["alert"], rule["expr"], str(rule["annotations"])) for rule in rules()]
    found += [
        (panel["title"], target["expr"], re.sub(r"\{\{(\w+)\}\}", r"$labels.\1", legend))
        for panel in panels()
        for target in panel.get("targets", ())
        for legend in [target["legendFormat"]]
    ]
    return found


def plain(expression: str) -> str:
    """An expression as Prometheus gets it, with Grafana's variables filled in."""
    return re.sub(r"\$__?\w+", "5m", expression.replace('"$instance"', '".*"'))


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_a_metric_is_named_as_prometheus_advises(metric: Metric) -> None:
    assert re.fullmatch(r"(argent|process)(_[a-z]+)+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.help.endswith(".")
    assert set(metric.labels) <= SMALL
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    if metric.kind is Kind.HISTOGRAM:
        assert metric.name.endswith(UNITS)
        assert list(metric.buckets) == sorted(metric.buckets)


def test_no_name_is_used_twice() -> None:
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE)


def test_everything_in_the_catalogue_is_exposed_and_nothing_else() -> None:
    text = asyncio.run(Exposition().text()).decode()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    assert kinds == {metric.name: str(metric.kind) for metric in CATALOGUE}


def test_the_page_has_every_metric() -> None:
    assert written() == reference(), "run python -m tests.architecture.metrics_reference"


@pytest.mark.parametrize(("whose", "expression", "told"), asked())
def test_dashboard_and_alerts_ask_for_what_there_is(whose: str, expression: str, told: str) -> None:
    found = spoken(plain(expression))
    assert found.metrics, whose
    for metric, labels in found.metrics.items():
        assert metric in SERIES, whose
        assert labels <= SERIES[metric], (whose, metric)
    known = set.intersection(*(SERIES[metric] for metric in found.metrics))
    assert found.grouped <= known, whose
    left = (found.grouped - {"le"}) if "sum" in expression else known
    assert set(re.findall(r"\$labels\.(\w+)", told)) <= left, whose


def test_the_dashboard_shows_every_metric_of_ours() -> None:
    shown = {m for _, expression, _ in asked() for m in spoken(plain(expression)).metrics}
    missing = [m.name for m in CATALOGUE if not shown & set(m.series)]
    assert missing == ["process_virtual_memory_bytes"]


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    names = [panel["id"] for panel in panels()]
    assert len(set(names)) == len(names)
    for panel in panels():
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_alert_says_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "runbook"}, rule["alert"]
        assert len(rule["annotations"]["runbook"]) > 80, rule["alert"]


def test_the_example_of_a_scrape_fits_the_alerts() -> None:
    scrape = yaml.safe_load(SCRAPE.read_text())
    assert [job["job_name"] for job in scrape["scrape_configs"]] == ["argent"]
    assert scrape["rule_files"] == [ALERTS.name]


@pytest.mark.parametrize(
    "wrong",
    ["sum(argent_live", "argent_live)", "argent_live{channel='x'}", "median(argent_live)", "a ? b"],
)
def test_an_expression_that_is_wrong_is_refused(wrong: str) -> None:
    with pytest.raises(NotUnderstood):
        spoken(wrong)


def test_an_expression_tells_its_metrics_and_labels() -> None:
    found = spoken(
        'histogram_quantile(0.9, sum by (le, store) (rate(a_bucket{x=~"(y|z)",q!="b"}[5m])))'
        " / sum(b) without (c) > 0.5e3"
    )
    assert found.metrics == {"a_bucket": {"x", "q"}, "b": set()}
    assert found.grouped == {"le", "store", "c"}
