"""Sound and keys: what leaves and what is heard, byte by byte."""

import hashlib
import struct
import sys
import wave
from io import BytesIO
from pathlib import Path

import pytest

from adapters.voice.g711 import SILENCE_ALAW, SILENCE_ULAW, to_alaw, to_ulaw
from adapters.voice.rtp import FRAME_BYTES, KeyListener, Keypad, packet, packets
from adapters.voice.sdp import Sound, answer_of
from adapters.voice.speech import Speaker, SpeechError, SpeechSettings, samples_of

ALAW_SHA256 = "38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b"
ULAW_SHA256 = "81d633c9e6972a18c74a58720b96cb8ca0bdd096d4060b646dd708c3b846019a"
"""Of all 65,536 values in their order, as the module ``audioop`` of CPython 3.11 encodes them."""


def event(number: int, timestamp: int, *, end: bool = False, kind: int = 101, source: int = 7) -> bytes:
    return struct.pack("!BBHIIBBH", 0x80, kind, 1, timestamp, source, number, 0x80 if end else 0, 160)


def wav(samples: bytes, *, rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    made = BytesIO()
    with wave.open(made, "wb") as written:
        written.setparams((channels, width, rate, 0, "NONE", ""))
        written.writeframes(samples)
    return made.getvalue()


def test_a_voice_is_encoded_as_noise() -> None:
    """Every one of the 65,536 values, against another implementation; and silence is silent."""
    pcm = struct.pack("<65536h", *range(-32_768, 32_768))
    assert hashlib.sha256(to_alaw(pcm)).hexdigest() == ALAW_SHA256
    assert hashlib.sha256(to_ulaw(pcm)).hexdigest() == ULAW_SHA256
    assert to_alaw(b"\0\0") == bytes([SILENCE_ALAW])
    assert to_ulaw(b"\0\0") == bytes([SILENCE_ULAW])
    assert to_alaw(b"\0\0\0") == bytes([SILENCE_ALAW]), "half a sample is none"


def test_packets_do_not_follow_each_other() -> None:
    """Number and timestamp go on over their ends, the first packet is marked, the last one is filled up."""
    made = list(packets(8, bytes(300), source=5, sequence=0xFFFF, timestamp=0xFFFFFFF0, first=True))
    read = [packet(one) for one in made]
    assert [(one.sequence, one.timestamp, len(one.payload)) for one in read if one] == [
        (0xFFFF, 0xFFFFFFF0, FRAME_BYTES),
        (0, 0xFFFFFFF0 + FRAME_BYTES - 2**32, FRAME_BYTES),
    ]
    assert [one[1] for one in made] == [0x88, 0x08]
    assert [one.source for one in read if one] == [5, 5]


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + bytes(20),
        b"\x8f" + bytes(20),
        b"\x90" + bytes(11),
        b"\x90" + bytes(13) + b"\xff\xff",
        b"\xa0" + bytes(11) + b"\xff",
    ],
)
def test_what_is_no_packet_breaks_the_call(datagram: bytes) -> None:
    """Too short, another version, lengths that lie: passed over."""
    assert packet(datagram) is None
    assert KeyListener(101).hear(datagram) == ""


def test_extensions_and_padding_are_sound() -> None:
    """Contributing sources, a header extension and padding are taken off."""
    head = struct.pack("!BBHII", 0x80 | 0x10 | 0x20 | 1, 8, 1, 2, 3) + bytes(4) + b"\0\0\0\1" + bytes(4)
    read = packet(head + b"sound" + b"\0\0\3")
    assert read is not None
    assert read.payload == b"sound"


def test_a_key_is_heard_twice() -> None:
    """One event is many packets with one timestamp; its end comes three times; packets of an old one come late."""
    listener = KeyListener(101)
    heard = [listener.hear(event(1, 100)) for _ in range(5)]
    heard += [listener.hear(event(1, 100, end=True)) for _ in range(3)]
    heard += [listener.hear(event(1, 900)), listener.hear(event(1, 100, end=True)), listener.hear(event(11, 1700))]
    assert "".join(heard) == "11#"


def test_a_key_whose_beginning_got_lost_is_lost() -> None:
    """Only the last packet arrives: the key counts. Other payload types and events above D do not."""
    listener = KeyListener(101)
    assert listener.hear(event(9, 100, end=True)) == "9"
    assert listener.hear(event(9, 200, kind=8)) == ""
    assert listener.hear(event(16, 300)) == ""
    assert listener.hear(event(15, 400)) == "D"
    assert listener.hear(struct.pack("!BBHII", 0x80, 101, 1, 500, 7) + b"\1\2\3") == ""


def test_a_flood_of_keys_fills_the_memory() -> None:
    """Events without end: what is remembered is bounded."""
    listener = KeyListener(101)
    for timestamp in range(10_000):
        listener.hear(event(1, timestamp))
    assert len(listener._seen) < 100  # noqa: SLF001 - the bound is not visible from outside


def test_an_entry_is_cut_or_mixed() -> None:
    """``#`` closes, ``*`` begins anew, a pause closes, sixteen digits close, an empty entry is none."""
    keypad = Keypad(pause_seconds=4, most=16)
    assert [keypad.press(key, 0) for key in "12*34#"] == [""] * 5 + ["34"]
    assert keypad.press("#", 1) == ""
    assert keypad.press("A", 1) == ""
    idle = keypad.busy
    keypad.press("5", 10)
    assert (idle, keypad.busy) == (False, True)
    assert keypad.tick(13.9) == ""
    assert keypad.tick(14) == "5"
    assert keypad.tick(99) == ""
    assert [keypad.press("7", 20) for _ in range(16)][-1] == "7" * 16


@pytest.mark.parametrize(
    ("lines", "sound"),
    [
        ("c=IN IP4 127.0.0.2|m=audio 4000 RTP/AVP 0", Sound("127.0.0.2", 4000, 0, None)),
        ("c=IN IP4 127.0.0.9|m=audio 4000 RTP/AVP 18 8|c=IN IP4 127.0.0.2", Sound("127.0.0.2", 4000, 8, None)),
        (
            "c=IN IP6 ::1|m=audio 4000 RTP/AVP 8 96|a=rtpmap:96 telephone-event/8000",
            Sound("::1", 4000, 8, 96),
        ),
        (
            "c=IN IP4 127.0.0.2|m=audio 4000 RTP/AVP 8|a=rtpmap:96 telephone-event/8000",
            Sound("127.0.0.2", 4000, 8, None),
        ),
        ("c=IN IP4 127.0.0.2|m=audio 0 RTP/AVP 8", None),
        ("c=IN IP4 127.0.0.2|m=audio 70000 RTP/AVP 8", None),
        ("c=IN IP4 127.0.0.2|m=audio 4000 RTP/AVP 18", None),
        ("c=IN IP4 0.0.0.0|m=audio 4000 RTP/AVP 8", None),
        ("c=IN IP4 224.0.0.1|m=audio 4000 RTP/AVP 8", None),
        ("c=IN IP4 host.example|m=audio 4000 RTP/AVP 8", None),
        ("c=IN IP4 127.0.0.2|m=video 4000 RTP/AVP 8", None),
        ("c=IN IP4 127.0.0.2|m=audio 4000 RTP/SAVP 8", None),
        ("", None),
    ],
)
def test_sound_goes_to_the_wrong_place(lines: str, sound: Sound | None) -> None:
    """Address, port, codec and keys of an answer; what we cannot talk to is None, and no name is looked up."""
    assert answer_of("\r\n".join(["v=0", *lines.split("|"), ""]).encode()) == sound


def test_another_rate_is_another_voice() -> None:
    """Twice the rate, two channels: half the samples, of the first channel. A streamed WAV does not know its length."""
    made = wav(struct.pack("<hh", 100, -5) * 16_000, rate=16_000, channels=2)
    assert samples_of(made) == struct.pack("<h", 100) * 8000
    at = made.index(b"data") + 4
    assert samples_of(made[:at] + b"\xff\xff\xff\xff" + made[at + 4 :]) == samples_of(made)
    assert samples_of(wav(b"\1\0" * 8000)) == b"\1\0" * 8000


@pytest.mark.parametrize(
    "broken", [b"", b"RIFF", b"x" * 100, wav(b""), wav(b"\1" * 800, width=1), wav(b"\1\0" * 800, rate=4000)]
)
def test_what_is_no_wav_is_played(broken: bytes) -> None:
    """Nothing, nonsense, eight bits, a rate below the telephone's: an error of ours."""
    with pytest.raises(SpeechError):
        samples_of(broken)


@pytest.mark.parametrize(
    ("command", "said", "seconds"),
    [
        (("/nonexistent/voice",), "/nonexistent/voice", 10),
        (("sh", "-c", "exit 3"), "sh ended with 3", 10),
        (("sh", "-c", "cat"), "no WAV", 10),
        (("sh", "-c", "sleep 60"), "took longer", 0.2),
        (("sh", "-c", "cat /dev/zero"), "says more than", 30),
    ],
)
async def test_a_broken_voice_silences_a_call(
    command: tuple[str, ...], said: str, seconds: float, tmp_path: Path
) -> None:
    """Missing, failing, slow or endless: the recording stands in; without one it is an error that says why."""
    (tmp_path / "alert.wav").write_bytes(wav(b"\7\0" * 80))
    speaker = Speaker(SpeechSettings(command, {"alert": tmp_path / "alert.wav"}, timeout_seconds=seconds))
    assert await speaker.say("x", "alert") == b"\7\0" * 80
    with pytest.raises(SpeechError, match=said):
        await speaker.say("x", "another")


async def test_a_missing_recording_is_silence(tmp_path: Path) -> None:
    """A file that is not there is named, without its folder."""
    settings = SpeechSettings((), {"": tmp_path / "gone.wav"})
    with pytest.raises(SpeechError, match=r"^gone\.wav: No such file"):
        await Speaker(settings).say("x")


async def test_a_text_becomes_an_argument() -> None:
    """The text goes to standard input: what begins with a dash is no option."""
    code = (
        "import sys, wave; t = sys.stdin.buffer.read(); w = wave.open(sys.stdout.buffer, 'wb');"
        "w.setparams((1, 2, 8000, 0, 'NONE', '')); w.writeframes(t + b'0' * (len(t) % 2))"
    )
    said = await Speaker(SpeechSettings((sys.executable, "-c", code))).say("--help 演练")
    assert said.startswith("--help 演练".encode())
