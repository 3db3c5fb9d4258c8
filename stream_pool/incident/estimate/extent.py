"""How large documents are, in each respect that `Limits` bounds and by its names."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Extent:
    """The largest of each that was met; lengths are bytes as written, before unescaping."""

    document_bytes: int = 0
    depth: int = 0
    keys: int = 0
    items: int = 0
    key_bytes: int = 0
    string_bytes: int = 0
    number_digits: int = 0

    def widen(self, other: "Extent") -> None:
        """Take in what was met elsewhere."""
        for field in fields(self):
            setattr(self, field.name, max(getattr(self, field.name), getattr(other, field.name)))
