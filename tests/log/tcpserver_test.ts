import { assertEquals } from "@std/assert";
import { cleanField, lineOf } from "../../lib/log/tcpserver.ts";

Deno.test("a field keeps nothing that could forge a line", () => {
  assertEquals(cleanField("a.example"), "a.example");
  assertEquals(cleanField("a b\nc%d\x7f\xe9:"), "a?b?c?d???");
  assertEquals(cleanField("x".repeat(100)), "x".repeat(100));
  assertEquals(cleanField("x".repeat(101)), "x".repeat(100) + "...");
});

Deno.test("an ok line is tcpserver's, empty fields included", () => {
  const fields = {
    local: { ip: "127.0.0.1", port: 3601 },
    remote: { ip: "127.0.0.1", port: 45050 },
    localHost: "0",
    remoteHost: null,
    remoteInfo: null,
    variables: [],
    encrypted: false,
  };
  assertEquals(
    lineOf({ type: "connection.ok", number: 9165, connection: fields }),
    "tcpserver: ok 9165 0:127.0.0.1:3601 :127.0.0.1::45050",
  );
  // A name or an ident answer cannot pretend to be two fields; an IPv6
  // address keeps its colons.
  assertEquals(
    lineOf({
      type: "connection.deny",
      number: 1,
      connection: {
        ...fields,
        remoteInfo: "joe:25",
        remoteHost: "a:b",
        remote: { ip: "2001:db8::1", port: 45050 },
      },
    }),
    "tcpserver: deny 1 0:127.0.0.1:3601 a?b:2001:db8::1:joe?25:45050",
  );
});
