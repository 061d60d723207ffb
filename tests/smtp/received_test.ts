import { assertEquals } from "@std/assert";
import type { Connection } from "../../lib/base/connection.ts";
import { received, shortName, shortNames } from "../../lib/smtp/received.ts";

const now = new Date("2026-11-04T08:02:09Z");
const peer: Connection = {
  local: { ip: "5.6.7.8", port: 25 },
  remote: { ip: "1.2.3.4", port: 49152 },
  localHost: "l.example",
  remoteHost: "h.example",
  remoteInfo: null,
  variables: [],
  encrypted: false,
};

Deno.test("received() is qmail-smtpd's trace line", () => {
  assertEquals(
    received(peer, "a", "SMTP", now),
    "Received: from h.example (HELO a) (1.2.3.4)\n" +
      "  by l.example with SMTP; 4 Nov 2026 08:02:09 -0000\n",
  );
});

Deno.test("received() leaves out a HELO that was not said or is the name", () => {
  for (const helo of [null, "h.example", "H.Example"]) {
    assertEquals(
      received(peer, helo, "ESMTP", now),
      "Received: from h.example (1.2.3.4)\n" +
        "  by l.example with ESMTP; 4 Nov 2026 08:02:09 -0000\n",
    );
  }
});

Deno.test("received() says unknown of what is not known", () => {
  assertEquals(
    received(
      {
        ...peer,
        local: { ip: "unknown", port: 0 },
        remote: { ip: "::1", port: 0 },
        localHost: null,
        remoteHost: null,
        remoteInfo: "",
      },
      "",
      "SMTP",
      now,
    ),
    "Received: from unknown (HELO ) (@::1)\n" +
      "  by unknown with SMTP; 4 Nov 2026 08:02:09 -0000\n",
  );
  const nameless = { ...peer, localHost: null };
  assertEquals(
    received(nameless, "unknown", "SMTP", now).includes("  by 5.6.7.8 with"),
    true,
  );
});

Deno.test("received() lets no byte through that could break or fake a line", () => {
  let all = "";
  for (let byte = 0; byte < 256; byte++) all += String.fromCharCode(byte);
  const evil = {
    ...peer,
    remote: { ip: all, port: 0 },
    remoteHost: all,
    remoteInfo: all,
    localHost: all,
  };
  const lines = received(evil, all + "x", "SMTP", now).split("\n");
  assertEquals(lines.length, 3);
  const safe = "?".repeat(37) + "%?????+?-./0123456789:??=??@" +
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ[?]???abcdefghijklmnopqrstuvwxyz" +
    "?".repeat(133);
  assertEquals(
    lines[0],
    `Received: from ${safe} (HELO ${safe}x) (${safe}@${safe})`,
  );
});

Deno.test("short names keep each line below 998 bytes", () => {
  const long = "x".repeat(5000);
  const endless = {
    ...peer,
    local: { ip: long, port: 0 },
    remote: { ip: long, port: 0 },
    localHost: long,
    remoteHost: long,
    remoteInfo: long,
  };
  const helo = shortName(long.replaceAll("x", "y"));
  const line = received(shortNames(endless), helo, "UTF8SMTPSA", now);
  const lengths = line.split("\n").map((each) => each.length);
  assertEquals(lengths.every((each) => each < 998), true, `${lengths}`);
  assertEquals(/\(HELO y{252}\.\.\.\) /.test(line), true, line);
});

Deno.test("short names are what they are", () => {
  const name = "x".repeat(255);
  const named = { ...peer, remoteHost: name, remoteInfo: name };
  assertEquals(shortNames(named), named);
  assertEquals([shortName(name), shortName(null)], [name, null]);
});
