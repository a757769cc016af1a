"""A secret is found in whatever form something wrote it."""

import base64
import json
import re
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction import REDACTED, SHORTEST, redactor

TOKEN = '123456:AAs3cr&t/to"ken+xé'
secrets = st.text(min_size=SHORTEST, max_size=60)


@given(secret=secrets, before=st.binary(max_size=8), after=st.binary(max_size=8))
def test_a_secret_is_found_in_what_was_encoded_with_others_in_base64(secret, before, after):
    plain = before + secret.encode() + after
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert REDACTED in redactor([secret])(encode(plain).decode())


@pytest.mark.parametrize(
    "written",
    [
        TOKEN,
        json.dumps({"a": [TOKEN]}),
        repr([TOKEN]),
        f"https://api/bot{quote(TOKEN)}/getMe",
        f"https://api/bot{quote(TOKEN, safe='')}/getMe",
        urlencode({"token": TOKEN}),
        re.sub("%..", lambda octet: octet[0].lower(), quote_plus(TOKEN)),
        f"https://api/bot{quote(TOKEN, safe=':/&+')}/getMe",
    ],
)
def test_a_secret_is_found_as_urls_json_and_python_write_it(written):
    redacted = redactor([TOKEN])(written)
    assert REDACTED in redacted
    assert "s3cr" not in redacted


def test_of_two_secrets_that_begin_alike_no_rest_stays():
    assert redactor(["token-one", "token-one-and-more"])("token-one-and-more") == REDACTED


@given(st.text(max_size=5), st.text())
def test_what_is_too_short_to_be_a_secret_blots_out_nothing(short, text):
    assert redactor([short])(text) == text
