/**
 * What a damaged database decides: the right thing, or nothing, which denies.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { concat, toBytes } from "../../lib/base/bytes.ts";
import { CdbError } from "../../lib/cdb/reader.ts";
import { verifiedCdb } from "../../lib/cdb/verify.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { ExtendedAddresses } from "../../lib/rules/extended.ts";
import { decide, type Peer } from "../../lib/rules/lookup.ts";

const sectorBytes = 512;
type Bytes = Uint8Array<ArrayBuffer>;

const many = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i) + "\n").join("");

/** Ten of them, from nothing to some hundred sectors. */
const texts: Record<string, string> = {
  "no rule": "",
  "one rule": ":deny\n",
  "an office": '192.168.0.:allow,RELAYCLIENT="",NOTE="a b"\n' +
    "203.0.113.:deny\n=mx.example.org:allow\n:deny\n",
  "many addresses": many(3000, (i) => `10.${i >> 8}.${i & 255}.:deny`) +
    ":allow\n",
  "many variables": many(500, (i) => `10.0.${i >> 6}.${i & 63}:allow,N="${i}"`),
  "one address many times": many(1500, (i) => `10.1.2.3:allow,N="${i}"`) +
    ":deny\n",
  "long values": many(
    40,
    (i) => `10.0.0.${i}:allow,A="${`${i} `.repeat(300)}",RELAYCLIENT="${i}"`,
  ) + ":deny\n",
  "long values of the denied": many(
    40,
    (i) => `10.0.0.${i}:deny,A="${`${i} `.repeat(300)}"`,
  ),
  "names": many(400, (i) => `=mx${i}.example.org:deny`) + "=:allow\n:deny\n",
  "IPv6": many(300, (i) => `2001:db8:${i.toString(16)}::/48:deny`) +
    "2001:db8::/32:allow\n::/0:deny\n",
};

const peers: Peer[] = [
  ...["10.1.2.3", "10.0.0.7", "10.0.0.39", "10.0.3.9", "10.11.9.1"],
  ...["192.168.0.1", "203.0.113.9", "8.8.8.8", "2001:db8:7::1", "2001:db9::1"],
].flatMap((ip) => [
  { ip, host: null, info: null },
  { ip, host: "mx.example.org", info: null },
  { ip, host: "mx7.example.org", info: "joe" },
]);

/** One for each peer; null where the database is refused. */
function decisions(bytes: Uint8Array): (string | null)[] {
  const asked = (act: () => unknown): string | null => {
    try {
      return JSON.stringify(act());
    } catch (error) {
      assert(error instanceof CdbError, `${error}`);
      return null;
    }
  };
  return peers.map((peer) => asked(() => decide(verifiedCdb(bytes), peer)));
}

/** Every sector damaged in every way, one at a time. */
function* damages(whole: Bytes): Generator<[how: string, bytes: Bytes]> {
  const sectors = Math.ceil(whole.length / sectorBytes);
  const from = (i: number) => i * sectorBytes;
  for (let i = 0; i < sectors; i++) {
    for (const [how, value] of [["zeroed", 0], ["ones", 255]] as const) {
      yield [`${how} ${i}`, whole.slice().fill(value, from(i), from(i + 1))];
    }
    const pieces = Array.from(
      { length: sectors },
      (_, at) => whole.subarray(from(at), from(at + 1)),
    );
    const other = (i * 7 + 1) % sectors;
    [pieces[i], pieces[other]] = [pieces[other], pieces[i]];
    yield [`swapped ${i} and ${other}`, concat(pieces)];
    yield [`cut at ${i}`, whole.slice(0, from(i))];
  }
}

Deno.test("a damaged sector decides rightly or not at all", () => {
  const seen = { right: 0, denied: 0, wrong: [] as string[] };
  for (const [name, text] of Object.entries(texts)) {
    const extended = new ExtendedAddresses();
    const whole = compileInMemory(toBytes(text), { extended });
    const expected = decisions(whole);
    for (const [how, bytes] of damages(whole)) {
      decisions(bytes).forEach((actual, i) => {
        if (actual === null) seen.denied++;
        else if (actual === expected[i]) seen.right++;
        else seen.wrong.push(`${name}: ${how}: ${JSON.stringify(peers[i])}`);
      });
    }
  }
  assertEquals(seen.wrong, []);
});
