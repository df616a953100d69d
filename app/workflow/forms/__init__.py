"""Forms: form-js schemas, read once, shown by the server and checked by the server with the same rules and words."""

from app.workflow.forms.answers import LOOK, answers_from, draft_of, hidden_ids
from app.workflow.forms.background import Attached, Background
from app.workflow.forms.cases import case_faults, run_form_cases
from app.workflow.forms.parts import Choice, Fault, Form, FormInvalid
from app.workflow.forms.publication import form_problems
from app.workflow.forms.reading import read_form
from app.workflow.forms.showing import show_form
from app.workflow.forms.start import start_form
from app.workflow.forms.validation import FormErrors, validate

__all__ = [
    "LOOK",
    "Attached",
    "Background",
    "Choice",
    "Fault",
    "Form",
    "FormErrors",
    "FormInvalid",
    "answers_from",
    "case_faults",
    "draft_of",
    "form_problems",
    "hidden_ids",
    "read_form",
    "run_form_cases",
    "show_form",
    "start_form",
    "validate",
]
