"""`croissant.json`: a release as Croissant 1.1 describes it, with the terms for
responsible AI. https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html"""

import hashlib
import json
from pathlib import Path
from typing import Any

from labeling.datasets import release_files
from labeling.models import DatasetRelease
from ml.emotions import EMOTIONS

Json = dict[str, Any]

HERE = Path(__file__).parent
CONTEXT: Json = json.loads((HERE / "croissant_context.json").read_text())
# What is true of every release; the datasheet says the same sentences.
FACTS: Json = json.loads((HERE / "release_facts.json").read_text())
CONFORMS_TO = [
    "http://mlcommons.org/croissant/1.1",
    "http://mlcommons.org/croissant/RAI/1.0",
]
MEANING = {
    "id": "A random number; a withdrawn face is called by it.",
    "emotion": "What was decided that it shows.",
    "distribution": f"Seven shares, in the order {', '.join(EMOTIONS)}.",
    "votes": "How many people said what it shows.",
    "person": "The same for faces of one account, in this release only; empty without.",
    "given": "Year and month.",
    "source": "site, api or import.",
    "consent": "Version of the text that was agreed to.",
}


def describe(
    release: DatasetRelease, folder: Path, *, page: str, months: list[str]
) -> Json:
    """All of a release that lies in `folder`. `months`: the first and the last in
    which its faces were given."""
    rai = {f"rai:{name}": said for name, said in FACTS.items()}
    if months:
        rai["rai:dataCollectionTimeFrame"] = [f"{month}-01" for month in months]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": release.name,
        "description": (
            f"{release.count} faces with the expression they show, given by people who "
            "agreed that anyone may download them."
        ),
        "url": page,
        "license": license_url(release.license) or page,
        "version": "1.0.0",
        "datePublished": f"{release.began_at:%Y-%m-%d}",
        "inLanguage": "en",
        "keywords": ["facial expression", "face", *EMOTIONS],
        "citeAs": f"{release.name}, {page}",
        "creator": {"@type": "sc:Organization", "name": "Mien", "url": page},
        **rai,
        "distribution": _distribution(release, folder),
        "recordSet": [_records(release)] if release.count else [],
    }


def license_url(license: str) -> str:
    """Of an SPDX name, where its text stands."""
    if not license or "://" in license:
        return license
    return f"https://spdx.org/licenses/{license}.html"


def _distribution(release: DatasetRelease, folder: Path) -> list[Json]:
    if release.form == DatasetRelease.Form.FOLDERS:
        table = folder / release_files.FACES / release_files.TABLE
        pictures = _set("pictures", "image/jpeg", f"{release_files.FACES}/*/*.jpg")
        has_any = has_pictures(release) and release.count
        return [_file(table, folder, "text/csv"), *([pictures] if has_any else [])]
    parquet = "application/x-parquet"
    shards = sorted(folder.glob("faces-*.parquet"))
    files = [_file(shard, folder, parquet) for shard in shards]
    return [*files, _set("faces", parquet, "faces-*.parquet")] if files else []


def has_pictures(release: DatasetRelease) -> bool:
    return release.variant != DatasetRelease.Variant.METADATA


def _file(path: Path, folder: Path, form: str) -> Json:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = path.relative_to(folder).as_posix()
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": path.name,
        "contentUrl": name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": form,
        "sha256": digest,
    }


def _set(name: str, form: str, glob: str) -> Json:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "encodingFormat": form,
        "includes": glob,
    }


def _records(release: DatasetRelease) -> Json:
    is_table = release.form == DatasetRelease.Form.FOLDERS
    table = f"{release_files.FACES}/{release_files.TABLE}"
    where = (
        {"fileObject": {"@id": table}} if is_table else {"fileSet": {"@id": "faces"}}
    )
    fields = [_field(name, where) for name in MEANING]
    if is_table:  # the shares stand in one column, apart by spaces
        fields[list(MEANING).index("distribution")]["dataType"] = "sc:Text"
    if has_pictures(release):
        fields += _joined_pictures(where) if is_table else [_pictures(where)]
    return {
        "@type": "cr:RecordSet",
        "@id": "records",
        "name": "records",
        "description": "One record a face.",
        "key": {"@id": "records/id"},
        "field": fields,
    }


def _field(name: str, where: Json) -> Json:
    field: Json = {
        "@type": "cr:Field",
        "@id": f"records/{name}",
        "name": name,
        "description": MEANING[name],
        "dataType": "sc:Integer" if name == "votes" else "sc:Text",
        "source": {**where, "extract": {"column": name}},
    }
    if name == "distribution":
        size = str(len(EMOTIONS))
        field |= {"dataType": "sc:Float", "isArray": True, "arrayShape": size}
    return field


def _pictures(where: Json) -> Json:
    return {
        "@type": "cr:Field",
        "@id": "records/jpeg",
        "name": "jpeg",
        "description": "The face, square, at most 256 pixels.",
        "dataType": "sc:ImageObject",
        "source": {**where, "extract": {"column": "jpeg"}},
    }


def _joined_pictures(where: Json) -> list[Json]:
    """Of a folder: found by the name that the table has for it."""
    files = {"fileSet": {"@id": "pictures"}}
    content = {**files, "extract": {"fileProperty": "content"}}
    picture = {**_pictures(where), "source": content}
    name: Json = {
        "@type": "cr:Field",
        "@id": "records/file",
        "name": "file",
        "description": "The picture's file, by which it belongs to the row.",
        "dataType": "sc:Text",
        "source": {
            **files,
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": r"^(.+)\.jpg$"},
        },
        "references": {**where, "extract": {"column": "id"}},
    }
    return [picture, name]
