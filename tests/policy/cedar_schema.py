"""
Reads a `.cedarschema`: which facts each action rests on, and which groups it is in.

cedarpy checks policies against a schema but doesn't say what is in it. Only what our schema uses is
understood here; anything else is an error, not a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\])*)"|([A-Za-z_][A-Za-z0-9_]*)|(.))', re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*")


class SchemaNotUnderstood(ValueError):
    """The schema uses something that is not read here yet."""


@attrs.frozen
class Scalar:
    """`Bool`, `Long` or `String`."""

    name: str


@attrs.frozen
class Entity:
    """A reference to a thing of this type, such as `Person`."""

    name: str


@attrs.frozen
class SetOf:
    """A set."""

    of: Type


@attrs.frozen
class Attribute:
    """One field of a record or of an entity."""

    type: Type
    optional: bool = False


@attrs.frozen
class RecordType:
    """Named fields."""

    fields: Mapping[str, Attribute]


Type = Scalar | Entity | SetOf | RecordType


@attrs.frozen(eq=False)
class Action:
    """One action, to whom and what it applies, and all groups that it is in."""

    name: str
    principals: tuple[str, ...]
    resources: tuple[str, ...]
    context: RecordType
    groups: frozenset[str]


@attrs.frozen
class CedarSchema:
    """A schema."""

    namespace: str
    entities: Mapping[str, RecordType]
    actions: Mapping[str, Action]
    groups: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> CedarSchema:
        """
        Read a schema.

        Raises:
            SchemaNotUnderstood: it uses something that is not read here.
        """
        return _Parser(text).schema()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(_COMMENT.sub("", text)))
        self._at = 0
        self._types: dict[str, RecordType] = {}
        self._entities: dict[str, RecordType] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._applies: dict[str, tuple[tuple[str, ...], tuple[str, ...], RecordType]] = {}

    def schema(self) -> CedarSchema:
        self._expect("namespace")
        namespace = self._next()
        self._expect("{")
        while not self._take("}"):
            match self._next():
                case "entity":
                    name = self._next()
                    self._entities[name] = self._record() if self._take("=") else RecordType({})
                    self._expect(";")
                case "type":
                    name = self._next()
                    self._expect("=")
                    self._types[name] = self._record()
                    self._expect(";")
                case "action":
                    self._action()
                case other:
                    raise SchemaNotUnderstood(other)
        actions = {
            name: Action(name, principals, resources, context, self._above(name))
            for name, (principals, resources, context) in self._applies.items()
        }
        groups = frozenset(self._parents) - frozenset(actions)
        return CedarSchema(namespace, self._entities, actions, groups)

    def _action(self) -> None:
        names = [self._next()]
        while self._take(","):
            names.append(self._next())
        parents = self._names() if self._take("in") else ()
        applies = None
        if self._take("appliesTo"):
            self._expect("{")
            principals: tuple[str, ...] = ()
            resources: tuple[str, ...] = ()
            context = RecordType({})
            while not self._take("}"):
                key = self._next()
                self._expect(":")
                if key == "principal":
                    principals = self._names()
                elif key == "resource":
                    resources = self._names()
                elif key == "context":
                    context = self._context()
                else:
                    raise SchemaNotUnderstood(key)
                self._take(",")
            applies = principals, resources, context
        self._expect(";")
        for name in names:
            self._parents[name] = parents
            if applies is not None:
                self._applies[name] = applies

    def _above(self, name: str) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(self._parents[name])
        while waiting:
            group = waiting.pop()
            found.add(group)
            waiting.extend(self._parents[group])
        return frozenset(found)

    def _context(self) -> RecordType:
        if self._tokens[self._at] == "{":
            return self._record()
        return self._types[self._next()]

    def _record(self) -> RecordType:
        self._expect("{")
        fields = {}
        while not self._take("}"):
            name = self._next()
            optional = self._take("?")
            self._expect(":")
            fields[name] = Attribute(self._type(), optional)
            self._take(",")
        return RecordType(fields)

    def _type(self) -> Type:
        if self._tokens[self._at] == "{":
            return self._record()
        name = self._next()
        if name == "Set":
            self._expect("<")
            inner = self._type()
            self._expect(">")
            return SetOf(inner)
        if name in ("Bool", "Long", "String"):
            return Scalar(name)
        if name in self._types:
            return self._types[name]
        return Entity(name)

    def _names(self) -> tuple[str, ...]:
        if not self._take("["):
            return (self._next(),)
        names = []
        while not self._take("]"):
            names.append(self._next())
            self._take(",")
        return tuple(names)

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, token: str) -> bool:
        there = self._tokens[self._at] == token
        self._at += there
        return there

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise SchemaNotUnderstood(f"{self._tokens[self._at]} where {token} should be")


def _tokens(text: str) -> Iterator[str]:
    for quoted, word, sign in _TOKEN.findall(text.strip()):
        yield quoted or word or sign
