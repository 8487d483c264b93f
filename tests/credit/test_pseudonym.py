from __future__ import annotations

import hashlib
import hmac
import multiprocessing
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import PseudonymKeyUnusable
from credit.pseudonym import KEY_BYTES, PSEUDONYM_BYTES, PseudonymKey, provide_key, read_key

SECRET = bytes(range(32))
HEX = SECRET.hex()


@given(client=st.integers(0, 10**9))
def test_a_pseudonym_is_the_hmac_of_the_identifier_cut_to_16_bytes(client: int) -> None:
    expected = hmac.new(SECRET, str(client).encode(), hashlib.sha256).digest()[:16]

    assert PseudonymKey(SECRET).name([client]) == [expected]


def test_clients_keep_their_pseudonym_and_differ_from_others() -> None:
    key = PseudonymKey(SECRET)

    names = key.name(range(10_000))

    assert len(set(names)) == 10_000
    assert {len(name) for name in names} == {PSEUDONYM_BYTES}
    assert key.name([7, 3, 7]) == [names[7], names[3], names[7]]


def test_another_key_gives_other_pseudonyms_and_has_another_id() -> None:
    one, other = PseudonymKey(SECRET), PseudonymKey(SECRET[::-1])

    assert one.name([1]) != other.name([1])
    assert one.id != other.id
    assert PseudonymKey(SECRET).id == one.id
    assert PseudonymKey.random() != PseudonymKey.random()


def test_the_secret_is_not_shown() -> None:
    key = PseudonymKey(SECRET)

    assert repr(SECRET) not in repr(key)
    assert HEX not in repr(key)
    assert key.id in repr(key)
    assert key.id not in HEX


@pytest.mark.parametrize("text", ["", "secret", "ab" * 31, "zz" * 32])
def test_what_is_no_key_is_refused_and_not_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(
        PseudonymKeyUnusable, match="CREDIT_PSEUDONYM_KEY is no pseudonym key"
    ) as no:
        provide_key(text, tmp_path / "pseudonym.key")

    assert not text or text not in str(no.value)
    assert not list(tmp_path.iterdir())


def test_a_key_that_is_set_goes_before_the_file_and_makes_none(tmp_path: Path) -> None:
    assert provide_key(HEX, tmp_path / "pseudonym.key") == PseudonymKey(SECRET)
    assert not list(tmp_path.iterdir())


def test_the_file_is_made_at_first_need_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "home" / "pseudonym.key"

    made = provide_key(None, file)

    assert len(made.secret) == KEY_BYTES
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert provide_key(None, file) == made
    assert [path.name for path in file.parent.iterdir()] == ["pseudonym.key"]


def test_a_file_that_holds_no_key_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "pseudonym.key"
    file.write_text("not a key\n")

    with pytest.raises(PseudonymKeyUnusable, match=r"pseudonym\.key is no pseudonym key"):
        provide_key(None, file)

    assert file.read_text() == "not a key\n"


def test_who_only_reads_makes_no_key(tmp_path: Path) -> None:
    file = tmp_path / "home" / "pseudonym.key"

    with pytest.raises(PseudonymKeyUnusable, match=r"no pseudonym key: .*Set it to the key"):
        read_key(None, file)

    assert not list(tmp_path.iterdir())


def test_who_only_reads_finds_the_key_that_was_made(tmp_path: Path) -> None:
    file = tmp_path / "pseudonym.key"

    made = provide_key(None, file)

    assert read_key(None, file) == made
    assert read_key(HEX, file) == PseudonymKey(SECRET) != made


def read_id(file: Path) -> str:
    return provide_key(None, file).id


def test_processes_that_need_it_first_at_the_same_time_get_the_same_key(tmp_path: Path) -> None:
    file = tmp_path / "pseudonym.key"

    with multiprocessing.get_context("spawn").Pool(3) as pool:
        ids = pool.map(read_id, [file] * 12, chunksize=1)

    assert set(ids) == {provide_key(None, file).id}
    assert [path.name for path in tmp_path.iterdir()] == ["pseudonym.key"]
