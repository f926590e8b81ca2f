"""`python -m deploy.kubernetes`: writes the manifests, or Secrets with fresh passwords."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.kubernetes import charts, kustomize, nats, secrets
from deploy.kubernetes.template import plain_text
from deploy.local.nats_sites import hub_end
from deploy.local.private import write_private

_DEPLOY = Path(__file__).parents[1]


def outputs() -> dict[Path, str]:
    """Every file that is written, with its text."""
    return {
        **{_DEPLOY / "kustomize" / name: text for name, text in kustomize.files().items()},
        **{_DEPLOY / "helm" / name: text for name, text in charts.files().items()},
    }


def written() -> set[Path]:
    """Every file that is there."""
    folders = (_DEPLOY / "kustomize", _DEPLOY / "helm")
    return {file for folder in folders for file in folder.rglob("*") if file.is_file()}


def _write() -> None:
    wanted = outputs()
    for stale in written() - wanted.keys():
        stale.unlink()
    for file, text in wanted.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _tell(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        write_private(out, text)


def _sites_secret(file: Path, namespace: str) -> str:
    end = hub_end(file)
    if end is None:
        sys.exit(f"{file} is not there: `aiops edge init` writes it")
    told = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": nats.WITH_SITES, "namespace": namespace},
        "type": "Opaque",
        "stringData": nats.files(end),
    }
    return plain_text([told])


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says, or these ``arguments``."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kubernetes", description=__doc__)
    verbs = parser.add_subparsers(dest="verb")
    fresh = verbs.add_parser("secrets", help="Secrets with fresh random passwords, to be applied.")
    sites = verbs.add_parser("sites", help="NATS's configuration with far-edge sites, a Secret.")
    sites.add_argument("file", type=Path, help="hub/nats-sites.json of `aiops edge init`.")
    for each in (fresh, sites):
        each.add_argument("--namespace", default="aiops")
        each.add_argument("--out", type=Path, help="A file of mode 0600 instead of the output.")
    told = parser.parse_args(arguments)
    if told.verb == "secrets":
        _tell(secrets.manifest(told.namespace), told.out)
    elif told.verb == "sites":
        _tell(_sites_secret(told.file, told.namespace), told.out)
    else:
        _write()


if __name__ == "__main__":
    main()
