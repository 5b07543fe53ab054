"""What a stranger's notebook may put on the page."""

from __future__ import annotations

import re

import pytest

from foretell.web.markup import inline_html, markdown_html
from foretell.web.outputs import bundle_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "[x](javascript:alert(1)) [y](data:text/html;base64,AAAA) [z](vbscript:x)",
    '<a href="  java\tscript:alert(1)">x</a><a href="JaVaScRiPt&#58;alert(1)">y</a>',
    '<iframe src="javascript:alert(1)"></iframe><object data=x></object><embed src=x>',
    "<base href=http://evil><meta http-equiv=refresh content='0;url=http://evil'><link rel=stylesheet href=//evil>",
    "<style>*{display:none}</style><p style='position:fixed'>x</p>",
    '<form action="http://evil"><input name=token form=run type=image src=http://evil><button>go</button></form>',
    '<div id="main" data-cell="x" data-run-button name="token">x</div>',
    "![x](data:image/svg+xml;base64,AAAA)",
    "<math><mi href='javascript:alert(1)'>x</mi></math><!--<img src=x onerror=alert(1)>-->",
    "<details ontoggle=alert(1) open><summary onclick=alert(1)>s</summary>x</details>",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("render", [markdown_html, inline_html, lambda t: bundle_html({"text/markdown": t}, "/f", 0)])
def test_nothing_of_a_stranger_s_markdown_runs_loads_or_takes_part_in_the_page(render, text):
    html = str(render(text))
    tags = re.findall(r"<[a-z][^>]*>", html)
    assert not [
        tag for tag in tags if re.match(r"<(script|style|iframe|object|embed|form|button|base|meta|link|svg)", tag)
    ]
    assert not [tag for tag in tags if re.search(r"\s(on\w+|style|id|name|form|data-[\w-]+)=", tag)]
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', "".join(tags))
    assert not [address for address in addresses if not re.match(r"https?://|mailto:|[^:]*$", address)]
    inputs = [tag for tag in tags if tag.startswith("<input")]
    assert [tag for tag in inputs if 'type="checkbox"' not in tag or "disabled" not in tag] == []


def test_a_task_list_keeps_its_boxes():
    html = str(markdown_html("- [x] done\n- [ ] open"))
    assert html.count('type="checkbox"') == 2
    assert html.count("checked=") == 1


@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml", "text/latex", "text/plain", 'application/x-"><script>'])
def test_no_output_leaves_its_element(kind):
    html = str(bundle_html({kind: '"></pre></span><script>alert(1)</script>'}, '/f"><script>', 0))
    assert "<script" not in html
