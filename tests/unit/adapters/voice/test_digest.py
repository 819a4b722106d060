"""Digest answers: the examples of the standards themselves."""

import hashlib

import pytest

from adapters.voice.digest import Challenge, answer, challenge, strongest

OLD = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"'
)
NEW = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe"'
)


@pytest.mark.parametrize(
    ("header", "password", "cnonce", "response"),
    [
        (OLD, "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"),
        (
            NEW.format("MD5"),
            "Circle of Life",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "8ca523f5e9506fed4657c9700eebdbec",
        ),
        (
            NEW.format("SHA-256"),
            "Circle of Life",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ],
    ids=["RFC 2617", "RFC 7616 MD5", "RFC 7616 SHA-256"],
)
def test_a_right_password_is_refused(header: str, password: str, cnonce: str, response: str) -> None:
    """The standards' own examples."""
    asked = challenge(header)
    assert asked is not None
    said = answer(asked, user="Mufasa", password=password, method="GET", uri="/dir/index.html", cnonce=cnonce)
    assert f'response="{response}"' in said
    assert "qop=auth, nc=00000001" in said
    assert password not in said


def test_an_old_server_gets_fields_that_it_does_not_know() -> None:
    """Without ``qop`` (RFC 2069) there is neither cnonce nor count."""
    asked = challenge('Digest realm="sip", nonce="abc"')
    assert asked is not None
    said = answer(asked, user='a"b', password="p", method="INVITE", uri="sip:x", cnonce="c")  # noqa: S106
    assert "cnonce" not in said
    assert "qop" not in said
    assert r'username="a\"b"' in said


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic realm=x",
        "Digest",
        'Digest realm="a"',
        'Digest nonce="a", algorithm=SHA-512-256',
        'Digest nonce="a", qop="auth-int"',
    ],
)
def test_a_challenge_that_we_cannot_answer_is_answered(header: str) -> None:
    """Another scheme, no nonce, an algorithm or a protection that we do not have."""
    assert challenge(header) is None


def test_the_weakest_challenge_is_answered() -> None:
    """Of several the strongest one; one we cannot answer does not hide the others."""
    found = strongest(["Basic realm=x", 'Digest nonce="m"', 'Digest nonce="s", algorithm=SHA-256'])
    assert found is not None
    assert (found.algorithm, found.nonce) == ("SHA-256", "s")
    assert strongest(["Basic realm=x"]) is None


def test_a_session_key_is_forgotten() -> None:
    """``MD5-sess`` mixes the nonces into the secret; ``stale`` is read."""
    asked = challenge('Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth", stale=TRUE')
    assert asked == Challenge("r", "n", "", "MD5", session=True, qop=True, stale=True)
    said = answer(asked, user="u", password="p", method="INVITE", uri="sip:x", cnonce="c")  # noqa: S106
    secret = md5(f"{md5('u:r:p')}:n:c")
    assert f'response="{md5(f"{secret}:n:00000001:c:auth:" + md5("INVITE:sip:x"))}"' in said


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
