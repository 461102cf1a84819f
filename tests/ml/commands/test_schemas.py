from pathlib import Path

from ml import __main__ as ml

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "schemas"


def test_the_published_schemas_are_those_of_the_code(tmp_path: Path) -> None:
    assert ml.main(["schemas", str(tmp_path)]) == 0
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert written == {file.name: file.read_text() for file in PUBLISHED.iterdir()}
    assert set(written) == {"card.schema.json", "exam-report.schema.json"}
