"""Proofs, against the examples of the RFCs and the shapes cameras use."""

import hashlib
import re

from nvr.ingest.authorization import Authorization, best_challenge


def fields(header: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="?([^",]*)"?', header.removeprefix("Digest ")))


def digest(algorithm: str, *parts: str) -> str:
    return hashlib.new(algorithm, ":".join(parts).encode()).hexdigest()


def proof(
    header: str,
    *,
    method: str = "DESCRIBE",
    url: str = "rtsp://h/x",
    password: str = "Circle Of Life",
) -> str:
    challenge = best_challenge([header])
    assert challenge is not None
    authorization = Authorization("Mufasa", password)
    assert authorization.accept(challenge)
    return authorization.header(method, url)


def test_the_example_of_rfc_2069_style_is_computed_right():
    header = proof(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
        method="GET",
        url="/dir/index.html",
        password="CircleOfLife",
    )

    assert fields(header)["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert "qop" not in header
    assert "algorithm" not in header


def test_qop_auth_is_computed_as_the_rfc_says():
    got = fields(proof('Digest realm="r", nonce="n", qop="auth-int, auth", opaque="o"'))

    first = digest("md5", "Mufasa", "r", "Circle Of Life")
    second = digest("md5", "DESCRIBE", "rtsp://h/x")
    assert got["nc"] == "00000001"
    assert got["opaque"] == "o"
    assert got["response"] == digest(
        "md5", first, "n", "00000001", got["cnonce"], "auth", second
    )


def test_sha_256_is_preferred_over_md5_and_basic():
    challenge = best_challenge(
        [
            'Basic realm="b"',
            'Digest realm="m", nonce="1", algorithm=MD5',
            'Digest realm="s", nonce="2", algorithm="SHA-256"',
        ]
    )

    assert challenge is not None
    assert challenge.algorithm == "SHA-256"
    first = digest("sha256", "Mufasa", "s", "Circle Of Life")
    got = fields(proof('Digest realm="s", nonce="2", algorithm=SHA-256'))
    assert got["algorithm"] == "SHA-256"
    assert got["response"] == digest(
        "sha256", first, "2", digest("sha256", "DESCRIBE", "rtsp://h/x")
    )


def test_challenges_in_one_header_are_told_apart():
    challenge = best_challenge(['Basic realm="a, Digest b", Digest realm=x,nonce="y"'])

    assert challenge is not None
    assert (challenge.algorithm, challenge.realm, challenge.nonce) == ("MD5", "x", "y")


def test_basic_is_used_when_nothing_better_is_offered():
    assert proof('Basic realm="x"') == "Basic TXVmYXNhOkNpcmNsZSBPZiBMaWZl"


def test_what_is_not_supported_is_no_challenge():
    assert best_challenge(['Digest realm="r", nonce="n", algorithm=TURBO']) is None
    assert best_challenge(["Negotiate", ""]) is None


def test_quotes_in_names_are_escaped():
    challenge = best_challenge(['Digest realm="a\\"b", nonce="n"'])
    assert challenge is not None
    authorization = Authorization('u"\\', "p")
    authorization.accept(challenge)

    assert r'username="u\"\\"' in authorization.header("PLAY", "rtsp://h")
    assert r'realm="a\"b"' in authorization.header("PLAY", "rtsp://h")


def test_a_refused_proof_is_not_worth_another_try_unless_the_nonce_was_old():
    authorization = Authorization("u", "p")
    fresh = best_challenge(['Digest realm="r", nonce="1"'])
    other = best_challenge(['Digest realm="r", nonce="2"'])
    stale = best_challenge(['Digest realm="r", nonce="3", stale=TRUE'])
    assert fresh and other and stale

    assert authorization.accept(fresh)
    assert not authorization.accept(other)
    assert authorization.accept(stale)


def test_a_new_nonce_after_success_is_worth_a_try():
    authorization = Authorization("u", "p")
    fresh = best_challenge(['Digest realm="r", nonce="1"'])
    assert fresh
    authorization.accept(fresh)
    authorization.succeeded()

    assert authorization.accept(fresh)
