"""docs/settings.md, the schema and the names that Tab offers are what the models say."""

import re
import tomllib

import jsonschema
import pytest

from gateway.cli.completing import NAMES
from gateway.config_json_schema import schema
from gateway.config_reference import reference
from tests.architecture.settings_reference import names, page, written
from tests.architecture.test_settings_documented import COMMENTED, EXAMPLE

AGAIN = "run python -m tests.architecture.settings_reference"


@pytest.fixture(scope="module")
def editor():
    """What an editor does with the schema."""
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def test_the_page_is_what_the_settings_say():
    assert written() == page(), AGAIN


def test_the_names_that_tab_offers_are_those_of_the_settings():
    assert NAMES.read_text(encoding="utf-8") == names(), AGAIN


def test_every_setting_says_what_it_means():
    assert [each.name for each in reference() if not each.meaning] == []


def test_the_example_is_good_by_the_schema(editor):
    """As it stands, and with everything switched on."""
    for text in (EXAMPLE.read_text(), COMMENTED.sub(r"\1", EXAMPLE.read_text())):
        assert [each.message for each in editor.iter_errors(tomllib.loads(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "[channels.telegram]\ntoken = 'file:/x'\nowners = [5, '6']\n",
        "[channels.telegram-work]\ntoken = 'a'\n[channels.work]\nkind = 'discord'\ntoken = 'a'\n",
        "[agents.coder]\nmodel = 'offline'\n[agents.coder.session]\nretention = 'off'\n",
        "[sandbox]\nmemory = '512m'\n[sandbox.group]\nmemory = 1000000000\n",
        "[channels.telegram]\ntoken = 'a'\nwebhook = { url = 'https://x', secret = 'file:/x' }\n",
        "[models.prices.'openai:x']\ninput = 1\noutput = 2\n",
    ],
)
def test_what_the_loader_takes_an_editor_does_not_mark(editor, text):
    assert [each.message for each in editor.iter_errors(tomllib.loads(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "[log]\nlevel = 'debgu'\n",
        "[log]\nlevl = 'debug'\n",
        "[agents.coder]\nmodle = 'offline'\n",
        "[channels.telegram]\n",
        "[channels.telegram]\ntoken = 'a'\ngateway_url = 'wss://x'\n",
        "[channels.work]\ntoken = 'a'\n",
        "[gateway]\nmax_turns = 0\n",
        "[session.'telegram:1:main']\npersistence = 'alway'\n",
    ],
)
def test_what_the_loader_refuses_an_editor_marks(editor, text):
    assert list(editor.iter_errors(tomllib.loads(text)))


def test_the_schema_names_no_host_to_fetch_anything_from():
    made = schema()
    assert made["$id"] == "urn:argent:settings"
    assert all(re.match(r"#/\$defs/", each) for each in _references(made))


def _references(value):
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "$ref":
                yield item
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
