#!/usr/bin/env python3
"""Makes the workbooks beside this file: the same two sheets as xls, ods and xlsb.

    python3 -m venv venv && venv/bin/pip install xlwt==1.3.0 odfpy==1.4.1 && venv/bin/python tests/workbooks/make.py

xls is written by xlwt, ods by odfpy; for xlsb there is no writer at hand, and its records are written out below as [MS-XLSB] has them.
"""

import datetime
import struct
import zipfile
from pathlib import Path

FOLDER = Path(__file__).parent
DIVIDED_BY_NOUGHT = object()


def instant(day, hour=10, micro=0):
    return datetime.datetime(2026, 1, day, hour, 0, 0, micro)


NAMES = ["who", "when", "ltr", "via", "wait"]
SHEETS = {
    "Answers": [
        NAMES,
        ["ann", instant(1), 9, "web", 2.5],
        ["007", instant(2, 9), None, 'a; "b", c', 2.5],
        ["José", instant(3), 0, None, 2.5],
        ["ann", instant(4, micro=500_000), 10, "web", 2.5],
    ],
    "Faults": [
        NAMES,
        ["bob", instant(5), DIVIDED_BY_NOUGHT, "web", 2.5],
        ["eve", "2026-01-05T10:00:00Z", 7, "web", 2.5],
        [],
        ["kim", None, 5, "web", 2.5],
        ["lea", instant(6, 0), "8", "shop", 2.5],
        ["max", instant(7), 12, "shop", 2.5],
    ],
}


def serial(time):
    """Days since 1899-12-30, as the sheets of Excel count them."""
    return (time - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)


def cells_of(rows):
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                yield at, column, value


def xls(path):
    import xlwt

    book = xlwt.Workbook()
    date = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM:SS")
    for name, rows in SHEETS.items():
        sheet = book.add_sheet(name)
        for at, column, value in cells_of(rows):
            if value is DIVIDED_BY_NOUGHT:
                sheet.row(at).set_cell_error(column, "#DIV/0!")
            elif isinstance(value, datetime.datetime):
                # What it makes of a time itself has no parts of a second.
                sheet.write(at, column, serial(value), date)
            else:
                sheet.write(at, column, value)
    book.save(str(path))


def ods(path):
    from odf.namespaces import nsdict
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    calc = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    # odfpy knows no names beyond the standard, and would invent a prefix.
    nsdict[calc] = "calcext"

    def cell(value):
        if value is None:
            return TableCell()
        if value is DIVIDED_BY_NOUGHT:
            # As LibreOffice saves an error: an empty text by the standard, and by its own word an error with what it shows.
            own = TableCell(valuetype="string", stringvalue="", formula="of:=1/0", check_grammar=False)
            own.setAttrNS(calc, "value-type", "error")
            own.addElement(P(text="#DIV/0!"))
            return own
        if isinstance(value, datetime.datetime):
            written = value.isoformat()
            own = TableCell(valuetype="date", datevalue=written)
        elif isinstance(value, str):
            written = value
            own = TableCell(valuetype="string")
        else:
            written = str(value)
            own = TableCell(valuetype="float", value=written)
        own.addElement(P(text=written))
        return own

    book = OpenDocumentSpreadsheet()
    for name, rows in SHEETS.items():
        table = Table(name=name)
        for row in rows:
            line = TableRow()
            for value in row or [None]:
                line.addElement(cell(value))
            table.addElement(line)
        book.spreadsheet.addElement(table)
    book.save(str(path))


def record(kind, data=b""):
    """One record: its kind and its length, seven bits a byte, and its bytes."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = len(data)
    size = b""
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + size + data


def wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


BRT_ROW_HDR, BRT_CELL_ERROR, BRT_CELL_REAL, BRT_CELL_ST, BRT_CELL_ISST = 0, 3, 5, 6, 7
BRT_SST_ITEM, BRT_XF = 19, 47
BRT_BEGIN_SHEET, BRT_END_SHEET, BRT_BEGIN_BOOK, BRT_END_BOOK = 129, 130, 131, 132
BRT_BEGIN_BUNDLE_SHS, BRT_END_BUNDLE_SHS, BRT_BEGIN_SHEET_DATA, BRT_END_SHEET_DATA = 143, 144, 145, 146
BRT_WS_DIM, BRT_WB_PROP, BRT_BUNDLE_SH, BRT_BEGIN_SST, BRT_END_SST = 148, 153, 156, 159, 160
BRT_BEGIN_STYLES, BRT_END_STYLES, BRT_BEGIN_CELL_XFS, BRT_END_CELL_XFS = 278, 279, 617, 618
DIVISION_ERROR = 0x07
# Number 22 of the formats that need no definition: day and time.
FORMATS = [0, 22]


def xlsb_sheet(rows, strings):
    body = record(BRT_BEGIN_SHEET)
    body += record(BRT_WS_DIM, struct.pack("<4I", 0, len(rows) - 1, 0, len(NAMES) - 1))
    body += record(BRT_BEGIN_SHEET_DATA)
    at = None
    for row, column, value in cells_of(rows):
        if row != at:
            at = row
            # Row, no format, height of 15 points in twentieths, no flags, one span of columns.
            body += record(BRT_ROW_HDR, struct.pack("<IIH3xIII", row, 0, 300, 1, 0, len(NAMES) - 1))
        style = 1 if isinstance(value, datetime.datetime) else 0
        place = struct.pack("<II", column, style)
        if value is DIVIDED_BY_NOUGHT:
            body += record(BRT_CELL_ERROR, place + bytes([DIVISION_ERROR]))
        elif isinstance(value, datetime.datetime):
            body += record(BRT_CELL_REAL, place + struct.pack("<d", serial(value)))
        elif isinstance(value, str) and row == 0:
            # Names stand in the cells, other texts among the strings that cells share, so that both are read.
            body += record(BRT_CELL_ST, place + wide(value))
        elif isinstance(value, str):
            if value not in strings:
                strings.append(value)
            body += record(BRT_CELL_ISST, place + struct.pack("<I", strings.index(value)))
        else:
            body += record(BRT_CELL_REAL, place + struct.pack("<d", value))
    return body + record(BRT_END_SHEET_DATA) + record(BRT_END_SHEET)


def xlsb(path):
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    excel = "application/vnd.ms-excel"
    strings = []
    sheets = {f"worksheets/sheet{at + 1}.bin": xlsb_sheet(rows, strings) for at, rows in enumerate(SHEETS.values())}
    bundle = b"".join(
        record(BRT_BUNDLE_SH, struct.pack("<II", 0, at + 1) + wide(f"rId{at + 1}") + wide(name))
        for at, name in enumerate(SHEETS)
    )
    book = record(BRT_BEGIN_BOOK) + record(BRT_WB_PROP, struct.pack("<III", 0, 0, 0))
    book += record(BRT_BEGIN_BUNDLE_SHS) + bundle + record(BRT_END_BUNDLE_SHS) + record(BRT_END_BOOK)
    shared = record(BRT_BEGIN_SST, struct.pack("<II", len(strings), len(strings)))
    shared += b"".join(record(BRT_SST_ITEM, b"\0" + wide(text)) for text in strings) + record(BRT_END_SST)
    formats = b"".join(record(BRT_XF, struct.pack("<HHHHHBBI", 0, own, 0, 0, 0, 0, 0, 0)) for own in FORMATS)
    styles = record(BRT_BEGIN_STYLES) + record(BRT_BEGIN_CELL_XFS, struct.pack("<I", len(FORMATS))) + formats
    styles += record(BRT_END_CELL_XFS) + record(BRT_END_STYLES)
    parts = [("sheet", f"worksheets/sheet{at + 1}.bin") for at in range(len(SHEETS))]
    relations = "".join(
        f'<Relationship Id="rId{at + 1}" Type="{rel}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(
            [("worksheet", target) for _, target in parts] + [("styles", "styles.bin"), ("sharedStrings", "sharedStrings.bin")]
        )
    )
    kinds = "".join(
        f'<Override PartName="/xl/{target}" ContentType="{excel}.{kind}"/>'
        for kind, target in parts + [("styles", "styles.bin"), ("sharedStrings", "sharedStrings.bin")]
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="bin" '
        f'ContentType="{excel}.sheet.binary.macroEnabled.main"/><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{kinds}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{rel}/officeDocument" Target="xl/workbook.bin"/></Relationships>',
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{package}/relationships">{relations}</Relationships>',
        "xl/workbook.bin": book,
        "xl/styles.bin": styles,
        "xl/sharedStrings.bin": shared,
        **{f"xl/{name}": data for name, data in sheets.items()},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    xls(FOLDER / "answers.xls")
    ods(FOLDER / "answers.ods")
    xlsb(FOLDER / "answers.xlsb")
