/**
 * postern under the name tcpserver and the real one side by side: what the
 * program sees, what the client gets, what the log says, line by line.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { ClientFrom } from "../support/client_from.ts";
import {
  failures,
  ptr,
  records,
  withDns,
  type Zone,
} from "../support/dns_server.ts";
import { TestGate } from "../support/gate.ts";
import { withIdent } from "../support/ident_server.ts";
import { inFolder, needing, output, peer, postern } from "../support/peers.ts";
import { loopback } from "../support/random.ts";
import { clients, type Row, rows, rulesFiles } from "./tcpserver_rows.ts";

const needs = { peers: ["tcpserver", "tcprules"], root: true };
const theirs = peer("tcpserver")!;

/** Where everything is: a network of addresses, and a folder of programs. */
interface Site {
  /** `127.A.B.`; the gate is its 1. */
  readonly net: string;
  readonly folder: string;
  /** Our executable under the name tcpserver. */
  readonly ours: string;
  readonly env: Record<string, string>;
}

const utf8 = (text: string) => fromBytes(new TextEncoder().encode(text));
const reverse = (net: string, last: number) =>
  `${last}.${net.split(".").slice(0, 3).reverse().join(".")}.in-addr.arpa PTR`;

function zoneOf(net: string): Zone {
  const a = (...all: string[]) =>
    records(...all.map((data) => ({ type: "A" as const, data })));
  const from = (client: keyof typeof clients) => reverse(net, clients[client]);
  const alias = `x.0/25.${net}example`;
  return {
    [reverse(net, 1)]: ptr("gate.example"),
    [from("named")]: ptr("mx.example", "other.example"),
    [from("liar")]: ptr("liar.example"),
    [from("odd")]: ptr("A%/b.Example"),
    [from("second")]: ptr("two.example"),
    [from("joe")]: ptr("mx.example"),
    [from("colon")]: records(
      { type: "CNAME", data: alias },
      { name: alias, type: "PTR", data: "alias.example" },
    ),
    [from("long")]: ptr(`${"a".repeat(63)}.${"b".repeat(63)}.example`),
    [from("silent")]: { type: "failure", rcode: failures.SERVFAIL },
    [from("blank")]: ptr("a b.example"),
    [from("literal")]: ptr(net + clients.literal),
    "gate.example A": a(net + 1),
    "localhost A": a("127.0.0.1"),
    "mx.example A": a(net + clients.named),
    "liar.example A": a("192.0.2.1", "192.0.2.2"),
    "two.example A": a("192.0.2.1", net + clients.second),
  };
}

const idents: Partial<Record<keyof typeof clients, string | null>> = {
  joe: "USERID : UNIX : joe",
  refused: "ERROR : NO-USER",
  colon: "USERID : OTHER, US-ASCII : a:b %c@d e",
  long: "USERID : UNIX : " + "u".repeat(900),
  control: "USERID : UNIX : j\x01e\x7f\x1b[31m",
  silent: null,
};

async function withIdents(
  net: string,
  names: (keyof typeof clients)[],
  fn: () => Promise<void>,
): Promise<void> {
  const [name, ...rest] = names;
  if (name === undefined) return await fn();
  const reply = idents[name]!;
  await withIdent(
    net + clients[name],
    (line) => reply === null ? null : `${line} : ${reply}\r\n`,
    () => withIdents(net, rest, fn),
  );
}

function withSite(fn: (site: Site) => Promise<void>): Promise<void> {
  const net = loopback().replace(/\d+$/, "");
  return inFolder((folder) =>
    withDns(
      net + 253,
      zoneOf(net),
      () =>
        withIdents(
          net,
          Object.keys(idents) as (keyof typeof idents)[],
          async () => {
            await furnish(folder, net);
            await fn({
              net,
              folder,
              ours: `${folder}/tcpserver`,
              env: {
                PATH: `${folder}/bin:${Deno.env.get("PATH")}`,
                DNSCACHEIP: net + 253,
              },
            });
          },
        ),
    )
  );
}

async function furnish(folder: string, net: string): Promise<void> {
  await Deno.symlink(postern, `${folder}/tcpserver`);
  await Deno.mkdir(`${folder}/bin`);
  await Deno.mkdir(`${folder}/folder.cdb`);
  const programs: [name: string, text: string, mode: number][] = [
    ["inpath", "#!/bin/sh\necho found\n", 0o755],
    ["prög ram", "#!/bin/sh\necho odd\n", 0o755],
    ["notexec", "#!/bin/sh\n", 0o644],
    ["noshebang", "echo no\n", 0o755],
    ["badinterp", "#!/no/such\n", 0o755],
  ];
  for (const [name, text, mode] of programs) {
    await Deno.writeTextFile(`${folder}/bin/${name}`, text);
    await Deno.chmod(`${folder}/bin/${name}`, mode);
  }
  for (const [name, content] of Object.entries(rulesFiles)) {
    if (content === null) continue;
    const cdb = `${folder}/${name}.cdb`;
    if (typeof content !== "string") {
      await Deno.writeFile(cdb, content);
      continue;
    }
    const text = content.replaceAll(/NET(\d*)/g, (_, last) => net + last);
    const made = await output(peer("tcprules")!, [cdb, `${cdb}.tmp`], {
      stdin: toBytes(text),
    });
    assertEquals([made.code, made.stderr], [0, ""], name);
  }
}

/** A test runner in a container may have glibc's own two signals ignored. */
const withoutGlibcs = (_: string, mask: string) =>
  "SigIgn:\t" +
  (BigInt(`0x${mask}`) & ~0x180000000n).toString(16).padStart(16, "0");

/** What there is to compare. Byte strings, without what no two runs share. */
interface Seen {
  received: string[];
  log: string[];
  code: number;
}

const environ = ["cat", "/proc/self/environ"];

async function look(program: string, row: Row, site: Site): Promise<Seen> {
  const { net, folder } = site;
  const host = row.host ?? net + 1;
  const rules = row.rules ? ["-x", `${folder}/${row.rules}.cdb`] : [];
  // An option that is read after `--` would be none.
  const end = row.args.indexOf("--");
  const args = end < 0
    ? [...row.args, ...rules]
    : [...row.args.slice(0, end), ...rules, ...row.args.slice(end)];
  const line = ["-1", ...args, host, "0", ...row.program ?? environ];
  const ignoring = ["-c", 'trap "" HUP USR1; exec "$@"', "sh", program];
  const gate = await TestGate.start(
    row.ignoring ? [...ignoring, ...line] : line,
    {
      program: row.ignoring ? peer("sh")! : program,
      asGiven: true,
      env: { ...site.env, ...row.env },
      clearEnv: true,
    },
  );
  try {
    const to = /^(0|)$|^gate/.test(host) || host === net + 1
      ? net + 1
      : "127.0.0.1";
    const from = net + clients[row.from ?? "nameless"];
    const client = await ClientFrom.connect(from, { ip: to, port: gate.port });
    const received = await client.all();
    // Two that are the same could not be told apart in the log.
    if (client.port === gate.port) return await look(program, row, site);
    // Whoever says it all says when it is over.
    if (/status: 0/.test(gate.log)) {
      await gate.logged(/end \d+ status \d+\ntcpserver: status: 0/);
    }
    const { code } = await gate.stop();
    const plain = (text: string) =>
      text.replaceAll(new RegExp(`\\b${gate.port}\\b`, "g"), "GATEPORT")
        .replaceAll(new RegExp(`\\b${client.port}\\b`, "g"), "PORT")
        .replaceAll(/SigIgn:\t(\w+)/g, withoutGlibcs)
        .replaceAll(folder, "FOLDER")
        .replaceAll(net, "NET");
    return {
      received: row.program
        ? plain(received).split("\n")
        : plain(received).split("\0").sort(),
      log: plain(utf8(gate.log))
        .replaceAll(/(pid|ok|deny|end) \d+ /g, "$1 PID ")
        // A machine that has much else to do.
        .replaceAll(/.*: the event loop was held for .*\n/g, "").split("\n"),
      code,
    };
  } finally {
    await gate.stop("SIGKILL");
  }
}

/** tcpserver's lines, changed where postern is meant to differ. */
function expected(seen: Seen, { differs }: Row, name: string): Seen {
  if (!differs) return seen;
  const edit = (lines: string[]) =>
    lines.flatMap((line) => {
      let text = line;
      for (const [pattern, by] of differs.edits) {
        text = text.replace(pattern, by);
      }
      return text === "" && line !== "" ? [] : text.split("\n");
    });
  const edited = {
    ...seen,
    received: edit(seen.received),
    log: edit(seen.log),
  };
  assert(
    JSON.stringify(edited) !== JSON.stringify(seen),
    `${name}: nothing differs any more`,
  );
  return edited;
}

Deno.test(
  needing(needs, `${Object.keys(rows).length} command lines`),
  () =>
    withSite(async (site) => {
      const left = Object.entries(rows);
      const wrong: string[] = [];
      const work = async () => {
        for (let next = left.shift(); next; next = left.shift()) {
          const [name, row] = next;
          try {
            const [real, own] = await Promise.all([
              look(theirs, row, site),
              look(site.ours, row, site),
            ]);
            assertEquals(own, expected(real, row, name));
          } catch (error) {
            wrong.push(`${name}: ${(error as Error).message}`);
          }
        }
      };
      await Promise.all([work(), work(), work()]);
      assert(wrong.length === 0, wrong.join("\n\n"));
    }),
);
