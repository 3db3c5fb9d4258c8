"""docs/settings.md is the settings' own words, or it would drift."""

from pathlib import Path

from support.meanings import meanings

from stream_pool.settings import Settings, variable

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def rows() -> list[str]:
    """The table's rows as the code has them."""
    made, told_by = [], meanings()
    for name, field in Settings.model_fields.items():
        default = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        default = default.lower() if isinstance(field.default, bool) else default
        told = " ".join(told_by[name].split())
        made.append(f"| `{variable(name)}` | {default or chr(0x2013)} | {told} |")
    return made


def test_every_setting_stands_in_the_page_as_it_is() -> None:
    """Name, default and meaning of each, in their order."""
    found = [line for line in PAGE.read_text().splitlines() if line.startswith("| `STREAM_POOL_")]
    assert found == rows()
