"""`anchoraudit verify`: whether a manifest is the one that was certified."""

from __future__ import annotations

from typing import Any

import click


@click.command("verify")
@click.argument("manifests", nargs=-1, required=True, type=click.Path(), metavar="MANIFEST...")
@click.option("--sources", is_flag=True, help="Also compare the files that the manifest was made from.")
@click.option("--data", type=click.Path(), metavar="DIR", help="Where the data set is now.")
@click.option("--detector", metavar="NAME|FILE", help="The detector that must have judged.")
@click.option("--loader", metavar="NAME", help="The data loader that must have been applied.")
@click.option(
    "--framework-version",
    metavar="VERSION",
    help="The version of the framework that will train.  [default: the installed one]",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing if all is as it was certified.")
def command(manifests: tuple[str, ...], *, quiet: bool, **expected: Any) -> int:
    """Tell whether each MANIFEST is what `filter --certify` certified, before you train on it.

    The manifest's bytes are compared with its certificate, which is beside it; for a list of images also the
    label files of these images; for a folder that was filtered in parts, all of its files. Exit codes: 0 all
    is as it was certified, 1 something differs, 2 that cannot be told, because there is no certificate, or a
    file cannot be read.
    """
    from anchoraudit.certificates.verifying import NotVerifiedError, counts_of, judged, verify
    from anchoraudit.cli._said import fail
    from anchoraudit.errors import AnchorauditError, inert, printable

    code = 0
    for manifest in manifests:
        try:
            found = verify(manifest, **expected)
        except AnchorauditError as error:
            fail(str(error))
            code = max(code, 1 if isinstance(error, NotVerifiedError) else 2)
            continue
        own = found.certificate
        if not quiet:
            compared = ", ".join(found.checked)
            text = f"{printable(manifest)}: as certified ({compared}): {counts_of(own)}; {judged(own)}"
            click.echo(inert(text))
    return code
