/**
 * Who the client is behind a proxy: the real one (HAProxy), and what pretends
 * to be one.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type TestGate, withGate } from "../support/gate.ts";
import {
  far,
  near,
  type Networks,
  withNetworks,
} from "../support/namespaces.ts";
import { needing, until } from "../support/peers.ts";

const needs = { peers: ["ip", "python3"], root: true };
const serve = ["-vRH", "-l", "here", "--proxy-protocol"];
const trusted = `${far.v4},2001:db8:2::2/128`;
const smtpd = ["smtpd", "--deliver", "discard"];
/** Says the greeting, then all that it is sent. */
const external = ["sh", "-c", "printf '220 hello\\r\\n'; exec cat"];
const programs = [external, smtpd];

/** How the log names the address that the program was told. */
const admitted = (remote: string) => RegExp(`ok \\d+ here:\\S+ :${remote}::`);
const denied = (remote: string) => RegExp(`deny \\d+ here:\\S+ :${remote}::`);

const count = (log: string, what: RegExp) =>
  [...log.matchAll(RegExp(what, "g"))].length;

/** Whether all connections of a client that were let in are over. */
const haveEnded = (log: string, remote: string) =>
  [...log.matchAll(RegExp(`ok (\\d+) here:\\S+ :${remote}::`, "g"))]
    .every(([_, pid]) => log.includes(`end ${pid} status`));

const proxyPort = { v1: 2601, v2: 2602 } as const;

/** Runs HAProxy where the clients are, in the foreground. */
async function withProxy(
  { clients, folder }: Networks,
  gate: TestGate,
  program: readonly string[],
  fn: () => Promise<void>,
): Promise<void> {
  const check = program === smtpd ? "option smtpchk EHLO haproxy" : "";
  const listen = (
    version: "v1" | "v2",
    to: string,
    from: string,
    send: string,
  ) => `
listen ${version}
  bind ${far.v4}:${proxyPort[version]}
  bind [${far.v6}]:${proxyPort[version]}
  ${check}
  server gate ${to}:${gate.port} source ${from} ${send} check check-send-proxy inter 100ms
`;
  await Deno.writeTextFile(
    `${folder}/haproxy.cfg`,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  unique-id-format %ci-%cp-%Ts
` +
      listen("v1", near.v4, far.v4, "send-proxy") +
      listen(
        "v2",
        `[${near.v6}]`,
        `[${far.v6}]`,
        "send-proxy-v2 proxy-v2-options crc32c,unique-id",
      ),
  );
  const child = new Deno.Command("ip", {
    args: [
      ...["netns", "exec", clients],
      ...["haproxy", "-db", "-q", "-f", `${folder}/haproxy.cfg`],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await gate.logged(admitted(far.v4)); // health checks of both
    await gate.logged(admitted(far.v6));
    await fn();
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

for (const program of programs) {
  Deno.test(
    needing(
      { ...needs, peers: [...needs.peers, "haproxy"] },
      `clients of HAProxy are themselves: ${program[0]}`,
    ),
    () =>
      withNetworks(async (networks) => {
        const rules = await networks.rules(
          `${far.v4}:allow\n${far.v6}:allow\n${far.otherV4}:allow\n` +
            `2001:db8:3::/48:allow\n:deny\n`,
          "--extended",
        );
        const limits = ["--per-ip", "1", "--rate", "4/3600"];
        const args = ["-x", rules, ...limits, "::", "0", ...program];
        await networks.withGate([...serve, trusted, ...args], (gate) =>
          withProxy(networks, gate, program, async () => {
            for (const version of ["v1", "v2"] as const) {
              const port = proxyPort[version];
              const greeted: [from: string, to: string][] = [
                [far.otherV4, far.v4],
                [far.otherV6, far.v6],
              ];
              for (const [from, to] of greeted) {
                const client = await networks.connect(from, to, port);
                await client.send("NOOP x\r\n"); // right behind the header
                assertMatch(await client.reply(), /^220/);
                const answer = program === smtpd ? /^250/ : /^NOOP x\r\n$/;
                assertMatch(await client.line(), answer);
                await gate.logged(admitted(from));
                // One at once, for the client and not for the proxy.
                assertEquals(await networks.fetch(from, to, port), "");
                await gate.logged(
                  RegExp(`too many connections from ${from}: at most 1 at`),
                );
                client.close();
                await until("its end", () =>
                  haveEnded(gate.log, from));
              }
              // No rule for this one.
              assertEquals(await networks.fetch(far.sameV6, far.v6, port), "");
              await gate.logged(denied(far.sameV6));
            }
            // Many checks later than the rate allows, the proxy still trusts us.
            const checks = count(gate.log, admitted(far.v4));
            await until(
              "more checks",
              () => count(gate.log, admitted(far.v4)) > checks + 5,
            );
            assert(!gate.log.includes(`too many connections from ${far.v4}:`));
          }));
      }),
  );
}

const v2Signature = "\r\n\r\n\0\r\nQUIT\n";

/** A header of version 2: TCP over IPv4 from 198.51.100.7, port 4711. */
function version2(tlvs: number[] = [], claimedBytes = 12 + tlvs.length) {
  const addresses = [198, 51, 100, 7, 203, 0, 113, 1, 0x12, 0x67, 0, 25];
  return Uint8Array.from([
    ...new TextEncoder().encode(v2Signature),
    ...[0x21, 0x11, claimedBytes >> 8, claimedBytes & 255],
    ...addresses,
    ...tlvs,
  ]);
}
const version1 = "PROXY TCP4 198.51.100.7 203.0.113.1 4711 25\r\n";
const client = "198.51.100.7";
/** One of the longest extensions that are believed (PP2_TYPE_NOOP). */
const padding = [4, 4081 >> 8, 4081 & 255, ...new Array(4081).fill(0)];

for (const program of programs) {
  Deno.test(
    needing(
      needs,
      `only a whole header of a trusted address counts: ${program[0]}`,
    ),
    () =>
      withNetworks(async (networks) => {
        const rules = await networks.rules(
          `${client}:allow\n${far.v4}:allow\n:deny\n`,
        );
        const args = ["-x", rules, "--rate", "100/60", "::", "0", ...program];
        await networks.withGate([...serve, trusted, ...args], async (gate) => {
          const proxy = () => networks.connect(far.v4, near.v4, gate.port);
          const hear = program === smtpd ? /^250/ : /^NOOP x\r\n$/;
          const silent = await proxy();
          const since = performance.now();

          const good: [header: string | Uint8Array, remote: string][] = [
            [version1, client],
            [version2(), client],
            [version2([3, 0, 4, 1, 2, 3, 4]), client],
            [version2(padding), client],
            ["PROXY UNKNOWN\r\n", far.v4],
            ["PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n", far.v4],
            [v2Signature + " \0\0\0", far.v4], // LOCAL
            [v2Signature + "!\0\0\0", far.v4], // PROXY, unspecified
          ];
          for (const [header, remote] of good) {
            const before = count(gate.log, admitted(remote));
            const each = await proxy();
            await each.send(header);
            await each.send("NOOP x\r\n");
            assertMatch(await each.reply(), /^220/);
            assertMatch(await each.line(), hear);
            each.close();
            await until(
              "the log",
              () => count(gate.log, admitted(remote)) === before + 1,
            );
          }

          // Byte by byte, and the first command in the last piece.
          for (
            const header of [new TextEncoder().encode(version1), version2()]
          ) {
            const each = await proxy();
            for (const byte of header.subarray(0, -1)) {
              await each.send(Uint8Array.of(byte));
              await new Promise((resolve) => setTimeout(resolve, 2));
            }
            await each.send(
              Uint8Array.of(
                header.at(-1)!,
                ...new TextEncoder().encode("NOOP x\r\n"),
              ),
            );
            assertMatch(await each.reply(), /^220/);
            assertMatch(await each.line(), hear);
            each.close();
          }

          const bad: (string | Uint8Array)[] = [
            "NOOP x\r\n",
            "PROXY\r\n",
            "PROXY TCP4 198.51.100.7\r\n",
            "PROXY TCP4 198.51.100.7 203.0.113.1 4711 25" + " ".repeat(200),
            version2(padding, 0xffff),
            version2([], 11),
            Uint8Array.from({ length: 300 }, (_, i) => i * 7),
          ];
          const dropped =
            /dropping connection, unable to read the PROXY header: /;
          for (const bytes of bad) {
            const before = count(gate.log, dropped);
            const each = await proxy();
            await each.send(bytes);
            assertEquals(await each.rest(), "");
            each.close();
            await until(
              "the log",
              () => count(gate.log, dropped) === before + 1,
            );
          }
          // Cut short by the proxy.
          const before = count(gate.log, dropped);
          const cut = await proxy();
          await cut.send(version2().subarray(0, 20));
          cut.close();
          await until("the log", () => count(gate.log, dropped) === before + 1);

          // From anybody else it is no header, whatever it claims.
          for (const header of [version1, version2()]) {
            const each = await networks.connect(
              far.otherV4,
              near.v4,
              gate.port,
            );
            await each.send(header).catch(() => {});
            assertEquals(await each.rest(), "");
            each.close();
          }
          await until(
            "both are denied",
            () => count(gate.log, denied(far.otherV4)) === 2,
          );

          // And who says nothing is not waited for for ever.
          assertEquals(await silent.rest(), "");
          assert(performance.now() - since > 4500, "too early");
          silent.close();
          await until("the log", () => count(gate.log, dropped) === before + 2);
          assert(!gate.log.includes("too many connections"), gate.log);
        });
      }),
  );
}

for (const program of programs) {
  Deno.test(
    needing(
      {},
      `a proxy that hangs up within a header holds no slot: ${program[0]}`,
    ),
    () =>
      withGate(
        [...serve, "127.0.0.1", "-c1", "127.0.0.1", "0", ...program],
        {},
        async (gate) => {
          // Were each waited for as long as it may take, it would be too long.
          for (let i = 0; i < 10; i++) {
            const conn = await Deno.connect({ port: gate.port });
            await conn.write(version2().subarray(0, 20));
            await conn.closeWrite();
            conn.readable.cancel().catch(() => {});
          }
          await until(
            "all have gone",
            () => count(gate.log, /end \d+ status 28416\n/) === 10,
          );
        },
      ),
  );
}
