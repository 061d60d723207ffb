/**
 * Whatever a name server answers is read in bounded time, the same each time,
 * and no byte beyond the message is looked at.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { concat, toBytes } from "../../lib/base/bytes.ts";
import {
  type Query,
  queryFor,
  type RecordType,
} from "../../lib/net/dns_codec.ts";
import { randomFrom, runs } from "../support/random.ts";
import { opt, record, responseTo } from "../support/raw_name_server.ts";

const numbers = { A: 1, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28 };
const types = Object.keys(numbers) as RecordType[];
type Bytes = Uint8Array<ArrayBuffer>;

/** Reads of bytes and numbers of the message, by us and by dns-packet. */
let steps = 0;
const { getUint8, getUint16 } = DataView.prototype;
const { readUInt16BE } = Buffer.prototype;

/** Runs `fn` while steps are counted. */
async function counting(fn: () => Promise<void>): Promise<void> {
  DataView.prototype.getUint8 = function (at) {
    steps++;
    return getUint8.call(this, at);
  };
  DataView.prototype.getUint16 = function (at, isLittle) {
    steps++;
    return getUint16.call(this, at, isLittle);
  };
  Buffer.prototype.readUInt16BE = function (at?: number) {
    steps++;
    return readUInt16BE.call(this, at);
  };
  try {
    await fn();
  } finally {
    Object.assign(DataView.prototype, { getUint8, getUint16 });
    Object.assign(Buffer.prototype, { readUInt16BE });
  }
}

/** At most as many reads as a message of this length is worth. */
const stepsLimit = (bytes: number) => 100 + 4 * bytes + 100 * 2 * (127 + 128);

interface Question {
  readonly type: RecordType;
  readonly query: Query;
  /** Its header and its question. */
  readonly bare: Bytes;
}

async function questions(): Promise<Question[]> {
  const all: Question[] = [];
  for (const type of types) {
    for (const withEdns of [false, true]) {
      const query = await queryFor("x.example", type, withEdns);
      const bare = query.bytes.slice(0, 27);
      bare[11] = 0;
      all.push({ type, query, bare });
    }
  }
  return all;
}

const label = (text: string) =>
  concat([new Uint8Array([text.length]), toBytes(text)]);
const pointerTo = (at: number) => new Uint8Array([0xc0 | at >> 8, at & 255]);

/** Data as it should be, for the most part. */
function dataFor(type: RecordType, at: number, random: () => number): Bytes {
  const below = (limit: number) => Math.floor(random() * limit);
  const name = () =>
    concat([
      ...Array.from({ length: below(4) }, () => label("a".repeat(below(9)))),
      random() < 0.5 ? pointerTo(12 + below(Math.min(at, 300))) : toBytes("\0"),
    ]);
  switch (type) {
    case "A":
      return new Uint8Array(4).fill(below(256));
    case "AAAA":
      return new Uint8Array(16).fill(below(256));
    case "TXT":
      return concat(Array.from(
        { length: 1 + below(3) },
        () => label("t".repeat(below(20))),
      ));
    case "MX":
      return concat([new Uint8Array([0, below(256)]), name()]);
    default:
      return name();
  }
}

function answer({ type, bare }: Question, random: () => number): Bytes {
  const below = (limit: number) => Math.floor(random() * limit);
  const records: Bytes[] = [];
  let at = bare.length;
  for (let left = below(6); left > 0; left--) {
    const own = random() < 0.8 ? type : types[below(types.length)];
    const next = record(numbers[own], dataFor(own, at + 12, random));
    records.push(next);
    at += next.length;
  }
  const knows = random() < 0.5;
  if (knows) records.push(opt);
  const rcode = random() < 0.3 ? below(16) : 0;
  const truncated = random() < 0.05 ? 0x200 : 0;
  return responseTo(bare, records, 0x8180 | truncated | rcode, knows ? 1 : 0);
}

function mutate(message: Bytes, random: () => number): Bytes {
  const below = (limit: number) => Math.floor(random() * limit);
  for (let changes = below(5); changes > 0; changes--) {
    // Id and question are right for the most part, or nothing is read.
    const from = random() < 0.9 ? 27 : 2;
    if (message.length <= from) break;
    const at = from + below(message.length - from);
    switch (below(6)) {
      case 0:
        message[at] ^= 1 << below(8);
        break;
      case 1:
        message[at] = [0, 1, 0x3f, 0x40, 0xc0, 0xff][below(6)];
        break;
      case 2:
        message[6 + below(6)] = below(3); // a count of records
        break;
      case 3:
        message.set(
          pointerTo(below(message.length)),
          Math.min(at, message.length - 2),
        );
        break;
      case 4:
        message = concat([message.subarray(0, at), message.subarray(from)]);
        break;
      default:
        message = message.slice(0, at);
    }
  }
  return message;
}

/** A message between other bytes, which are not to be seen. */
function within(message: Uint8Array, around: number): Uint8Array {
  const all = new Uint8Array(message.length + 128).fill(around);
  all.set(message, 64);
  return all.subarray(64, 64 + message.length);
}

Deno.test("any answer is read in bounded time, and the same each time", async () => {
  const seed = Date.now() >>> 0, random = randomFrom(seed);
  const asked = await questions();
  const seen = new Map<string, number>();
  await counting(() => {
    for (let i = runs(500_000, 50_000); i > 0; i--) {
      const question = asked[Math.floor(random() * asked.length)];
      const message = mutate(answer(question, random), random);
      const what = `seed ${seed}: ${question.type} ${message.toHex?.()}`;
      const read = (bytes: Uint8Array) => question.query.read(bytes);
      steps = 0;
      let reply;
      try {
        reply = read(message);
      } catch (error) {
        throw new Error(what, { cause: error });
      }
      assert(steps <= stepsLimit(message.length), `${what}: ${steps} steps`);
      for (const around of [0, 1, 0xff]) {
        assertEquals(read(within(message, around)), reply, what);
      }
      const kind = reply?.lookup.type ?? "no answer";
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      if (reply?.lookup.type !== "found") continue;
      assert(reply.lookup.records.length <= 100, what);
      for (const each of reply.lookup.records) {
        assert(typeof each === "string" && each.length <= 1024, what);
      }
    }
    return Promise.resolve();
  });
  // All of them are met, and in numbers.
  for (const kind of ["found", "none", "failed", "truncated", "no answer"]) {
    assert((seen.get(kind) ?? 0) > 50, `seed ${seed}: ${kind}`);
  }
});

Deno.test("answers that are made to be slow are read in bounded time", () =>
  counting(async () => {
    for (const [what, type, records] of slow()) {
      const query = await queryFor("x.example", type, false);
      const message = responseTo(query.bytes, records);
      assert(message.length > 50_000 && message.length < 65_536, what);
      steps = 0;
      query.read(message);
      assert(
        steps > 0 && steps <= stepsLimit(message.length),
        `${what}: ${steps}`,
      );
    }
  }));

/** What is as much work as 64 kB can be made to be. */
function* slow(): Generator<
  [what: string, type: RecordType, records: Bytes[]]
> {
  const first = 27 + 12; // where the first record has its data
  const labels = concat([toBytes("\x01a".repeat(120)), new Uint8Array(1)]);
  for (const type of ["PTR", "CNAME"] as const) {
    const more = record(numbers[type], pointerTo(first));
    yield [`${type} of one name`, type, [
      record(numbers[type], labels),
      ...Array(4600).fill(more),
    ]];
  }
  const preference = new Uint8Array(2);
  const more = record(numbers.MX, concat([preference, pointerTo(first + 2)]));
  yield ["MX of one name", "MX", [
    record(numbers.MX, concat([preference, labels])),
    ...Array(4000).fill(more),
  ]];
  // Each points to the one before; the first to a name's end.
  const pointers = Array.from(
    { length: 8000 },
    (_, i) => pointerTo(i === 0 ? first : first + 2 * i - 1),
  );
  const chain = concat([new Uint8Array(1), ...pointers]);
  const end = pointerTo(first + 1 + 2 * 7999);
  yield ["pointers to pointers", "PTR", [
    record(numbers.TXT, chain),
    ...Array(3000).fill(record(numbers.PTR, end)),
  ]];
  yield ["a loop", "PTR", [
    record(numbers.TXT, pointerTo(first)),
    ...Array(4500).fill(record(numbers.PTR, pointerTo(first))),
  ]];
  yield ["addresses", "A", Array(4000).fill(record(1, new Uint8Array(4)))];
  yield ["strings", "TXT", [record(numbers.TXT, new Uint8Array(64_000))]];
  yield ["others", "TXT", Array(5000).fill(record(1, new Uint8Array()))];
}
