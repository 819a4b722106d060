// An SMSC made of the npm package `smpp`, which others wrote: the peer of our SMPP client, and of Kannel's.
//
// It is told what to do by JSON lines on standard input and says what happened by JSON lines on standard output; the
// commands and events are named in tests/smsc.py. It listens on 127.0.0.1 alone and ends with its standard input.

import { createInterface } from 'node:readline';
import smpp from 'smpp';

const [systemId, password] = process.argv.slice(2);
const sessions = new Set();
const faults = { statuses: [], deaf: 0, receipts: 'none', early: false, mute: false, quiet: false };
let taken = [];
let lastId = 0x1a00;

const say = (event, facts = {}) => process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
const hex = (octets) => Buffer.from(octets ?? []).toString('hex');

const server = smpp.createServer((session) => {
  session.on('bind_transceiver', (pdu) => bound(session, pdu));
  session.on('submit_sm', (pdu) => submitted(session, pdu));
  session.on('enquire_link', (pdu) => {
    say('enquired');
    if (!faults.mute) session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    say('unbound');
    session.send(pdu.response());
    session.close();
  });
  session.on('generic_nack', (pdu) => say('nacked', { status: pdu.command_status, sequence: pdu.sequence_number }));
  session.on('unknown', (pdu) => session.send(pdu.response()));
  session.on('error', (error) => say('error', { text: String(error.code ?? error.message) }));
  session.on('close', () => {
    sessions.delete(session);
    say('closed');
  });
});

function bound(session, pdu) {
  const right = pdu.system_id === systemId && pdu.password === password;
  if (right) sessions.add(session);
  const command_status = right ? smpp.ESME_ROK : pdu.system_id === systemId ? smpp.ESME_RINVPASWD : smpp.ESME_RINVSYSID;
  session.send(pdu.response({ command_status, system_id: 'npm-smsc', sc_interface_version: 0x34 }));
  say(right ? 'bound' : 'refused', { version: pdu.interface_version, system_type: pdu.system_type });
}

function submitted(session, pdu) {
  if (faults.deaf > 0) {
    faults.deaf -= 1;
    say('swallowed');
    return;
  }
  const command_status = faults.statuses.shift() ?? smpp.ESME_ROK;
  const id = command_status ? '' : (lastId += 1).toString(16);
  const body = pdu.short_message ?? {};
  const text = Buffer.isBuffer(body.message) ? hex(body.message) : (body.message ?? '');
  if (faults.quiet) taken.push([pdu.destination_addr, text]);
  else say('submitted', {
    id,
    status: command_status,
    source: pdu.source_addr,
    destination: pdu.destination_addr,
    source_ton: pdu.source_addr_ton,
    source_npi: pdu.source_addr_npi,
    destination_ton: pdu.dest_addr_ton,
    destination_npi: pdu.dest_addr_npi,
    esm_class: pdu.esm_class,
    data_coding: pdu.data_coding,
    registered_delivery: pdu.registered_delivery,
    validity: pdu.validity_period ? String(pdu.validity_period) : '',
    udh: (body.udh ?? []).map(hex),
    text,
    payload: pdu.message_payload !== undefined,
  });
  const asked = (pdu.registered_delivery & 1) === 1 && !command_status && faults.receipts !== 'none';
  if (asked && faults.early) receipt(session, { id, form: faults.receipts, to: pdu.source_addr, from: pdu.destination_addr });
  session.send(pdu.response({ command_status, message_id: id }));
  if (asked && !faults.early) receipt(session, { id, form: faults.receipts, to: pdu.source_addr, from: pdu.destination_addr });
}

const STATES = { ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7, REJECTD: 8 };

function receipt(session, { id, form = 'text', stat = 'DELIVRD', err = '000', done = '2603040715', from = '', to = '', token }, answered) {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2603040714 done date:${done} stat:${stat} err:${err} text:`;
  const tlvs = form === 'tlv' ? { receipted_message_id: id, message_state: STATES[stat] } : {};
  const short_message = form === 'tlv' ? '' : text;
  const pdu = { source_addr: from, destination_addr: to, esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT, data_coding: 0, short_message, ...tlvs };
  session.deliver_sm(pdu, answered ?? ((response) => say('answered', { token, status: response.command_status })));
}

// `fields` go to the package as they are; `text` is coded by the package, `octets` (hexadecimal) go out as they are.
function deliver(session, { fields = {}, text, octets, udh, payload, token }) {
  const message = octets === undefined ? text : Buffer.from(octets, 'hex');
  const content = udh === undefined ? { message } : { message, udh: Buffer.from(udh, 'hex') };
  const carrier = payload ? { short_message: '', message_payload: content } : { short_message: content };
  session.deliver_sm({ data_coding: 8, ...fields, ...carrier }, (response) =>
    say('answered', { token, status: response.command_status }));
}

function flood(session, { count, window = 50, first = 1 }) {
  const began = process.hrtime.bigint();
  let sent = 0;
  let answered = 0;
  const refused = {};
  const next = () => {
    while (sent < count && sent - answered < window) {
      sent += 1;
      receipt(session, { id: `f${first + sent - 1}`, to: '10690001', from: '13900000001' }, (response) => {
        answered += 1;
        if (response.command_status) refused[response.command_status] = (refused[response.command_status] ?? 0) + 1;
        if (answered === count) say('flooded', { count, seconds: Number(process.hrtime.bigint() - began) / 1e9, refused });
        else next();
      });
    }
  };
  next();
}

const commands = {
  faults: (_, told) => Object.assign(faults, told),
  receipt: (session, told) => receipt(session, told),
  deliver: (session, told) => deliver(session, told),
  flood: (session, told) => flood(session, told),
  count: () => say('counted', { count: taken.length }),
  taken: () => {
    say('taken', { texts: taken });
    taken = [];
  },
  enquire: (session) => session.enquire_link({}, () => say('alive')),
  unbind: (session) => session.unbind({}, () => {
    say('unbind answered');
    session.close();
  }),
  drop: (session) => session.destroy(),
  raw: (session, { octets }) => session.socket.write(Buffer.from(octets, 'hex')),
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { do: what, ...told } = JSON.parse(line);
    commands[what]([...sessions].at(-1), told);
    say('done', { what });
  })
  .on('close', () => process.exit(0));

server.on('error', (error) => say('error', { text: String(error.code ?? error.message) }));
server.listen(0, '127.0.0.1', () => say('listening', { port: server.address().port }));
