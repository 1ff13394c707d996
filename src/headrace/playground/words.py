"""Plainly artificial texts: titles, descriptions, goals, custom values."""

from __future__ import annotations

TITLES: dict[str, tuple[str, ...]] = {
    "EPIC": ("A faster checkout", "Shop in two languages 双语商店", "Fewer returns"),
    "REQUIREMENT": (
        "Show delivery time on the product page",
        "支持按标签筛选商品",
        'Let customers save a cart as "wish list"',
        "Gift cards 🎁 for members",
    ),
    "MISSION": (
        "Move the image store to the new bucket",
        "升级测试环境数据库",
        "Write the runbook for step 4",
        "Clean up feature flag `cart-v2`",
    ),
    "DEFECT": (
        "Checkout fails on step 3",
        "搜索结果缺少最后一页",
        "Total shows ¥0.00 after a coupon",
        "Page's title isn't escaped: <b>&amp;",
    ),
    "SUB_TASK": ("Write a test for it", "更新文档", "Ask the payment team"),
}

DESCRIPTIONS = (
    "",
    "Seen by member-17 on the demo shop.\n\n1. open the cart\n2. press **pay**\n3. wait 3 s\n",
    "## 背景\n\n演示数据，请勿当真。\n\n- 第一步：打开购物车 🛒\n- 第二步：点击「结算」\n",
    'The log says `{"error": "it\'s \\"quoted\\""}` and nothing else.\n',
    "| browser | result |\n|---|---|\n| Firefox | ok ✅ |\n| Safari | 失败 ❌ |\n",
    "Plain text, one line, no mark-down",
)

ITERATION_NAMES = ("Sprint", "迭代", "Sprint 🚀")
GOALS = ("", "Ship the new checkout", "修复支付相关缺陷", 'Answer every "urgent" report')

POINTS = ("", "0", "0.5", "1", "2", "3", "5", "8")
HOURS = (0.0, 0.5, 1.0, 2.0, 4.5, 8.0, 16.0)
EDITS = ("see also step 2", "补充说明", "reproduced twice", "needs a second look 👀")


def title(kind: str, code: int, pick: int) -> str:
    """A title that names its own issue, so that a lost or doubled row is easy to see."""
    titles = TITLES[kind]
    return f"{titles[pick % len(titles)]} (#{code})"
