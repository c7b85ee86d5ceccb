"""Plans and workbooks damaged in every way that a disk, a mail server, another program or a hostile hand might.

Each kind of damage takes a sound file's bytes and a source of chance, and gives the bytes of a damaged one.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

from optimizer.workbook.embedded import MARK

Damage = Callable[[bytes, Random], bytes]
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 1, 1, 8, 2, 0, 0, 0) + b"\0" * 16


# Of any file


def truncated(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data))]


def flipped(data: bytes, chance: Random) -> bytes:
    """Some bytes are others."""
    damaged = bytearray(data)
    for _ in range(chance.choice([1, 5, 50])):
        damaged[chance.randrange(len(damaged))] ^= chance.randrange(1, 256)
    return bytes(damaged)


def cut_out(data: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.choice([1, 100, 4096]) :]


def doubled(data: bytes, _: Random) -> bytes:
    return data + data


def another_kind(_: bytes, chance: Random) -> bytes:
    return chance.choice(
        [b"", b" ", PNG, b"text", b"\0" * 5000, gzip.compress(b"{}"), b"%PDF-1.7", b"null", b"[]", b"0"]
    )


# Of a plan.json


def _text(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(leaf for key, value in inside for leaf in _leaves(value, (*path, key)))]


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def another_type(data: bytes, chance: Random) -> bytes:
    """A value is of another type, or a number of another size."""
    content = json.loads(data)
    path = chance.choice(_leaves(content)[1:])
    wrong: list[Any] = [
        None, True, 0, -1, 1e308, -1e308, 1e-320, 10**400, "", "1", "NaN", [], {}, [[]], {"a": 1}, "\0", "\x1b[2J",
    ]  # fmt: skip
    _at(content, path[:-1])[path[-1]] = chance.choice(wrong)
    return _text(content)


def a_key_less(data: bytes, chance: Random) -> bytes:
    content = json.loads(data)
    path = chance.choice(_leaves(content)[1:])
    del _at(content, path[:-1])[path[-1]]
    return _text(content)


def a_key_more(data: bytes, chance: Random) -> bytes:
    content = json.loads(data)
    trees = [_at(content, path) for path in _leaves(content)]
    tree = chance.choice([tree for tree in trees if isinstance(tree, dict)])
    tree[chance.choice(["", "x", "__class__", "\x1b[31m", "a" * 100_000])] = chance.choice([1, {}, None])
    return _text(content)


def a_key_twice(data: bytes, chance: Random) -> bytes:
    keys = list(re.finditer(rb'"[a-z_0-9.]+": ', data))
    key = chance.choice(keys)
    return data[: key.start()] + key[0] + b"1, " + data[key.start() :]


def no_number(data: bytes, chance: Random) -> bytes:
    """What JSON has no number for, or one that no computer holds."""
    numbers = list(re.finditer(rb"(?<=: )-?\d+(\.\d+)?(e[-+]?\d+)?", data))
    place = chance.choice(numbers)
    wrong = [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"9" * 5000,
        b"1" + b"0" * 400,
        b"0x10",
        b"1,000",
        b"+1",
        b"01",
    ]
    return data[: place.start()] + chance.choice(wrong) + data[place.end() :]


def deeply_nested(data: bytes, chance: Random) -> bytes:
    depth = chance.choice([200, 2_000, 200_000])
    opening, closing = chance.choice([(b"[", b"]"), (b'{"a":', b"}")])
    nest = opening * depth + b"1" + closing * depth
    return chance.choice([nest, data.replace(b'"warnings": [', b'"warnings": [' + nest + b", ", 1)])


def another_encoding(data: bytes, chance: Random) -> bytes:
    text = data.decode()
    return chance.choice([
        text.encode("utf-16"), text.encode("utf-32"), data.replace(b"name", b"n\xe4me"), data + b"\xff\xfe",
        data.replace(b'"name"', b'"\xed\xa0\x80"', 1), data.replace(b'"name"', b'"\\ud800"', 1),
    ])  # fmt: skip


def an_earlier_format(data: bytes, chance: Random) -> bytes:
    content = json.loads(data)
    content["chipmix"]["format"] = chance.choice([1, 0, -1, 3, 10**30, "2", 2.5, None, True])
    return _text(content)


OF_PLANS: tuple[Damage, ...] = (
    truncated, flipped, cut_out, doubled, another_kind, another_type, a_key_less, a_key_more, a_key_twice, no_number,
    deeply_nested, another_encoding, an_earlier_format,
)  # fmt: skip


# Of a workbook

Parts = dict[str, bytes]


def parts_of(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: Parts, *more: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [*parts.items(), *more]:
            archive.writestr(name, content)
    return file.getvalue()


def _xml(parts: Parts, chance: Random, pattern: str = r".*\.(xml|rels)") -> str:
    return chance.choice(sorted(name for name in parts if re.fullmatch(pattern, name)))


def _with(data: bytes, chance: Random, change: Callable[[str, Random], str], pattern: str) -> bytes:
    """One part with a change to its text."""
    parts = parts_of(data)
    name = _xml(parts, chance, pattern)
    return zipped({**parts, name: change(parts[name].decode(), chance).encode("utf-8", "surrogatepass")})


SHEET, BOOK = r"xl/worksheets/sheet\d+\.xml", r"xl/workbook\.xml"


def a_part_less(data: bytes, chance: Random) -> bytes:
    parts = parts_of(data)
    del parts[chance.choice(sorted(parts))]
    return zipped(parts)


def a_part_twice(data: bytes, chance: Random) -> bytes:
    parts = parts_of(data)
    name = chance.choice(sorted(parts))
    return zipped(parts, (name, parts[name] if chance.random() < 0.5 else b"<x/>"))


def a_part_renamed(data: bytes, chance: Random) -> bytes:
    parts = parts_of(data)
    name = chance.choice(sorted(parts))
    new = chance.choice([name.upper(), f"../{name}", f"/{name}", name.replace("/", "\\"), "x" * 300])
    return zipped({new if key == name else key: content for key, content in parts.items()})


def a_part_of_another_kind(data: bytes, chance: Random) -> bytes:
    parts = parts_of(data)
    wrong = [b"", PNG, b"<x/>", b"\xff\xfe<\x00x\x00/\x00>\x00", b"text", b"<a><b></a></b>", b"\0" * 100]
    return zipped({**parts, chance.choice(sorted(parts)): chance.choice(wrong)})


def xml_truncated(data: bytes, chance: Random) -> bytes:
    parts = parts_of(data)
    name = _xml(parts, chance)
    return zipped({**parts, name: truncated(parts[name], chance)})


def xml_flipped(data: bytes, chance: Random) -> bytes:
    parts = parts_of(data)
    name = _xml(parts, chance)
    return zipped({**parts, name: flipped(parts[name], chance)})


def xml_recoded(data: bytes, chance: Random) -> bytes:
    parts = parts_of(data)
    name = _xml(parts, chance)
    body = re.sub(rb"^<\?xml[^>]*\?>", b"", parts[name]).decode()
    wrong = [body.encode("utf-16"), b'<?xml version="1.0" encoding="x-nothing"?>' + body.encode(),
             b'<?xml version="1.0" encoding="ascii"?>' + body.encode() + "ä".encode()]  # fmt: skip
    return zipped({**parts, name: chance.choice(wrong)})


def xml_nested(data: bytes, chance: Random) -> bytes:
    depth = chance.choice([150, 5_000, 100_000])
    return _with(
        data,
        chance,
        lambda text, _: text.replace("<sheetData>", "<a>" * depth + "</a>" * depth + "<sheetData>", 1),
        SHEET,
    )


def entities(data: bytes, chance: Random) -> bytes:
    lots = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(12))

    def declared(text: str, _: Random) -> str:
        body = re.sub(r"^<\?xml[^>]*\?>", "", text)
        return f'<?xml version="1.0"?><!DOCTYPE x [{lots}<!ENTITY file SYSTEM "file:///etc/passwd">]>{body}'

    return _with(data, chance, declared, r".*\.(xml|rels)")


def an_attribute_another(data: bytes, chance: Random) -> bytes:
    """One attribute of one element says something else."""

    def changed(text: str, chance: Random) -> str:
        found = chance.choice(list(re.finditer(r'(\s[\w:]+=)"([^"]*)"', text)) or [re.match("", text)])
        wrong = ["", "-1", "99999999999", "abc", "1e999", "NaN", "#REF!", "A1:XFD1048576", "ZZZZ1", "A0", "\ud7ff", "'"]
        return f'{text[: found.start()]}{found[1]}"{chance.choice(wrong)}"{text[found.end() :]}' if found[0] else text

    return _with(data, chance, changed, r".*\.(xml|rels)")


def _in_cell(attributes: str, inside: str) -> Damage:
    """One cell of a sheet is another."""

    def damage(data: bytes, chance: Random) -> bytes:
        def changed(text: str, chance: Random) -> str:
            cell = chance.choice(list(re.finditer(r'<c r="([A-Z]+\d+)"[^>]*?(?:/>|>.*?</c>)', text, re.DOTALL)))
            return f"{text[: cell.start()]}<c {attributes.format(r=cell[1])}>{inside}</c>{text[cell.end() :]}"

        return _with(data, chance, changed, SHEET)

    return damage


BROKEN_CELLS: dict[str, tuple[str, str]] = {
    "no number": ('r="{r}"', "<v>abc</v>"),
    "a number too large": ('r="{r}"', "<v>1e999</v>"),
    "not a number": ('r="{r}"', "<v>NaN</v>"),
    "a shared string that is not there": ('r="{r}" t="s"', "<v>99999999</v>"),
    "a shared string before the first": ('r="{r}" t="s"', "<v>-1</v>"),
    "a shared string that is a word": ('r="{r}" t="s"', "<v>x</v>"),
    "a date that is none": ('r="{r}" t="d"', "<v>2025-99-99</v>"),
    "a type that is none": ('r="{r}" t="zz"', "<v>1</v>"),
    "an error": ('r="{r}" t="e"', "<v>#REF!</v>"),
    "a style that is not there": ('r="{r}" s="99999"', "<v>1</v>"),
    "a style that is a word": ('r="{r}" s="x"', "<v>1</v>"),
    "no coordinate": ('r="abc"', "<v>1</v>"),
    "row nought": ('r="A0"', "<v>1</v>"),
    "a column too far": ('r="ZZZZZ1"', "<v>1</v>"),
    "the last cell of all": ('r="XFD1048576"', "<v>1</v>"),
    "a row too far": ('r="A99999999999"', "<v>1</v>"),
    "a formula that is none": ('r="{r}"', "<f>)(((+*/&quot;</f><v>1</v>"),
    "a formula of brackets": ('r="{r}"', f"<f>{'(' * 900}1{')' * 900}</f><v>1</v>"),
    "a formula too long": ('r="{r}"', f"<f>{'A1+' * 100_000}1</f><v>1</v>"),
    "a formula deep enough to break a parser": ('r="{r}"', f"<f>{'-' * 900}1</f><v>1</v>"),
    "an open quote": ('r="{r}"', '<f>"open</f><v>1</v>'),
    "an open bracket": ('r="{r}"', "<f>[1]Sheet!A1:</f><v>1</v>"),
    "a formula of itself": ('r="{r}"', "<f>{r}</f><v>1</v>"),
    "a shared formula without a master": ('r="{r}"', '<f t="shared" si="777"/><v>1</v>'),
    "a shared formula out of range": ('r="A1"', '<f t="shared" si="1" ref="A1">A1048576+XFD1</f><v>1</v>'),
    "an array formula": ('r="{r}"', '<f t="array" ref="A1:B">1</f><v>1</v>'),
    "a table of data": ('r="{r}"', '<f t="dataTable" ref="A1" r1="ZZ"/><v>1</v>'),
    "a text of control characters": ('r="{r}" t="inlineStr"', "<is><t>_x001B_[2J_x0000_</t></is>"),
    "a text in no string": ('r="{r}" t="inlineStr"', "<v>1</v>"),
}


def _before(tag: str, xml: str) -> Damage:
    return lambda data, chance: _with(data, chance, lambda text, _: text.replace(tag, xml + tag, 1), SHEET)


merged_everything = _before("<pageMargins", '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>')
validated_everything = _before(
    "<pageMargins",
    '<dataValidations count="1"><dataValidation type="whole" showErrorMessage="1" error="x" sqref="A1:XFD1048576"/>'
    "</dataValidations>",
)
formatted_nowhere = _before("<pageMargins", '<conditionalFormatting sqref="nowhere"><cfRule/></conditionalFormatting>')
drawn_nowhere = _before("</worksheet>", '<drawing r:id="rId99" xmlns:r="urn:x"/>')


def related_nowhere(data: bytes, chance: Random) -> bytes:
    """A relationship leads to nothing, out of the file, or round in a circle."""

    def changed(text: str, chance: Random) -> str:
        targets = list(re.finditer(r'Target="[^"]*"', text))
        if not targets:
            return text
        target = chance.choice(targets)
        wrong = [
            "",
            "nowhere.xml",
            "../../../etc/passwd",
            "/xl/workbook.xml",
            "file:///etc/passwd",
            "//host/x",
            "\ud7ff",
        ]
        return f'{text[: target.start()]}Target="{chance.choice(wrong)}"{text[target.end() :]}'

    return _with(data, chance, changed, r".*\.rels")


def broken_names(data: bytes, chance: Random) -> bytes:
    wrong = ['<definedName name="x" localSheetId="99">A1</definedName>',
             '<definedName localSheetId="a">A1</definedName>',
             '<definedName name="total_npv_usd">#REF!</definedName>', "<definedName/>",
             f'<definedName name="y">{"(" * 5000}</definedName>',
             '<definedName name="_xlnm.Print_Titles" localSheetId="0">nothing</definedName>']  # fmt: skip
    return _with(
        data, chance, lambda text, c: text.replace("</definedNames>", f"{c.choice(wrong)}</definedNames>"), BOOK
    )


def broken_sheets(data: bytes, chance: Random) -> bytes:
    wrong = ['<sheet name="x"/>', '<sheet xmlns:r="urn:r" name="x" sheetId="1" r:id="rId999"/>', "<sheet/>",
             '<sheet xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" name="Cash" '
             'sheetId="99" r:id="rId1"/>']  # fmt: skip
    return _with(data, chance, lambda text, c: text.replace("</sheets>", f"{c.choice(wrong)}</sheets>"), BOOK)


def a_bomb(data: bytes, chance: Random) -> bytes:
    """A part that is small in the file and large out of it, or very many that are not."""
    parts = parts_of(data)
    row = b'<row r="1"><c r="A1"><v>1</v></c></row>'
    sheet = next(name for name in parts if re.fullmatch(SHEET, name))
    bombs = [
        {**parts, "xl/media/bomb.xml": b"0" * 30_000_000},
        {**parts, sheet: b"<worksheet><sheetData>" + row * 800_000 + b"</sheetData></worksheet>"},
        {**parts, **{f"xl/media/{i}.xml": b"<x/>" for i in range(2500)}},
        {**parts, "xl/styles.xml": parts["xl/styles.xml"].replace(b"</cellXfs>", b"<xf/>" * 4_000_000 + b"</cellXfs>")},
    ]
    return zipped(chance.choice(bombs))


def zip_fields(data: bytes, chance: Random) -> bytes:
    """The directory of the archive says of a part that it is encrypted, of another size, method or place."""
    damaged = bytearray(data)
    entries = [match.start() for match in re.finditer(b"PK\x01\x02", data)]
    entry = chance.choice(entries)
    offset, size = chance.choice([(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (42, 4)])
    damaged[entry + offset : entry + offset + size] = chance.randbytes(size)
    return bytes(damaged)


def _copy(change: Callable[[bytes, Random], bytes], honest: bool) -> Damage:
    """The copy of the plan holds something else; with an honest SHA-256 of that, if so asked."""

    def damage(data: bytes, chance: Random) -> bytes:
        parts = parts_of(data)
        name = next(key for key in parts if re.fullmatch(SHEET, key) and MARK.encode() in parts[key])
        text = parts[name].decode()
        cells = re.findall(r'<c r="B(\d+)"[^>]*><is><t[^>]*>([^<]*)</t></is></c>', text)
        mark = next(i for i, (_, value) in enumerate(cells) if value == MARK)
        _, old_sha, *packed = (value for _, value in cells[mark:])
        plain = gzip.decompress(base64.b64decode("".join(packed)))
        new = change(plain, chance)
        sha256 = hashlib.sha256(new).hexdigest() if honest else old_sha
        text = text.replace(old_sha, sha256).replace(packed[0], base64.b64encode(gzip.compress(new)).decode())
        for part in packed[1:]:
            text = text.replace(part, "")
        return zipped({**parts, name: text.encode()})

    return damage


def _deep(_: bytes, __: Random) -> bytes:
    return b'{"plan": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def _huge(_: bytes, __: Random) -> bytes:
    return b" " * (120 * 2**20)


def garbled_copy(data: bytes, chance: Random) -> bytes:
    """Some letters of the copy are others."""
    parts = parts_of(data)
    name = next(key for key in parts if re.fullmatch(SHEET, key) and MARK.encode() in parts[key])
    start = parts[name].index(MARK.encode())
    damaged = bytearray(parts[name])
    for match in list(re.finditer(rb"[A-Za-z0-9+/]{60,}", parts[name][start:]))[:3]:
        damaged[start + match.start() + chance.randrange(60)] = ord(chance.choice("AZaz09+/"))
    return zipped({**parts, name: bytes(damaged)})


OF_WORKBOOKS: tuple[tuple[str, Damage], ...] = (
    *((damage.__name__, damage) for damage in (
        truncated, flipped, cut_out, doubled, another_kind, a_part_less, a_part_twice, a_part_renamed,
        a_part_of_another_kind, xml_truncated, xml_flipped, xml_recoded, xml_nested, entities, an_attribute_another,
        related_nowhere, broken_names, broken_sheets, a_bomb, zip_fields, garbled_copy,
    )),
    *((f"a cell with {name}", _in_cell(*parts)) for name, parts in BROKEN_CELLS.items()),
    ("merged everything", merged_everything), ("validated everything", validated_everything),
    ("formatted nowhere", formatted_nowhere), ("drawn nowhere", drawn_nowhere),
    ("a copy of another hash", _copy(lambda plain, _: plain + b" ", False)),
    ("a copy of another kind", _copy(another_kind, True)), ("a copy cut off", _copy(truncated, True)),
    ("a copy nested", _copy(_deep, True)), ("a copy too large", _copy(_huge, True)),
    ("a copy with another type", _copy(another_type, True)), ("a copy with a key less", _copy(a_key_less, True)),
    ("a copy with a key twice", _copy(
        lambda plain, _: plain.replace(b'{"command":', b'{"command":1,"command":', 1), True)),
    ("a copy with no number", _copy(
        lambda plain, _: plain.replace(b'"objective_usd":', b'"objective_usd":NaN,"x":', 1), True)),
    ("a copy of an earlier format", _copy(
        lambda plain, _: plain.replace(b'"chipmix":{"format":2', b'"chipmix":{"format":1', 1), True)),
)  # fmt: skip
"""Every kind of damage to a workbook, by name."""
