"""The test of the tests: what axe-core is asked does find what stands in somebody's way."""

from tests.accessibility import barriers

PAGE = """<!doctype html><html lang="en"><head><title>A page</title></head><body><main><h1>A page</h1>
<p style="color: #bbb; background: #fff">Too pale to read.</p><section id="well"><p>Dark enough.</p></section>
<img src="data:,"></main></body></html>"""


def test_a_pale_word_and_an_untold_picture_are_found_and_nothing_where_all_is_well(page):
    page.set_content(PAGE)
    assert [rule for rule, *_ in barriers(page)] == ["color-contrast", "image-alt"]
    assert barriers(page, "#well") == []
