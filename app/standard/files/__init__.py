"""Files of the interface: names, headers, record lines, report files, feedback files; reading and writing.

All of it works on plain files; packing and encryption happen before and after.
"""

from app.standard.files.feedback import (
    FeedbackError,
    FeedbackFile,
    FeedbackItem,
    FeedbackLine,
    feedback_line,
    read_feedback,
    write_feedback,
)
from app.standard.files.names import (
    ALL_ACCEPTED,
    FILE_REFUSED,
    REPORT_FLAG,
    SOME_REFUSED,
    FeedbackHeader,
    FileHeader,
    FileName,
)
from app.standard.files.parse import Form, ParsedLine, parse_record, read_line
from app.standard.files.render import render_record
from app.standard.files.report import ReportFile, ReportLine, read_report, write_report

__all__ = [
    "ALL_ACCEPTED",
    "FILE_REFUSED",
    "REPORT_FLAG",
    "SOME_REFUSED",
    "FeedbackError",
    "FeedbackFile",
    "FeedbackHeader",
    "FeedbackItem",
    "FeedbackLine",
    "FileHeader",
    "FileName",
    "Form",
    "ParsedLine",
    "ReportFile",
    "ReportLine",
    "feedback_line",
    "parse_record",
    "read_feedback",
    "read_line",
    "read_report",
    "render_record",
    "write_feedback",
    "write_report",
]
