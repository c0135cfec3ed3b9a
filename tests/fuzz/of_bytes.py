"""Mutators of bytes: transfers that break, editors that save, archives, two files in one."""

import gzip
import io
import re
import zipfile
from random import Random

from tests.fuzz.mutators import mutator
from tests.fuzz.writing import Draft


def _somewhere(draft: Draft, rng: Random) -> int:
    return rng.randrange(len(draft.data) + 1)


# --- of text, before it is packed ------------------------------------------------------------------------


@mutator("bytes", "csv", expects="loads")
def byte_order_mark(draft: Draft, rng: Random) -> None:
    draft.data = b"\xef\xbb\xbf" + draft.data


@mutator("bytes", "csv", "json")
def two_byte_order_marks(draft: Draft, rng: Random) -> None:
    draft.data = b"\xef\xbb\xbf\xef\xbb\xbf" + draft.data


@mutator("bytes", "csv", "json", expects="refused")
def utf16(draft: Draft, rng: Random) -> None:
    text = draft.data.decode(errors="replace")
    draft.data = text.encode(rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32"]))


@mutator("bytes", "csv", "json")
def latin1(draft: Draft, rng: Random) -> None:
    draft.data = draft.data.decode(errors="replace").encode("cp1252", errors="replace")


@mutator("bytes", "csv", "json")
def byte_that_is_no_utf8(draft: Draft, rng: Random) -> None:
    at = _somewhere(draft, rng)
    odd = rng.choice([b"\xff", b"\xe9", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf8\x88\x80\x80\x80"])
    draft.data = draft.data[:at] + odd + draft.data[at:]


@mutator("bytes", "csv", "json")
def nul_bytes(draft: Draft, rng: Random) -> None:
    at = _somewhere(draft, rng)
    draft.data = draft.data[:at] + b"\0" * rng.choice([1, 1, 100]) + draft.data[at:]


@mutator("bytes", "csv", "json")
def nul_bytes_at_the_end(draft: Draft, rng: Random) -> None:
    draft.data += b"\0" * rng.choice([1, 512])


@mutator("bytes", "csv", "json")
def byte_flipped(draft: Draft, rng: Random) -> None:
    data = bytearray(draft.data or b"x")
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    draft.data = bytes(data)


@mutator("bytes", "csv", "json")
def byte_of_the_syntax_put_in(draft: Draft, rng: Random) -> None:
    at = _somewhere(draft, rng)
    draft.data = draft.data[:at] + rng.choice([b'"', b",", b"\n", b"\r", b"\r\n", b"\\", b";", b'""', b"{", b"}", b"]"]) + draft.data[at:]  # fmt: skip


@mutator("bytes", "csv", "json")
def byte_of_the_syntax_taken_out(draft: Draft, rng: Random) -> None:
    places = [m.start() for m in re.finditer(rb'["\n,{}\[\]:]', draft.data)]
    if places:
        at = rng.choice(places)
        draft.data = draft.data[:at] + draft.data[at + 1 :]


@mutator("bytes", "csv", "json")
def quotes_removed(draft: Draft, rng: Random) -> None:
    draft.data = draft.data.replace(b'"', b"")


@mutator("bytes", "csv", "json")
def quotes_single(draft: Draft, rng: Random) -> None:
    draft.data = draft.data.replace(b'"', b"'")


@mutator("bytes", "csv", "json")
def quotes_escaped_by_backslash(draft: Draft, rng: Random) -> None:
    draft.data = draft.data.replace(b'""', b'\\"')


@mutator("bytes", "csv", "json")
def cut(draft: Draft, rng: Random) -> None:
    draft.data = draft.data[: _somewhere(draft, rng)]


@mutator("bytes", "csv", "json")
def beginning_lost(draft: Draft, rng: Random) -> None:
    draft.data = draft.data[_somewhere(draft, rng) :]


@mutator("bytes", "csv", "json")
def piece_lost(draft: Draft, rng: Random) -> None:
    a, b = sorted((_somewhere(draft, rng), _somewhere(draft, rng)))
    draft.data = draft.data[:a] + draft.data[b:]


@mutator("bytes", "csv", "json")
def piece_doubled(draft: Draft, rng: Random) -> None:
    a, b = sorted((_somewhere(draft, rng), _somewhere(draft, rng)))
    draft.data = draft.data[:b] + draft.data[a:]


@mutator("bytes", "csv", "json")
def two_files_in_one(draft: Draft, rng: Random) -> None:
    draft.data += draft.data


@mutator("bytes", "csv", "json")
def lines_swapped(draft: Draft, rng: Random) -> None:
    lines = draft.data.splitlines(keepends=True)
    if len(lines) > 1:
        a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[a], lines[b] = lines[b], lines[a]
    draft.data = b"".join(lines)


@mutator("bytes", "csv", "json")
def line_ends_of_two_kinds(draft: Draft, rng: Random) -> None:
    lines = draft.data.splitlines()
    draft.data = b"".join(line + rng.choice([b"\n", b"\r\n", b"\r"]) for line in lines)


@mutator("bytes", "csv", "json")
def empty_lines(draft: Draft, rng: Random) -> None:
    lines = draft.data.split(b"\n")
    for _ in range(rng.randrange(1, 5)):
        lines.insert(rng.randrange(len(lines) + 1), rng.choice([b"", b"", b" ", b"\r"]))
    draft.data = b"\n".join(lines)


@mutator("bytes", "csv", "json")
def words_before_the_header(draft: Draft, rng: Random) -> None:
    draft.data = (
        rng.choice([b"sep=,\n", b"# made by a tool\n", b"\n", b"Bill of October\n\n", b"\xa0"]) + draft.data
    )


@mutator("bytes", "csv", "json")
def words_behind_the_end(draft: Draft, rng: Random) -> None:
    draft.data += rng.choice(
        [b"\x1a", b"(7 rows affected)\n", b"-- end", b"\n\n", b",", b'"', b"null", b"{}", b"[]", b"<html>"]
    )


@mutator("bytes", "csv", "json")
def last_line_without_end(draft: Draft, rng: Random) -> None:
    draft.data = draft.data.rstrip(b"\r\n")


@mutator("bytes", "csv", "json")
def web_page_instead(draft: Draft, rng: Random) -> None:
    draft.data = b"<!DOCTYPE html>\n<html><body>Your session has expired, please log in.</body></html>\n"


@mutator("bytes", "csv", "json")
def noise_instead(draft: Draft, rng: Random) -> None:
    draft.data = rng.randbytes(rng.choice([1, 3, 4, 10, 1000]))


# --- of the file as it is stored --------------------------------------------------------------------------


@mutator("file")
def file_cut(draft: Draft, rng: Random) -> None:
    draft.data = draft.data[: _somewhere(draft, rng)]


@mutator("file")
def file_with_bits_flipped(draft: Draft, rng: Random) -> None:
    data = bytearray(draft.data or b"x")
    for _ in range(rng.choice([1, 1, 5])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    draft.data = bytes(data)


@mutator("file")
def file_with_a_tail(draft: Draft, rng: Random) -> None:
    draft.data += rng.choice([b"\0", b"\0" * 512, b"garbage", b"PAR1", b"\x1f\x8b", b"\n"])


@mutator("file", "csv", "json")
def gzip_cut(draft: Draft, rng: Random) -> None:
    whole = gzip.compress(draft.data, mtime=0)
    draft.data = whole[: rng.randrange(1, len(whole))]


@mutator("file", "csv", "json")
def gzip_with_a_bit_flipped(draft: Draft, rng: Random) -> None:
    data = bytearray(gzip.compress(draft.data, mtime=0))
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    draft.data = bytes(data)


@mutator("file", "csv", "json")
def gzip_of_two_members(draft: Draft, rng: Random) -> None:
    at = _somewhere(draft, rng)
    draft.data = gzip.compress(draft.data[:at]) + gzip.compress(draft.data[at:])
    draft.data += rng.choice([b"", b"", b"\0" * 10, b"tail"])


@mutator("file", "csv", "json")
def gzip_twice(draft: Draft, rng: Random) -> None:
    draft.data = gzip.compress(gzip.compress(draft.data))


@mutator("file", "csv", "json", "parquet")
def zipped(draft: Draft, rng: Random) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bill.csv", draft.data)
    draft.data = out.getvalue()
