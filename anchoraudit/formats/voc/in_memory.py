"""Reads exactly the annotation files that a program has listed, as a folder of them is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from anchoraudit.dataset.columns import Dataset
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats.voc import NAME
from anchoraudit.formats.voc.assembly import assemble
from anchoraudit.formats.voc.layout import Part
from anchoraudit.formats.voc.members import Members
from anchoraudit.formats.voc.pool import scanning
from anchoraudit.images.found import list_images

Listed = tuple[str, str]  # the folder of annotations, and that of their images


def assemble_listed(
    annotations: Sequence[str], images: Sequence[str], split: str, reason: str, options: ReadOptions
) -> Dataset:
    """Read annotation files, and look for their images.

    annotations: paths of XML files. images: the path of the image of each. split: the name of their split.

    Raises AnchorauditError if none of the files is an annotation.
    """
    listed: dict[Listed, dict[str, tuple[str, str]]] = {}
    for annotation, image in zip(annotations, images, strict=True):
        (folder, name), (images_in, image_name) = map(
            os.path.split, map(os.path.normpath, (annotation, image))
        )
        own = listed.setdefault((folder, str(options.image_folder or images_in)), {})
        own.setdefault(name[:-4], (name, image_name))
    chosen = [_members(folders, files, split) for folders, files in listed.items()]
    names = [[name for _, name in members.xml] for members in chosen]
    paths = [
        f"{members.part.annotations}{os.sep}{name}"
        for members, own in zip(chosen, names, strict=True)
        for name in own
    ]
    root = Path(os.path.commonpath([folder for folder, _ in listed])) if listed else Path()
    everything = [members.memberships(()) for members in chosen]
    with scanning(paths) as chunks:
        dataset = assemble(Detection(NAME, root, reason), options, everything, names, chunks())
    dataset.partial = True  # the folders have more files than those that are listed
    return dataset


def _members(folders: Listed, files: dict[str, tuple[str, str]], split: str) -> Members:
    """Return the files of one folder, with those of their images that are there. files: by stem."""
    annotations, images = map(Path, folders)
    there = set(list_images(images)) if images.is_dir() else set()
    part = Part(annotations, annotations, images, None, name=split, is_split=True)
    return Members(
        part,
        xml=sorted((stem, name) for stem, (name, _) in files.items()),
        images=sorted(there.intersection(image for _, image in files.values())),
    )
