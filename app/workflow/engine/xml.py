"""Reading a diagram's XML, which comes from anywhere."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from app.core.errors import Invalid
from app.core.text import Text

BPMN: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF: Final = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
LARGEST: Final = 4_000_000
"""Bytes of a diagram; more than a thousand times what a readable one has."""


def safe_root(xml: bytes) -> Any:
    """The root element. Raises Invalid (`workflow.diagram`) for what is no XML, too large, or declares a document type."""
    if len(xml) > LARGEST or b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise Invalid(
            "workflow.diagram", Text("流程图过大或含有实体声明", "The diagram is too large or declares entities")
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise Invalid(
            "workflow.diagram", Text("流程图不是合法的 XML：{why}", "The diagram is not XML: {why}").format(why=problem)
        ) from problem
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr] # the stubs leave it out
        # In another encoding the bytes looked at above are not what stands there.
        raise Invalid("workflow.diagram", Text("流程图含有文档类型声明", "The diagram declares a document type"))
    return root
