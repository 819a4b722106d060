"""One call, message by message, on a clock that we move: timers, crossings and a far side that misbehaves."""

from itertools import count

import pytest

from adapters.voice.sdp import Sound, answer_of, offer
from adapters.voice.sip_call import Answered, Call, Ended, Ending, Line, Pressed, Proceeding, State
from adapters.voice.sip_exchange import GIVEN_UP, Exchange
from adapters.voice.sip_message import SipMessage, parse, render

LINE = Line(host="127.0.0.1", port=5062, domain="sip.test", user="07788820110", password="geheim")  # noqa: S106
SDP = offer("127.0.0.2", 4000, 1)


def call(line: Line = LINE) -> Call:
    numbers = count(1)
    return Call(line, "13900000001", offer("127.0.0.1", 4002, 7), lambda: f"w{next(numbers)}", 0.0)


def sent(one: Call) -> list[SipMessage]:
    """Take what was sent, each a message that our own parser accepts."""
    messages = [parse(datagram) for datagram in one.outbox]
    one.outbox.clear()
    assert None not in messages
    return [message for message in messages if message is not None]


def answer(request: SipMessage, status: int, *, tag: str = "far", body: bytes = b"", more: str = "") -> SipMessage:
    """Answer a request as a server does."""
    to = request.first("to") + (f";tag={tag}" if tag and not request.to_tag else "")
    text = (
        f"SIP/2.0 {status} Whatever\r\nVia: {request.first('via')}\r\nFrom: {request.first('from')}\r\nTo: {to}\r\n"
        f"Call-ID: {request.call_id}\r\nCSeq: {request.first('cseq')}\r\n"
        f"Contact: <sip:far@127.0.0.2:5064>\r\n{more}\r\n"
    )
    return message(text.encode() + body)


def asked(method: str, invite: SipMessage, number: int, *, body: bytes = b"", kind: str = "") -> SipMessage:
    """Ask something within the call as the far side does."""
    text = (
        f"{method} sip:us@127.0.0.1:5062 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bKf{number}\r\n"
        f"From: {invite.first('to')};tag=far\r\nTo: {invite.first('from')}\r\nCall-ID: {invite.call_id}\r\n"
        f"CSeq: {number} {method}\r\n" + (f"Content-Type: {kind}\r\n" if kind else "") + "\r\n"
    )
    return message(text.encode() + body)


def message(raw: bytes) -> SipMessage:
    read = parse(raw)
    assert read is not None
    return read


def talking() -> tuple[Call, SipMessage]:
    one = call()
    (invite,) = sent(one)
    one.receive(answer(invite, 200, body=SDP), 1.0)
    (ack,) = sent(one)
    assert ack.method == "ACK"
    one.events.clear()
    return one, invite


def test_an_invite_is_sent_too_often_or_too_rarely() -> None:
    """Timer A: after 0.5, 1.5, 3.5, 7.5 s; timer B: at ``reach_seconds`` nobody is there."""
    one, times = call(), []
    sent(one)
    for tenth in range(1, 200):
        one.tick(tenth / 10)
        times += [tenth / 10] * len(sent(one))
    assert times == [0.5, 1.5, 3.5, 7.5]
    assert one.events == [Ended(Ending.UNREACHABLE, 0)]
    assert one.state is State.OVER


def test_an_invite_goes_on_after_it_was_heard() -> None:
    """Once the server says 100, nothing is sent again; it may ring until its time is over."""
    one = call()
    (invite,) = sent(one)
    one.receive(answer(invite, 100, tag=""), 0.1)
    for second in range(1, 45):
        one.tick(second)
    assert sent(one) == []
    assert one.events == [Proceeding()]
    one.tick(45.0)
    (cancel,) = sent(one)
    assert (cancel.method, cancel.branch, cancel.number) == ("CANCEL", invite.branch, invite.number)
    assert cancel.to_tag == ""


def test_a_cancelled_call_never_ends() -> None:
    """The 487 stays away: after a while it is over all the same; the CANCEL comes again until it is answered."""
    one = call()
    (invite,) = sent(one)
    one.receive(answer(invite, 180), 0.1)
    one.tick(45.0)
    (cancel,) = sent(one)
    one.tick(45.6)
    assert [again.method for again in sent(one)] == ["CANCEL"]
    one.receive(answer(cancel, 200), 45.7)
    one.tick(47.0)
    assert sent(one) == []
    one.tick(53.1)
    assert one.events[-1] == Ended(Ending.NO_ANSWER, 0)


def test_somebody_picks_up_while_we_take_it_back() -> None:
    """CANCEL and 200 cross: whoever picked up is talked to, not hung up on."""
    one = call()
    (invite,) = sent(one)
    one.receive(answer(invite, 180), 0.1)
    one.tick(45.0)
    sent(one)
    one.receive(answer(invite, 200, body=SDP), 45.1)
    assert [ack.method for ack in sent(one)] == ["ACK"]
    assert one.events[-1] == Answered(Sound("127.0.0.2", 4000, 8, 101))


def test_a_late_server_rings_for_nobody() -> None:
    """We gave up; then the first 180 comes: CANCEL. Or a 200: ACK and BYE. A telephone must not ring for nothing."""
    for status, methods in ((180, ["CANCEL"]), (200, ["ACK", "BYE"])):
        one = call()
        (invite,) = sent(one)
        one.tick(8.0)
        sent(one)
        one.receive(answer(invite, status, body=SDP), 8.5)
        assert [late.method for late in sent(one)] == methods
        assert one.events == [Ended(Ending.UNREACHABLE, 0)]


def test_an_answer_that_comes_again_is_not_confirmed() -> None:
    """Our ACK got lost: the 200 comes again, even after our BYE; the same ACK goes out, without a second event."""
    one = call()
    (invite,) = sent(one)
    ok = answer(invite, 200, body=SDP)
    one.receive(ok, 1.0)
    (ack,) = one.outbox
    one.outbox.clear()
    one.receive(ok, 1.5)
    assert one.outbox == [ack]
    one.hang_up(2.0)
    one.outbox.clear()
    one.receive(ok, 2.5)
    assert one.outbox == [ack]
    assert one.events == [Answered(Sound("127.0.0.2", 4000, 8, 101)), Ended(Ending.WE_HUNG_UP, 0)]
    assert message(ack).uri == "sip:far@127.0.0.2:5064"
    assert message(ack).number == invite.number


def test_a_refusal_that_comes_again_is_not_confirmed() -> None:
    """The ACK of a refusal has the INVITE's branch, and goes out for each repetition."""
    one = call()
    (invite,) = sent(one)
    busy = answer(invite, 486)
    one.receive(busy, 1.0)
    one.receive(busy, 1.5)
    first, second = sent(one)
    assert (first.method, first.branch, first.to_tag, first.uri) == ("ACK", invite.branch, "far", invite.uri)
    assert first == second
    assert one.events == [Ended(Ending.BUSY, 486)]


def test_two_telephones_pick_up() -> None:
    """A forked call: the second one is confirmed and hung up, the first one is talked to."""
    one, invite = talking()
    one.receive(answer(invite, 200, tag="second", body=SDP), 1.1)
    ack, bye = sent(one)
    assert (ack.method, ack.to_tag, bye.method, bye.to_tag) == ("ACK", "second", "BYE", "second")
    one.hang_up(2.0)
    (own,) = sent(one)
    assert (own.method, own.to_tag) == ("BYE", "far")


def test_a_route_is_left_out() -> None:
    """Record-Route, last first, is our Route; Contact is whom we ask."""
    one = call()
    (invite,) = sent(one)
    more = "Record-Route: <sip:a.test;lr>, <sip:b.test;lr>\r\nRecord-Route: <sip:c.test;lr>\r\n"
    one.receive(answer(invite, 200, body=SDP, more=more), 1.0)
    one.hang_up(2.0)
    ack, bye = sent(one)
    for request in (ack, bye):
        assert request.every("route") == ["<sip:c.test;lr>", "<sip:b.test;lr>", "<sip:a.test;lr>"]
        assert request.uri == "sip:far@127.0.0.2:5064"
    assert bye.number == invite.number + 1


@pytest.mark.parametrize("contact", ["<sip:far@127.0.0.2 x>", "<http://127.0.0.2>", "<sip:>", "", "<sip:f\u00e4r@x>"])
def test_a_contact_breaks_our_request(contact: str) -> None:
    """What is no SIP URI is not put into a request line: the number that we called stands there."""
    one = call()
    (invite,) = sent(one)
    raw = one_answer(invite).replace(b"<sip:far@127.0.0.2:5064>", contact.encode())
    one.receive(message(raw), 1.0)
    (ack,) = sent(one)
    assert ack.uri == "sip:13900000001@sip.test"


def one_answer(invite: SipMessage) -> bytes:
    """Spell a 200 for it."""
    ok = answer(invite, 200, body=SDP)
    return render("SIP/2.0 200 OK", [(name, value) for name, value in ok.headers if name != "content-length"], ok.body)


def test_a_key_counts_twice() -> None:
    """An INFO whose answer got lost comes again: answered again, pressed once. Two forms of body, and rubbish."""
    one, invite = talking()
    relay = asked("INFO", invite, 1, body=b"Signal=5\r\nDuration=160\r\n", kind="application/dtmf-relay")
    one.receive(relay, 2.0)
    one.receive(relay, 2.5)
    one.receive(asked("INFO", invite, 2, body=b"#", kind="application/dtmf"), 3.0)
    one.receive(asked("INFO", invite, 3, body=b"Signal=99", kind="application/dtmf-relay"), 3.0)
    one.receive(asked("INFO", invite, 4, body=b"Signal=1", kind="text/plain"), 3.0)
    assert [response.status for response in sent(one)] == [200] * 5
    assert one.events == [Pressed("5"), Pressed("#")]
    assert "5" not in repr(one.events[0])


@pytest.mark.parametrize(
    ("method", "status"), [("OPTIONS", 200), ("INVITE", 488), ("UPDATE", 405), ("REFER", 405), ("CANCEL", 405)]
)
def test_a_strange_request_ends_the_call(method: str, status: int) -> None:
    """What we do not do is refused, and the call goes on; nothing is transferred."""
    one, invite = talking()
    one.receive(asked(method, invite, 1), 2.0)
    (response,) = sent(one)
    assert response.status == status
    assert one.state is State.TALKING


def test_a_hang_up_is_not_heard() -> None:
    """BYE, and BYE again because our 200 got lost; whatever comes later belongs to no call."""
    one, invite = talking()
    bye = asked("BYE", invite, 9)
    one.receive(bye, 2.0)
    one.receive(bye, 2.5)
    one.receive(asked("BYE", invite, 10), 3.0)
    assert [response.status for response in sent(one)] == [200, 200, 481]
    assert one.events == [Ended(Ending.THEY_HUNG_UP, 0)]
    one.tick(33.9)
    assert not one.finished
    one.tick(34.1)
    assert one.finished


def test_a_bye_is_given_up_at_once() -> None:
    """Timers E and F: 0.5, 1.5, 3.5, then every 4 s, for 32 s; then the call is forgotten."""
    one, _ = talking()
    one.hang_up(10.0)
    sent(one)
    times = []
    for tenth in range(1, 400):
        one.tick(10 + tenth / 10)
        times += [tenth / 10] * len(sent(one))
    assert times == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert one.finished


def test_a_bye_without_credentials_is_refused() -> None:
    """A server that asks for the digest again at BYE gets it, once."""
    one, _ = talking()
    one.hang_up(10.0)
    (bye,) = sent(one)
    challenge = 'Proxy-Authenticate: Digest realm="r", nonce="n"\r\n'
    one.receive(answer(bye, 407, more=challenge), 10.1)
    (again,) = sent(one)
    assert again.number == bye.number + 1
    assert again.first("proxy-authorization").startswith("Digest username=")
    one.receive(answer(again, 407, more=challenge), 10.2)
    assert sent(one) == []


def test_a_challenge_turns_into_a_loop() -> None:
    """The same challenge twice is a refusal; a stale nonce is answered once more, and not for ever."""
    one = call()
    (invite,) = sent(one)
    one.receive(answer(invite, 401, more='WWW-Authenticate: Digest realm="r", nonce="a"\r\n'), 0.1)
    ack, second = sent(one)
    assert (ack.method, second.method, second.number) == ("ACK", "INVITE", 2)
    assert second.call_id == invite.call_id
    assert second.branch != invite.branch
    for number in range(3):
        stale = f'WWW-Authenticate: Digest realm="r", nonce="b{number}", stale=true\r\n'
        one.receive(answer(second, 401, more=stale), 0.2)
        messages = sent(one)
        second = messages[-1] if messages[-1].method == "INVITE" else second
    assert second.number == 3
    assert one.events == [Ended(Ending.REFUSED, 401)]


def test_sound_that_we_do_not_speak_is_talked_to() -> None:
    """No common codec: confirmed, and hung up. An answer that came with 183 counts if the 200 has none."""
    one = call()
    (invite,) = sent(one)
    one.receive(answer(invite, 200, body=SDP.replace(b"AVP 8 0 101", b"AVP 18")), 1.0)
    assert [request.method for request in sent(one)] == ["ACK", "BYE"]
    assert one.events == [Ended(Ending.NO_SOUND, 200)]
    one = call()
    (invite,) = sent(one)
    one.receive(answer(invite, 183, body=SDP), 0.5)
    one.receive(answer(invite, 200), 1.0)
    assert one.events == [Proceeding(), Answered(Sound("127.0.0.2", 4000, 8, 101))]


def test_a_flood_of_forks_fills_the_memory() -> None:
    """A server that invents telephones gets a few confirmations and no more."""
    one, invite = talking()
    for number in range(100):
        one.receive(answer(invite, 200, tag=f"t{number}", body=SDP), 1.0)
    assert len(sent(one)) < 50


def test_a_password_shows() -> None:
    """Neither the line nor a call's message holds it."""
    one = call()
    (invite,) = sent(one)
    one.receive(answer(invite, 401, more='WWW-Authenticate: Digest realm="r", nonce="a"\r\n'), 0.1)
    assert b"geheim" not in b"".join(one.outbox)
    assert "geheim" not in repr(LINE)


def test_an_exchange_has_no_end() -> None:
    """Answered provisionally it is sent every 4 s; unanswered it is given up."""
    one = Exchange(b"x", "b", 0.0, 0.5)
    one.receive(100)
    times = []
    one.outbox.clear()
    for tenth in range(1, 400):
        one.tick(tenth / 10)
        times += [tenth / 10] * len(one.outbox)
        one.outbox.clear()
    assert times == [0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert one.status == GIVEN_UP


def test_our_own_offer_is_unreadable() -> None:
    """What we say of our sound reads back as what we mean, IPv4 and IPv6."""
    assert answer_of(offer("127.0.0.1", 4002, 7)) == Sound("127.0.0.1", 4002, 8, 101)
    assert answer_of(offer("::1", 4002, 7)) == Sound("::1", 4002, 8, 101)
