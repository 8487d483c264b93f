"""Bytes that no client sends who means well; the same ones for the same seed."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

SECRET_NUMBER = "86420.97531"  # noqa: S105 -- it stands for what an applicant says
SECRET_TEXT = "Vanderquist-Oyelaran"  # noqa: S105 -- the same
SECRET_TOKEN = "eyJhbGciOiJIUzI1NiJ9.bm9ib2R5LW11c3QtcmVhZC10aGlz.c2lnbmVk"  # noqa: S105
SECRETS = (SECRET_NUMBER, SECRET_TEXT, SECRET_TOKEN)

ROUTES = ("/predict", "/explain", "/predict-minimal")
GETS = ("/features", "/model-info", "/logs", "/health", "/docs.json", "/livez", "/")
BOMB = gzip.compress(bytes(4_000_000), 9)

Ending = Literal["wait", "glance", "shut", "hang up", "reset"]


@dataclass(frozen=True)
class Attack:
    """What is sent over one connection.

    Attributes:
        kind: What is wrong with it.
        parts: One after the other, with a little time between.
        ending: ``wait`` for an answer, which must come; ``glance`` whether one comes at once;
            ``shut`` this side and wait for the end; ``hang up`` or ``reset`` the connection.
    """

    kind: str
    parts: tuple[bytes, ...]
    ending: Ending = "wait"


def make_attacks(applicant: dict[str, Any], count: int, seed: int) -> Iterator[Attack]:
    """Yield attacks, all kinds in turn.

    Args:
        applicant: A valid one, whose fields are spoilt.
        count: How many.
        seed: Of the random numbers.
    """
    attacker = Attacker(applicant, random.Random(seed))  # noqa: S311 -- they shall be the same again
    kinds = attacker.list_kinds()
    for number in range(count):
        kind, make = kinds[number % len(kinds)]
        made = make()
        if isinstance(made, bytes):
            yield Attack(kind, (made,))
        else:
            parts, ending = made
            yield Attack(kind, parts, ending)


Made = bytes | tuple[tuple[bytes, ...], Ending]


class Attacker:
    """Makes attacks of every kind."""

    def __init__(self, applicant: dict[str, Any], rng: random.Random) -> None:
        self.rng = rng
        spoilt = {"AMT_INCOME_TOTAL": float(SECRET_NUMBER), "OCCUPATION_TYPE": SECRET_TEXT}
        self.text = json.dumps({"data": applicant | spoilt})

    def list_kinds(self) -> list[tuple[str, Callable[[], Made]]]:
        methods = (
            self.truncated_json, self.odd_json, self.random_bytes, self.wrong_encoding,
            self.compressed, self.chunked_nonsense, self.two_lengths, self.wrong_length,
            self.short_body, self.huge_headers, self.odd_headers, self.odd_method, self.odd_path,
            self.odd_query, self.odd_version, self.pipelined, self.other_protocol, self.half_open,
            self.slow_head, self.upgrade, self.odd_token,
        )  # fmt: skip
        return [(method.__name__, method) for method in methods]

    def post(self, body: bytes, *headers: bytes, route: str | None = None) -> bytes:
        path = route or self.rng.choice(ROUTES)
        lines = [f"POST {path} HTTP/1.1".encode(), b"Host: test", *headers]
        if not any(b"content-length" in line.lower() for line in headers):
            lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join([*lines, b"Connection: close", b"", body])

    def get(self, path: str = "/features", method: str = "GET", version: str = "1.1") -> bytes:
        head = f"{method} {path} HTTP/{version}\r\nHost: test\r\nConnection: close\r\n\r\n"
        return head.encode("latin-1", errors="replace")

    def truncated_json(self) -> Made:
        return self.post(self.text[: self.rng.randrange(len(self.text))].encode())

    def odd_json(self) -> Made:
        values = (
            "[" * 5_000, "[" * 200 + "]" * 200, '{"data":' * 300, "9" * 5_000, "1e999", "-",
            '{"data":{"AMT_CREDIT":1' + "0" * 400 + "}}", '{"data":NaN}', '{"data":[Infinity]}',
            '{"data":[]}', '{"data":[null,1,"x",[],{}]}', '{"data":{}}', '{"data":{},"data":[]}',
            '"\\ud800"', '{"data":{"\\ud800":"\\udfff"}}', '{"data":{"history":{"bureau":[[]]}}}',
            '{"data":{"SK_ID_CURR":' + "1" * 25 + "}}", "null", '""', "", "{}", '{"":{}}',
            '{"data":{"' + "k" * 10_000 + '":1}}', '{"__proto__":{"data":1}}', "\x00", "// {}",
        )  # fmt: skip
        return self.post(self.rng.choice(values).encode())

    def random_bytes(self) -> Made:
        return self.post(self.rng.randbytes(self.rng.randrange(2_000)))

    def wrong_encoding(self) -> Made:
        encodings = ("utf-16", "utf-32", "utf-8-sig", "utf-7", "cp037")
        encoding = self.rng.choice(encodings)
        kind = f"Content-Type: application/json; charset={encoding}".encode()
        return self.post(self.text.encode(encoding), kind)

    def compressed(self) -> Made:
        encoding = self.rng.choice((b"gzip", b"deflate", b"br", b"gzip, gzip", b"nonsense"))
        return self.post(BOMB, b"Content-Encoding: " + encoding)

    def chunked_nonsense(self) -> Made:
        bodies = (
            b"zz\r\n{}\r\n0\r\n\r\n", b"-5\r\n{}\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n{}\r\n",
            b"5\r\n{}\r\n0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"2;a=b;c\r\n{}\r\n0\r\n\r\n",
            b"0x2\r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n", b"\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n",
            b"1\r\n{\r\n" * 50 + b"0\r\n\r\n",
        )  # fmt: skip
        coding = self.rng.choice((b"chunked", b"Chunked", b"chunked, chunked", b"xchunked"))
        head = b"POST /predict HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: " + coding
        return (head + b"\r\nConnection: close\r\n\r\n" + self.rng.choice(bodies),), "glance"

    def two_lengths(self) -> Made:
        seconds = (b"Content-Length: 7", b"Transfer-Encoding: chunked", b"Content-Length: 4, 4")
        headers = [b"Content-Length: 4", self.rng.choice(seconds)]
        self.rng.shuffle(headers)
        hidden = b"{}\r\n" + self.get("/logs")
        return self.post(hidden, *headers)

    def wrong_length(self) -> Made:
        lengths = (
            b"-1", b"+5", b"5.0", b"0x10", b"1e3", b"", b" ", b"9" * 30, b"99999999999", b"abc",
            b"0", b"1", b"17000000", b"\xb2", b"10 10", b"00000000000000000002",
        )  # fmt: skip
        body = self.text.encode()
        return (self.post(body, b"Content-Length: " + self.rng.choice(lengths)),), "glance"

    def short_body(self) -> Made:
        body = self.text.encode()
        sent = self.post(body, b"Content-Length: %d" % (len(body) + self.rng.randrange(1, 9_999)))
        return (sent,), self.rng.choice(("hang up", "reset", "shut", "glance"))

    def huge_headers(self) -> Made:
        huge = (
            b"X-Long: " + b"a" * 100_000,
            b"\r\n".join(b"X-%d: y" % number for number in range(3_000)),
            b"X-Request-ID: " + b"i" * 60_000,
            b"Cookie: " + b"a=b; " * 20_000,
            b"A" * 70_000 + b": b",
        )
        return self.post(b"{}", self.rng.choice(huge))

    def odd_headers(self) -> Made:
        odd = (
            b"no colon", b": no name", b"X : space", b"X: a\x00b", b"X: a\x7fb", b"X: a\r b",
            b" folded: x", b"X: a\r\n folded", b"X\xe9: y", b"X: \xff\xfe", b"Host: other",
            b"X-Request-ID: \xff", b"X-Request-ID: a b\tc", b"X-Request-ID:", b"traceparent: 00-x",
            b"X-Request-ID: " + SECRET_TEXT.encode(), b"Expect: 100-continue", b"Expect: x",
            b"Content-Type: ", b"Content-Type: multipart/form-data", b"Accept: \xf0\x9f",
            b"X-Forwarded-For: ::1", b"Connection: keep-alive, x, , close", b"X:\n y",
            b"Content-Type: " + b"application/json; " * 500,
        )  # fmt: skip
        return self.post(b"{}", self.rng.choice(odd))

    def odd_method(self) -> Made:
        methods = (
            "get", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND",
            "POST POST", "", "G\x00T", "M-SEARCH", "X" * 5_000, "\xc9", "PRI", "QUERY",
        )  # fmt: skip
        path = self.rng.choice((*ROUTES, *GETS, "*", "test:443"))
        return self.get(path, self.rng.choice(methods))

    def odd_path(self) -> Made:
        paths = (
            "//predict", "/predict/", "/predict/..", "/../predict", "/./logs", "/%2e%2e/logs",
            "/predict%00", "/logs%0a", "/%2flogs", "/LOGS", "http://other/logs", "//other/logs",
            "logs", "", "*", "?", "#", "/predict#x", "/" + "a/" * 20_000, "/%", "/%zz", "/%ff%fe",
            "/static_content/../service.py", "/static_content/%2e%2e/%2e%2e/etc/passwd", "/\xe9",
            "/static_content/" + "a" * 5_000, "/metrics/../logs", "/predict;x=1", "\\logs", "/\x01",
            f"/{SECRET_TEXT}/{SECRET_NUMBER}",
        )  # fmt: skip
        method = self.rng.choice(("GET", "POST"))
        return self.get(self.rng.choice(paths), method)

    def odd_query(self) -> Made:
        queries = (
            "threshold=NaN", "threshold=inf", "threshold=1e999", "threshold=", "threshold",
            "threshold=0.5&threshold=0.5", "threshold=%", "threshold=%ff", "threshold=1_0",
            "threshold=\xb2", "threshold=" + "0" * 30_000 + ".5", "&" * 5_000, "tail=\xb2",
            "tail=99999999999999999999", "include_all=maybe", "all=1&all=0", "a[]=1", "%00=%00",
            f"{SECRET_TEXT}={SECRET_NUMBER}", "threshold=0x1p-2", "threshold=+0.5", "tail=-1",
        )  # fmt: skip
        query = self.rng.choice(queries)
        if self.rng.random() < 0.5:
            return self.get(f"{self.rng.choice(GETS)}?{query}")
        route = f"{self.rng.choice(ROUTES)}?{query}"
        head = f"POST {route} HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n"
        return (head + "Connection: close\r\n\r\n{}").encode("latin-1")

    def odd_version(self) -> Made:
        versions = ("0.9", "1.0", "2.0", "3", "1.", "", "9" * 1_000, "1.1 x", "-1.1", "1.1\x00")
        return (self.get("/features", version=self.rng.choice(versions)),), "glance"

    def pipelined(self) -> Made:
        """Many at once: some valid, some not, and after the first broken one nothing counts."""
        sent = [
            b"GET /features HTTP/1.1\r\nHost: test\r\n\r\n",
            b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}",
            b"POST /explain HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n[",
            b"GET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n",
            b"NONSENSE\r\n\r\n",
        ]
        chosen = self.rng.choices(sent, (8, 8, 8, 4, 1), k=self.rng.randrange(2, 12))
        return b"".join(chosen) + self.get()

    def other_protocol(self) -> Made:
        hellos = (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + self.rng.randbytes(500),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
            b"SSH-2.0-x\r\n", b"EHLO x\r\n", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"\n",
            b"*1\r\n$4\r\nPING\r\n", b"GET\r\n\r\n", b"\r\n" * 1_000, b"\x00" * 1_000,
            self.rng.randbytes(1_000), b"A" * 80_000,
        )  # fmt: skip
        return (self.rng.choice(hellos),), "glance"

    def half_open(self) -> Made:
        whole = self.post(self.text.encode())
        sent = whole[: self.rng.randrange(len(whole))]
        return (sent,), self.rng.choice(("hang up", "reset", "shut", "glance"))

    def slow_head(self) -> Made:
        whole = self.post(b'{"data": 1}')
        cuts = sorted(self.rng.sample(range(1, len(whole)), 3))
        edges = [0, *cuts, len(whole)]
        parts = tuple(whole[a:b] for a, b in pairwise(edges))
        return parts, "wait"

    def upgrade(self) -> Made:
        protocol = self.rng.choice((b"websocket", b"h2c", b"nonsense", b"HTTP/2.0, websocket"))
        headers = [b"Upgrade: " + protocol, b"Sec-WebSocket-Version: 13"]
        if self.rng.random() < 0.7:
            headers.append(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        path = self.rng.choice((*ROUTES, *GETS)).encode()
        lines = [b"GET " + path + b" HTTP/1.1", b"Host: test", b"Connection: Upgrade", *headers]
        return (b"\r\n".join([*lines, b"", b""]),), "glance"

    def odd_token(self) -> Made:
        tokens = (
            f"Bearer {SECRET_TOKEN}", f"Basic {SECRET_TOKEN}", f"Bearer {SECRET_TOKEN}" * 300,
            "Bearer", "Bearer ", "Bearer \xff", "bearer  x  y", f"{SECRET_TOKEN}",
        )  # fmt: skip
        header = b"Authorization: " + self.rng.choice(tokens).encode("latin-1")
        return self.post(self.text.encode(), header)
