"""The page as one file: nothing in it asks for anything else."""

import re

import pytest

from troth.front.render import page_html, table_html
from troth.policy.registers import cookie_table, to_table


@pytest.mark.parametrize("brand", ["tarn", "holm", "skerry"])
def test_a_page_that_stands_alone_carries_all_it_leads_to(house, brand):
    written = page_html(house.page(house.in_force, brand, "uk"), house.in_force)

    there = set(re.findall(r' id="([^"]+)"', written))
    leads = set(re.findall(r'href="([^"]*)"', written))
    assert {lead for lead in leads if not lead.startswith(("#", "mailto:", "tel:"))} == set()
    assert {lead[1:] for lead in leads if lead.startswith("#")} <= there
    assert "src=" not in written
    assert "url(" not in written


def test_the_inner_part_can_stand_in_a_page_of_ones_own(house):
    inner = page_html(house.page(house.in_force, "tarn", "uk"), house.in_force, standalone=False)
    assert "<html" not in inner
    assert "In one minute" in inner


def test_a_register_can_be_had_as_a_document(house):
    table = to_table(cookie_table(house.in_force, "tarn", "GB", house.today), "What we store")
    written = table_html(table)
    assert written.count("<tr") == len(table.rows) + 1
    assert "<title>What we store</title>" in written


def test_a_page_without_its_policy_at_hand_has_no_marks_that_lead_nowhere(house):
    written = page_html(house.page(house.in_force, "tarn", "uk"))
    assert 'class="mark"' not in written
    assert "#file" not in written
