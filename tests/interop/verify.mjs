#!/usr/bin/env node
// A second verifier of Sihu's evidence files: plain Node, no package, written from docs/protocol.md and from nothing else.
//
//   node verify.mjs FILE [--anchor DIGEST] [--papers FILE]… [--json]
//                                                       exit code 0 only if everything holds and the anchor is the file's;
//                                                       papers: later registries and changes of keys that you know of
//   node verify.mjs --batch                             one question a line on standard input, one answer a line
//
// Numbers of steps and codes are those of the document. Node 18 or newer.
import { createHash, createPublicKey, verify as verifySignature } from "node:crypto"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"

// --- what can be wrong ----------------------------------------------------------------------------

class Fault extends Error {
  constructor(code, field = "", means = "") {
    super(code)
    Object.assign(this, { code, field, means })
  }
}
const refuse = (code, field, means) => {
  throw new Fault(code, field, means)
}
const codeOf = (work) => {
  try {
    work()
    return null
  } catch (fault) {
    if (fault instanceof Fault) return fault.code
    throw fault
  }
}

// --- Encoding --------------------------------------------------------------------------------------

const sha256 = (data) => createHash("sha256").update(data).digest("hex")
const EVENT = "application/vnd.sihu.event.v1+json"
const RECEIPT = "application/vnd.sihu.receipt.v1+json"
const REGISTRY = "application/vnd.sihu.registry.v1+json"
const AGREEMENT = "application/vnd.sihu.agreement.v1+json"
const CARD = "application/vnd.sihu.member-card.v1+json"
const OFFICER = "application/vnd.sihu.officer.v1+json"
const ANSWER = "application/vnd.sihu.answer.v1+json"
const CHANGE = "application/vnd.sihu.key-change.v1+json"
const BRANCH = "application/vnd.sihu.branch-kept.v1+json"
const SUSPENSION = "application/vnd.sihu.suspension.v1+json"
const BATCH_ROOT = "application/vnd.sihu.batch-root.v1+json"
const RELEASE = "application/vnd.sihu.release.v1+json"
const RELEASE_TERMS = "application/vnd.sihu.release-terms.v1+json"
const OPENING_TYPE = "cn.sihu.control.epoch_opened.v1"
const RECEIPT_TYPE = "cn.sihu.control.receipt.v1"
const RELEASE_TYPE = "cn.sihu.control.release_recorded.v1"
const CONTROL = "cn.sihu.control."

function bytesToSign(type, payload) {
  const kind = Buffer.from(type, "utf8")
  return Buffer.concat([Buffer.from(`DSSEv1 ${kind.length} `), kind, Buffer.from(` ${payload.length} `), payload])
}

function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null
  const data = Buffer.from(text, "base64url")
  return data.toString("base64url") === text ? data : null
}

function lengthPrefixed(parts) {
  return Buffer.concat(
    parts.flatMap((part) => {
      const data = Buffer.from(part, "utf8")
      const length = Buffer.alloc(4)
      length.writeUInt32BE(data.length)
      return [length, data]
    }),
  )
}

const LABELS = { event: "sihu-channel-v1\0", receipt: "sihu-receipt-channel-v1\0" }
const channelBytes = (kind, source, agreementId, to) =>
  Buffer.concat([Buffer.from(LABELS[kind]), lengthPrefixed([source, agreementId, ...[...to].sort()])])
const channelOf = (kind, source, agreementId, to) => sha256(channelBytes(kind, source, agreementId, to))

// --- Strict profile --------------------------------------------------------------------------------

const MAX_DEPTH = 8
const MAX_INTEGER = 2 ** 53 - 1
const MAX_NESTING = 900 // far beyond what is allowed: such a text is refused before it can exhaust the stack
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const UNSUITABLE = /[\u0000]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

class Reader {
  constructor(text) {
    this.text = text
    this.at = 0
    this.nesting = 0
  }
  whole() {
    this.blank()
    const value = this.value()
    this.blank()
    if (this.at !== this.text.length) this.malformed()
    return value
  }
  malformed() {
    refuse("json.malformed", "", `not JSON at character ${this.at}`)
  }
  blank() {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at++
  }
  value() {
    const char = this.text[this.at]
    if (char === "{") return this.nested(() => this.object())
    if (char === "[") return this.nested(() => this.array())
    if (char === '"') return this.string()
    for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length
        return value
      }
    }
    for (const word of ["NaN", "Infinity", "-Infinity"]) {
      if (this.text.startsWith(word, this.at)) refuse("json.float", "", `${word} is no value of JSON`)
    }
    return this.number()
  }
  nested(work) {
    if (++this.nesting > MAX_NESTING) refuse("json.too_deep", "", "nested too deep")
    const value = work()
    this.nesting--
    return value
  }
  number() {
    const found = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y
    found.lastIndex = this.at
    const match = found.exec(this.text)
    if (!match) this.malformed()
    this.at += match[0].length
    if (match[1] !== undefined || match[2] !== undefined) refuse("json.float", "", "floats are refused")
    const value = Number(match[0])
    if (match[0].length > 17 || Math.abs(value) > MAX_INTEGER) refuse("json.integer_too_large", "", "beyond 2^53")
    return value === 0 ? 0 : value
  }
  string() {
    let out = ""
    this.at++
    for (;;) {
      const start = this.at
      while (this.at < this.text.length && !/["\\\u0000-\u001f]/.test(this.text[this.at])) this.at++
      out += this.text.slice(start, this.at)
      const char = this.text[this.at++]
      if (char === '"') return out
      if (char !== "\\") {
        this.at--
        this.malformed()
      }
      out += this.escape()
    }
  }
  escape() {
    const char = this.text[this.at++]
    const short = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }[char]
    if (short !== undefined) return short
    const hex = this.text.slice(this.at, this.at + 4)
    if (char !== "u" || !/^[0-9a-fA-F]{4}$/.test(hex)) this.malformed()
    this.at += 4
    return String.fromCharCode(parseInt(hex, 16))
  }
  array() {
    const out = []
    this.at++
    this.blank()
    if (this.text[this.at] === "]") return this.at++, out
    for (;;) {
      this.blank()
      out.push(this.value())
      this.blank()
      const char = this.text[this.at++]
      if (char === "]") return out
      if (char !== ",") this.malformed()
    }
  }
  object() {
    const pairs = []
    this.at++
    this.blank()
    if (this.text[this.at] !== "}") {
      for (;;) {
        this.blank()
        if (this.text[this.at] !== '"') this.malformed()
        const key = this.string()
        this.blank()
        if (this.text[this.at++] !== ":") this.malformed()
        this.blank()
        pairs.push([key, this.value()])
        this.blank()
        const char = this.text[this.at++]
        if (char === "}") break
        if (char !== ",") this.malformed()
      }
    } else this.at++
    const found = new Map(pairs)
    if (found.size !== pairs.length) refuse("json.duplicate_key", "", "a key stands twice in one object")
    return found
  }
}

const isContainer = (value) => value instanceof Map || Array.isArray(value)

function parseStrict(data, maxBytes, maxCommas = 20_000) {
  if (data.length > maxBytes) refuse("json.too_large", "", `at most ${maxBytes} bytes`)
  let text
  try {
    text = UTF8.decode(data)
  } catch {
    refuse("json.not_utf8", "", "it is not UTF-8")
  }
  let commas = 0
  for (const byte of data) if (byte === 0x2c) commas++
  if (commas > maxCommas) refuse("json.too_many_values", "", `at most ${maxCommas} commas`)
  const value = new Reader(text).whole()
  if (text.normalize("NFC") !== text) refuse("json.not_nfc", "", "it is not in NFC")
  for (let level = [value], depth = 1; level.length > 0; depth++) {
    const texts = level.filter((one) => typeof one === "string")
    if (texts.some((one) => UNSUITABLE.test(one))) refuse("json.bad_character", "", "NUL or a lone surrogate")
    if (texts.some((one) => one.normalize("NFC") !== one)) refuse("json.not_nfc", "", "it is not in NFC")
    level = level.flatMap((one) =>
      one instanceof Map ? [...one.keys(), ...one.values()] : Array.isArray(one) ? one : [],
    )
    if (depth === MAX_DEPTH && level.some(isContainer)) refuse("json.too_deep", "", `at most ${MAX_DEPTH} levels`)
  }
  return value
}

// --- forms of fields: each takes a value and a path, and gives a plain value or a broken form -----

class Broken extends Error {
  constructor(kind, path) {
    super(kind)
    Object.assign(this, { kind, path })
  }
}
const broken = (kind, path) => {
  throw new Broken(kind, path)
}

const text = (min, max, pattern) => (value, path) => {
  if (typeof value !== "string") broken("wrong_type", path)
  const length = [...value].length
  if (length < min) broken("too_short", path)
  if (length > max) broken("too_long", path)
  if (pattern && !pattern.test(value)) broken("wrong_form", path)
  return value
}
const form = (pattern) => text(0, Infinity, pattern)
const integer = (low, high = Infinity) => (value, path) => {
  if (typeof value !== "number") broken("wrong_type", path)
  if (value < low || value > high) broken("out_of_range", path)
  return value
}
const truth = (value, path) => (typeof value === "boolean" ? value : broken("wrong_type", path))
const oneOf = (...allowed) => (value, path) => (allowed.includes(value) ? value : broken("not_allowed", path))
const nullable = (inner) => (value, path) => (value === null ? null : inner(value, path))
const list = (item, min, max) => (value, path) => {
  if (!Array.isArray(value)) broken("wrong_type", path)
  const first = value.slice(0, max + 1).map((one, index) => item(one, `${path}.${index}`)) // the one too many is read, too
  if (value.length > max) broken("too_long", path)
  if (value.length < min) broken("too_short", path)
  return first
}
const optional = (inner, otherwise = null) => Object.assign((value, path) => inner(value, path), { otherwise })
const object = (fields, rule = () => true) => (value, path) => {
  if (!(value instanceof Map)) broken("wrong_type", path)
  const out = {}
  for (const [name, inner] of Object.entries(fields)) {
    const where = path ? `${path}.${name}` : name
    if (value.has(name)) out[name] = inner(value.get(name), where)
    else if ("otherwise" in inner) out[name] = inner.otherwise
    else broken("missing_field", where)
  }
  for (const name of value.keys()) if (!Object.hasOwn(fields, name)) broken("unknown_field", `${path}.${name}`)
  if (!rule(out)) broken("rule", path)
  return out
}
const time = (value, path) => {
  if (typeof value !== "string") broken("wrong_type", path)
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(value)
  if (!found) broken("wrong_form", path)
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number)
  const [offsetHours, offsetMinutes] = [Number(found[9] ?? 0), Number(found[10] ?? 0)]
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const fits = month >= 1 && month <= 12 && day >= 1 && day <= lastDay && hour < 24 && minute < 60 && second < 60
  if (!fits || offsetHours > 23 || offsetMinutes > 59 || year < 1970 || year > 9998) broken("wrong_form", path)
  const offset = (found[8] === "-" ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000
  return Date.UTC(year, month - 1, day, hour, minute, second, Number((found[7] ?? "").padEnd(3, "0").slice(0, 3))) - offset
}
const wireTime = (moment) => new Date(moment + 8 * 3_600_000).toISOString().replace("Z", "+08:00")

const ascending = (codes) => codes.every((code, index) => index === 0 || codes[index - 1] < code)
const once = (items) => new Set(items).size === items.length
const county = form(/^[1-9][0-9]{5}$/)
const digest = form(/^[0-9a-f]{64}$/)
const kid = form(/^[0-9a-f]{32}$/)
const epoch = form(/^[1-9][0-9]{0,8}-[0-9a-f]{16}$/)
const agreementId = form(/^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/)
const reference = form(/^(?:control|[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?@[1-9][0-9]{0,5}:[0-9a-f]{64})$/)
const MUTUALS = "information|outreach|development|governance|control"
const wireType = form(new RegExp(`^cn\\.sihu\\.(?:${MUTUALS})\\.[a-z][a-z0-9_]{1,47}\\.v[1-9][0-9]?$`))
const purpose = form(/^[a-z][a-z0-9_]{0,47}$/)
const officerId = form(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/)
const signatureText = form(/^[A-Za-z0-9_-]{86}$/)
const publicKey = form(/^[A-Za-z0-9_-]{43}$/)
const label = text(1, 80)
const phone = form(/^[0-9+][0-9 -]{2,30}$/)
const informationClass = oneOf("public", "internal", "personal")
const sequence = integer(0, MAX_INTEGER)
const version1 = optional(oneOf(1), 1)

const HEADER = object(
  {
    v: oneOf(1),
    type: wireType,
    source: county,
    channel: digest,
    epoch,
    seq: sequence,
    prev: digest,
    time,
    expires: optional(time),
    acknowledge_by: optional(time),
    to: list(county, 1, 512),
    agreement: reference,
    registry: integer(1, MAX_INTEGER),
    purpose,
    class: informationClass,
    status: oneOf("actual", "exercise", "test", "system"),
    kind: oneOf("report", "update", "cancel", "request", "response"),
    priority: integer(0, 4),
    refs: list(object({ rel: oneOf("supersedes", "cancels", "replies", "case", "evidence"), id: digest }), 0, 32),
    schema: object({ id: text(1, 128), digest }),
    content: object({
      media_type: form(/^[a-z0-9.+/-]{3,100}$/),
      encoding: oneOf("none", "hpke"),
      digest,
      size: integer(0, 262_144),
      content_id: kid,
      keys_digest: optional(digest),
      chunks: optional(
        object(
          { size: integer(1, 67_108_880), digest, chunk_size: integer(16_384, 524_288), root: digest },
          ({ chunk_size }) => (chunk_size & (chunk_size - 1)) === 0,
        ),
      ),
    }),
    signers: list(kid, 1, 4),
  },
  (header) => ascending(header.to) && !header.to.includes(header.source),
)
const SIGNATURE = object({ kid, sig: signatureText })
const DOCUMENT = object({
  payload_type: oneOf(EVENT, RECEIPT, CARD, REGISTRY, AGREEMENT, OFFICER, ANSWER, CHANGE, BRANCH, SUSPENSION),
  payload: text(0, 4_194_304, /^[A-Za-z0-9_-]+$/),
  signatures: optional(list(SIGNATURE, 0, 1024), []),
})
const KEY = object({
  kid,
  use: oneOf("governance", "recovery", "event", "receipt", "encryption"),
  algorithm: oneOf("ed25519", "x25519"),
  public: publicKey,
  valid_from: time,
  valid_until: optional(nullable(time)),
  next_digest: optional(nullable(digest)),
})
const MEMBER = object(
  {
    county,
    office: label,
    duty_phone: phone,
    keys: list(KEY, 1, 64),
    transport_key: form(/^U[A-Z2-7]{55}$/),
  },
  (member) => once(member.keys.map((key) => key.kid)),
)
const REGISTRY_FORM = object(
  {
    v: version1,
    version: integer(1),
    previous: nullable(digest),
    issued_at: time,
    expires_at: time,
    threshold: integer(1),
    members: list(MEMBER, 1, 2048),
  },
  (one) =>
    ascending(one.members.map((member) => member.county)) &&
    one.threshold <= one.members.length &&
    (one.version === 1) === (one.previous === null) &&
    one.expires_at > one.issued_at &&
    once(one.members.flatMap((member) => member.keys.map((key) => key.kid))),
)
const counties = list(county, 1, 512)
const AGREEMENT_FORM = object(
  {
    v: version1,
    id: agreementId,
    version: integer(1, 999_999),
    title: label,
    parties: list(county, 2, 512),
    coordinators: counties,
    valid_from: time,
    valid_until: time,
    grants: list(
      object({
        types: list(wireType, 1, 256),
        sources: optional(nullable(counties)),
        recipients: optional(nullable(counties)),
      }),
      1,
      256,
    ),
    class_ceiling: informationClass,
    internal_in_clear: truth,
    purposes: list(purpose, 1, 64),
    retention_days: integer(30, 36_500),
    deadlines: optional(
      list(
        object({
          level: integer(1, 4),
          stored_seconds: integer(1, 86_400),
          acknowledged_minutes: integer(1, 14_400),
        }),
        0,
        4,
      ),
      [],
    ),
    content_max_bytes: optional(integer(1024, 262_144), 262_144),
    contacts: optional(list(object({ county, office: label, duty_phone: phone }), 0, 512), []),
    quotas: optional(
      list(
        object({
          county: optional(nullable(county)),
          events_per_hour: integer(1, 1_000_000),
          bytes_per_hour: optional(nullable(integer(262_144, 2 ** 40))),
        }),
        0,
        512,
      ),
      [],
    ),
    file_max_bytes: optional(integer(1024, 67_108_864), 67_108_864),
  },
  (one) => {
    const limited = one.quotas.map((quota) => quota.county ?? null)
    const named = [
      ...limited.filter((code) => code !== null),
      ...one.grants.flatMap((grant) => [...(grant.sources ?? []), ...(grant.recipients ?? [])]),
    ]
    return (
      ascending(one.parties) &&
      one.id !== "control" &&
      one.valid_until > one.valid_from &&
      new Set(limited).size === limited.length &&
      [...named, ...one.coordinators].every((code) => one.parties.includes(code))
    )
  },
)
const END = object({ channel: digest, epoch, seq: sequence, id: digest })
const CHANGE_FORM = object(
  {
    v: version1,
    county,
    use: oneOf("event", "receipt"),
    old: kid,
    reason: oneOf("rotated", "revoked"),
    ends: list(END, 0, 900),
    credentials: optional(list(digest, 0, 512), []),
    key: optional(nullable(KEY)),
    issued_at: time,
  },
  (one) =>
    once(one.ends.map((end) => `${end.channel} ${end.epoch}`)) &&
    (one.key !== null || one.reason === "revoked") &&
    (one.key === null ||
      (one.key.use === one.use && one.key.algorithm === "ed25519" && one.key.kid !== one.old)),
)
const BRANCH_FORM = object({ v: version1, county, branches: list(END, 1, 900), issued_at: time })
const SUSPENSION_FORM = object({
  v: version1,
  county,
  agreement_id: agreementId,
  version: integer(1, 999_999),
  ends: list(END, 0, 900),
  reason: optional(text(0, 200), ""),
  issued_at: time,
})
const CARD_FORM = object({ v: version1, member: MEMBER, certificate_request: text(0, 8192) })
const CREDENTIAL = object({
  v: version1,
  county,
  officer: officerId,
  display_name: label,
  roles: list(oneOf("duty", "liaison", "reviewer", "mediator", "auditor", "administrator"), 1, 6),
  public: publicKey,
  issued_at: time,
  expires_at: time,
})
const ANSWER_FORM = object({
  v: version1,
  envelope_id: digest,
  county,
  officer: officerId,
  answer: oneOf("received", "handling", "passed_on", "false_alarm", "cannot"),
  note: optional(text(0, 200), ""),
  answered_at: time,
})
const HUMAN = ["acknowledged", "actioned", "declined"]
const RECEIPT_FORM = object(
  {
    receiver: county,
    stage: oneOf("stored", "handed_over", ...HUMAN, "rejected", "expired", "exhausted"),
    channel: digest,
    epoch,
    first_seq: sequence,
    seq: sequence,
    head: digest,
    content_digest: optional(nullable(digest)),
    agreement: reference,
    permitted: truth,
    received_at: time,
    officer: optional(
      nullable(
        object({
          credential: DOCUMENT,
          credential_digest: digest,
          means: oneOf("key_file", "token", "voice_pin", "sms_number"),
          answer: ANSWER_FORM,
          signature: optional(nullable(signatureText)),
        }),
      ),
    ),
    code: optional(nullable(form(/^[a-z][a-z0-9_.]{0,63}$/))),
    text: optional(nullable(text(0, 300))),
  },
  (one) =>
    one.first_seq <= one.seq &&
    (one.stage === "stored" || one.first_seq === one.seq) &&
    HUMAN.includes(one.stage) === (one.officer !== null) &&
    (one.stage === "rejected") === (one.code !== null),
)
const STATEMENT = object({
  v: version1,
  county,
  officer: officerId,
  verdict: oneOf("drafted", "approved", "countersigned"),
  subject: digest,
  acknowledge_by: optional(nullable(time)),
  signed_at: time,
})
const RELEASE_FORM = object(
  {
    id: digest,
    mode: oneOf("two_officers", "alone", "countersigned"),
    officers: list(
      object({
        officer: officerId,
        credential: DOCUMENT,
        own: optional(nullable(object({ statement: STATEMENT, signature: signatureText }))),
      }),
      1,
      2,
    ),
    released_at: time,
  },
  ({ mode, officers }) =>
    officers.length === (mode === "two_officers" ? 2 : 1) && once(officers.map((one) => one.officer)),
)
const OPENING_FORM = object({
  channel: digest,
  chain_kind: oneOf("event", "receipt"),
  agreement_id: agreementId,
  audience: list(county, 1, 512),
  epoch,
  reason: oneOf("first", "restored", "forked", "revoked"),
  old_epoch: optional(nullable(epoch)),
  last: optional(nullable(object({ seq: sequence, id: digest }))),
})
const carriedText = text(0, 1_048_576, /^[A-Za-z0-9_-]*$/)
const LINK = object({ header: carriedText, signatures: carriedText })
const ENVELOPE = object({
  header: carriedText,
  signatures: carriedText,
  keys: nullable(carriedText),
  content: nullable(carriedText),
})
const EVIDENCE_FIELDS = {
  format: oneOf("sihu-evidence"),
  v: oneOf(1, 2, 3),
  registries: list(DOCUMENT, 1, 64),
  agreement: nullable(DOCUMENT),
  event: ENVELOPE,
  before: list(LINK, 0, 1024),
  after: list(LINK, 0, 1024),
  heads: list(LINK, 0, 4),
  receipts: list(ENVELOPE, 0, 2048),
}
const CHANGED_FIELDS = {
  ...EVIDENCE_FIELDS,
  earlier: list(DOCUMENT, 0, 64),
  changes: list(DOCUMENT, 0, 256),
  ancestors: list(carriedText, 0, 8192),
}
const EVIDENCE = {
  1: object(EVIDENCE_FIELDS),
  2: object(CHANGED_FIELDS),
  3: object({ ...CHANGED_FIELDS, releases: list(ENVELOPE, 1, 16) }),
}
const FORK = object({
  format: oneOf("sihu-fork"),
  v: oneOf(1),
  registries: list(DOCUMENT, 1, 64),
  links: list(LINK, 2, 2),
})

function read(value, what, prefix) {
  try {
    return what(value, "")
  } catch (fault) {
    if (fault instanceof Broken) refuse(`${prefix}.${fault.kind}`, fault.path, "it does not have the form of this field")
    throw fault
  }
}

// --- keys and signatures ---------------------------------------------------------------------------

const loaded = new Map()
function keyOf(publicText) {
  if (!loaded.has(publicText)) {
    const raw = fromBase64url(publicText)
    const jwk = { kty: "OKP", crv: "Ed25519", x: publicText }
    loaded.set(publicText, raw?.length === 32 ? createPublicKey({ key: jwk, format: "jwk" }) : null)
  }
  return loaded.get(publicText)
}
function signatureHolds(publicText, data, sig) {
  const [key, raw] = [keyOf(publicText), fromBase64url(sig)]
  return key !== null && raw !== null && raw.length === 64 && verifySignature(null, data, key, raw)
}
const keySigned = (key, data, sig) => key.algorithm === "ed25519" && signatureHolds(key.public, data, sig)
const validAt = (key, at) => key.valid_from <= at && (key.valid_until === null || at < key.valid_until)

// --- Signed documents and Trust --------------------------------------------------------------------

function toBeSigned(document) {
  return bytesToSign(document.payload_type, fromBase64url(document.payload) ?? Buffer.alloc(0))
}
const digestOf = (document) => sha256(toBeSigned(document))

function openPayload(document, type, what) {
  if (document.payload_type !== type) refuse("document.wrong_type", "payload_type", `expected ${type}`)
  const data = fromBase64url(document.payload)
  if (data === null) refuse("document.malformed", "payload", "not canonical base64url")
  return read(parseStrict(data, 4_194_304, 400_000), what, "document")
}
function signersAmong(document, keys) {
  const data = toBeSigned(document)
  return document.signatures
    .filter((one) => keys.has(one.kid) && keySigned(keys.get(one.kid).key, data, one.sig))
    .map((one) => one.kid)
}
function keysOf(registry, use) {
  const found = new Map()
  for (const member of registry.members)
    for (const key of member.keys) if (!use || key.use === use) found.set(key.kid, { county: member.county, key })
  return found
}
function misnamed(key) {
  const raw = fromBase64url(key.public)
  const named = raw && sha256(Buffer.concat([Buffer.from(`${key.algorithm}\0`), raw])).slice(0, 32)
  return named !== key.kid
}
function signingMembers(document, registry) {
  const governance = keysOf(registry, "governance")
  return new Set(signersAmong(document, governance).map((one) => governance.get(one).county))
}
function trustOf(registry, digest) {
  return { registry, digest, keys: keysOf(registry), members: new Set(registry.members.map((one) => one.county)) }
}

function judgeRegistry(document, pinned, previous) {
  const registry = openPayload(document, REGISTRY, REGISTRY_FORM)
  const all = registry.members.flatMap((member) => member.keys)
  if (all.some(misnamed)) refuse("key.misnamed", "members.keys", "a key id is not computed from its key")
  const few = (what) => refuse("registry.too_few_signatures", "signatures", `${what} is not reached`)
  if (signingMembers(document, registry).size < registry.threshold) few("the threshold")
  const found = digestOf(document)
  if (previous === null) {
    if (found !== pinned) refuse("registry.not_pinned", "digest", "it is not the registry that the anchor names")
  } else {
    if (registry.version !== previous.registry.version + 1 || registry.previous !== previous.digest)
      refuse("registry.not_next", "version", "it does not follow the version before it")
    if (signingMembers(document, previous.registry).size < previous.registry.threshold) few("the old threshold")
  }
  return trustOf(registry, found)
}
function judgeAgreement(document, versions) {
  const agreement = openPayload(document, AGREEMENT, AGREEMENT_FORM)
  const stranger = agreement.parties.find((party) => !versions[0].members.has(party))
  if (stranger) refuse("agreement.not_member", "parties", `${stranger} is no member of the registry`)
  const signed = versions.map((one) => signingMembers(document, one.registry))
  const missing = agreement.parties.find((party) => !signed.some((one) => one.has(party)))
  if (missing) refuse("agreement.unsigned", "signatures", `the signature of ${missing} is missing`)
  return { ...agreement, reference: `${agreement.id}@${agreement.version}:${digestOf(document)}` }
}
function judgeCard(document) {
  const card = openPayload(document, CARD, CARD_FORM)
  if (card.member.keys.some(misnamed)) refuse("key.misnamed", "member.keys", "a key id is not computed from its key")
  const own = card.member.keys.filter((key) => key.use === "governance").map((key) => [key.kid, { key }])
  if (signersAmong(document, new Map(own)).length === 0)
    refuse("card.unsigned", "signatures", "not signed by its own governance key")
}
function judgeOfficer(document, trust, code, at) {
  const credential = openPayload(document, OFFICER, CREDENTIAL)
  if (credential.county !== code) refuse("officer.wrong_county", "county", `the credential is not of ${code}`)
  const found = digestOf(document)
  const stays = (one) => !trust.ended?.has(one) || trust.ended.get(one).credentials.has(found)
  const events = [...trust.keys].filter(([one, { county, key }]) => county === code && key.use === "event" && stays(one))
  if (signersAmong(document, new Map(events)).length === 0)
    refuse("officer.unsigned", "signatures", `not certified by an event key of ${code}`)
  if (!(credential.issued_at <= at && at < credential.expires_at))
    refuse("officer.expired", "expires_at", "the credential is not valid at the time of the answer")
  return credential
}
function onlyCounting(document, keys) {
  const data = toBeSigned(document)
  if (!ascending(document.signatures.map((one) => one.kid)))
    refuse("signature.order", "signatures", "signatures of a document ascend by kid, each once")
  for (const one of document.signatures) {
    if (!keys.has(one.kid)) refuse("signature.superfluous", "signatures", `${one.kid} does not count here`)
    if (!keySigned(keys.get(one.kid).key, data, one.sig))
      refuse("signature.invalid", "signatures", `the signature by ${one.kid} does not cover the document`)
  }
}

// --- Envelope --------------------------------------------------------------------------------------

const headerLimit = (recipients) => 16_384 + 16 * Math.max(0, recipients - 64)

function parseHeader(data) {
  const value = parseStrict(data, headerLimit(512))
  const version = value instanceof Map ? value.get("v") : undefined
  if (version !== 1) refuse("header.unsupported_version", "v", "this verifier reads version 1")
  const content = value.get("content")
  const members = [value, content, content instanceof Map ? content.get("chunks") : null].flatMap((one) =>
    one instanceof Map ? [...one.values()] : [],
  )
  if (members.includes(null)) refuse("header.wrong_type", "header", "a field without a value is left out")
  const header = read(value, HEADER, "header")
  if (data.length > headerLimit(header.to.length)) refuse("json.too_large", "header", "the header is too large")
  return header
}
function openEnvelope(headerBytes, signatures, keys, content) {
  const header = parseHeader(headerBytes)
  const isReceipt = header.type === RECEIPT_TYPE
  const data = bytesToSign(isReceipt ? RECEIPT : EVENT, headerBytes)
  return { header, data, id: sha256(data), use: isReceipt ? "receipt" : "event", signatures, keys, content }
}
function judgeContent({ header, content }) {
  if (content.length !== header.content.size || sha256(content) !== header.content.digest)
    refuse("content.digest", "content", "the content is not the one that the header binds")
}
function judgeKeys({ header, keys }) {
  if (keys.length > 131_072) refuse("json.too_large", "keys", "the keys part is too large")
  if ((keys.length > 0 ? sha256(keys) : null) !== header.content.keys_digest)
    refuse("content.keys_digest", "keys", "the keys part is not the one that the header binds")
}
function parseSignatures(data) {
  const value = parseStrict(data, 4096)
  if (!Array.isArray(value)) refuse("signature.malformed", "signatures", "expected an array")
  const entries = value.map(readSignature)
  if (entries.length < 1 || entries.length > 4) refuse("signature.missing", "signatures", "one to four signatures")
  if (!Buffer.from(JSON.stringify(entries)).equals(data))
    refuse("signature.malformed", "signatures", "a second spelling")
  const ofBatch = entries.filter((one) => one.root !== undefined)
  ofBatch.forEach(judgeBounds)
  if (ofBatch.some((one) => entries.some((other) => other.root === undefined && other.kid === one.kid)))
    refuse("batch.mixed", "signatures", "one key, plainly and in a batch")
  return entries
}
function verifyEnvelope(envelope, trust) {
  const { header, use } = envelope
  const entries = parseSignatures(envelope.signatures)
  if (entries.map((one) => one.kid).join() !== header.signers.join())
    refuse("signature.stripped", "signatures", "the signatures are not those of `signers`, in that order")
  for (const one of entries) {
    const record = trust.keys.get(one.kid)
    if (!record || record.county !== header.source || record.key.use !== use)
      refuse("signature.unknown_key", "signers", `${one.kid} is no ${use} key of ${header.source}`)
    if (!validAt(record.key, header.time)) refuse("signature.key_not_valid", "time", `${one.kid} is not valid then`)
    if (one.root !== undefined) verifyInBatch(one, envelope, record.key)
    else if (!keySigned(record.key, envelope.data, one.sig))
      refuse("signature.invalid", "signatures", "the signature does not cover these bytes")
  }
}

// --- Batch signatures ------------------------------------------------------------------------------

const anyText = text(0, Infinity)
const anyInteger = integer(-MAX_INTEGER)
const ROOT_RECORD = object({ v: anyInteger, source: county, count: anyInteger, root: digest })
const BATCH_ENTRY = object({
  kid,
  sig: signatureText,
  root: ROOT_RECORD,
  index: anyInteger,
  path: list(anyText, 0, Infinity),
})

function readSignature(entry) {
  const ofBatch = entry instanceof Map && ["root", "index", "path"].some((name) => entry.has(name))
  try {
    return (ofBatch ? BATCH_ENTRY : SIGNATURE)(entry, "")
  } catch (fault) {
    if (!(fault instanceof Broken)) throw fault
    refuse(ofBatch ? "batch.malformed" : "signature.malformed", "signatures", "no entry of one of the two forms")
  }
}
function pathLength(index, count) {
  let length = 0
  for (let last = count - 1; last > 0; last >>= 1, index >>= 1) if ((index ^ 1) <= last) length++
  return length
}
function judgeBounds({ root, index, path }) {
  if (root.v !== 1) refuse("batch.unsupported_version", "signatures.root.v", "this verifier reads version 1")
  if (root.count < 2 || root.count > 4096) refuse("batch.count", "signatures.root.count", "2 to 4,096")
  if (index < 0 || index >= root.count) refuse("batch.index", "signatures.index", "no such place")
  if (path.length !== pathLength(index, root.count))
    refuse("batch.path_length", "signatures.path", "a path to this place has another number of hashes")
  if (path.some((one) => fromBase64url(one)?.length !== 32))
    refuse("batch.not_base64url", "signatures.path", "canonical base64url of 32 bytes each")
}
function verifyInBatch({ root, index, path, sig }, envelope, key) {
  if (root.source !== envelope.header.source) refuse("batch.other_source", "signatures.root.source", "another county's")
  const hash = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest()
  const siblings = path.map((one) => fromBase64url(one))
  let node = hash(Buffer.from([0]), Buffer.from(envelope.id, "hex"))
  for (let last = root.count - 1, at = index; last > 0; last >>= 1, at >>= 1) {
    if (at & 1) node = hash(Buffer.from([1]), siblings.shift(), node)
    else if (at < last) node = hash(Buffer.from([1]), node, siblings.shift())
  }
  if (node.toString("hex") !== root.root)
    refuse("batch.other_root", "signatures.path", "the path does not lead from this envelope to the root")
  if (!keySigned(key, bytesToSign(BATCH_ROOT, Buffer.from(JSON.stringify(root))), sig))
    refuse("batch.unsigned", "signatures", "the signature does not cover this root record")
}

// --- channels --------------------------------------------------------------------------------------

function kindOf(header) {
  const kinds = { [RECEIPT_TYPE]: ["receipt"], [OPENING_TYPE]: ["event", "receipt"] }[header.type] ?? ["event"]
  const named = header.agreement.split("@")[0]
  return kinds.find((kind) => header.channel === channelOf(kind, header.source, named, header.to)) ?? null
}
const strangeChannel = () => refuse("chain.wrong_channel", "channel", "not the computed channel")

// --- Agreements ------------------------------------------------------------------------------------

const RANK = { public: 0, internal: 1, personal: 2 }

function judgeSharing(agreement, header) {
  const no = (code, field, means) => refuse(`sharing.${code}`, field, means)
  if (!agreement) no("no_agreement", "agreement", "it is not in hand")
  if (!(agreement.valid_from <= header.time && header.time < agreement.valid_until))
    no("not_in_force", "agreement", "it was not in force at that time")
  for (const code of [header.source, ...header.to])
    if (!agreement.parties.includes(code)) no("outside_agreement", "to", `${code} is no party`)
  for (const code of header.to) {
    const covers = (grant) =>
      grant.types.includes(header.type) &&
      (grant.sources === null || grant.sources.includes(header.source)) &&
      (grant.recipients === null || grant.recipients.includes(code))
    if (!agreement.grants.some(covers)) no("type_not_permitted", "type", `not granted for ${code}`)
  }
  if (RANK[header.class] > RANK[agreement.class_ceiling]) no("class_above_ceiling", "class", "above the ceiling")
  const inClear = header.class === "public" || (header.class === "internal" && agreement.internal_in_clear)
  if (header.content.encoding === "none" && !inClear) no("not_encrypted", "class", "it must be encrypted")
  if (!agreement.purposes.includes(header.purpose)) no("purpose", "purpose", "a purpose that is not agreed")
  if (header.content.size > agreement.content_max_bytes) no("too_large", "content", "larger than agreed")
  const { chunks, encoding } = header.content
  if (chunks && chunks.size - (encoding === "none" ? 0 : 16) > agreement.file_max_bytes)
    no("too_large", "content.chunks", "its file is larger than agreed")
}
function judgeMembership(trust, header) {
  const stranger = [header.source, ...header.to].find((code) => !trust.members.has(code))
  if (stranger) refuse("sharing.not_member", "to", `${stranger} is no member of the registry`)
}

// --- Receipts --------------------------------------------------------------------------------------

const readReceipt = (content) => read(parseStrict(content, 262_144), RECEIPT_FORM, "content")

function judgeProof(receipt, trust) {
  const { credential, answer, means, signature } = receipt.officer
  const certified = judgeOfficer(credential, trust, receipt.receiver, answer.answered_at)
  if (digestOf(credential) !== receipt.officer.credential_digest)
    refuse("officer.digest", "officer.credential_digest", "not the digest of the credential")
  const about = [answer.envelope_id, answer.county, answer.officer].join()
  if (about !== [receipt.head, receipt.receiver, certified.officer].join())
    refuse("officer.other_answer", "officer.answer", "about another event or by another officer")
  if (means !== "key_file") return
  const spelt = Buffer.from(JSON.stringify({ ...answer, answered_at: wireTime(answer.answered_at) }))
  if (signature === null || !signatureHolds(certified.public, bytesToSign(ANSWER, spelt), signature))
    refuse("officer.signature", "officer.signature", "the officer's own signature does not hold")
}

// --- Key changes -----------------------------------------------------------------------------------

const offlineKeys = (registry, county, uses = ["governance", "recovery"]) =>
  new Map(uses.flatMap((use) => [...keysOf(registry, use)]).filter(([, one]) => one.county === county))
const memberOf = (registry, county) => registry.members.some((one) => one.county === county)

function judgeStatement(document, registry) {
  const [type, form_, uses, code] =
    document.payload_type === BRANCH
      ? [BRANCH, BRANCH_FORM, ["governance", "recovery"], "key.change_unsigned"]
      : [SUSPENSION, SUSPENSION_FORM, ["governance"], "agreement.unsigned"]
  const said = openPayload(document, type, form_)
  if (!memberOf(registry, said.county)) refuse("key.not_member", "county", "of no member")
  if (signersAmong(document, offlineKeys(registry, said.county, uses)).length === 0)
    refuse(code, "signatures", "no offline key of that county has signed")
  return said
}
function judgeChange(document, registry, records) {
  const change = openPayload(document, CHANGE, CHANGE_FORM)
  if (!memberOf(registry, change.county)) refuse("key.not_member", "county", "of no member")
  const unsigned = (field) => refuse("key.change_unsigned", field, "a key that must sign has not signed")
  if (change.key !== null) {
    if (misnamed(change.key)) refuse("key.misnamed", "key", "a key id is not computed from its key")
    if (signersAmong(document, new Map([[change.key.kid, { key: change.key }]])).length === 0) unsigned("signatures")
  }
  if (signersAmong(document, offlineKeys(registry, change.county)).length > 0) return change
  if (change.reason === "revoked") unsigned("signatures")
  const old = records.get(change.old)
  if (!old || old.county !== change.county || old.key.use !== change.use) unsigned("old")
  if (signersAmong(document, new Map([[change.old, old]])).length === 0) unsigned("signatures")
  const raw = fromBase64url(change.key.public)
  if (sha256(Buffer.concat([Buffer.from("ed25519\0"), raw])) !== old.key.next_digest)
    refuse("key.not_committed", "key", "not the key that was committed beforehand")
  return change
}
const lower = (one, other) => (one.seq - other.seq || (one.id < other.id ? -1 : 1)) < 0
const lowest = (ends) => ends.reduce((least, end) => (least === null || lower(end, least) ? end : least), null)

// What is trusted of keys once a set of documents is known, under the newest of some registries.
function withChanges(documents, registries) {
  const newest = registries.at(-1)
  const every = new Map(documents.map((one) => [digestOf(one), one]))
  const digests = [...every.keys()].sort()
  const isStatement = (one) => [BRANCH, SUSPENSION].includes(every.get(one).payload_type)
  const kept = []
  const suspended = []
  for (const one of digests.filter(isStatement))
    (every.get(one).payload_type === BRANCH ? kept : suspended).push(judgeStatement(every.get(one), newest))

  const records = new Map(registries.flatMap((one) => [...keysOf(one)]))
  const changes = []
  let waiting = digests.filter((one) => !isStatement(one))
  for (let progress = true; progress; ) {
    progress = false
    const left = []
    for (const one of waiting) {
      try {
        const change = judgeChange(every.get(one), newest, records)
        changes.push({ digest: one, document: every.get(one), ...change })
        if (change.key && !records.has(change.key.kid)) records.set(change.key.kid, { county: change.county, key: change.key })
        progress = true
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault
        left.push(one)
      }
    }
    waiting = left
  }
  if (waiting.length > 0) judgeChange(every.get(waiting[0]), newest, records)

  const ended = new Map()
  for (const one of changes) {
    const old = records.get(one.old)
    if (old && (old.county !== one.county || old.key.use !== one.use)) continue
    const ends = new Map(one.ends.map((end) => [`${end.channel} ${end.epoch}`, end]))
    const said = { ends, credentials: new Set(one.credentials), revoked: one.reason === "revoked" }
    const held = ended.get(one.old)
    if (held) {
      for (const [place, end] of said.ends)
        if (held.ends.has(place)) said.ends.set(place, lowest([end, held.ends.get(place)]))
        else said.ends.delete(place)
      said.credentials = new Set([...said.credentials].filter((digest_) => held.credentials.has(digest_)))
      said.revoked ||= held.revoked
    }
    ended.set(one.old, said)
  }
  const followed = new Set(changes.filter((one) => one.key).map((one) => one.key.kid))
  const trusted = new Set(keysOf(newest).keys())
  const counts = ({ old, county, document }) =>
    signersAmong(document, offlineKeys(newest, county)).length > 0 ||
    ((trusted.has(old) || (records.has(old) && !followed.has(old))) && !ended.get(old)?.revoked)
  for (let rest = changes.filter((one) => one.key); ; ) {
    const counting = rest.filter(counts)
    if (counting.length === 0) break
    for (const one of counting) trusted.add(one.key.kid)
    rest = rest.filter((one) => !counting.includes(one))
  }
  const changed = new Map(
    [...records].filter(
      ([one]) =>
        (ended.has(one) && (ended.get(one).revoked || !followed.has(one))) || (followed.has(one) && trusted.has(one)),
    ),
  )
  return { changes, kept, suspended, ended, changed, records }
}

// --- Evidence files --------------------------------------------------------------------------------

function openPart(carried, place) {
  const parts = [carried.header, carried.signatures, carried.keys ?? "", carried.content ?? ""].map(fromBase64url)
  if (parts.includes(null)) refuse("evidence.not_base64url", place, "not canonical base64url")
  if (parts[2].length > 131_072 || parts[3].length > 262_144) refuse("json.too_large", place, "a part is too large")
  const envelope = openEnvelope(...parts)
  return { ...envelope, place, hasKeys: typeof carried.keys === "string", hasContent: typeof carried.content === "string" }
}

function openEvidence(data) {
  const value = parseStrict(data, 16 * 1024 * 1024, 400_000)
  const named = value instanceof Map && value.get("format") === "sihu-evidence" ? value.get("v") : null
  const mark = { 1: "format", 2: "changes", 3: "releases" }[named]
  if (typeof named !== "number" || !mark || !value.has(mark))
    refuse("evidence.unsupported_version", "v", "this verifier reads evidence files of the versions 1 to 3")
  const file = read(value, EVIDENCE[named], "evidence")
  if (!Buffer.from(JSON.stringify(file)).equals(data))
    refuse("evidence.not_canonical", "", "the file is not in its one spelling")
  const opened = { file, event: openPart(file.event, "event") }
  for (const room of ["before", "after", "heads", "receipts"])
    opened[room] = file[room].map((one, index) => openPart(one, `${room}.${index}`))
  opened.ancestors = (file.ancestors ?? []).map((header, index) =>
    openPart({ header, signatures: "", keys: null, content: null }, `ancestors.${index}`),
  )
  opened.releases = (file.releases ?? []).map((one, index) => openPart(one, `releases.${index}`))
  const place = ({ header }) => [header.channel, header.epoch, header.seq]
  const below = (one, other) => {
    const at = one.findIndex((value, index) => value !== other[index])
    return at >= 0 && one[at] < other[at]
  }
  if (!opened.ancestors.every((part, index) => index === 0 || below(place(opened.ancestors[index - 1]), place(part))))
    refuse("evidence.not_canonical", "ancestors", "they ascend by channel, epoch and seq, each place once")
  return opened
}

// The links below an end, as far as the headers in a file show them: by `prev` alone.
class Lines {
  constructor(parts) {
    this.headers = new Map(parts.map((part) => [part.id, part.header]))
    this.lines = new Map()
  }
  of(end) {
    const name = [end.channel, end.epoch, end.seq, end.id].join()
    if (this.lines.has(name)) return this.lines.get(name)
    const line = [end.id]
    for (let seq = end.seq; seq > 0; seq--) {
      const header = this.headers.get(line.at(-1))
      if (!header || header.channel !== end.channel || header.epoch !== end.epoch || header.seq !== seq) break
      line.push(header.prev)
    }
    this.lines.set(name, line)
    return line
  }
}

class Lineage {
  constructor(opened, anchor, papers) {
    const { file } = opened
    const { event, before, after, heads, receipts, releases } = opened
    const parts = [event, ...before, ...after, ...heads, ...receipts, ...releases]
    this.versions = []
    for (const document of file.registries) {
      const previous = this.versions.at(-1) ?? null
      const judged = judgeRegistry(document, anchor ?? digestOf(document), previous)
      const old = previous ? keysOf(previous.registry, "governance") : new Map()
      onlyCounting(document, new Map([...old, ...keysOf(judged.registry, "governance")]))
      this.versions.push(judged)
    }
    for (const document of papers.filter((one) => one.payload_type === REGISTRY))
      if (!this.versions.some((one) => one.digest === digestOf(document)))
        this.versions.push(judgeRegistry(document, null, this.versions.at(-1)))
    const newestNamed = parts.reduce((most, part) => Math.max(most, part.header.registry), 0)
    if (newestNamed > this.versions.at(-1).registry.version)
      refuse("registry.missing_version", "registries", `a header names version ${newestNamed}`)
    this.change(file.changes ?? [], papers.filter((one) => one.payload_type !== REGISTRY))
    this.lines = new Lines([...parts, ...opened.ancestors])
  }
  change(inFile, brought) {
    if (!ascending(inFile.map(digestOf))) refuse("document.order", "changes", "changes ascend by digest, each once")
    if (!inFile.every((one) => ascending(one.signatures.map((each) => each.kid))))
      refuse("signature.order", "changes", "signatures of a document ascend by kid, each once")
    const registries = this.versions.map((one) => one.registry)
    const fresh = brought.filter((one) => !inFile.some((other) => digestOf(other) === digestOf(one)))
    this.known = withChanges([...inFile, ...fresh], registries)
    for (const document of inFile) onlyCounting(document, this.countingKeys(document, registries))
    for (const one of this.versions) {
      one.keys = new Map([...this.known.changed, ...one.keys])
      one.ended = this.known.ended
    }
  }
  countingKeys(document, registries) {
    const change = this.known.changes.find((one) => one.digest === digestOf(document))
    const said = change ?? openPayload(document, document.payload_type, document.payload_type === BRANCH ? BRANCH_FORM : SUSPENSION_FORM)
    const uses = document.payload_type === SUSPENSION ? ["governance"] : ["governance", "recovery"]
    const keys = new Map(registries.flatMap((one) => [...offlineKeys(one, said.county, uses)]))
    if (!change) return keys
    const old = this.known.records.get(change.old)
    if (old && old.county === change.county && old.key.use === change.use) keys.set(change.old, old)
    if (change.key) keys.set(change.key.kid, { key: change.key })
    return keys
  }
  branchOf({ header }) {
    const said = this.known.kept.filter((one) => one.county === header.source).flatMap((one) => one.branches)
    return lowest(said.filter((end) => end.channel === header.channel && end.epoch === header.epoch))
  }
  endsAbove(part) {
    const { channel, epoch: epoch_, seq, signers } = part.header
    const ends = signers.map((one) => this.known.ended.get(one)?.ends.get(`${channel} ${epoch_}`))
    return [...ends, this.branchOf(part)].filter((end) => end && end.seq > seq)
  }
  judgeEnd(part) {
    const { channel, epoch: epoch_, seq, signers } = part.header
    const onLine = (end, code, means) => {
      if (!end || seq > end.seq) refuse(code, "seq", means)
      const line = this.lines.of(end)
      if (line.length <= end.seq - seq) refuse("chain.ancestry_missing", "ancestors", "nothing leads to it from the end")
      if (line[end.seq - seq] !== part.id) refuse(code, "seq", means)
    }
    for (const one of signers) {
      const ended = this.known.ended.get(one)
      if (!ended) continue
      const end = ended.ends.get(`${channel} ${epoch_}`)
      const code = ended.revoked ? "signature.key_revoked" : "signature.key_retired"
      onLine(end, code, `${one} has ended: ${end ? `trusted up to sequence ${end.seq}` : "trusted for nothing here"}`)
    }
    const kept = this.branchOf(part)
    if (kept) onLine(kept, "chain.other_branch", "its source has kept another branch")
  }
  from(version) {
    return this.versions.slice(Math.max(0, version - this.versions[0].registry.version))
  }
  verify(envelope) {
    const [named, ...later] = this.from(envelope.header.registry)
    verifyEnvelope(envelope, named)
    for (const trust of later)
      for (const one of envelope.header.signers) {
        const record = trust.keys.get(one)
        if (!record) refuse("signature.key_revoked", "signers", `a later registry dropped ${one}`)
        if (!validAt(record.key, envelope.header.time))
          refuse("signature.key_not_valid", "time", `${one} is not valid then by a later registry`)
      }
    this.judgeEnd(envelope)
  }
}

function judgeChannel(header) {
  if (kindOf(header) === null) strangeChannel()
  if ((header.seq === 0) !== (header.type === OPENING_TYPE))
    refuse("chain.bad_opening", "seq", "link 0 opens an epoch, and nothing else does")
}
function judgeBinding(part) {
  if (part.hasContent) judgeContent(part)
  if (part.hasKeys) judgeKeys(part)
  else if (part.header.content.keys_digest === null)
    refuse("content.keys_digest", "keys", "there never was a keys part to be detached")
}
function judgeLinks(opened, lineage, ids) {
  const of = opened.event.header
  const run = [...opened.before, opened.event, ...opened.after]
  const link = (part, sameEpoch) => {
    lineage.verify(part)
    judgeChannel(part.header)
    if (part.header.channel !== of.channel || (sameEpoch && part.header.epoch !== of.epoch))
      refuse("chain.other_channel", part.place, "a link of another channel or epoch")
  }
  run.forEach((part, index) => {
    link(part, true)
    const first = run[index - 1]
    if (!first) return
    if (part.header.seq !== first.header.seq + 1) refuse("chain.gap", part.place, "a link is missing before it")
    if (part.header.prev !== first.id) refuse("chain.forked", part.place, "it names another link before it")
  })
  for (const part of opened.heads) {
    link(part, false)
    if (part.header.epoch !== of.epoch || part.header.seq > run.at(-1).header.seq) continue
    const known = ids.get(part.header.seq)
    if (known !== undefined && known !== part.id) refuse("chain.forked", part.place, "two stories for one place")
    refuse("chain.repeated", part.place, "the links reach this head already")
  }
  const deepest = new Map()
  for (const part of [...run, ...opened.heads, ...opened.receipts, ...opened.releases])
    for (const end of lineage.endsAbove(part)) {
      const line = lineage.lines.of(end)
      deepest.set(line, Math.max(deepest.get(line) ?? 0, end.seq - part.header.seq))
    }
  const needed = new Set([...deepest].flatMap(([line, depth]) => line.slice(0, depth)))
  for (const part of opened.ancestors)
    if (!needed.has(part.id)) refuse("chain.superfluous", part.place, "it leads from no end to anything here")
}
function acceding(agreement, before) {
  const { version, parties, contacts, valid_from } = agreement
  const newcomers = parties.filter((one) => !before.parties.includes(one))
  const listed = contacts.map((one) => JSON.stringify(one))
  const grown = { ...before, version, parties, contacts, valid_from }
  const whole =
    version === before.version + 1 &&
    newcomers.length > 0 &&
    before.parties.every((one) => parties.includes(one)) &&
    before.contacts.every((one) => listed.includes(JSON.stringify(one))) &&
    before.valid_from <= valid_from &&
    JSON.stringify(grown) === JSON.stringify(agreement)
  return whole ? new Set([...newcomers, ...before.coordinators]) : new Set(parties)
}
function judgePermitting(opened, lineage) {
  const { file, event } = opened
  const named = Math.max(0, event.header.registry - lineage.versions[0].registry.version)
  let before = null
  let judged = null
  for (const document of [...(file.earlier ?? []), file.agreement]) {
    const agreement = openPayload(document, AGREEMENT, AGREEMENT_FORM)
    if (before && (agreement.id !== before.id || agreement.version !== before.version + 1))
      refuse("agreement.not_next", "version", "it is not the version behind the one before it")
    const rooms = new Map()
    for (const party of agreement.parties) {
      let versions = lineage.versions[named].members.has(party) ? lineage.versions.slice(named) : []
      if (versions.length === 0 && file.v >= 2)
        versions = lineage.versions.slice(0, named).filter((one) => one.members.has(party)).slice(-1)
      if (versions.length === 0) refuse("agreement.not_member", "parties", `${party} is no member of the registry`)
      rooms.set(party, new Map(versions.flatMap((one) => [...offlineKeys(one.registry, party, ["governance"])])))
    }
    const needed = before ? acceding(agreement, before) : new Set(agreement.parties)
    for (const [party, keys] of rooms)
      if (needed.has(party) && signersAmong(document, keys).length === 0)
        refuse("agreement.unsigned", "signatures", `the signature of ${party} is missing`)
    onlyCounting(document, new Map([...rooms.values()].flatMap((keys) => [...keys])))
    before = agreement
    judged = { ...agreement, reference: `${agreement.id}@${agreement.version}:${digestOf(document)}` }
  }
  if (judged.reference !== event.header.agreement)
    refuse("agreement.not_referred", "agreement", "it is not the one that the header names")
  return judged
}
function judgeSuspensions(agreement, header, suspended) {
  for (const one of suspended) {
    const concerned = [header.source, ...header.to].includes(one.county)
    if (!concerned || one.agreement_id !== agreement.id || agreement.version > one.version) continue
    const before = (end) => end.channel === header.channel && end.epoch === header.epoch && header.seq <= end.seq
    if (!one.ends.some(before)) refuse("sharing.suspended", "agreement", `${one.county} has suspended it`)
  }
}
function judgeReceipt(part, opened, lineage, ids) {
  const { header } = part
  const event = opened.event.header
  if (header.type !== RECEIPT_TYPE) refuse("receipt.wrong_type", "type", "it is no receipt")
  lineage.verify(part)
  judgeChannel(header)
  const [named, ...later] = lineage.from(header.registry)
  judgeMembership(named, header)
  if (!part.hasContent) refuse("receipt.detached", "content", "without its content it attests nothing")
  if (header.content.encoding !== "none") refuse("content.encoding", "content.encoding", "it cannot be read here")
  judgeBinding(part)
  const receipt = readReceipt(part.content)
  if (receipt.receiver !== header.source) refuse("receipt.wrong_receiver", "receiver", "it attests for another county")
  if (!event.to.includes(receipt.receiver) || header.to.join() !== event.source)
    refuse("receipt.unknown_channel", "receiver", "by or for a county that this is not about")
  if (receipt.channel !== event.channel || receipt.epoch !== event.epoch)
    refuse("receipt.unknown_channel", "channel", "about another channel or epoch")
  if (!(receipt.first_seq <= event.seq && event.seq <= receipt.seq) || ids.get(receipt.seq) !== receipt.head)
    refuse("receipt.other_story", "head", "it does not cover this event, or names another one")
  const other = () => refuse("receipt.other_content", "content_digest", "about another content")
  if (receipt.content_digest !== null && receipt.first_seq !== receipt.seq) other()
  if (receipt.seq === event.seq) {
    if (receipt.agreement !== event.agreement) refuse("receipt.other_agreement", "agreement", "another agreement")
    if (receipt.content_digest !== null && receipt.content_digest !== event.content.digest) other()
  }
  if (!HUMAN.includes(receipt.stage)) return receipt
  judgeProof(receipt, named)
  const { credential, answer } = receipt.officer
  if (later.some((trust) => codeOf(() => judgeOfficer(credential, trust, receipt.receiver, answer.answered_at))))
    refuse("signature.key_revoked", "officer.credential", "a later registry dropped its certifying key")
  return receipt
}

// --- Releases --------------------------------------------------------------------------------------

const readRelease = (content) => read(parseStrict(content, 262_144), RELEASE_FORM, "content")
const VERDICTS = { two_officers: ["drafted", "approved"], alone: [null], countersigned: ["countersigned"] }

// What is fixed of an event before it has a place in a chain.
function termsOf(header) {
  const { type, source, expires, to, agreement, purpose: why, status, kind, priority, refs, content } = header
  const { media_type, encoding, digest: carried, size, content_id, chunks } = content
  const terms = {
    type,
    source,
    ...(expires === null ? {} : { expires: wireTime(expires) }),
    to,
    agreement,
    purpose: why,
    class: header.class,
    status,
    kind,
    priority,
    refs,
    content: { media_type, encoding, digest: carried, size, content_id, ...(chunks === null ? {} : { chunks }) },
  }
  return sha256(bytesToSign(RELEASE_TERMS, Buffer.from(JSON.stringify(terms))))
}
function statementBytes({ acknowledge_by, signed_at, ...said }) {
  const by = acknowledge_by === null ? {} : { acknowledge_by: wireTime(acknowledge_by) }
  return bytesToSign(RELEASE, Buffer.from(JSON.stringify({ ...said, ...by, signed_at: wireTime(signed_at) })))
}
function certifiedIn(record, source, trust) {
  return record.officers.map(({ officer, credential, own }) => {
    const certified = judgeOfficer(credential, trust, source, record.released_at)
    if (certified.officer !== officer) refuse("release.other_officer", "officers", "the credential is another officer's")
    if (own !== null) judgeOfficer(credential, trust, source, own.statement.signed_at)
    return certified
  })
}
function judgeOwn({ own, officer }, certified, verdict, record, event) {
  const said = own.statement
  if (verdict === null) refuse("release.other_statement", "own", "nobody signs the sending of an event alone")
  if ([said.county, said.officer, said.verdict].join() !== [event.source, officer, verdict].join())
    refuse("release.other_statement", "own.statement", "another officer's word, or another word")
  const subject = verdict === "countersigned" ? record.id : termsOf(event)
  const deadline = verdict === "countersigned" ? null : event.acknowledge_by
  if (said.subject !== subject || (said.acknowledge_by !== null && said.acknowledge_by !== deadline))
    refuse("release.other_event", "own.statement.subject", "it was signed about another text, or under other terms")
  if (!signatureHolds(certified.public, statementBytes(said), own.signature))
    refuse("release.signature", "own.signature", "the officer's own signature does not hold")
}
function judgeRelease(part, event, before, lineage) {
  const { header } = part
  if (header.type !== RELEASE_TYPE) refuse("release.wrong_type", "type", "it is no record of a release")
  lineage.verify(part)
  judgeChannel(header)
  const [named, ...later] = lineage.from(header.registry)
  judgeMembership(named, header)
  if (header.channel !== event.header.channel) refuse("chain.other_channel", "channel", "not on the event's channel")
  if (!part.hasContent) refuse("release.detached", "content", "without its content it names nobody")
  if (header.content.encoding !== "none") refuse("content.encoding", "content.encoding", "it cannot be read here")
  judgeBinding(part)
  const record = readRelease(part.content)
  if (record.id !== event.id) refuse("release.other_event", "id", "it is about another event")
  const certified = certifiedIn(record, header.source, named)
  if (later.some((trust) => codeOf(() => certifiedIn(record, header.source, trust))))
    refuse("signature.key_revoked", "officers", "a later registry dropped a certifying key")
  record.known = [...record.officers.map((one) => one.officer), ...certified.map((one) => `key ${one.public}`)]
  const again = before
    .filter((one) => [one.mode, record.mode].includes("countersigned"))
    .some((one) => one.known.some((name) => record.known.includes(name)))
  if (again || !once(certified.map((one) => one.public)))
    refuse("release.same_officer", "officers", "two names that are one person are one name")
  let latest = -Infinity
  record.officers.forEach((one, index) => {
    if (one.own === null) return
    judgeOwn(one, certified[index], VERDICTS[record.mode][index], record, event.header)
    const { signed_at } = one.own.statement
    if (signed_at > record.released_at || signed_at < latest)
      refuse("release.signed_at", "own.statement.signed_at", "signed after the release, or approved before it was handed in")
    latest = signed_at
  })
  return record
}

export function verifyEvidence(data, anchor, papers = []) {
  const steps = []
  let step = 0
  const run = (work) => {
    step++
    const value = work()
    steps.push({ step, holds: true })
    return value
  }
  const seen = { opened: null, lineage: null }
  try {
    const opened = (seen.opened = run(() => openEvidence(data)))
    const { event, file } = opened
    const lineage = (seen.lineage = run(() => new Lineage(opened, anchor, papers)))
    const isControl = event.header.type.startsWith(CONTROL)
    const versions = lineage.from(event.header.registry)
    const agreement = run(() => {
      if (isControl)
        return (
          (file.agreement || file.earlier?.length > 0) &&
          refuse("agreement.superfluous", "agreement", "a control record needs no agreement")
        )
      if (!file.agreement) refuse("agreement.missing", "agreement", "it is not in the file")
      return judgePermitting(opened, lineage)
    })
    run(() => lineage.verify(event))
    run(() => judgeChannel(event.header))
    run(() => judgeBinding(event))
    run(() => {
      if (!isControl) judgeSharing(agreement, event.header)
      judgeMembership(versions[0], event.header)
      if (!isControl) judgeSuspensions(agreement, event.header, lineage.known.suspended)
    })
    const ids = new Map([...opened.before, event, ...opened.after].map((part) => [part.header.seq, part.id]))
    run(() => judgeLinks(opened, lineage, ids))
    step++
    const known = new Set()
    opened.receipts.forEach((part, place) => {
      const found = { step, receipt: place, holds: true }
      try {
        const receipt = judgeReceipt(part, opened, lineage, ids)
        if (known.has(part.id)) refuse("receipt.repeated", "receipts", "the same receipt stands there twice")
        Object.assign(found, { receiver: receipt.receiver, stage: receipt.stage })
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault
        const { code, field, means } = fault
        Object.assign(found, { holds: false, code: known.has(part.id) ? "receipt.repeated" : code, field, means })
      }
      known.add(part.id)
      steps.push(found)
    })
    step++
    const told = new Set()
    const before = []
    opened.releases.forEach((part, place) => {
      const found = { step, release: place, holds: true }
      try {
        const record = judgeRelease(part, event, before, lineage)
        if (told.has(part.id)) refuse("release.repeated", "releases", "the same record stands there twice")
        before.push(record)
        const officers = record.officers.map((one) => ({ officer: one.officer, own: one.own !== null }))
        Object.assign(found, { mode: record.mode, officers })
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault
        const { code, field, means } = fault
        Object.assign(found, { holds: false, code: told.has(part.id) ? "release.repeated" : code, field, means })
      }
      told.add(part.id)
      steps.push(found)
    })
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    steps.push({ step, holds: false, code: fault.code, field: fault.field, means: fault.means })
  }
  return conclude(steps, seen, anchor)
}

// How far the verdict goes: nothing proves that there are no later papers than these.
function asOf({ versions, known }) {
  const said = [...known.changes, ...known.kept, ...known.suspended]
  const times = [versions.at(-1).registry.issued_at, ...said.map((one) => one.issued_at)]
  const newest = times.reduce((most, one) => Math.max(most, one))
  return { registry: versions.at(-1).registry.version, documents: said.length, issued_at: wireTime(newest) }
}
function keysIn({ known }, { header }) {
  return header.signers.map((one) => {
    const ended = known.ended.get(one)
    const last = ended?.ends.get(`${header.channel} ${header.epoch}`)?.seq ?? null
    return { kid: one, ended: ended ? (ended.revoked ? "revoked" : "rotated") : null, last }
  })
}
// --- Files of a case: a line that says which, then one evidence file a line --------------------------

const CASE_BEGINS = '{"format":"sihu-case-evidence"'
const CASE_TYPE = "cn.sihu.governance.case_"
const isCaseFile = (data) => data.subarray(0, CASE_BEGINS.length).toString("latin1") === CASE_BEGINS

function linesOf(data) {
  const lines = []
  let start = 0
  for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, start)) {
    lines.push(data.subarray(start, end))
    start = end + 1
  }
  return [...lines, data.subarray(start)]
}
function readCaseHead(line, count) {
  const head = parseStrict(line, 131_072)
  const names = head instanceof Map ? [...head.keys()].join() : ""
  if (names !== "format,v,case_id,count,keys" || head.get("v") !== 1)
    refuse("evidence.unsupported_version", "v", "this verifier reads files of a case of version 1")
  if (!/^[0-9a-f]{64}$/.test(head.get("case_id")) || !(head.get("keys") instanceof Map))
    refuse("evidence.not_canonical", "evidence", "the first line is not as it must be")
  if (head.get("count") !== count) refuse("evidence.not_canonical", "count", "another number of lines follows")
  return head.get("case_id")
}
function judgeThread(caseId, headers) {
  const ids = new Set(headers.map((one) => one.id))
  if (ids.size < headers.length) refuse("evidence.not_canonical", "evidence", "an event stands there twice")
  if (!ids.has(caseId)) refuse("case.entries_missing", caseId, "the registration is not in the file")
  for (const { id, header } of headers) {
    const named = header.refs.find((one) => one.rel === "case")?.id ?? id
    if (!header.type.startsWith(CASE_TYPE) || named !== caseId) refuse("case.stranger", id, "it is no event of this case")
    for (const one of header.refs)
      if (one.rel === "replies" && !ids.has(one.id)) refuse("case.entries_missing", id, `it follows ${one.id}`)
  }
}
export function verifyCase(data, anchor, papers = []) {
  const [first, ...lines] = linesOf(data)
  const found = { outcome: "refused", case_id: null, code: null, field: null, events: [] }
  try {
    found.case_id = readCaseHead(first, lines.length)
    found.events = lines.map((line) => verifyEvidence(line, anchor, papers))
    const outcomes = found.events.map((one) => one.outcome)
    if (outcomes.includes("refused")) return found
    judgeThread(
      found.case_id,
      lines.map((line) => openEvidence(line).event),
    )
    found.outcome = outcomes.includes("consistent") ? "consistent" : "holds"
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    Object.assign(found, { code: fault.code, field: fault.field })
  }
  return found
}
// --- Fork files ------------------------------------------------------------------------------------

const FORK_BEGINS = '{"format":"sihu-fork"'
const isForkFile = (data) => data.subarray(0, FORK_BEGINS.length).toString("latin1") === FORK_BEGINS

function openFork(data) {
  const value = parseStrict(data, 16 * 1024 * 1024, 400_000)
  if (!(value instanceof Map) || value.get("format") !== "sihu-fork" || value.get("v") !== 1)
    refuse("evidence.unsupported_version", "v", "this verifier reads fork files of version 1")
  const file = read(value, FORK, "fork")
  if (!Buffer.from(JSON.stringify(file)).equals(data))
    refuse("evidence.not_canonical", "", "the file is not in its one spelling")
  return { file, links: file.links.map((one, index) => openPart(one, `links.${index}`)) }
}
function judgeContradiction([first, second]) {
  const [one, other] = [first.header, second.header]
  const same = ["source", "channel", "epoch"].every((name) => one[name] === other[name])
  const twice = one.seq === other.seq && first.id !== second.id
  const passed = other.seq === one.seq + 1 && other.prev !== first.id
  if (!same || !(twice || passed) || kindOf(one) === null)
    refuse("fork.no_contradiction", "links", "the two headers can both be true")
}
export function verifyFork(data, anchor) {
  let step = 0
  let fault = null
  let links = []
  let lineage = null
  try {
    step = 1
    const opened = openFork(data)
    links = opened.links
    step = 2
    const parts = { event: links[0], before: [links[1]], after: [], heads: [], receipts: [], ancestors: [], releases: [] }
    lineage = new Lineage({ file: opened.file, ...parts }, anchor, [])
    step = 3
    links.forEach((one) => lineage.verify(one))
    step = 4
    judgeContradiction(links)
  } catch (found) {
    if (!(found instanceof Fault)) throw found
    fault = found
  }
  const untrusted = fault === null && anchor === null
  const [first, second] = links
  return {
    outcome: fault ? "refused" : untrusted ? "consistent" : "holds",
    step: fault ? step : null,
    code: fault?.code ?? (untrusted ? "registry.no_anchor" : null),
    anchor: lineage?.versions[0].digest ?? null,
    source: first?.header.source ?? null,
    channel: first?.header.channel ?? null,
    epoch: first?.header.epoch ?? null,
    seq: second?.header.seq ?? null,
    ids: second ? [first.id, second.id] : null,
  }
}

function conclude(steps, { opened, lineage }, anchor) {
  const failed = steps.find((one) => !one.holds)
  const untrusted = !failed && anchor === null
  const event = opened?.event
  return {
    outcome: failed ? "refused" : untrusted ? "consistent" : "holds",
    step: failed?.step ?? null,
    receipt: failed?.receipt ?? null,
    release: failed?.release ?? null,
    code: failed?.code ?? (untrusted ? "registry.no_anchor" : null),
    field: failed?.field ?? null,
    means: failed?.means ?? (untrusted ? "a forged world would fit together as well" : null),
    anchor: lineage?.versions[0].digest ?? null,
    envelope_id: event?.id ?? null,
    source: event?.header.source ?? null,
    type: event?.header.type ?? null,
    time: event ? wireTime(event.header.time) : null,
    as_of: lineage ? asOf(lineage) : null,
    keys: lineage ? keysIn(lineage, event) : null,
    steps,
  }
}

// --- Verification of an arrival, steps 1 to 7; the guards and the types of content are not judged here ---------------

function splitWire(message) {
  if (message.length > 524_288) refuse("wire.too_large", "message", "too large")
  const parts = []
  let start = 0
  for (let part = 0; part < 3; part++) {
    const end = message.indexOf(0x0a, start)
    if (end < 0) refuse("wire.malformed", "message", "not four parts")
    parts.push(message.subarray(start, end))
    start = end + 1
  }
  return [...parts, message.subarray(start)]
}
function judgeWay(envelope, subject, county) {
  const { header } = envelope
  if (!header.to.includes(county)) refuse("wire.wrong_recipient", "to", "addressed to others")
  const [hub, way, source, lane, destination, ...type] = subject.split(".")
  const own = hub === "hub" && way === "in" && source === header.source
  const known = ["urgent", "normal", "repair"].includes(lane) && `cn.sihu.${type.join(".")}` === header.type
  if (!own || !known || ![county, `_${header.agreement.split("@")[0]}`].includes(destination))
    refuse("wire.wrong_subject", "subject", "not a subject of this envelope")
  if (kindOf(header) === null) strangeChannel()
}
function examine(message, subject, county, trust, agreements) {
  const said = (outcome, work) => {
    try {
      work()
      return null
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault
      return { outcome, code: fault.code }
    }
  }
  let envelope
  const unread = said("quarantined", () => {
    envelope = openEnvelope(...splitWire(message))
    judgeContent(envelope)
    judgeKeys(envelope)
  })
  if (unread) return unread
  const { header } = envelope
  const unsigned = said("quarantined", () => verifyEnvelope(envelope, trust))
  if (!unsigned && header.source === county) return { outcome: "own", code: null }
  const astray = said("quarantined", () => judgeWay(envelope, subject, county))
  const newer = header.registry > trust.registry.version
  const healed = ["signature.unknown_key", "signature.key_not_valid", "sharing.not_member"]
  if (!astray && unsigned && newer && healed.includes(unsigned.code)) return { outcome: "unknown_registry", code: null }
  if (unsigned || astray) return unsigned ?? astray
  const denied = said("rejected", () =>
    header.type.startsWith(CONTROL) ? judgeMembership(trust, header) : judgeSharing(agreements.get(header.agreement), header),
  )
  if (denied && newer && healed.includes(denied.code)) return { outcome: "unknown_registry", code: null }
  const unreadable = said("rejected", () => {
    if (header.content.encoding !== "none") refuse("content.encoding", "content.encoding", "encrypted")
    if (header.content.media_type !== "application/json") refuse("content.media_type", "content.media_type", "no JSON")
    const value = parseStrict(envelope.content, envelope.content.length)
    const control = { [RECEIPT_TYPE]: RECEIPT_FORM, [OPENING_TYPE]: OPENING_FORM }[header.type]
    if (control) read(value, control, "content")
  })
  return denied ?? unreadable ?? { outcome: "acceptable", code: null }
}

// --- Files -----------------------------------------------------------------------------------------

const CHUNK_LINE = object({ id: digest, index: integer(0, 4_096), path: list(text(43, 43, /^[A-Za-z0-9_-]+$/), 0, 13) })

function readChunk(message) {
  const end = message.subarray(0, 2_049).indexOf(0x0a)
  const malformed = () => refuse("chunk.malformed", "message", "no chunk")
  if (message.length > 2_049 + 524_288) refuse("chunk.too_large", "message", "too large")
  if (end < 0) malformed()
  const line = message.subarray(0, end)
  let read_
  try {
    read_ = read(parseStrict(line, 2_048), CHUNK_LINE, "chunk")
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    malformed()
  }
  const path = read_.path.map(fromBase64url)
  if (path.includes(null) || !Buffer.from(JSON.stringify(read_)).equals(line)) malformed()
  return { ...read_, path, data: message.subarray(end + 1) }
}
function judgeChunk({ index, path, data }, { size, chunk_size, root }) {
  const invalid = (means) => refuse("chunk.invalid", "message", means)
  const count = Math.ceil(size / chunk_size)
  if (index >= count) invalid("no such chunk")
  if (data.length !== Math.min(chunk_size, size - index * chunk_size)) invalid("another length")
  const hash = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest()
  const siblings = [...path]
  let node = hash(Buffer.from([0]), hash(data))
  for (let last = count - 1, at = index; last > 0; last >>= 1, at >>= 1) {
    const isRight = (at & 1) === 1
    if (!isRight && at >= last) continue
    const other = siblings.shift()
    if (!other) invalid("the path is too short")
    node = isRight ? hash(Buffer.from([1]), other, node) : hash(Buffer.from([1]), node, other)
  }
  if (siblings.length > 0 || node.toString("hex") !== root) invalid("the path does not lead to the root")
}

// --- Chain -----------------------------------------------------------------------------------------

function judgeChain(link, head, heldId) {
  if (heldId !== null) return heldId === link.id ? "repeated" : "forked"
  if (link.seq > head.seq + 1) return "gap"
  return link.seq === 0 || link.prev === head.id ? "continues" : "forked"
}
function judgeReceiptVector({ receipt, carried_by, target, held_id }, trust, county) {
  const read_ = readReceipt(Buffer.from(JSON.stringify(receipt)))
  if (read_.receiver !== carried_by) refuse("receipt.wrong_receiver", "receiver", "it attests for another county")
  if (!target || target.source !== county || !target.audience.includes(read_.receiver))
    refuse("receipt.unknown_channel", "channel", "no channel of ours that addresses it")
  if (held_id !== read_.head) refuse("receipt.other_story", "head", "another event than ours")
  if (read_.officer !== null) judgeProof(read_, trust)
}

// --- questions of the tests: every kind of vector, and every flip of a bit ----------------------------

const bytes = (value) => fromBase64url(value) ?? refuse("base64url", "", "a question's own bytes are malformed")
const documentOf = (value) => read(parseStrict(Buffer.from(JSON.stringify(value)), 8_388_608), DOCUMENT, "document")

class Batch {
  trust({ registry, agreement }) {
    const document = documentOf(registry)
    this.known = judgeRegistry(document, digestOf(document), null)
    const agreed = judgeAgreement(documentOf(agreement), [this.known])
    this.agreements = new Map([[agreed.reference, agreed]])
    return {}
  }
  evidence({ bundle, anchor, papers }) {
    return verifyEvidence(bytes(bundle), anchor, (papers ?? []).map(documentOf))
  }
  flips({ bundle, anchor, first, step }) {
    const data = bytes(bundle)
    const left = []
    const codes = {}
    let count = 0
    for (let bit = first; bit < data.length * 8; bit += step, count++) {
      data[bit >> 3] ^= 1 << (bit & 7)
      const found = verifyEvidence(data, anchor)
      const reason = `${found.step} ${found.code}`
      if (found.outcome === "refused") codes[reason] = (codes[reason] ?? 0) + 1
      else left.push(bit)
      data[bit >> 3] ^= 1 << (bit & 7)
    }
    return { count, left, codes }
  }
  case_file({ file, anchor }) {
    return verifyCase(bytes(file), anchor)
  }
  fork({ file, anchor }) {
    return verifyFork(bytes(file), anchor)
  }
  envelope({ wire, subject, receiver }) {
    return examine(bytes(wire), subject, receiver, this.known, this.agreements)
  }
  opened({ wire }) {
    const envelope = openEnvelope(...splitWire(bytes(wire)))
    return { id: envelope.id, bytes_to_sign_hex: envelope.data.toString("hex") }
  }
  document({ what, document, at }) {
    const made = documentOf(document)
    const judges = {
      registries: () => judgeRegistry(made, digestOf(made), null),
      next_registries: () => judgeRegistry(made, null, this.known),
      agreements: () => judgeAgreement(made, [this.known]),
      cards: () => judgeCard(made),
      officers: () => judgeOfficer(made, this.known, "451226", time(at, "")),
    }
    return { digest: digestOf(made), code: codeOf(judges[what]) }
  }
  key({ public: shown }) {
    return { kid: sha256(Buffer.concat([Buffer.from("ed25519\0"), bytes(shown)])).slice(0, 32) }
  }
  channel({ kind, source, agreement_id, to }) {
    const hashed = channelBytes(kind, source, agreement_id, to)
    return { preimage_hex: hashed.toString("hex"), channel: sha256(hashed) }
  }
  verdict({ link, head, held_id }) {
    return { verdict: judgeChain(link, head, held_id) }
  }
  key_change({ registry, document }) {
    const first = documentOf(registry)
    const trust = judgeRegistry(first, digestOf(first), null)
    return { digest: digestOf(documentOf(document)), code: codeOf(() => withChanges([documentOf(document)], [trust.registry])) }
  }
  key_link({ registry, known, header, signatures }) {
    const first = documentOf(registry)
    const trust = judgeRegistry(first, digestOf(first), null)
    const { ended, changed } = withChanges(known.map(documentOf), [trust.registry])
    const envelope = openEnvelope(Buffer.from(header), Buffer.from(signatures), Buffer.alloc(0), Buffer.alloc(0))
    const within = (one) => {
      const end = ended.get(one)?.ends.get(`${envelope.header.channel} ${envelope.header.epoch}`)
      const { seq } = envelope.header
      if (ended.has(one) && !(end && (seq < end.seq || (seq === end.seq && envelope.id === end.id))))
        refuse(ended.get(one).revoked ? "signature.key_revoked" : "signature.key_retired", "seq", "it has ended before")
    }
    const judge = () => {
      verifyEnvelope(envelope, { keys: new Map([...changed, ...trust.keys]) })
      envelope.header.signers.forEach(within)
    }
    return { envelope_id: envelope.id, code: codeOf(judge) }
  }
  receipt(question) {
    return { code: codeOf(() => judgeReceiptVector(question, this.known, "522722")) }
  }
  pae({ payload_type, payload_hex }) {
    const data = bytesToSign(payload_type, Buffer.from(payload_hex, "hex"))
    return { bytes_to_sign_hex: data.toString("hex"), digest: sha256(data) }
  }
  base64url({ text: given }) {
    return { hex: fromBase64url(given)?.toString("hex") ?? null }
  }
  chunk({ message_base64url, chunks }) {
    return { code: codeOf(() => judgeChunk(readChunk(bytes(message_base64url)), chunks)) }
  }
  header({ header }) {
    return { code: codeOf(() => parseHeader(Buffer.from(header))) }
  }
  strict_json({ bytes_base64url }) {
    return { code: codeOf(() => parseStrict(bytes(bytes_base64url), 1 << 20)) }
  }
}

async function answerBatch() {
  const batch = new Batch()
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const question = JSON.parse(line)
    process.stdout.write(`${JSON.stringify(batch[question.ask](question))}\n`)
  }
}

function main(words) {
  const at = words.indexOf("--anchor")
  const anchor = at < 0 ? null : (words.splice(at, 2)[1] ?? "")
  const papers = []
  for (let place = words.indexOf("--papers"); place >= 0; place = words.indexOf("--papers"))
    papers.push(words.splice(place, 2)[1] ?? "")
  const asJson = words.includes("--json")
  const [file, ...more] = words.filter((word) => word !== "--json")
  if (!file || more.length > 0 || (anchor !== null && !/^[0-9a-f]{64}$/.test(anchor))) {
    process.stderr.write("usage: node verify.mjs FILE [--anchor DIGEST] [--papers FILE] [--json]; a digest has 64 hex digits\n")
    return 2
  }
  const data = readFileSync(file)
  if (isForkFile(data)) {
    const found = verifyFork(data, anchor)
    const told = `fork of ${found.source} in ${found.channel} ${found.epoch} ${found.seq}: ${found.outcome} ${found.code ?? ""}`
    process.stdout.write(`${asJson ? JSON.stringify(found) : told}\n`)
    return found.outcome === "holds" ? 0 : 3
  }
  if (isCaseFile(data)) {
    const known = papers.map((name) => read(parseStrict(readFileSync(name), 8_388_608), DOCUMENT, "document"))
    const found = verifyCase(data, anchor, known)
    const told = found.events.map((one) => `${one.envelope_id} ${one.source} ${one.type} ${one.outcome} ${one.code ?? ""}\n`)
    const all = `${told.join("")}case ${found.case_id}: ${found.outcome} ${found.code ?? ""}`
    process.stdout.write(`${asJson ? JSON.stringify(found) : all}\n`)
    return found.outcome === "holds" ? 0 : 3
  }
  const brought = papers.map((name) => read(parseStrict(readFileSync(name), 8_388_608), DOCUMENT, "document"))
  const found = verifyEvidence(data, anchor, brought)
  if (asJson) process.stdout.write(`${JSON.stringify(found)}\n`)
  else {
    process.stdout.write(`${found.type ?? "?"} of ${found.source ?? "?"} at ${found.time ?? "?"}\n${found.envelope_id}\n`)
    for (const one of found.steps) {
      const place = one.receipt ?? one.release
      const name = place === undefined ? `${one.step}` : `${one.step}.${place + 1}`
      const by = (one.officers ?? []).map(({ officer, own }) => `${officer} (${own ? "own key" : "node-vouched"})`)
      const told = one.stage ? `${one.receiver} ${one.stage}` : one.mode ? `${one.mode} ${by.join(", ")}` : ""
      const says = one.holds ? told : `${one.field}: ${one.means} [${one.code}]`
      process.stdout.write(`${name.padStart(6)}  ${one.holds ? "holds " : "FAILS "} ${says}\n`)
    }
    if (found.as_of)
      process.stdout.write(
        `as far as registry ${found.as_of.registry} and ${found.as_of.documents} changes of keys go, ` +
          `up to ${found.as_of.issued_at}; what came after, no file can know\n`,
      )
    process.stdout.write(`${found.outcome}${found.outcome === "consistent" ? ", NOT trusted; first registry " + found.anchor : ""}\n`)
  }
  return found.outcome === "holds" ? 0 : 3
}

if (process.argv[2] === "--batch") await answerBatch()
else process.exitCode = main(process.argv.slice(2))
