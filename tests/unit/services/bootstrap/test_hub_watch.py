"""Before a start of one of three servers its indexes are forgotten, and nothing else."""

from pathlib import Path

from services.bootstrap.hub_watch import forget_indexes


def test_the_indexes_of_the_hubs_streams_go_and_what_they_index_stays(tmp_path: Path) -> None:
    """The log of a group without its index would be read anew, too; a message's file that went would be a loss."""
    kept = ["jetstream/HUB/streams/EVT_0/msgs/1.blk", "jetstream/$SYS/_js_/S-R3F-x/msgs/index.db"]
    gone = [f"jetstream/HUB/streams/{name}/msgs/index.db" for name in ("EVT_0", "EVT_1")]
    for name in kept + gone:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    forget_indexes(tmp_path)
    assert [(tmp_path / name).exists() for name in kept] == [True, True]
    assert [(tmp_path / name).exists() for name in gone] == [False, False]


def test_a_server_that_was_never_started_has_none(tmp_path: Path) -> None:
    """Its store is not there yet."""
    forget_indexes(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []
