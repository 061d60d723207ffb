import { assertEquals } from "@std/assert";
import { isOurs, knowOurs } from "../../lib/next_hop/ourselves.ts";

Deno.test("a client is one of our connections by both ends, as long as it is there", () => {
  const from = { ip: "127.0.0.1", port: 4321 };
  const to = { ip: "127.0.0.2", port: 25 };
  const client = {
    ...{ ...from, host: null, helo: null, user: null },
    protocol: "ESMTP",
  } as const;
  const forget = knowOurs(from, to);
  assertEquals(isOurs({ ...client, local: to }), true);
  // The kernel gives a port again, for a connection to somewhere else.
  const elsewhere = { ip: "127.0.0.1", port: 25 };
  assertEquals(isOurs({ ...client, local: elsewhere }), false);
  forget();
  assertEquals(isOurs({ ...client, local: to }), false);
});
