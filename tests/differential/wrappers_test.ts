/**
 * postern under the names rblsmtpd, recordio and fixcrio, and the real ones,
 * side by side: what comes out, what the log says, how it ends.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { records, txt, withDns } from "../support/dns_server.ts";
import { inFolder, needing, output, peer, postern } from "../support/peers.ts";
import { loopback } from "../support/random.ts";

interface Row {
  readonly name: "rblsmtpd" | "recordio" | "fixcrio";
  readonly args: string[];
  readonly stdin?: string;
  readonly env?: Record<string, string>;
}

const ehlo =
  "EHLO x\r\nMAIL FROM:<>\nrcpt to:<x>\r\nrset now\r\nBDAT\r\n\r\nQUIT\r\n";
const client = { TCPREMOTEIP: "192.0.2.9" };
const dies = (signal: number) => ["sh", "-c", `kill -${signal} $$`];
const long = "x".repeat(300);

const rows: Row[] = [
  // Usage, and programs that are not there.
  ...["rblsmtpd", "recordio", "fixcrio"].flatMap((each): Row[] => {
    const name = each as Row["name"];
    return [
      { name, args: [] },
      { name, args: ["nosuch"] },
      { name, args: ["/no/such"] },
      { name, args: ["/etc"] },
      { name, args: [""] },
      { name, args: ["sh", "-c", "exit 7"], stdin: "" },
      { name, args: dies(9), stdin: "" },
      { name, args: dies(13), stdin: "" },
      { name, args: dies(15), stdin: "" },
      { name, args: ["printf", "<%s>", "", "-v", "a b", "é"], stdin: "" },
      { name, args: ["sh", "-c", "grep ^SigIgn /proc/self/status"], stdin: "" },
    ];
  }),
  { name: "rblsmtpd", args: ["-z", "cat"] },
  { name: "rblsmtpd", args: ["-r"] },
  { name: "rblsmtpd", args: ["-t", "5"] },
  { name: "recordio", args: ["-z"] },

  // What goes through.
  { name: "recordio", args: ["cat"], stdin: "one\ntwo\r\n\nlast" },
  { name: "recordio", args: ["cat"], stdin: `${long}\n${long}` },
  { name: "recordio", args: ["cat"], stdin: "" },
  { name: "recordio", args: ["cat"], stdin: "é\x01\x7f\n" },
  { name: "fixcrio", args: ["cat"], stdin: "one\ntwo\r\n\n\r\r\nlast\r" },
  {
    name: "fixcrio",
    args: ["sh", "-c", "od -c; printf 'a\\nb\\r\\n\\n'"],
    stdin: "one\ntwo\r\n\nx",
  },

  // rblsmtpd's word.
  { name: "rblsmtpd", args: ["cat"], stdin: "hello\n" },
  { name: "rblsmtpd", args: ["cat"], stdin: "hello\n", env: { RBLSMTPD: "" } },
  ...["gone", "-gone", "-", "a\tb\x7fé", "y".repeat(250)].map((told): Row => ({
    name: "rblsmtpd",
    args: ["cat"],
    stdin: ehlo,
    env: { ...client, RBLSMTPD: told },
  })),
  { name: "rblsmtpd", args: ["-t0", "cat"], stdin: "", env: { RBLSMTPD: "x" } },
  { name: "rblsmtpd", args: ["-tx", "cat"], stdin: "", env: { RBLSMTPD: "x" } },
  {
    name: "rblsmtpd",
    args: ["cat"],
    stdin: "QUIT\0\r\nquit  x\nNOOP\r\n",
    env: { RBLSMTPD: "x" },
  },
  ...[
    ["-r", "bad.example"],
    ["-b", "-r", "bad.example"],
    ["-r", "bad.example", "-b"],
    ["-b", "-B", "-rbad.example"],
    ["-r", "clean.example"],
    ["-a", "good.example", "-r", "bad.example"],
    ["-r", "bad.example", "-a", "good.example"],
    ["-a", "clean.example", "-b", "-r", "bad.example"],
    ["-bC", "-r", "clean.example", "-r", "two.example"],
  ].map((args): Row => ({
    name: "rblsmtpd",
    args: [...args, "cat"],
    stdin: ehlo,
    env: client,
  })),
];

const zone = {
  "9.2.0.192.bad.example TXT": txt("see http://bad.example/\x01"),
  "9.2.0.192.good.example A": records({ type: "A", data: "127.0.0.2" }),
  "9.2.0.192.two.example TXT": records(
    { type: "TXT", data: new Uint8Array([1, 65, 2, 66, 67]) },
    { type: "TXT", data: new Uint8Array([1, 68]) },
  ),
};

const shown = ({ name, args, env }: Row) =>
  `${name} ${JSON.stringify(args).slice(0, 60)} ${env?.RBLSMTPD ?? ""}`;

/** A test runner in a container may have glibc's own two signals ignored. */
const withoutGlibcs = (_: string, mask: string) =>
  `SigIgn:\t${(BigInt(`0x${mask}`) & ~0x180000000n).toString(16)}`;

/**
 * Each direction by itself: which comes first is chance. So it is whether the
 * end of one is seen before a program that does not wait for it has ended.
 */
function settled(stderr: string, waits: boolean): string[] {
  const lines = stderr.replaceAll(/SigIgn:\t(\w+)/g, withoutGlibcs)
    .replaceAll(/pid \d+/g, "pid N")
    .replaceAll(/^\d+ (?=[<>])/gm, "N ").split("\n")
    .filter((line) => waits || !line.endsWith(" [EOF]"));
  const of = (start: string) => lines.filter((each) => each.startsWith(start));
  const others = lines.filter((each) => !/^N [<>]/.test(each));
  return [...others, ...of("N <"), ...of("N >")];
}

Deno.test(
  needing(
    { peers: ["rblsmtpd", "recordio", "fixcrio"], root: true },
    `${rows.length} command lines of rblsmtpd, recordio and fixcrio`,
  ),
  () =>
    inFolder(async (folder) => {
      const ip = loopback();
      await withDns(ip, zone, async () => {
        const wrong: string[] = [];
        for (const name of ["rblsmtpd", "recordio", "fixcrio"]) {
          await Deno.symlink(postern, `${folder}/${name}`);
        }
        const left = [...rows];
        const work = async () => {
          for (let row = left.shift(); row; row = left.shift()) {
            const { name, args, stdin, env } = row;
            const all = { ...env, DNSCACHEIP: ip };
            const look = async (program: string) => {
              const options = { env: all, stdin };
              const { code, stdout, stderr } = await output(
                program,
                args,
                options,
              );
              return {
                code,
                stdout: stdout.replaceAll(/SigIgn:\t(\w+)/g, withoutGlibcs),
                stderr: settled(stderr, args[0] === "cat"),
              };
            };
            try {
              const [theirs, ours] = await Promise.all([
                look(peer(name)!),
                look(`${folder}/${name}`),
              ]);
              assertEquals(ours, theirs);
            } catch (error) {
              wrong.push(`${shown(row)}: ${(error as Error).message}`);
            }
          }
        };
        await Promise.all([work(), work(), work()]);
        assert(wrong.length === 0, wrong.join("\n\n"));
      });
    }),
);
