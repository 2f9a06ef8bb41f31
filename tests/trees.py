"""Mutations of JSON, YAML and TOML as one kind of tree, in which a key may be there twice.

A tree is changed, often in all entries at once, and written again with numbers that no encoder writes.
"""

from __future__ import annotations

import copy
import json
import random
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import yaml

Dice = random.Random


class Members(list[tuple[str, Any]]):
    """An object: pairs of key and value, in their order."""


class Raw(str):
    """A token that is written as it stands."""

    __slots__ = ()


# Numbers and constants as files of other programs have them, or as nobody writes them.
NUMBERS = [
    *("-0.0", "-0", "0", "1", "-1", "0.5", "1e308", "-1e308", "1e309", "-1e309", "1e-320", "5e-324", "1E2"),
    *("NaN", "Infinity", "-Infinity", "2147483648", "4294967296", "9007199254740993", "9223372036854775808"),
    *("18446744073709551616", "1.0", "7.000", "1e400", "1" + "0" * 400, "9" * 4400, "0.1e1", "100000000"),
]
CONSTANTS = ["null", "true", "false"]
TEXTS = ["", " ", "0", "1", "-1", "1.5", "nan", "true", "null", "None", "1e308", "é", "\u0661", "a" * 300]
TAGS = ["!!str", "!!int", "!!float", "!!bool", "!!null", "!!seq", "!!map", "!!set", "!!binary", "!!timestamp"]
TAGS += ["!!python/tuple", "!!python/name:os.system", "!!python/object/apply:os.system", "!mine", "!"]

# ---- trees -----------------------------------------------------------------------------------------------


def _change_tree(root: Any, dice: Dice) -> Any:
    """Change a tree in place a few times, and return it: another where the root is replaced."""
    for _ in range(dice.choice([1, 1, 1, 1, 2, 4])):
        places = list(_places(root))
        if not places or dice.random() < 0.02:
            root = dice.choice([[root], Members([("x", root)]), _any(dice), [root, root]])
            continue
        # Entries outnumber everything else, so that each depth comes as often as another.
        depth = dice.randrange(1 + max(at for _, _, at in places))
        container, index, _ = dice.choice([p for p in places if p[2] == depth] or places)
        if isinstance(container, Members) and dice.random() < 0.35:
            key = container[index][0]
            alike = [(c, i) for c, i, _ in places if isinstance(c, Members) and c[i][0] == key]
            _change_everywhere(alike, dice)
        else:
            _change(container, index, places, dice)
    return root


def _places(tree: Any, depth: int = 0) -> Iterator[tuple[Any, int, int]]:
    """Yield each member or item: its container, its index there, and its depth."""
    for index in range(len(tree)) if isinstance(tree, list) else ():
        yield tree, index, depth
        yield from _places(_at(tree, index), depth + 1)


def _at(container: Any, index: int) -> Any:
    return container[index][1] if isinstance(container, Members) else container[index]


def _put(container: Any, index: int, value: Any) -> None:
    container[index] = (container[index][0], value) if isinstance(container, Members) else value


def _change_everywhere(alike: list[tuple[Members, int]], dice: Dice) -> None:
    """Change a key in all objects that have it, as a program that writes it otherwise would."""
    kind = dice.randrange(6)
    key = alike[0][0][alike[0][1]][0]
    other, value = other_key(key, [pair[0] for c, _ in alike[:3] for pair in c], dice), _scalar(dice)
    values = [_at(*place) for place in alike]
    for (container, index), moved in zip(alike, dice.sample(values, len(values)), strict=True):
        if kind == 0:
            _put(container, index, value)
        elif kind == 1:
            _put(container, index, _retyped(_at(container, index), dice))
        elif kind == 2:
            container[index] = (other, _at(container, index))
        elif kind == 3:
            _put(container, index, moved)
        elif kind == 4:
            container.append((key, value))
        else:
            container[index] = ("\0lost", None)
    for container, _ in alike if kind == 5 else ():
        container[:] = [pair for pair in container if pair[0] != "\0lost"]


def _change(container: Any, index: int, places: list[tuple[Any, int, int]], dice: Dice) -> None:
    value = _at(container, index)
    kind = dice.randrange(13)
    if kind <= 1:
        _put(container, index, _any(dice))
    elif kind == 2:
        del container[index]
    elif kind == 3:
        _put(container, index, _retyped(value, dice))
    elif kind == 4 and isinstance(container, Members):
        key = other_key(container[index][0], [pair[0] for pair in container], dice)
        container[index] = (key, value)
    elif kind in (4, 5):
        dice.shuffle(container)
    elif kind == 6:
        twice = (container[index][0], _any(dice)) if isinstance(container, Members) else copy.deepcopy(value)
        container.insert(dice.choice([0, index, index + 1, len(container)]), twice)
    elif kind == 7:
        other, at, _ = dice.choice(places)  # the two change places, or one is in the other from now on
        if at < len(other):
            moved = copy.deepcopy(_at(other, at))
            _put(other, at, copy.deepcopy(value))
            _put(container, index, moved)
    elif kind == 8:
        wrap: Callable[[Any], Any] = dice.choice([lambda v: [v], lambda v: Members([("x", v)])])
        for _ in range(dice.choice([1, 1, 2, 60, 1500])):
            value = Raw(f"[{value}]") if isinstance(value, Raw) else wrap(value)
        _put(container, index, value)
    elif kind == 9 and isinstance(value, list) and value:
        _put(container, index, _at(value, dice.randrange(len(value))))
    elif kind == 10 and isinstance(value, list):
        _put(container, index, _reshaped(value))
    elif kind == 11 and isinstance(container, list) and len(container) < 50:
        container[index:index] = [copy.deepcopy(container[index]) for _ in range(dice.choice([1, 30]))]
    else:
        _put(container, index, dice.choice([[], Members(), "", Raw("null"), Raw("[" * 40 + "]" * 40)]))


def _reshaped(value: list[Any]) -> Any:
    if isinstance(value, Members):
        return [item for _, item in value]
    return Members([(str(number), item) for number, item in enumerate(value)])


def _retyped(value: Any, dice: Dice) -> Any:
    """The same value in another type, as far as there is one."""
    if isinstance(value, list):
        return dice.choice([_reshaped(value), json.dumps(_plain(value))[:2000], Raw("true")])
    if isinstance(value, Raw):
        return dice.choice([str(value), [value], Raw("true"), Raw(f"{value}.0"), Raw(f"{value}e0")])
    text = str(value)
    number = Raw(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else Raw("7")
    return dice.choice([number, [text], [*text[:20]], Raw("null"), Raw("false")])


def _plain(value: Any) -> Any:
    if isinstance(value, Members):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def other_key(key: str, others: list[str], dice: Dice) -> str:
    made = [
        key.upper(),
        key.title(),
        f" {key}",
        f"{key}s",
        key.replace("_", "-"),
        f"{key}\0",
        "",
        "__class__",
    ]
    return dice.choice([*made, *others, "id", "name", "\u202e" + key])


def _scalar(dice: Dice) -> Any:
    kind = dice.randrange(3)
    return dice.choice(TEXTS) if kind == 0 else Raw(dice.choice(CONSTANTS if kind == 1 else NUMBERS))


def _any(dice: Dice) -> Any:
    if dice.random() < 0.8:
        return _scalar(dice)
    items = [_scalar(dice) for _ in range(dice.choice([0, 1, 2, 4, 4, 6]))]
    return items if dice.random() < 0.6 else Members([(dice.choice(["id", "x", "0", ""]), i) for i in items])


# ---- JSON, YAML, TOML ------------------------------------------------------------------------------------


def _json_tree(text: str) -> Any:
    return json.loads(text, object_pairs_hook=Members, parse_int=Raw, parse_float=Raw, parse_constant=Raw)


def _constants(tree: Any) -> Any:
    """The same tree with True, False and None as tokens, so that there are only texts, tokens and lists."""
    if isinstance(tree, dict):
        return Members([(str(key), _constants(value)) for key, value in tree.items()])
    if isinstance(tree, Members):
        return Members([(key, _constants(value)) for key, value in tree])
    if isinstance(tree, list):
        return [_constants(value) for value in tree]
    if isinstance(tree, str):
        return tree
    return Raw("null" if tree is None else str(tree).lower())


def change_json(data: bytes, dice: Dice) -> bytes:
    tree = _change_tree(_constants(_json_tree(data.decode())), dice)
    text = "".join(_as_json(tree, dice.choice(["", " "]), dice.random() < 0.3))
    return text.encode("utf-8", "surrogatepass")


def change_lines_of_json(data: bytes, dice: Dice) -> bytes:
    lines = data.split(b"\n")
    at = dice.randrange(len(lines))
    lines[at] = change_json(lines[at] or lines[0], dice)
    return b"\n".join(lines)


def _as_json(tree: Any, space: str, as_ascii: bool) -> Iterator[str]:
    """Write a tree piece by piece, without recursion: it may be deep."""
    stack: list[Any] = [tree]
    while stack:
        value = stack.pop()
        if isinstance(value, Raw):
            yield value
        elif isinstance(value, str):
            yield json.dumps(value, ensure_ascii=as_ascii)
        else:
            pairs = isinstance(value, Members)
            yield "{" if pairs else "["
            stack.append(Raw("}" if pairs else "]"))
            for number, item in reversed(list(enumerate(value))):
                stack.append(item[1] if pairs else item)
                if pairs:
                    stack += [Raw(f":{space}"), item[0]]
                if number:
                    stack.append(Raw(f",{space}"))


def change_yaml(data: bytes, dice: Dice) -> bytes:
    """Change YAML, and write it in lines or in brackets, sometimes with tags, anchors and aliases."""
    tree = _of_node(yaml.compose(data.decode(), Loader=yaml.SafeLoader))
    tree = _change_tree(tree, dice)
    if dice.random() < 0.3:
        return "".join(_as_json(tree, " ", False)).encode("utf-8", "surrogatepass")
    text = "\n".join(_in_lines(tree, "", dice))
    if dice.random() < 0.3 and (values := list(re.finditer(r"(?<=: )|(?<=- )", text))):
        chosen = sorted({dice.choice(values).start() for _ in range(dice.choice([1, 2]))})
        marks = [dice.choice([*TAGS, "&a", "*a", "*a", "&a &b", "|", ">", "? ", "<<: *a", "!!merge"])]
        marks.append("&a" if dice.random() < 0.5 else dice.choice(TAGS))
        for at in reversed(chosen):
            text = f"{text[:at]}{marks.pop()} {text[at:]}"
    return text.encode("utf-8", "surrogatepass")


def _of_node(node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return Members([(str(getattr(key, "value", "?")), _of_node(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return [_of_node(item) for item in node.value]
    value = "" if node is None else node.value
    return Raw(value) if node is None or node.style is None else str(value)


def _in_lines(tree: Any, indent: str, dice: Dice) -> Iterator[str]:
    """Write a tree as YAML in lines, deep or mixed parts in brackets."""
    if not isinstance(tree, list) or not tree or len(indent) > 30 or dice.random() < 0.05:
        yield indent + "".join(_as_json(tree, " ", False))
        return
    for item in tree:
        if isinstance(tree, Members):
            key, value = item
            head = (
                f"{key}:" if re.fullmatch(r"[\w. -]*\w", key) else json.dumps(key, ensure_ascii=False) + ":"
            )
        else:
            head, value = "-", item
        if isinstance(value, list) and value and any(isinstance(v, list | tuple) for v in value):
            yield indent + head
            yield from _in_lines(value, indent + "  ", dice)
        else:
            yield f"{indent}{head} {''.join(_as_json(value, ' ', False))}"


def change_toml(data: bytes, dice: Dice) -> bytes:
    tree = _change_tree(_constants(tomllib.loads(data.decode())), dice)
    members = tree if isinstance(tree, Members) else Members([("x", tree)])
    lines = [f"{_toml_key(key)} = {_as_toml(value)}" for key, value in members]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else json.dumps(key)


_TOML_WORDS = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def _as_toml(value: Any) -> str:
    if isinstance(value, Members):
        return "{" + ", ".join(f"{_toml_key(key)} = {_as_toml(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_toml, value))}]"
    return _TOML_WORDS.get(value, value) if isinstance(value, Raw) else json.dumps(value)
