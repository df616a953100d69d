from __future__ import annotations

import pytest

from app.language import Vocabulary, parse, word


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("H.Balance >= 0", "余额不小于0", "Balance is at least 0"),
        ("H.CloseDate <= B.RptDate", "关闭日期不晚于信息报告日期", "CloseDate is not after RptDate"),
        ("B.AcctType in ['D1', 'R1']", "账户类型属于“D1”、“R1”", "AcctType is one of “D1”, “R1”"),
        ("H.Status not in codes.Status", "账户状态不属于“账户状态”", "Status is none of “account status”"),
        ("not has(H)", "没有月度表现段", "H is absent"),
        (
            "has(H) and (filled(B.Name) or empty(H.CloseDate))",
            "有月度表现段，且（姓名有值，或关闭日期无值）",
            "H is present, and (Name is filled, or CloseDate is empty)",
        ),
        (
            "all(p.amount > 0 for p in H.Parties if p.kind == '1')",
            "每个（其中责任人类型等于“1”的）责任人都满足：责任金额大于0",
            "for every Parties (where kind is “1”): amount is greater than 0",
        ),
        (
            "days(B.RptDate, H.CloseDate) > 30",
            "信息报告日期到关闭日期的天数大于30",
            "the days from RptDate to CloseDate is greater than 30",
        ),
        (
            "parent('Lines', B.AcctType) == '1'",
            "账户类型在代码表“业务种类”中的上级等于“1”",
            "the code above AcctType in the table “lines” is “1”",
        ),
        ("even_length(B.Name, B.AcctType)", "姓名与账户类型等长", "Name is as long as AcctType"),
        ("accepted.closed == False", "库中已关闭等于否", "closed is false"),
        ("(H.Balance + 1) * -2 < 0", "(余额 + 1) × (-2)小于0", "(Balance + 1) × (-2) is less than 0"),
        (
            "count(H.Parties) == 0 and digits(B.Name)",
            "责任人的个数等于0，且姓名全为数字",
            "the number of Parties is 0, and Name consists of digits",
        ),
        ("distinct(H.Parties)", "各责任人的内容互不相同", "the content differs between all Parties"),
        ("B.Name in sets.known", "姓名属于“已知代码”", "Name is one of “known”"),
        ("B.Name in form.unknown", "姓名属于未知标签", "Name is one of unknown"),
        ("not (H.Balance > 0)", "并非（余额大于0）", "it is not the case that (Balance is greater than 0)"),
    ],
)
def test_sentences(text: str, zh: str, en: str, vocabulary: Vocabulary) -> None:
    worded = word(parse(text, vocabulary))

    assert (worded.zh, worded.en) == (zh, en)
