/**
 * Gates on real networks: clients of several addresses, IPv4, IPv6 and
 * link-local ones, and what rules, limits and programs are told of them.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { cable, far, near, withNetworks } from "../support/namespaces.ts";
import { needing, output, postern, until } from "../support/peers.ts";
import { runs } from "../support/random.ts";

const needs = { peers: ["ip", "python3"], root: true };
const smtpd = ["smtpd", "--deliver", "discard"];
const external = ["sh", "-c", "printf '220 hello\\r\\n'; read line"];
const quiet = ["-v", "-R", "-H", "-l", "here"];

/** The variables of UCSPI that a program was given, sorted. */
const ucspi = (text: string) =>
  text.split("\n").filter((line) => /^(TCP|PROTO|RULE)/.test(line)).sort();

const ipv6Rules = `192.0.2.2:allow,RULE="four"
2001:db8:2::2:allow,RULE="literal"
2001:db8:2::/64:deny
2001:db8::/32:allow,RULE="range"
fe80::/10:allow,RULE="link"
:deny
`;

/** How far a client gets: the rule that let it in, or nothing. */
const ipv6Verdicts: [from: string, to: string, rule: string][] = [
  [far.v4, near.v4, "four"],
  [far.otherV4, near.v4, ""],
  [far.v6, near.v6, "literal"],
  [far.sameV6, near.v6, ""],
  [far.otherV6, near.otherV6, "range"],
  [far.linkLocal, `${near.linkLocal}%${cable}`, "link"],
];

Deno.test(
  needing(needs, "a program behind :: is told of every kind of client"),
  () =>
    withNetworks(async (networks) => {
      const rules = await networks.rules(ipv6Rules, "--extended");
      const serve = [...quiet, "-x", rules, "::", "0"];
      await networks.withGate([...serve, "env"], async ({ port }) => {
        const told = new Map<string, string[]>();
        for (const [from, to, rule] of ipv6Verdicts) {
          const lines = ucspi(await networks.fetch(from, to, port));
          assertEquals(lines.includes(`RULE=${rule}`), rule !== "", from);
          assertEquals(lines.length > 0, rule !== "", from);
          told.set(from, lines.filter((line) => !/REMOTEPORT/.test(line)));
          const ports = lines.filter((line) => /REMOTEPORT=[1-9]/.test(line));
          assertEquals(ports.length, rule === "" ? 0 : from === far.v4 ? 1 : 2);
        }
        // A v4-mapped client is one of IPv4, as in ucspi-tcp6.
        assertEquals(told.get(far.v4), [
          "PROTO=TCP",
          "RULE=four",
          "TCPLOCALHOST=here",
          `TCPLOCALIP=${near.v4}`,
          `TCPLOCALPORT=${port}`,
          `TCPREMOTEIP=${far.v4}`,
        ]);
        const v6 = (rule: string, local: string, remote: string) =>
          [
            "PROTO=TCP6",
            `RULE=${rule}`,
            ...["TCP", "TCP6"].flatMap((prefix) => [
              `${prefix}LOCALHOST=here`,
              `${prefix}LOCALIP=${local}`,
              `${prefix}LOCALPORT=${port}`,
              `${prefix}REMOTEIP=${remote}`,
            ]),
          ].sort();
        assertEquals(told.get(far.v6), v6("literal", near.v6, far.v6));
        assertEquals(
          told.get(far.linkLocal),
          [
            ...v6("link", near.linkLocal, far.linkLocal),
            `TCP6INTERFACE=${cable}`,
          ].sort(),
        );
      });
    }),
);

Deno.test(
  needing(needs, "the built-in smtpd behind :: knows its clients"),
  () =>
    withNetworks(async (networks) => {
      const { folder } = networks;
      const rules = await networks.rules(
        ipv6Rules.replaceAll(/RULE="(.*)"/g, 'RELAYCLIENT="-$1"'),
        "--extended",
      );
      const deliver = [
        "--deliver",
        `maildir:${folder}/Maildir`,
        "--me",
        "here",
      ];
      const serve = [...quiet, "-x", rules, "::", "0", "smtpd", ...deliver];
      await networks.withGate(serve, async ({ port }) => {
        for (const [from, to, rule] of ipv6Verdicts) {
          const client = await networks.connect(from, to, port);
          const greeting = await client.reply();
          if (rule === "") assertEquals(greeting, "", from);
          else {
            assertMatch(greeting, /^220 /);
            assertMatch(await client.ask("MAIL FROM:<>"), /^250/);
            assertMatch(await client.ask("RCPT TO:<a@elsewhere>"), /^250/);
            assertMatch(await client.ask("DATA"), /^354/);
            assertMatch(await client.ask(`Subject: ${from}\r\n\r\n.`), /^250/);
          }
          client.close();
        }
        const messages = [...Deno.readDirSync(`${folder}/Maildir/new`)].map(
          ({ name }) => Deno.readTextFileSync(`${folder}/Maildir/new/${name}`),
        );
        const heads = messages.map((message) =>
          message.match(/^Received: .*$/m)![0]
        );
        assertEquals(
          heads.sort(),
          ipv6Verdicts.filter(([_from, _to, rule]) => rule !== "").map((
            [from],
          ) => `Received: from unknown (${from})`).sort(),
        );
      });
    }),
);

Deno.test(
  needing(needs, "rules without --extended decide by IPv4 and the default"),
  () =>
    withNetworks(async (networks) => {
      const plain = '192.0.2.2:deny\n192.0.:allow,RULE="four"\n:allow\n';
      const rules = await networks.rules(plain);
      const wrong = await output(postern, ["rules", "compile", "-"], {
        stdin: "2001:db8:2::2:allow\n",
        cwd: networks.folder,
      });
      assert(wrong.code !== 0, "an IPv6 rule was taken");
      const serve = [...quiet, "-x", rules, "::", "0", "env"];
      await networks.withGate(serve, async ({ port }) => {
        assertEquals(await networks.fetch(far.v4, near.v4, port), "");
        const other = await networks.fetch(far.otherV4, near.v4, port);
        assertMatch(other, /^RULE=four$/m);
        const v6 = await networks.fetch(far.v6, near.v6, port);
        assertMatch(v6, /^PROTO=TCP6$/m);
        assert(!/RULE/.test(v6), v6);
      });
    }),
);

for (const program of [external, smtpd]) {
  Deno.test(
    needing(needs, `an IPv6 /64 is one client: ${program[0]}`),
    () =>
      withNetworks(async (networks) => {
        const limited = [...quiet, "--per-ip", "2", "::", "0", ...program];
        await networks.withGate(limited, async (gate) => {
          const { port } = gate;
          const enter = (from: string, to: string) =>
            networks.connect(from, to, port);
          const held = [
            await enter(far.v6, near.v6),
            await enter(far.sameV6, near.v6),
          ];
          for (const each of held) assertMatch(await each.reply(), /^220/);
          assertEquals(await networks.fetch(far.v6, near.otherV6, port), "");
          assertEquals(await networks.fetch(far.sameV6, near.v6, port), "");
          await gate.logged(
            /too many connections from 2001:db8:2::3: at most 2 at once\n/,
          );
          // The next network, IPv4, and another IPv4 have their own counts.
          for (
            const [from, to] of [
              [far.otherV6, near.v6],
              [far.v4, near.v4],
              [far.v4, near.v4],
              [far.otherV4, near.v4],
            ]
          ) {
            const client = await enter(from, to);
            assertMatch(await client.reply(), /^220/, from);
            held.push(client);
          }
          assertEquals(await networks.fetch(far.v4, near.v4, port), "");
          held.shift()!.close();
          await gate.logged(/status: 5\/40\n$/);
          const again = await enter(far.sameV6, near.v6);
          assertMatch(await again.reply(), /^220/);
          for (const each of [...held, again]) each.close();
        });
        const rated = [...quiet, "--rate", "2/3600", "::", "0", ...program];
        await networks.withGate(rated, async (gate) => {
          const greeting = async (from: string, to: string) => {
            const client = await networks.connect(from, to, gate.port);
            const reply = await client.reply();
            client.close();
            return reply.slice(0, 3);
          };
          assertEquals(await greeting(far.v6, near.v6), "220");
          assertEquals(await greeting(far.sameV6, near.v6), "220");
          assertEquals(await greeting(far.v6, near.v6), "");
          assertEquals(await greeting(far.otherV6, near.v6), "220");
          assertEquals(await greeting(far.v4, near.v4), "220");
        });
      }),
  );

  Deno.test(
    needing(needs, `one IPv6 address is listened on: ${program[0]}`),
    () =>
      withNetworks(async (networks) => {
        const scoped = `${near.linkLocal}%${cable}`;
        const hosts: [host: string, from: string, to: string][] = [
          [near.v6, far.v6, near.v6],
          ["2001:DB8:1:0:0::1", far.v6, near.v6],
          [scoped, far.linkLocal, scoped],
        ];
        for (const workers of ["1", "2"]) {
          for (const [host, from, to] of hosts) {
            const serve = [
              ...quiet,
              "--workers",
              workers,
              host,
              "0",
              ...program,
            ];
            await networks.withGate(serve, async (gate) => {
              const client = await networks.connect(from, to, gate.port);
              assertMatch(await client.reply(), /^220/);
              client.close();
              const local = to.split("%")[0];
              await gate.logged(
                RegExp(
                  `ok \\d+ here:${local}:${gate.port} :${from}::\\d+\n`,
                ),
              );
              for (const elsewhere of [near.v4, near.otherV6]) {
                const source = elsewhere === near.v4 ? far.v4 : far.v6;
                const error = await networks
                  .connect(source, elsewhere, gate.port)
                  .then(() => "", (error) => error.message);
                assertMatch(error, /refused/, `${host}: ${elsewhere}`);
              }
            });
          }
        }
      }),
  );
}

Deno.test(
  needing(needs, "a link-local host needs an interface that is there"),
  () =>
    withNetworks(async (networks) => {
      for (const program of [external, smtpd]) {
        for (const host of [near.linkLocal, `${near.linkLocal}%nowhere`]) {
          const { code, stderr } = await output("ip", [
            ...["netns", "exec", networks.gates, postern, "serve"],
            ...[...quiet, host, "0", ...program],
          ]);
          assertEquals(code, 111, stderr);
          assertMatch(stderr, /^tcpserver: fatal: unable to bind: .+\n$/);
        }
      }
    }),
);

Deno.test(
  needing(needs, "--config: each address has its rules, limits, program"),
  () =>
    withNetworks(async (networks) => {
      const { folder } = networks;
      const rules = await networks.rules(
        "2001:db8:3::/48:deny\n:allow\n",
        "--extended",
      );
      const block = (host: string, port: number, rest: string) =>
        `[[listen]]\nhost = "${host}"\nport = ${port}\n${rest}\n`;
      const file = (second: string) =>
        Deno.writeTextFile(
          `${folder}/gate.toml`,
          `verbose = true\nremote-name = false\nremote-info = false
local-name = "here"\nprint-port = true\n` +
            block(
              near.v4,
              2525,
              `per-ip = 1\nprogram = ["smtpd", "--deliver", "discard"]`,
            ) +
            block(
              second,
              2525,
              `rules = "${rules}"\nlimit = 7\nprogram = ["env"]`,
            ),
        );
      const config = [postern, "serve", "--config", `${folder}/gate.toml`];
      await file(near.v6);
      const check = () =>
        output("ip", [
          ...["netns", "exec", networks.gates, ...config, "--check"],
        ]);
      const fine = await check();
      assertEquals([fine.code, fine.stderr], [0, ""]);
      await networks.withGate(config, async (gate) => {
        await gate.logged(/status: 0\/40\ntcpserver: status: 0\/7\n/);
        assertEquals(gate.ports, [2525, 2525]);
        const first = await networks.connect(far.v4, near.v4, 2525);
        assertMatch(await first.reply(), /^220/);
        assertEquals(await networks.fetch(far.v4, near.v4, 2525), "");
        const other = await networks.connect(far.otherV4, near.v4, 2525);
        assertMatch(await other.reply(), /^220/);
        const env = await networks.fetch(far.v6, near.v6, 2525);
        assertMatch(env, /^TCP6REMOTEIP=2001:db8:2::2$/m);
        assertEquals(await networks.fetch(far.otherV6, near.v6, 2525), "");
        await gate.logged(/deny \d+ here:2001:db8:1::1:2525 :2001:db8:3::2::/);
        // What is there already does not matter to a look.
        assertEquals((await check()).code, 0);
        first.close();
        other.close();
        assertEquals((await gate.stop()).code, 0);
      }, { asGiven: true });
      // A look and a start agree on what can stand side by side.
      for (
        const [second, clash] of [
          [near.v4, `${near.v4} port 2525 is block 1's already`],
          ["0", `0.0.0.0 port 2525 overlaps with block 1's ${near.v4}`],
          ["::", `:: port 2525 overlaps with block 1's ${near.v4}`],
        ]
      ) {
        await file(second);
        const { code, stderr } = await check();
        assertEquals([code, stderr], [100, `tcpserver: block 2: ${clash}\n`]);
        await assertRejects(
          () => networks.startGate(config, { asGiven: true }),
          Error,
          "unable to bind: address already used",
        );
      }
      const text = await Deno.readTextFile(`${folder}/gate.toml`);
      await Deno.writeTextFile(`${folder}/gate.toml`, `workers = 2\n${text}`);
      assertEquals((await check()).code, 0);
      await networks.withGate(config, async () => {
        const narrow = await networks.connect(far.v4, near.v4, 2525);
        assertMatch(await narrow.reply(), /^220/);
        narrow.close();
        const wide = await networks.fetch(far.v4, near.otherV4, 2525);
        assertMatch(wide, /^PROTO=TCP$/m);
      }, { asGiven: true });
    }),
);

/** A program whose greeting says which gate it belongs to. */
const marked = [
  (mark: string) => ["sh", "-c", `printf '220 ${mark}\\r\\n'`],
  (mark: string) => [...smtpd, "--smtpgreeting", mark],
];

for (const program of marked) {
  Deno.test(
    needing(
      needs,
      `a port is handed over and no client lost: ${program("")[0]}`,
    ),
    () =>
      withNetworks(async (networks) => {
        const start = (port: string, mark: string) =>
          networks.startGate(
            [...quiet, "--workers", "2", "::", port, ...program(mark)],
          );
        const answers: string[] = [];
        let going = true;
        const gates = [await start("0", "first")];
        const { port } = gates[0];
        const client = async (from: string, to: string) => {
          while (going) {
            const each = await networks.connect(from, to, port);
            answers.push((await each.reply()).split(/[ \r]/)[1] ?? "nothing");
            each.close();
          }
        };
        const clients = Promise.all([
          client(far.v4, near.v4),
          client(far.v6, near.v6),
          client(far.otherV4, near.v4),
        ]);
        try {
          for (let i = 0; i < runs(4, 2); i++) {
            gates.push(await start(`${port}`, `next${i}`));
            const seen = answers.length;
            await until(
              "both answer",
              () => new Set(answers.slice(seen)).size === 2,
            );
            assertEquals((await gates.shift()!.stop()).code, 0);
            const after = answers.length;
            await until("the new one", () => answers.length > after + 30);
            // Who connected before the old one had gone may come late.
            assertEquals([...new Set(answers.slice(after + 6))], [`next${i}`]);
          }
          going = false;
          await clients; // throws at a refusal
          assert(!answers.includes("nothing"), "a connection was lost");
        } finally {
          going = false;
          for (const gate of gates) await gate.stop();
          await clients.catch(() => {});
        }
      }),
  );
}
