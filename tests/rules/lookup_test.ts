import { assertEquals, assertThrows } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { MemoryOutput } from "../../lib/cdb/memory.ts";
import { CdbError } from "../../lib/cdb/reader.ts";
import { verifiedCdb } from "../../lib/cdb/verify.ts";
import { CdbWriter } from "../../lib/cdb/writer.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { decide } from "../../lib/rules/lookup.ts";

/** What a client by its address, and one with a name, get from some data. */
function decided(data: string): string[] {
  const output = new MemoryOutput();
  const writer = new CdbWriter(output);
  writer.add(toBytes("1."), toBytes(data));
  writer.finish();
  const cdb = verifiedCdb(output.bytes());
  return [null, "a.example"].map((host) =>
    decide(cdb, { ip: "1.2.3.4", host, info: null }).type
  );
}

Deno.test("decide() reads whatever compiling a text can make", () => {
  for (const data of ["", "+A=1\0", "+A=\0+B=2\0", "+=v\0", "+A=+x=y\0"]) {
    assertEquals(decided(data), ["allow", "allow"], JSON.stringify(data));
  }
  // A text may have NULs in names and values.
  for (const data of ["+A=\0\0", "+A=x\0y\0", "+A\0B=1\0", "+\0=1\0"]) {
    assertEquals(decided(data), ["allow", "allow"], JSON.stringify(data));
  }
  for (const data of ["D\0", "D\0+A=1\0"]) {
    assertEquals(decided(data), ["deny", "deny"], JSON.stringify(data));
  }
});

Deno.test("decide() takes no damaged data for an allowing rule", () => {
  for (
    const data of [
      ...["\0\0", "D", "\0", "x", "d\0", "\xff\xff", "D\0\0", "+A\0", "+A=1"],
      ...["D\0+A=1", "D\0A=1\0", `+A=1${"\0".repeat(512)}+RELAYCLIENT=\0`],
      `+A=1${"\xff".repeat(512)}\0`,
    ]
  ) {
    const error = assertThrows(() => decided(data), CdbError);
    assertEquals(error.message, 'damaged: what rule "1." says');
  }
});

Deno.test("decide() passes over rules that trust a name which is none", () => {
  const peer = { ip: "192.0.2.1", host: "mx.a.example", info: "joe" };
  const keys = [
    ...["joe@192.0.2.1", "joe@=mx.a.example", "192.0.2.1", "=mx.a.example"],
    ...["192.0.2.", "192.0.", "192.", "=.a.example", "=.example", "=", ""],
  ];
  const relay = (key: string) => `${key}:allow,A="1",RELAYCLIENT="${key}"\n`;
  for (let from = 0; from < keys.length; from++) {
    const all = keys.slice(from);
    const cdb = verifiedCdb(
      compileInMemory(toBytes(all.map(relay).join(""))),
    );
    assertEquals(decide(cdb, peer).rule, all[0]);
    const byAddress = all.find((key) => !/(^|@)=/.test(key))!;
    assertEquals(decide(cdb, peer, false).rule, byAddress);
  }
  // Without RELAYCLIENT a name is believed, and a denial is.
  for (const rule of ["allow", 'allow,A="RELAYCLIENT="', "deny"]) {
    const text = `=mx.a.example:${rule}\n192.0.2.:allow\n`;
    const cdb = verifiedCdb(compileInMemory(toBytes(text)));
    assertEquals(decide(cdb, peer, false).rule, "=mx.a.example");
  }
  const only = verifiedCdb(compileInMemory(toBytes(relay("="))));
  assertEquals(decide(only, peer, false), {
    type: "allow",
    rule: null,
    env: [],
  });
});
