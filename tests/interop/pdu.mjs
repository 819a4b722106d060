// Spells and reads SMPP PDUs by the npm package `smpp`, which others wrote: one JSON line in, one out.

import { createInterface } from 'node:readline';
import smpp from 'smpp';

function spell({ command, sequence, fields, octets, text, udh, options }) {
  const message = octets === undefined ? text : Buffer.from(octets, 'hex');
  const short_message = udh === undefined ? message : { message, udh: Buffer.from(udh, 'hex') };
  const tlvs = Object.fromEntries(Object.entries(options ?? {}).map(([name, value]) =>
    [name, typeof value === 'string' ? Buffer.from(value, 'hex') : value]));
  const pdu = new smpp.PDU(command, { sequence_number: sequence, ...fields, ...(message === undefined ? {} : { short_message }), ...tlvs });
  return { hex: pdu.toBuffer().toString('hex') };
}

function read({ hex }) {
  const pdu = new smpp.PDU(Buffer.from(hex, 'hex'));
  const plain = (value) => (Buffer.isBuffer(value) ? value.toString('hex') : Array.isArray(value) ? value.map(plain)
    : value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)])) : value);
  return plain({ ...pdu });
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const asked = JSON.parse(line);
  console.log(JSON.stringify(asked.ask === 'spell' ? spell(asked) : read(asked)));
});
