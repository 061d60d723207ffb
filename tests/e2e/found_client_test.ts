/**
 * Who the client of smtpd is where nobody tells of it, as under inetd.
 *
 * @module
 */
import { assertMatch } from "@std/assert";
import { inConnection, type Kind } from "../support/one_connection.ts";
import { inFolder, needing, postern } from "../support/peers.ts";

const needs = { peers: ["python3"] };

Deno.test(
  needing(needs, "who the client is: what was told, or what the kernel says"),
  async () => {
    const told = { TCPREMOTEIP: "192.0.2.7", TCPREMOTEHOST: "there.example" };
    const cases: readonly [
      kind: Kind,
      args: readonly string[],
      env: Record<string, string>,
      from: RegExp,
    ][] = [
      ["IPv4", [], {}, /from unknown \(HELO b\) \(127\.0\.0\.1\)\n {2}by 127/],
      ["IPv6", [], {}, /from unknown \(HELO b\) \(::1\)\n {2}by ::1 /],
      // Nothing is believed that nobody says to be of this connection.
      ["IPv4", [], told, /from unknown \(HELO b\) \(127\.0\.0\.1\)\n/],
      ["IPv6", [], { ...told, TCP6REMOTEIP: "::7" }, /\(HELO b\) \(::1\)\n/],
      [
        "IPv4",
        [],
        { ...told, PROTO: "TCP" },
        /from there\.example \(HELO b\) \(192\.0\.2\.7\)\n/,
      ],
      ["IPv4", [], { TCPLOCALHOST: "us.example" }, /\n {2}by us\.example with/],
      // 1996's asks nobody: that is what tcp-env is for.
      ["IPv4", ["--classic"], {}, /from unknown \(HELO b\) \(unknown\)\n/],
      ["unix", [], told, /from there\.example \(HELO b\) \(192\.0\.2\.7\)\n/],
    ];
    for (const [kind, args, env, from] of cases) {
      await inFolder(async (folder) => {
        const { heard } = await inConnection(kind, [
          ...[postern, "smtpd", "--me", "a.example", "--control", folder],
          ...["--maildir", `${folder}/m`, "--create-mailboxes", ...args],
        ], env);
        assertMatch(heard, /^250 [^\n]*\r\n221 /m);
        const [{ name }] = Deno.readDirSync(`${folder}/m/new`);
        const text = await Deno.readTextFile(`${folder}/m/new/${name}`);
        assertMatch(text, from);
      });
    }
  },
);

Deno.test(
  needing(needs, "only who is told to may relay"),
  () =>
    inFolder(async (folder) => {
      const smtpd = [
        ...[postern, "smtpd", "--me", "here.example", "--control", folder],
        ...["--rcpthosts", "here.example", "--relay", "discard"],
      ];
      const env = { TCPREMOTEIP: "127.0.0.1" };
      const closed = await inConnection("IPv4", smtpd, env);
      assertMatch(closed.heard, /^553 /m);
      const open = await inConnection("IPv4", smtpd, { RELAYCLIENT: "" });
      assertMatch(open.heard, /^354 /m);
    }),
);
