"""A part of a page that is made from the sources, between two marks that the page shows nobody."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Generated:
    """The part of `page` between the lines `begin` and `end`."""

    page: Path
    begin: str
    end: str

    def written(self) -> str:
        """What the page has there."""
        _, inside, _ = self._parts()
        return inside.strip()

    def write(self, text: str) -> None:
        """Put a text there."""
        before, _, after = self._parts()
        whole = f"{before}{self.begin}\n\n{text}\n\n{self.end}{after}"
        self.page.write_text(whole, encoding="utf-8")

    def _parts(self) -> tuple[str, str, str]:
        before, begin, rest = self.page.read_text(encoding="utf-8").partition(self.begin)
        inside, end, after = rest.partition(self.end)
        assert begin, f"{self.page} lost its marks"
        assert end, f"{self.page} lost its marks"
        return before, inside, after
