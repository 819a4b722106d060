// A reader of calendar files (RFC 5545) that shares nothing with the writer: unfolds lines, parts names, parameters and
// values, and prints the events of standard input as JSON. It refuses what a strict client would.
import { readFileSync } from "node:fs";

const data = readFileSync(0);
const text = new TextDecoder("utf-8", { fatal: true }).decode(data);
if (!text.endsWith("\r\n") || /[^\r]\n/.test(text)) throw new Error("lines end in CRLF");
for (const line of text.split("\r\n")) {
  if (Buffer.byteLength(line) > 75) throw new Error(`a line of ${Buffer.byteLength(line)} octets: ${line.slice(0, 40)}`);
}
const lines = text.replace(/\r\n[ \t]/g, "").split("\r\n").filter((line) => line !== "");

const parse = (line) => {
  const found = /^([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)$/u.exec(line);
  if (found === null) throw new Error(`no content line: ${line}`);
  const parameters = {};
  for (const [, name, value] of found[2].matchAll(/;([A-Za-z0-9-]+)=((?:"[^"]*"|[^";])*)/gu)) {
    parameters[name.toUpperCase()] = value.replace(/^"(.*)"$/u, "$1");
  }
  return { name: found[1].toUpperCase(), parameters, value: found[3] };
};
const plain = (value) => value.replace(/\\([\\;,nN])/g, (_, char) => (char.toLowerCase() === "n" ? "\n" : char));

const stack = [];
const events = [];
const calendar = {};
let event = null;
for (const line of lines) {
  const { name, parameters, value } = parse(line);
  if (name === "BEGIN") {
    stack.push(value);
    if (value === "VEVENT") event = { attendees: [] };
  } else if (name === "END") {
    if (stack.pop() !== value) throw new Error(`END:${value} closes nothing`);
    if (value === "VEVENT") {
      for (const needed of ["UID", "DTSTAMP", "DTSTART"]) {
        if (!(needed in event)) throw new Error(`an event without ${needed}`);
      }
      events.push(event);
      event = null;
    }
  } else if (event !== null && stack.at(-1) === "VEVENT") {
    if (name === "ATTENDEE") event.attendees.push({ value, ...parameters });
    else if (name in event) throw new Error(`${name} twice in one event`);
    else event[name] = name.startsWith("DT") ? { value, ...parameters } : plain(value);
  } else if (stack.length === 1) {
    calendar[name] = plain(value);
  }
}
if (stack.length > 0) throw new Error("it ends before its last END");
console.log(JSON.stringify({ calendar, events }));
