"""The simulated receivers take what channels send, and keep threads as Slack does."""

from deployments.simulator.receivers import receiving
from tasks.shared.channels import deliver
from tests.shared.channels.messages import alert, lake_in, with_channels


def test_every_channel_of_the_demo_is_told_once_and_slack_keeps_the_thread(tmp_path):
    lake = lake_in(tmp_path)
    with receiving() as receivers:
        settings = with_channels(**receivers.channels())
        names = list(receivers.came)
        for message in (alert(), alert(), alert("resolved")):
            assert {each.status for each in deliver(lake, settings, message, names)} <= {"sent", "already_sent"}
    assert {name: len(came) for name, came in receivers.came.items()} == dict.fromkeys(names, 2)
    assert list(receivers.threads.values()) == [2]
    assert [said.split()[0] for said in receivers.came["pager"]] == ["trigger", "resolve"]
