import { assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { AccessRules } from "../../lib/gate/access.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { inFolder } from "../support/peers.ts";

const peer = { ip: "192.0.2.1", host: null, info: null };

Deno.test("AccessRules denies by a damaged database, and says why", () =>
  inFolder((folder) => {
    const path = `${folder}/cdb`;
    const whole = compileInMemory(toBytes("192.0.2.:deny\n:allow\n"));
    const zeroed = whole.slice().fill(0, 0, 512);
    const cases: [bytes: Uint8Array, why: string][] = [
      [new Uint8Array(), "it is empty"],
      [toBytes(":allow\n"), "it is a text: compile it first"],
      [whole.subarray(0, -1), "truncated: 1 byte is missing"],
      [zeroed, "damaged: table 0 is not where it should be"],
      [new Uint8Array(4096), "damaged: table 0 is not where it should be"],
    ];
    const access = new AccessRules(path, true);
    assertEquals(access.decide(peer).type, "allow"); // none is there
    for (const [bytes, reason] of cases) {
      Deno.writeFileSync(path, bytes);
      assertEquals(access.decide(peer), { type: "unreadable", reason });
      assertEquals(access.decide(peer), { type: "unreadable", reason });
      Deno.writeFileSync(path, whole);
      assertEquals(access.decide(peer), { type: "deny", rule: "192.0.2." });
    }
    return Promise.resolve();
  }));
