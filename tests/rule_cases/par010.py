from tests.rule_cases import CAT, Case, voc

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
CASE = Case(
    {
        **voc(CAT),
        **{"Annotations/b.xml": POINTER, "Annotations/c.xml": voc(CAT)["Annotations/a.xml"]},
        "JPEGImages/c.jpg": POINTER,
    },
    [
        ("Annotations/b.xml", "", "a Git LFS pointer in place of the file"),
        ("JPEGImages/c.jpg", "", "a Git LFS pointer in place of the file"),
    ],
    {**voc(CAT), "Annotations/b.xml": "<annotation/>", "readme.txt": POINTER},
)
