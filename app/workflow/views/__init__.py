"""The console pages of the workflow room, on one blueprint, and their places in the menu."""

from __future__ import annotations

from flask import Blueprint

from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.workflow.clocks.limits import due_text
from app.workflow.permissions import INSTANCES, VIEW, WORK
from app.workflow.views import inbox, instances, processes

_MENU = (
    ("workflow.inbox", Text("我的任务", "My tasks"), WORK, "inbox", 10, ""),
    ("workflow.processes", Text("流程", "Processes"), VIEW, "sitemap", 300, "rules"),
    ("workflow.instances", Text("流程实例", "Running processes"), INSTANCES, "route", 310, "rules"),
)


def register_pages(registry: Registry) -> None:
    """Announce the pages and their menu entries."""
    blueprint = Blueprint("workflow", __name__, url_prefix="/workflow", template_folder="../templates")
    blueprint.add_app_template_filter(due_text, "due")
    for pages in (inbox, processes, instances):
        pages.add_to(blueprint, registry)
    registry.blueprint(blueprint)
    for endpoint, title, permission, icon, order, group in _MENU:
        registry.menu_entry(MenuEntry(endpoint, title, endpoint, permission, order=order, icon=icon, group=group))
