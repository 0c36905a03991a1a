"""The public pages: the policy and its versions, the record, and "ask the policy". No tables, no rules, no script.

`troth.front.render.page_html` writes a page as one file that stands alone.
"""
