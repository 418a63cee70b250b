// rhea, the AMQP 1.0 library for JavaScript, driven by JSON lines: tests/interop/clients/README.md.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const readline = require('readline');
const rhea = require('rhea');
const { types, message: messages } = rhea;
const SECONDS = 10;

class Failed extends Error {
  constructor(condition, description) {
    super(description);
    this.condition = condition;
  }
}

const failure = (error, fallback) =>
  error ? new Failed(error.condition || 'client', error.description || error.message || '') : new Failed('', fallback || '');

// Values ------------------------------------------------------------------------------------------------------------

const hex = (buffer) => Buffer.from(buffer).toString('hex');
const bytes = (text) => Buffer.from(text, 'hex');

function binary(spec) {
  if (typeof spec === 'string') return bytes(spec);
  const made = Buffer.alloc(spec.size);
  for (let i = 0; i < spec.size; ++i) made[i] = (i * 31 + Math.floor(i / 251)) & 255;
  return made;
}

function told(data) {
  if (data.length <= 4096) return hex(data);
  return { size: data.length, sha256: crypto.createHash('sha256').update(data).digest('hex') };
}

// rhea takes integers of 64 bits as 8 bytes where a JavaScript number would not hold them.
function wide(text, signed) {
  const number = BigInt(text);
  if (number >= BigInt(Number.MIN_SAFE_INTEGER) && number <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(number);
  const buffer = Buffer.alloc(8);
  if (signed) buffer.writeBigInt64BE(number);
  else buffer.writeBigUInt64BE(number);
  return buffer;
}

const WRAP = {
  null: () => types.wrap(null), boolean: (v) => types.wrap_boolean(v), ubyte: (v) => types.wrap_ubyte(v),
  ushort: (v) => types.wrap_ushort(v), uint: (v) => types.wrap_uint(v), ulong: (v) => types.wrap_ulong(wide(v, false)),
  byte: (v) => types.wrap_byte(v), short: (v) => types.wrap_short(v), int: (v) => types.wrap_int(v),
  long: (v) => types.wrap_long(wide(v, true)), float: (v) => types.wrap_float(bytes(v).readFloatBE(0)),
  double: (v) => types.wrap_double(bytes(v).readDoubleBE(0)), decimal32: (v) => new types.Decimal32(bytes(v)),
  decimal64: (v) => new types.Decimal64(bytes(v)), decimal128: (v) => new types.Decimal128(bytes(v)),
  char: (v) => new types.CharUTF32(v), timestamp: (v) => types.wrap_timestamp(Number(v)),
  uuid: (v) => types.wrap_uuid(bytes(v)), binary: (v) => types.wrap_binary(binary(v)),
  string: (v) => types.wrap_string(v), symbol: (v) => types.wrap_symbol(v),
};

const ARRAY_CODES = {
  boolean: 0x56, ubyte: 0x50, ushort: 0x60, uint: 0x70, ulong: 0x80, byte: 0x51, short: 0x61, int: 0x71, long: 0x81,
  float: 0x72, double: 0x82, timestamp: 0x83, uuid: 0x98, binary: 0xb0, string: 0xb1, symbol: 0xb3, char: 0x73,
};

function decode([type, value, more]) {
  switch (type) {
    case 'list':
      return types.wrap_list(value.map(decode));
    case 'map': {
      // rhea's wrap_map takes an object, whose keys are strings; its own map type takes any.
      const items = value.flatMap(([key, item]) => [decode(key), decode(item)]);
      return new types.Map32(items);
    }
    case 'array':
      return types.wrap_array(more.map((item) => WRAP[value](item).value), ARRAY_CODES[value]);
    case 'described':
      return types.described(decode(value), decode(more));
    default:
      return WRAP[type](value);
  }
}

// rhea gives plain JavaScript values, without their AMQP type: what is told is the nearest that can be (driver: `loosely`).
function encode(value) {
  if (value === null || value === undefined) return ['null'];
  if (typeof value === 'boolean') return ['boolean', value];
  if (typeof value === 'number') return ['number', Number.isInteger(value) ? String(BigInt(value)) : String(value)];
  if (typeof value === 'string') return ['text', value];
  if (value instanceof Date) return ['timestamp', String(value.getTime())];
  if (Buffer.isBuffer(value)) return ['bytes', told(value)];
  if (Array.isArray(value)) return ['list', value.map(encode)];
  return ['map', Object.entries(value).map(([key, item]) => [['text', key], encode(item)])];
}

// Messages ----------------------------------------------------------------------------------------------------------

const object = (pairs) => Object.fromEntries(pairs.map(([key, value]) => [key[1], decode(value)]));
const SECTIONS = {
  delivery_annotations: 'delivery_annotations', annotations: 'message_annotations',
  application_properties: 'application_properties', footer: 'footer',
};
const PROPERTIES = [
  'message_id', 'user_id', 'to', 'subject', 'reply_to', 'correlation_id', 'content_type', 'content_encoding',
  'absolute_expiry_time', 'creation_time', 'group_id', 'group_sequence', 'reply_to_group_id',
];

function toMessage(spec) {
  const made = { ...(spec.header || {}) };
  for (const [section, field] of Object.entries(SECTIONS)) if (spec[section]) made[field] = object(spec[section]);
  for (const [field, value] of Object.entries(spec.properties || {})) {
    if (field === 'message_id' || field === 'correlation_id') made[field] = decode(value);
    else if (field === 'user_id') made[field] = bytes(value);
    else if (field.endsWith('_time')) made[field] = Number(value);
    else made[field] = value;
  }
  if (spec.data) made.body = messages.data_sections(spec.data.map(binary));
  else if (spec.sequence) made.body = messages.sequence_sections(spec.sequence.map((list) => list.map(decode)));
  else made.body = decode(spec.value);
  return made;
}

function fromMessage(found) {
  const spec = {
    header: {
      durable: found.durable || false, priority: found.priority === undefined ? 4 : found.priority, ttl: found.ttl || 0,
      first_acquirer: found.first_acquirer || false, delivery_count: found.delivery_count || 0,
    },
    properties: {},
  };
  for (const [section, field] of Object.entries(SECTIONS)) {
    if (!found[field]) continue;
    const key = section.endsWith('annotations') ? 'symbol' : 'string';
    spec[section] = Object.entries(found[field]).map(([name, value]) => [[key, name], encode(value)]);
  }
  for (const field of PROPERTIES) {
    const value = found[field];
    if (value === undefined || value === null) continue;
    if (field === 'message_id' || field === 'correlation_id') spec.properties[field] = encode(value);
    else if (field === 'user_id') spec.properties[field] = hex(value);
    else if (value instanceof Date) spec.properties[field] = String(value.getTime());
    else spec.properties[field] = value;
  }
  const body = found.body;
  const section = body && body.typecode;
  const parts = section && (body.multiple ? body.content : [body.content]);
  if (section === 0x75) spec.data = parts.map(told);
  else if (section === 0x76) spec.sequence = parts.map((list) => list.map(encode));
  else spec.value = encode(body);
  return spec;
}

// Waiting: each event of the library looks whether what is waited for has come. ---------------------------------------

const waiting = new Set();
function changed() {
  for (const look of [...waiting]) look();
}

function until(condition, seconds) {
  return new Promise((resolve, reject) => {
    let timer = null;
    const look = () => {
      let found = false;
      try {
        found = condition();
      } catch (error) {
        waiting.delete(look);
        clearTimeout(timer);
        return reject(error);
      }
      if (!found) return undefined;
      waiting.delete(look);
      clearTimeout(timer);
      return resolve(true);
    };
    waiting.add(look);
    timer = setTimeout(() => {
      waiting.delete(look);
      resolve(false);
    }, seconds * 1000);
    look();
  });
}

async function wait(condition, seconds, what) {
  if (!(await until(condition, seconds))) throw new Failed('client', `not within ${seconds} s: ${what}`);
}

// Commands ----------------------------------------------------------------------------------------------------------

const connections = new Map();
const links = new Map();
const SETTLE = { unsettled: 0, settled: 1, mixed: 2 };
const EVENTS = [
  'connection_open', 'connection_close', 'session_open', 'sendable', 'accepted', 'released', 'rejected', 'modified', 'settled',
  'sender_open', 'sender_close', 'receiver_open', 'receiver_close', 'receiver_drained', 'sender_flow', 'receiver_flow',
];

function watch(container, held) {
  for (const event of EVENTS) container.on(event, changed);
  for (const event of ['connection_error', 'sender_error', 'receiver_error', 'session_error']) container.on(event, changed);
  container.on('error', changed);
  container.on('disconnected', (context) => {
    held.lost = context.error || true;
    changed();
  });
  container.on('message', (context) => {
    const state = [...links.values()].find((known) => known.link === context.receiver);
    if (!state) return;
    state.deliveries += 1;
    state.arrived.push({ ...fromMessage(context.message), delivery: state.deliveries });
    state.unsettled.set(state.deliveries, context.delivery);
    changed();
  });
}

function alive(held) {
  if (held.lost) throw failure(held.connection.error || (held.lost === true ? null : held.lost), 'the socket was closed');
  return true;
}

const gone = (link) => link.is_closed() || (link.remote.detach !== undefined);

const operations = {
  async connect(c) {
    const container = rhea.create_container({ id: c.container });
    const held = { container, lost: null };
    watch(container, held);
    const url = new URL(c.url.replace(/^amqp/, 'http'));
    const options = { host: url.hostname, port: Number(url.port), reconnect: false, ...(c.options || {}) };
    if (c.user) Object.assign(options, { username: c.user, password: c.password });
    if (c.ca) Object.assign(options, { transport: 'tls', ca: [fs.readFileSync(c.ca)], servername: url.hostname });
    if (c.heartbeat) options.idle_time_out = c.heartbeat * 1000;
    if (c.websocket) {
      options.connection_details = container.websocket_connect(require('ws'))(c.websocket, ['amqp'], {});
    }
    held.connection = container.connect(options);
    await wait(() => alive(held) && held.connection.is_open(), SECONDS, "the broker's OPEN");
    connections.set(c.connection, held);
    return { offered: held.connection.remote.open.offered_capabilities || [] };
  },

  async close(c) {
    const held = connections.get(c.connection);
    connections.delete(c.connection);
    held.connection.close();
    await until(() => held.lost || held.connection.is_closed(), SECONDS);
    return {};
  },

  async sender(c) {
    const held = connections.get(c.connection);
    const target = terminus(c);
    const link = held.connection.open_sender({ name: c.name, target, snd_settle_mode: SETTLE[c.settle || 'mixed'], autosettle: false });
    return attach(held, c, link, 'target');
  },

  async receiver(c) {
    const held = connections.get(c.connection);
    const source = terminus(c);
    if (c.durable) source.durable = c.durable;
    if (c.expires) source.expiry_policy = c.expires;
    if (c.browse) source.distribution_mode = 'copy';
    if (c.selector) source.filter = rhea.filter.selector(c.selector);
    const link = held.connection.open_receiver({
      name: c.name, source, target: {}, credit_window: 0, autoaccept: false, autosettle: c.settle === 'second' ? false : undefined,
      rcv_settle_mode: c.settle === 'second' ? 1 : 0, snd_settle_mode: SETTLE[c.sender_settle || 'mixed'],
    });
    return attach(held, c, link, 'source');
  },

  async send(c) {
    const { held, link } = links.get(c.link);
    await wait(() => alive(held) && (gone(link) || link.sendable()), c.timeout || SECONDS, 'credit');
    if (gone(link)) throw failure(link.error);
    const delivery = link.send(toMessage(c.message));
    if (c.settled || link.local.attach.snd_settle_mode === 1) {
      if (!delivery.settled) delivery.update(true);
      return { outcome: { outcome: 'settled' } };
    }
    await wait(() => alive(held) && (gone(link) || delivery.remote_state || delivery.remote_settled), 30, 'an outcome');
    if (!delivery.remote_state) throw failure(link.error);
    const outcome = outcomeOf(delivery.remote_state);
    delivery.update(true);
    return { outcome };
  },

  async credit(c) {
    const { held, link } = links.get(c.link);
    link.add_credit(c.credit);
    if (!c.drain) return {};
    link.drain_credit();
    await wait(() => alive(held) && link.credit === 0, SECONDS, 'the end of the drain');
    link.drain = false;
    return {};
  },

  async receive(c) {
    const state = links.get(c.link);
    const wanted = c.count || 1;
    const timeout = c.timeout === undefined ? SECONDS : c.timeout;
    await until(() => state.arrived.length >= wanted || gone(state.link) || state.held.lost, timeout);
    const taken = state.arrived.splice(0, wanted);
    if (!taken.length && gone(state.link)) throw failure(state.link.error);
    return { messages: taken };
  },

  async settle(c) {
    const { held, link, unsettled } = links.get(c.link);
    const delivery = unsettled.get(c.delivery);
    unsettled.delete(c.delivery);
    if (c.outcome === 'accepted') delivery.accept();
    if (c.outcome === 'released') delivery.release();
    if (c.outcome === 'rejected') delivery.reject(c.condition ? { condition: c.condition, description: c.description } : undefined);
    if (c.outcome === 'modified') {
      const fields = { delivery_failed: c.failed || false, undeliverable_here: c.undeliverable || false };
      if (c.annotations) fields.message_annotations = object(c.annotations);
      delivery.modified(fields);
    }
    if (link.local.attach.rcv_settle_mode === 1) {
      await wait(() => alive(held) && delivery.remote_settled, SECONDS, "the broker's settlement");
      if (!delivery.settled) delivery.update(true);
    }
    // Written before the next command: a kill may follow.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    return {};
  },

  async detach(c) {
    const { held, link } = links.get(c.link);
    links.delete(c.link);
    if (c.close !== false) link.close();
    else link.detach();
    await wait(() => alive(held) && gone(link), SECONDS, "the broker's DETACH");
    return {};
  },

  async ended(c) {
    const seconds = c.timeout || SECONDS;
    if (links.has(c.link)) {
      const { link } = links.get(c.link);
      await wait(() => gone(link), seconds, "the broker's DETACH");
      return told_error(link.error);
    }
    const held = connections.get(c.connection);
    await wait(() => held.lost || held.connection.is_closed() || held.connection.error, seconds, "the broker's CLOSE");
    return told_error(held.connection.error || held.lost);
  },

  async idle(c) {
    const held = connections.get(c.connection);
    await until(() => !alive(held), c.seconds);
    return {};
  },
};

function told_error(error) {
  if (!error || error === true) return { condition: 'client', description: 'the socket was closed' };
  return { condition: error.condition || 'client', description: error.description || error.message || '' };
}

function terminus(c) {
  const made = {};
  if (c.dynamic) made.dynamic = true;
  else if (c.address !== null) made.address = c.address;
  if (c.capabilities) made.capabilities = c.capabilities;
  return made;
}

async function attach(held, c, link, side) {
  const name = c.link;
  const state = { held, link, arrived: [], unsettled: new Map(), deliveries: 0 };
  links.set(name, state);
  await wait(() => alive(held) && (link.is_open() || gone(link)), SECONDS, 'ATTACH');
  // A refusal is an ATTACH without the terminus and a DETACH behind it.
  const remote = link.remote.attach && link.remote.attach[side];
  if (!remote || (c.address !== null && !remote.address)) {
    await wait(() => alive(held) && gone(link), SECONDS, 'the DETACH of a refusal');
    links.delete(name);
    throw failure(link.error);
  }
  return { address: remote.address === undefined ? null : remote.address };
}

function outcomeOf(found) {
  const outcome = found.constructor.composite_type;
  if (outcome === 'rejected') {
    const error = found.error || {};
    return { outcome, condition: error.condition || '', description: error.description || '' };
  }
  if (outcome !== 'modified') return { outcome };
  return { outcome, failed: found.delivery_failed || false, undeliverable: found.undeliverable_here || false };
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = await operations[command.op](command);
    } catch (error) {
      answer = { error: { condition: error.condition || 'client', description: String(error.message) } };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}

main();
