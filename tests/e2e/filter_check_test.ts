/**
 * What `--check`, and a command line, say of filters.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { TestMilter } from "../support/milter.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { freePort } from "../support/relays.ts";

/** The lines of a check, without the program's name. */
async function check(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; lines: string[] }> {
  const { code, stderr } = await output(postern, [
    ...["serve", "--check", "-H", "127.0.0.1", "0", "smtpd", "--me"],
    ...["mx.example.org", "--rcpthosts", "example.org"],
    ...["--deliver", "discard", ...args],
  ], { env });
  const lines = stderr.split("\n").slice(0, -1)
    .map((line) => line.replace("tcpserver: ", ""));
  return { code, lines };
}

Deno.test(
  needing({}, "a check asks milters and rspamd whether they are there"),
  () =>
    inFolder(async (folder) => {
      const milter = new TestMilter();
      const alien = new TestMilter({ version: 9 });
      const rspamd = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        (request) =>
          new Response("pong\r\n", {
            status: request.url.endsWith("/ping") ? 200 : 404,
          }),
      );
      const good = await check([
        ...["--milter", `${milter.address}`],
        ...["--rspamd", `127.0.0.1:${rspamd.addr.port}`],
      ], { http_proxy: "http://127.0.0.1:1" });
      assertEquals([good.code, good.lines], [0, []]);

      const gone = freePort();
      const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { code, lines } = await check([
        ...["--milter", `${folder}/none,inet:${gone}@127.0.0.1`],
        ...["--milter", alien.address],
        ...["--milter", `127.0.0.1:${silent.addr.port}`],
        ...["--rspamd", `127.0.0.1:${gone}`],
      ]);
      assertEquals(code, 100);
      assertEquals(
        lines.toSorted(),
        [
          `--milter: unable to ask ${folder}/none: file does not exist`,
          `--milter: unable to ask 127.0.0.1:${silent.addr.port}: ` +
          "no answer within 3 seconds",
          `--milter: unable to ask inet:${gone}@127.0.0.1: connection refused`,
          `--milter: unable to ask ${alien.address}: it speaks version 9, not 2 to 6`,
          `--rspamd: unable to ask http://127.0.0.1:${gone}: connection refused`,
        ].toSorted(),
      );
      const odd = await check(["--rspamd", `127.0.0.1:${silent.addr.port}`]);
      assertEquals(odd.lines, [
        `--rspamd: unable to ask http://127.0.0.1:${silent.addr.port}: ` +
        "no answer within 3 seconds",
      ]);
      const where = `127.0.0.1:${rspamd.addr.port}`;
      await rspamd.shutdown();
      const busy = Deno.serve(
        { hostname: "127.0.0.1", port: rspamd.addr.port, onListen() {} },
        () => new Response("", { status: 403 }),
      );
      assertEquals((await check(["--rspamd", where])).lines, [
        `--rspamd: unable to ask http://${where}: it answers 403`,
      ]);
      await busy.shutdown();
      silent.close();
      milter.close();
      alien.close();
    }),
);

Deno.test(needing({}, "what no filter can be is said at once"), async () => {
  const table: [args: string[], said: RegExp][] = [
    [
      ["--milter", "nowhere"],
      /--milter wants PATH, unix:PATH, HOST:PORT .*"nowhere"/,
    ],
    [["--milter", "127.0.0.1:0"], /--milter/],
    [["--milter", "127.0.0.1:65536"], /--milter/],
    [["--milter", "/a,,/b"], /--milter/],
    [["--milter", ""], /--milter/],
    [["--rspamd", "ftp://127.0.0.1"], /--rspamd wants http/],
    [["--rspamd", "127.0.0.1:99999"], /--rspamd/],
    [["--rspamd", "http://127.0.0.1/path"], /--rspamd/],
    [["--filter-seconds", "0"], /--filter-seconds/],
    [["--filter-seconds", "9999"], /--filter-seconds/],
    [["--filter-failure", "maybe"], /--filter-failure.*defer.*accept/],
    [["--junk", "Junk"], /--junk.*\.Junk/],
    [["--junk", "../x"], /--junk/],
    [["--junk", "./x"], /--junk/],
  ];
  for (const [args, said] of table) {
    const { code, lines } = await check(args);
    assertEquals(code, 100, args.join(" "));
    assertMatch(lines.join("\n"), said);
  }
});
