"""What mkdocs needs to know of this repository: pages that live outside docs/, and links that lead there.

README.md is the home page, and CHANGELOG.md and others have places of their own, so that nothing is written
twice. A page may link to any file of the repository: such a file becomes a page that shows it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
    "sample_data/README.md": "sample_data.md",
}
_LINK = re.compile(r"(!?\[(?:[^\]\\]|\\.)*\]\()([^)\s#]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.M | re.S)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Rewrite the links of every page, and add the pages that lie outside docs/."""
    shown: set[str] = set()
    texts = {f"docs/{file.src_uri}": file.src_uri for file in files.documentation_pages()} | PAGES
    for source, target in texts.items():
        text = _markdown((ROOT / source).read_text(encoding="utf-8"), source, shown)
        if old := files.get_file_from_path(target):
            files.remove(old)
        files.append(File.generated(config, target, content=text))
    for name in sorted(shown):
        page = File.generated(config, _page_of(name), content=_shown(name))
        page.inclusion = InclusionLevel.NOT_IN_NAV
        files.append(page)
    return files


def _page_of(name: str) -> str:
    return f"source/{name}.md"


def _markdown(text: str, source: str, shown: set[str]) -> str:
    """Return the text of a page, its links as seen from where it stands on the site.

    source: the page's path in the repository. shown: gets the files that it links to and that are no pages.
    """
    parts = _FENCE.split(text)
    for number in range(0, len(parts), 2):
        lines = [_as_rendered_here(line) for line in parts[number].split("\n")]
        parts[number] = _LINK.sub(lambda link: _link(link, source, shown), "\n".join(lines))
    return "".join(parts)


def _as_rendered_here(line: str) -> str:
    r"""Return a line as this renderer wants it where GitHub's wants another.

    A list in a list is indented by four, and `a\|b` in a table needs no backslash. A comment would be a row
    of a table.
    """
    if re.fullmatch(r"<!--.*-->", line):
        return ""
    if re.match(r" +- ", line):
        return " " * (len(line) - len(line.lstrip())) + line
    if line.startswith("|"):
        return re.sub(r"`[^`]*`", lambda code: code[0].replace("\\|", "|"), line)
    return line


def _link(link: re.Match[str], source: str, shown: set[str]) -> str:
    start, target, anchor = link[1], link[2], link[3] or ""
    if re.match(r"[a-z]+:", target):
        return link[0]
    name = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    path = ROOT / name
    if path.is_dir():
        name = posixpath.join(name, "README.md")
        if name not in PAGES:  # a folder is no page: the text alone stays
            return start.removesuffix("](").removeprefix("[")
    if name in PAGES:
        target = PAGES[name]
    elif name.startswith("docs/"):
        target = name.removeprefix("docs/")
    else:
        shown.add(name)
        target = _page_of(name)
    here = posixpath.dirname(PAGES.get(source, source.removeprefix("docs/")))
    return f"{start}{posixpath.relpath(target, here or '.')}{anchor})"


def _shown(name: str) -> str:
    """Return a page that shows a file as it is, left out of the search."""
    text = (ROOT / name).read_text(encoding="utf-8")
    language = {".py": "python", ".toml": "toml"}.get(Path(name).suffix, "text")
    return f"---\nsearch:\n  exclude: true\n---\n# {name}\n\n~~~~{language}\n{text}\n~~~~\n"
