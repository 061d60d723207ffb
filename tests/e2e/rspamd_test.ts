/**
 * Messages that rspamd is asked about before the client hears 250.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { TestGate, withGate } from "../support/gate.ts";
import {
  send as sendTo,
  serve,
  stored,
  taken,
} from "../support/milter_gate.ts";
import { inFolder, needing } from "../support/peers.ts";
import { gtube, rspamdPeers, withRspamd } from "../support/rspamd.ts";

/** Sends a message; resolves to what its end is answered with. */
const send = (gate: TestGate, text: string, recipients?: readonly string[]) =>
  sendTo(gate.port, { text, ...(recipients && { recipients }) });

const message = (want: string, more = "") =>
  `From: bob@sender.example\nSubject: hello\n${more}` +
  (want === "" ? "" : `X-Want: ${want}\n`) + "\nbody\n";

/** The header without the fields of whoever took the message. */
const header = (text: string) =>
  text.slice(text.indexOf("; ")).split("\n\n", 1)[0].split("\n").slice(1);

Deno.test(
  needing({ peers: rspamdPeers }, "rspamd decides what becomes of a message"),
  () =>
    inFolder(async (folder) => {
      const maildir = `${folder}/Maildir`;
      await Deno.mkdir(`${folder}/rspamd`);
      await withRspamd(`${folder}/rspamd`, async (rspamd) => {
        await withGate(
          [
            ...[...serve, "--rspamd", `http://127.0.0.1:${rspamd.port}`],
            ...["--maildir", maildir],
          ],
          {},
          async (gate) => {
            const take = () => taken(maildir);
            assertMatch(await send(gate, message("")), /^250 /);
            const [plain] = take();
            assertEquals(header(plain), [
              "From: bob@sender.example",
              "Subject: hello",
            ]);
            const seen = rspamd.seen();
            assertMatch(seen, /^ip=127\.0\.0\.1\nhelo=client\.example\n/);
            assertMatch(seen, /^user=nil$/m);
            assertMatch(
              seen,
              /^from=bob@sender\.example\nrcpt=ann@example\.org$/m,
            );
            const id = /^queue=(.*)$/m.exec(seen)![1];
            assertMatch(plain, new RegExp(` id ${id};`));
            assertEquals(
              await send(gate, message("reject")),
              "550 5.7.1 because of X-Want",
            );
            assertMatch(await send(gate, message("") + gtube + "\n"), /^550 /);
            assertEquals(
              await send(gate, message("soft reject")),
              "451 4.7.1 because of X-Want",
            );
            assertEquals(take(), []);
            // Without its greylisting, that is but a score.
            assertMatch(await send(gate, message("greylist")), /^250 /);
            assertEquals(take().length, 1);
            assertMatch(await send(gate, message("add header")), /^250 /);
            assertEquals(header(take()[0]).at(-1), "X-Spam: Yes");
            assertMatch(await send(gate, message("rewrite subject")), /^250 /);
            assertMatch(take()[0], /\nSubject: \*\*\* SPAM \*\*\* hello\n/);
            const more = "X-Reply: 1\nX-Bad: 1\nX-bad: 2\n";
            assertMatch(await send(gate, message("", more)), /^250 /);
            const [changed] = take();
            // Where Postfix puts it for rspamd's own milter.
            assertMatch(
              changed,
              /^(?:.+\n)*X-First: two\n\tthree\nReceived: /,
            );
            assertEquals(header(changed), [
              "From: bob@sender.example",
              ...["Subject: hello", "X-Reply: 1", "X-Added: one"],
            ]);
            await gate.logged(
              new RegExp(
                ` filter\\.answered .*id=${id} .*filter=rspamd answer=pass ` +
                  'filter_ms=\\d+ remark="no action, 0\\.00 of 15\\.00"',
              ),
            );
            await gate.logged(/ message\.refused .* by=rspamd /);
          },
        );
      });
    }),
);

Deno.test(
  needing({ peers: rspamdPeers }, "a message of 25 MB, and of 1000 recipients"),
  () =>
    inFolder(async (folder) => {
      const maildir = `${folder}/Maildir`;
      await Deno.mkdir(`${folder}/rspamd`);
      await withRspamd(`${folder}/rspamd`, async (rspamd) => {
        await withGate(
          [
            ...[...serve, "--rspamd", `127.0.0.1:${rspamd.port}`],
            ...["--maildir", maildir, "--databytes", "0"],
          ],
          {},
          async (gate) => {
            const long = message("") + `${"x".repeat(76)}\n`.repeat(330_000);
            assertMatch(await send(gate, long), /^250 /);
            const size = /^size=(\d+)$/m.exec(rspamd.seen())![1];
            assertEquals(Number(size), long.replaceAll("\n", "\r\n").length);
            assertEquals(stored(maildir)[0].endsWith(long), true);
            const many = Array.from(
              { length: 1000 },
              (_, i) => `user${i}@example.org`,
            );
            assertMatch(await send(gate, message(""), many), /^250 /);
            assertEquals(rspamd.seen().match(/^rcpt=/gm)!.length, 1000);
          },
        );
      });
    }),
);

Deno.test(
  needing({}, "an rspamd that does not answer, or not as it should"),
  () =>
    inFolder(async (folder) => {
      const answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"action":',
        "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n",
        "garbage\r\n\r\n",
        "", // it hangs up
        null, // it stands still
      ];
      for (const failure of ["defer", "accept"]) {
        for (const answer of answers) {
          const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
          const { port } = listener.addr as Deno.NetAddr;
          const serving = (async () => {
            for await (const conn of listener) {
              await conn.read(new Uint8Array(65_536));
              if (answer === null) continue;
              await conn.write(new TextEncoder().encode(answer));
              conn.close();
            }
          })().catch(() => {}); // closed
          await withGate(
            [
              ...[...serve, "--rspamd", `127.0.0.1:${port}`],
              ...["--filter-seconds", "1", "--filter-failure", failure],
              ...["--maildir", `${folder}/${failure}`],
            ],
            {},
            async (gate) => {
              const wanted = failure === "defer" ? /^451 4\.7\.1 / : /^250 /;
              assertMatch(await send(gate, message("")), wanted);
              await gate.logged(/unable to ask rspamd: /);
            },
          );
          listener.close();
          await serving;
        }
        const kept = stored(`${folder}/${failure}`).length;
        assertEquals(kept, failure === "defer" ? 0 : answers.length);
      }
    }),
);

Deno.test(
  needing({}, "what rspamd puts aside is in a folder of the Maildir"),
  () =>
    inFolder(async (folder) => {
      const maildir = `${folder}/Maildir`;
      const said = '{"action":"quarantine","score":9.5,"required_score":15}';
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        async (request) => {
          await request.text();
          return new Response(said);
        },
      );
      await withGate(
        [
          ...[...serve, "--rspamd", `127.0.0.1:${server.addr.port}`],
          ...["--maildir", maildir],
        ],
        {},
        async (gate) => {
          assertMatch(await send(gate, message("")), /^250 /);
          assertEquals(stored(maildir).length, 0);
          const [text] = stored(maildir, "/.Junk");
          assertMatch(text, /\nX-Spam: Yes\n/);
          await gate.logged(/ answer=folder .*"quarantine, 9\.50 of 15\.00"/);
        },
      );
      await server.shutdown();
    }),
);

const noAction = '{"action":"no action","score":0,"required_score":15}';

Deno.test(
  needing(
    {},
    "rspamd is asked directly, whatever the environment says of proxies",
  ),
  async () => {
    const asked: string[] = [];
    const server = (name: string) =>
      Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        async (request) => {
          await request.text();
          asked.push(name);
          return new Response(noAction);
        },
      );
    const rspamd = server("rspamd"), proxy = server("proxy");
    const url = `http://127.0.0.1:${proxy.addr.port}`;
    const names = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    await withGate(
      [
        ...[...serve, "--rspamd", `127.0.0.1:${rspamd.addr.port}`],
        ...["--deliver", "discard"],
      ],
      { env: Object.fromEntries(names.map((name) => [name, url])) },
      async (gate) => assertMatch(await send(gate, message("")), /^250 /),
    );
    await rspamd.shutdown();
    await proxy.shutdown();
    assertEquals(asked, ["rspamd"]);
  },
);

Deno.test(
  needing({}, "an rspamd that is restarted between messages of a session"),
  async () => {
    const serveAt = (port: number) =>
      Deno.serve(
        { hostname: "127.0.0.1", port, onListen() {} },
        async (request) => {
          await request.text();
          return new Response(noAction);
        },
      );
    let rspamd = serveAt(0);
    const { port } = rspamd.addr;
    await withGate(
      [...serve, "--rspamd", `127.0.0.1:${port}`, "--deliver", "discard"],
      {},
      async (gate) => {
        assertMatch(await send(gate, message("")), /^250 /);
        await rspamd.shutdown();
        assertMatch(await send(gate, message("")), /^451 4\.7\.1 /);
        await gate.logged(/unable to ask rspamd: connection refused/);
        rspamd = serveAt(port);
        assertMatch(await send(gate, message("")), /^250 /);
      },
    );
    await rspamd.shutdown();
  },
);
