"""Copy the browser libraries that pages load from node_modules to this folder, each with its licence.

Run `npm run vendor`: npm checks every package against package-lock.json, then this script copies, unchanged.
A new version: `npm install --save-dev NAME@VERSION`, then `npm run vendor`, then the browser tests.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = HERE.parents[1] / "node_modules"

ALPINE_LICENCE = """\
# MIT License

Copyright © 2019-2021 Caleb Porzio and contributors

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


@dataclass(frozen=True, slots=True)
class Library:
    """A library that pages load: its npm package, our folder for it, and which file goes where.

    `included` are packages that its authors built into the file; their licences are kept too (which of their
    versions is inside, only the authors' build knows).
    `licence` is the text for a package that says its licence in package.json only.
    """

    package: str
    folder: str
    files: dict[str, str]
    purpose: str
    included: tuple[str, ...] = ()
    licence: str | None = None


LIBRARIES = (
    Library(
        package="bootstrap",
        folder="bootstrap",
        files={
            "dist/css/bootstrap.min.css": "bootstrap.min.css",
            "dist/js/bootstrap.bundle.min.js": "bootstrap.bundle.min.js",
        },
        purpose="layout, controls, dialogs",
        included=("@popperjs/core",),
    ),
    Library(
        package="bootstrap-icons",
        folder="bootstrap-icons",
        files={
            "font/bootstrap-icons.min.css": "bootstrap-icons.min.css",
            "font/fonts/bootstrap-icons.woff2": "fonts/bootstrap-icons.woff2",
        },
        purpose="icons",
    ),
    Library(
        package="alpinejs",
        folder="alpine",
        files={"dist/cdn.min.js": "alpine.min.js"},
        purpose="reactive markup in authors' templates",
        included=("@vue/reactivity",),
        licence=ALPINE_LICENCE,
    ),
)


def refresh(library: Library) -> str:
    """Copy one library and return its row of VERSIONS.md."""
    target = HERE / library.folder
    shutil.rmtree(target, ignore_errors=True)
    for source, name in library.files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGES / library.package / source, target / name)
    if library.licence is None:
        shutil.copyfile(licence_file(library.package), target / "LICENSE")
    else:
        (target / "LICENSE").write_text(library.licence, encoding="utf-8")
    for package in library.included:
        shutil.copyfile(licence_file(package), target / f"LICENSE-{package.strip('@').replace('/', '-')}")
    name, version, licence = about(library.package)
    included = ", ".join(f"{package} ({about(package)[2]})" for package in library.included) or "-"
    return f"| {name} | {version} | {licence} | {included} | {library.purpose} |"


def about(package: str) -> tuple[str, str, str]:
    """Return name, version and licence as the package states them."""
    stated = json.loads((PACKAGES / package / "package.json").read_text(encoding="utf-8"))
    return stated["name"], stated["version"], stated["license"]


def licence_file(package: str) -> Path:
    """Return where the package keeps the text of its licence."""
    for name in ("LICENSE", "LICENSE.md", "LICENSE.txt"):
        if (PACKAGES / package / name).is_file():
            return PACKAGES / package / name
    raise SystemExit(f"{package}: no licence file in node_modules. Give its text in refresh.py.")


def main() -> None:
    """Copy every library and write down which version each is."""
    if not PACKAGES.is_dir():
        raise SystemExit("There is no node_modules. Run `npm run vendor`, which installs it first.")
    rows = [refresh(library) for library in LIBRARIES]
    table = "\n".join(
        ["| library | version | licence | built into it | for |", "| --- | --- | --- | --- | --- |", *rows]
    )
    text = "Unchanged files of the npm packages, copied by `npm run vendor`. Do not edit."
    (HERE / "VERSIONS.md").write_text(f"# Browser libraries\n\n{text}\n\n{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
