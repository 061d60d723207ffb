/**
 * Rules that let a client relay for its name: whoever has an address can give
 * it any name, so the name has to lead back.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ClientFrom } from "../support/client_from.ts";
import {
  type Answer,
  failures,
  ptr,
  records,
  withDns,
} from "../support/dns_server.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { loopback } from "../support/random.ts";

/** Its own address and the others' are of one network. */
function network() {
  const net = loopback().replace(/\d+$/, "");
  const reversed = net.split(".").slice(0, 3).reverse().join(".");
  return {
    at: (last: number) => net + last,
    reverse: (last: number) => `${last}.${reversed}.in-addr.arpa PTR`,
  };
}

const name = "mx.partner.example";
const a = (...ips: string[]) =>
  records(...ips.map((data) => ({ type: "A" as const, data })));

/** The text of the README. */
const text = `192.168.0.:allow,RELAYCLIENT=""
=${name}:allow,RELAYCLIENT=""
:allow
`;

/** How a client is told whether it may relay. */
const says = {
  smtpd: { relay: "250 ", none: "553 " },
  program: { relay: "relay []", none: "relay [none]" },
};

const smtpd = [
  ...["smtpd", "--me", "gate.example", "--deliver", "discard"],
  ...["--rcpthosts", "our.example"],
];
const program = [
  "sh",
  "-c",
  'echo "relay [${RELAYCLIENT-none}] $TCPREMOTEHOST"',
];

/** What a client is told about relaying, and the whole of the answer. */
async function answerTo(
  from: string,
  to: { ip: string; port: number },
  isSmtp: boolean,
  header = "",
): Promise<string> {
  const client = await ClientFrom.connect(from, to);
  client.send(header);
  if (!isSmtp) return await client.all();
  await client.has("220 ");
  client.send(
    "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@far.example>\r\nQUIT\r\n",
  );
  const lines = (await client.all()).split("\r\n");
  return lines.at(-3)!; // before the 221 and the end
}

interface Case {
  readonly args: readonly string[];
  readonly program: readonly string[];
  /** As tcpserver, under that name. */
  readonly classic?: boolean;
  readonly byProxy?: boolean;
}

const cases: Record<string, Case> = {
  "smtpd inside": { args: [], program: smtpd },
  "smtpd executed": { args: ["--isolate"], program: smtpd },
  "a program": { args: [], program },
  "workers": { args: ["--workers", "2"], program: smtpd },
  "behind a proxy": { args: [], program: smtpd, byProxy: true },
  "a program behind a proxy": { args: [], program, byProxy: true },
};

async function compiled(folder: string): Promise<string> {
  await Deno.writeTextFile(`${folder}/text`, text);
  const { code, stderr } = await output(postern, [
    ...["rules", "compile", "-o", `${folder}/cdb`, `${folder}/text`],
  ]);
  assertEquals([code, stderr], [0, ""]);
  return `${folder}/cdb`;
}

for (
  const [what, { args, program: served, byProxy }] of Object.entries(cases)
) {
  Deno.test(
    needing({ root: true }, `a stranger's name relays nothing: ${what}`),
    () =>
      inFolder(async (folder) => {
        const { at, reverse } = network();
        const cdb = await compiled(folder);
        // The partner, a liar, and one whose server is silent about it.
        const zone = {
          [reverse(1)]: ptr("gate.example"),
          [reverse(9)]: ptr(name),
          [reverse(10)]: ptr("MX.partner.EXAMPLE"),
          [`${name} A`]: a("192.0.2.1", at(9)),
        };
        await withDns(at(53), zone, ({ asked }) =>
          withGate(
            [
              ...["-vR", "-x", cdb, ...args],
              ...(byProxy ? ["--proxy-protocol", at(8)] : []),
              ...[at(1), "0", ...served],
            ],
            { env: { DNSCACHEIP: at(53) } },
            async (gate) => {
              const to = { ip: at(1), port: gate.port };
              const isSmtp = served === smtpd;
              const expected = isSmtp ? says.smtpd : says.program;
              const ask = (last: number) =>
                byProxy
                  ? answerTo(
                    at(8),
                    to,
                    isSmtp,
                    `PROXY TCP4 ${at(last)} ${at(1)} 1234 25\r\n`,
                  )
                  : answerTo(at(last), to, isSmtp);
              const partner = await ask(9);
              assert(partner.startsWith(expected.relay), partner);
              const liar = await ask(10);
              assert(liar.startsWith(expected.none), liar);
              // The program is told the name, as tcpserver does.
              if (!isSmtp) assertMatch(liar, /mx\.partner\.example\n$/);
              await gate.logged(RegExp(
                `warning: rule =${name} passed over for ${at(10)}: ` +
                  "RELAYCLIENT wants a name that is confirmed " +
                  "\\(it does not lead back\\)\n",
              ));
              assertEquals(gate.log.split("passed over").length, 2);
              assert(asked.includes(`${name} A`));
            },
          ));
      }),
  );
}

Deno.test(
  needing({ root: true }, "a name that cannot be confirmed now relays nothing"),
  async () => {
    const answers: [string, Answer][] = [
      ["SERVFAIL", { type: "failure", rcode: failures.SERVFAIL }],
      ["does not answer", { type: "silence" }],
      ["does not lead back", { type: "failure", rcode: failures.NXDOMAIN }],
    ];
    await inFolder(async (folder) => {
      const cdb = await compiled(folder);
      await Promise.all(answers.map(([why, forward]) => {
        const { at, reverse } = network();
        const zone = { [reverse(10)]: ptr(name), [`${name} A`]: forward };
        return withDns(at(53), zone, () =>
          withGate(
            ["-vRl0", "-t1", "-x", cdb, at(1), "0", ...smtpd],
            { env: { DNSCACHEIP: at(53) } },
            async (gate) => {
              const to = { ip: at(1), port: gate.port };
              const reply = await answerTo(at(10), to, true);
              assert(reply.startsWith(says.smtpd.none), reply);
              await gate.logged(RegExp(`passed over for ${at(10)}: .*${why}`));
            },
          ));
      }));
    });
  },
);

Deno.test(
  needing(
    { root: true },
    "under the name tcpserver -p decides what a name is worth",
  ),
  () =>
    inFolder(async (folder) => {
      const { at, reverse } = network();
      const cdb = await compiled(folder);
      const tcpserver = `${folder}/tcpserver`;
      await Deno.symlink(postern, tcpserver);
      const zone = {
        [reverse(10)]: ptr(name),
        [`${name} A`]: a("192.0.2.1"),
      };
      await withDns(at(53), zone, async ({ asked }) => {
        const served = async (option: string) => {
          asked.length = 0;
          let reply = "";
          await withGate(
            [`-vR${option}l0`, "-x", cdb, at(1), "0", ...program],
            { program: tcpserver, env: { DNSCACHEIP: at(53) } },
            async (gate) => {
              reply = await answerTo(
                at(10),
                { ip: at(1), port: gate.port },
                false,
              );
              assert(!gate.log.includes("passed over"), gate.log);
            },
          );
          return [reply, asked.length];
        };
        assertEquals(await served(""), [`relay [] ${name}\n`, 1]);
        assertEquals(await served("p"), ["relay [none] \n", 2]);
      });
    }),
);
