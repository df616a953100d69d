"""What is asked of a process before it may be published: that it can be read, is well drawn, sound, and does what its cases say."""

from app.workflow.checking.cases import Outcome, case_faults, run_cases
from app.workflow.checking.check import check_content, check_file
from app.workflow.checking.report import Problem, Report, Severity

__all__ = ["Outcome", "Problem", "Report", "Severity", "case_faults", "check_content", "check_file", "run_cases"]
