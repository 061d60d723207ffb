/**
 * What a bug costs the gate to programs: one connection.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Admission } from "../../lib/gate/admission.ts";
import { ExternalGate } from "../../lib/gate/external.ts";
import { GateLog } from "../../lib/gate/log.ts";
import type { GateOptions } from "../../lib/gate/options.ts";
import { Slots } from "../../lib/gate/slots.ts";
import { until } from "../support/peers.ts";

const options = { backlog: 5, keepIpOptions: true } as GateOptions;
const log = new GateLog({ verbosity: "silent", logFormat: "text" });

for (
  const [how, fail] of [
    ["at once", () => {
      throw new Error("a bug");
    }],
    ["later", () => Promise.reject(new Error("a bug"))],
  ] as const
) {
  Deno.test({
    name: `a connection whose admission fails ${how} is closed, once`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      let inside = 0;
      const admission = {
        isProxy: () => false,
        enter: () => {
          inside++;
          return null;
        },
        leave: () => inside--,
        admit: fail,
      } as unknown as Admission;
      const slots = new Slots(1);
      const address = { ip: "127.0.0.1", port: 0 };
      const gate = new ExternalGate(
        { address, shared: false, descriptor: null },
        options,
        ["/bin/true"],
        admission,
        slots,
        log,
      );
      const running = gate.run();
      for (let i = 0; i < 3; i++) {
        const conn = await Deno.connect({ port: gate.port });
        assertEquals(await conn.read(new Uint8Array(1)), null);
        conn.close();
      }
      await until("the slot is free", () => slots.active === 0);
      assertEquals(inside, 0);
      gate.close();
      await running;
    },
  });
}
