"""The empty canvas on which a new process is drawn."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

_SPACES: Final = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "spiffworkflow": "http://spiffworkflow.org/bpmn/schema/1.0/core",
}
_BLANK: Final = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions {spaces} id="Definitions" targetNamespace={namespace}>
  <bpmn:process id={id} name={name} isExecutable="true" />
  <bpmndi:BPMNDiagram id="Diagram">
    <bpmndi:BPMNPlane id="Plane" bpmnElement={id} />
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""


def blank(process: str, title: str) -> bytes:
    """A diagram of the process with nothing in it."""
    area, _, name = process.rpartition(".")
    spaces = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in _SPACES.items())
    written = _BLANK.format(
        spaces=spaces, namespace=quoteattr(f"urn:creditlink:{area}"), id=quoteattr(name), name=quoteattr(title)
    )
    return written.encode()
