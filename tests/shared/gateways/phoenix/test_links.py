"""Deep links need no internal ids and survive odd names."""

import httpx

from tasks.shared.gateways.phoenix import Phoenix, session_url
from tasks.shared.gateways.phoenix.links import comparison_url
from tasks.shared.settings import PhoenixSettings


def test_links_are_redirects_by_public_ids():
    phoenix = Phoenix(PhoenixSettings(url="http://phoenix.example:6006/root/"))
    assert phoenix.span_url("ab12") == "http://phoenix.example:6006/root/redirects/spans/ab12"
    assert phoenix.trace_url("cd34") == "http://phoenix.example:6006/root/redirects/traces/cd34"
    assert phoenix.project_url("my project") == "http://phoenix.example:6006/root/redirects/projects/my%20project"
    assert phoenix.session_url("a/b?c") == session_url("http://phoenix.example:6006/root", "a/b?c")


def test_a_session_id_cannot_leave_its_place_in_the_path():
    assert session_url("http://p", "a/../b?#") == "http://p/redirects/sessions/a%2F..%2Fb%3F%23"


def test_experiments_are_compared_on_the_page_of_their_dataset():
    url = comparison_url("http://p/", "RGF0YXNldDox==", ["RXhwOjE=", "a&b"])
    assert url == "http://p/datasets/RGF0YXNldDox%3D%3D/compare?experimentId=RXhwOjE%3D&experimentId=a%26b"


def test_phoenix_serves_the_linked_pages(servers):
    phoenix = Phoenix(PhoenixSettings(url=servers.phoenix_url))
    for url in (phoenix.span_url("0" * 16), phoenix.trace_url("0" * 32), phoenix.session_url("s")):
        assert httpx.get(url, follow_redirects=True).status_code == 200
