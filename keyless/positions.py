"""Where things stand in a YAML file: composed once, when the first position is asked for, and indexed as it is read."""

from collections.abc import Sequence

import yaml

from keyless.nodes import Loader

Key = str | int
KeyPath = Sequence[Key]
Place = tuple[yaml.Mark, yaml.Node]


def compose(text: str) -> yaml.Node | None:
    """The node of the one document in `text`, which is known to be YAML."""
    loader = Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


class Positions:
    """Positions in one text. A file with a thousand errors is composed once, and each mapping is gone through once."""

    def __init__(self, root: yaml.Node | None) -> None:
        self.root = root
        self.children: dict[int, dict[str, Place]] = {}

    def of(self, path: KeyPath) -> tuple[int, int] | None:
        """Line and column, from 1, of the key at `path`, or of its nearest parent that exists."""
        node, mark = self.root, None
        for key in path:
            found = self._child(node, key)
            if found is None:
                break
            mark, node = found
        if mark is None and node is not None:
            mark = node.start_mark
        return (mark.line + 1, mark.column + 1) if mark is not None else None

    def scalar(self, path: KeyPath) -> str | None:
        """The text of the scalar at `path`, as it is written; None where none stands there."""
        node = self.root
        for key in path:
            found = self._child(node, key)
            if found is None:
                return None
            node = found[1]
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None

    def _child(self, node: yaml.Node | None, key: Key) -> Place | None:
        if isinstance(node, yaml.MappingNode):
            if id(node) not in self.children:
                known: dict[str, Place] = {}
                for key_node, value_node in node.value:
                    known.setdefault(str(key_node.value), (key_node.start_mark, value_node))
                self.children[id(node)] = known
            return self.children[id(node)].get(str(key))
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            return node.value[key].start_mark, node.value[key]
        return None
