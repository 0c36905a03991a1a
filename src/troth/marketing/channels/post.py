"""Post: one sheet a letter, ready to print; its way out is printed on it, as a page, a number and an address.

The core fonts know the letters of Western Europe. What they cannot print is refused, by person, and never printed as
question marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from troth.doors.contact import NeverTaken, Outgoing
from troth.marketing.errors import CannotPrint

if TYPE_CHECKING:
    from fpdf import FPDF

FONT: Final = "helvetica"
CODING: Final = "cp1252"  # what the core fonts can print
WINDOW: Final = (20.0, 50.0)  # millimetres from the left and the top: where an envelope's window shows the address


@dataclass(frozen=True)
class Post:
    """A letter on paper."""

    def way_out(self, stop: str, care: tuple[str, ...]) -> str:
        ways = " or ".join(care)
        return f"No more letters like this: {stop}" + (f", or tell us: {ways}" if ways else "")

    def message(self, subject: str, text: str, stop: str) -> Mapping[str, Any]:
        del stop
        return {"subject": subject, "text": text}


def printable(what: str, *texts: str) -> None:
    """Raise CannotPrint for text the font has no signs for. `what` names it in the refusal."""
    for text in texts:
        try:
            text.encode(CODING)
        except UnicodeEncodeError:
            raise CannotPrint(what) from None


def empty() -> FPDF:
    """Return a document that says nothing of when, by whom and with what it was made."""
    from fpdf import FPDF  # noqa: PLC0415 -- half a second, for those who print

    pdf = FPDF(format="A4")
    pdf.set_creator("")
    pdf.set_producer("")
    pdf.set_title("Letters")
    return pdf


@dataclass
class Bag:
    """A transport that gathers letters, a sheet each, until they are printed."""

    pdf: FPDF = field(default_factory=empty)
    sheets: int = 0

    def __call__(self, message: Outgoing, *, give_up_after: int) -> None:
        """Add one letter. Raises NeverTaken for an address or words the font cannot print."""
        del give_up_after
        subject, text = str(message.content["subject"]), str(message.content["text"])
        try:
            printable("a letter", message.address, subject, text)
        except CannotPrint as no:
            raise NeverTaken from no
        self._sheet(message.address.replace(", ", "\n"), subject, text)
        self.sheets += 1

    def _sheet(self, address: str, subject: str, text: str) -> None:
        pdf = self.pdf
        pdf.add_page()
        pdf.set_xy(*WINDOW)
        pdf.set_font(FONT, size=11)
        pdf.multi_cell(85, 5.5, address, align="L")
        pdf.set_xy(WINDOW[0], 105)
        pdf.set_font(FONT, style="B", size=14)
        pdf.multi_cell(170, 7, subject, align="L")
        pdf.ln(3)
        pdf.set_x(WINDOW[0])
        pdf.set_font(FONT, size=11)
        pdf.set_left_margin(WINDOW[0])
        pdf.multi_cell(170, 5.5, text, align="L")

    def bytes(self) -> bytes:
        """Return the letters as one PDF."""
        return bytes(self.pdf.output())


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Return what a mailing house gets: CSV of names and addresses, with nothing a spreadsheet takes for a sum."""
    import csv  # noqa: PLC0415
    import io  # noqa: PLC0415

    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["name", "address"])
    writer.writerows([[_cell(name), _cell(where)] for name, where in rows])
    return out.getvalue()


def _cell(text: str) -> str:
    plain = " ".join(text.split())
    return f"'{plain}" if plain[:1] in ("=", "+", "-", "@") else plain
