"""The crawler: a browser that looks at a site as a stranger does, and holds what it finds against a policy.

It looks from outside, at our shops or at anybody's site, and knows no other room but the policy and the look of a page.
"""
