import { assertEquals, assertMatch } from "@std/assert";
import { explained } from "../../lib/queue/link_remedy.ts";

Deno.test("explained() says what to type where a broker speaks in riddles", () => {
  const rows: [string, RegExp][] = [
    [
      'handshake terminated by server: 403 (access-refused) with message "x"',
      /--queue-auth/,
    ],
    [
      "expected connectionopenok; got <connectionclose channel:0>",
      /add_vhost/,
    ],
    ["invalid peer certificate: unknownissuer", /--queue-ca/],
    ["self-signed certificate in chain", /--queue-ca/],
    ["causedasendentity", /CA:FALSE/],
    ["write unknown", /--queue-ca/],
    ["socket closed abruptly during opening handshake", /no broker/],
  ];
  for (const [why, remedy] of rows) assertMatch(explained(why), remedy);
  assertEquals(explained("connection refused"), "connection refused");
});
