/**
 * postern under the name tcpserver and the real one: how they fail to start,
 * whom they serve when, what outlives them, which descriptors they pass on.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { ClientFrom } from "../support/client_from.ts";
import { withDns } from "../support/dns_server.ts";
import { TestGate } from "../support/gate.ts";
import { inFolder, needing, output, peer, postern } from "../support/peers.ts";
import { loopback } from "../support/random.ts";

const needs = { peers: ["tcpserver"], root: true };

/** Runs `fn` with both programs, the real one first. */
function withBoth(
  fn: (theirs: string, ours: string) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    await Deno.symlink(postern, `${folder}/tcpserver`);
    await fn(peer("tcpserver")!, `${folder}/tcpserver`);
  });
}

/** A command line that cannot start; BUSY is a port in use. */
interface Failure {
  readonly args: string[];
  /** Why postern differs on purpose, and what it says and exits with. */
  readonly differs?: { why: string; code: number; stderr: RegExp };
}

const usage = /^tcpserver: usage: tcpserver \[ -1UXpPhHrRoOdDqQv \]/;

const failures: Record<string, Failure> = {
  "nothing": { args: [] },
  "only HOST": { args: ["127.0.0.1"] },
  "no PROGRAM": { args: ["127.0.0.1", "0"] },
  "only options": { args: ["-v"] },
  "no PROGRAM in silence": { args: ["-q"] },
  "an unknown flag": { args: ["-Z", "127.0.0.1", "0", "cat"] },
  "an unknown flag in a bundle": { args: ["-vZR", "127.0.0.1", "0", "cat"] },
  "an unknown digit": { args: ["-9", "127.0.0.1", "0", "cat"] },
  "a question mark": { args: ["-?"] },
  "an unknown flag in silence": { args: ["-qZ"] },
  "a value is missing": { args: ["-c"] },
  "a value is missing in a bundle": { args: ["-vRx"] },
  "a value swallows HOST": { args: ["-t", "127.0.0.1", "0"] },
  "a bundle's value swallows flags": {
    args: ["-vlRH", "127.0.0.1", "nosuch", "cat"],
  },
  "an unknown service": { args: ["127.0.0.1", "nosuch", "cat"] },
  "an unknown service in silence": { args: ["-q", "127.0.0.1", "nosuch", "x"] },
  "a negative port": { args: ["127.0.0.1", "-5", "cat"] },
  "a port with a tail": { args: ["127.0.0.1", "22x", "cat"] },
  "a service of UDP only": { args: ["127.0.0.1", "tftp", "cat"] },
  "a single dash is HOST": { args: ["-", "nosuch", "cat"] },
  "a port in use": { args: ["127.0.0.1", "BUSY", "cat"] },
  "a port in use, HOST 0": { args: ["0", "BUSY", "cat"] },
  "somebody else's address": { args: ["192.0.2.99", "0", "cat"] },
  "a name without an address": { args: ["nobody.example", "0", "cat"] },
  "a short address": { args: ["127.1", "0", "cat"] },
  "an address with a tail": { args: ["127.0.0.1x", "0", "cat"] },
  "no ids any more": { args: ["-u", "77", "-c", "1", "192.0.2.99", "0", "x"] },

  // What is meant to differ.
  "an unknown long option": {
    args: ["--foo", "127.0.0.1", "nosuch", "cat"],
    differs: {
      why: "tcpserver takes anything that starts with -- for the end",
      code: 100,
      stderr: /^tcpserver: unknown option '--foo'\n/,
    },
  },
  "an empty port": {
    args: ["127.0.0.1", "", "cat"],
    differs: {
      why: "an unset variable in a script is no wish for any port; there it is",
      code: 111,
      stderr: /^tcpserver: fatal: unable to figure out port number for \n$/,
    },
  },
  "a port above 65535": {
    args: ["127.0.0.1", "4294967301", "cat"],
    differs: {
      why: "tcpserver takes it modulo 65536",
      code: 111,
      stderr: /^tcpserver: fatal: unable to figure out port number for 42949/,
    },
  },
  "a wrong port and no PROGRAM": {
    args: ["127.0.0.1", "nosuch"],
    differs: {
      why: "tcpserver looks at the port first; wrong for ever is 100 here",
      code: 100,
      stderr: usage,
    },
  },
  "an id that is none": {
    args: ["-u", "4294967295", "127.0.0.1", "0", "cat"],
    differs: {
      why: "tcpserver would take the lower bits of a number: root, at worst",
      code: 111,
      stderr: /^tcpserver: fatal: unable to set uid: invalid argument\n$/,
    },
  },
  "a user that is none": {
    args: ["-u", "-1", "127.0.0.1", "0", "cat"],
    differs: {
      why: "tcpserver reads 0 and stays root",
      code: 111,
      stderr: /^tcpserver: fatal: unable to set uid: unknown user -1\n$/,
    },
  },
  "an address above 255": {
    args: ["256.1.1.1", "0", "cat"],
    differs: {
      why: "tcpserver takes each byte modulo 256, and cannot bind it here",
      code: 111,
      stderr: /^tcpserver: fatal: no IP address for 256\.1\.1\.1\n$/,
    },
  },
};

/** Of these the real one starts to serve, so only ours is run. */
const startsThere = new Set([
  "an empty port",
  "a port above 65535",
  "an id that is none",
  "a user that is none",
]);

Deno.test(
  needing(needs, `${Object.keys(failures).length} failures to start`),
  () =>
    withBoth(async (theirs, ours) => {
      const busy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      await withDns(loopback(), {}, async ({ ip }) => {
        for (const [name, { args, differs }] of Object.entries(failures)) {
          const given = args.map((arg) =>
            arg === "BUSY" ? String(busy.addr.port) : arg
          );
          const run = (program: string) =>
            // One that does start is ended, with 124.
            output(peer("timeout")!, ["10", program, ...given], {
              env: { DNSCACHEIP: ip },
            });
          const own = await run(ours);
          if (!startsThere.has(name)) {
            const real = await run(theirs);
            if (!differs) assertEquals(own, real, name);
            else {
              const same = own.code === real.code && own.stderr === real.stderr;
              assert(!same, `${name}: nothing differs any more`);
            }
          }
          if (differs) {
            assertEquals([own.code, own.stdout], [differs.code, ""], name);
            assert(differs.stderr.test(own.stderr), `${name}: ${own.stderr}`);
          }
        }
      });
      busy.close();
    }),
);

// The real one adds errno's text of the moment, and takes 11 seconds for it.
Deno.test(
  needing({ root: true }, "a resolver that fails is a temporary failure"),
  () =>
    withBoth(async (_, ours) => {
      const args = ["somewhere.example", "0", "cat"];
      const nobody = { DNSCACHEIP: loopback() };
      assertEquals(await output(ours, args, { env: nobody }), {
        code: 111,
        stdout: "",
        stderr: "tcpserver: fatal: temporarily unable to figure out IP " +
          "address for somewhere.example\n",
      });
    }),
);

/** pids and ports are of the run, their order is of the program. */
function plainLog(log: string): string[] {
  const pids: string[] = [];
  return log.trimEnd().split("\n").map((line) =>
    line.replace(/\b(pid|ok|end) (\d+)/, (_, what, pid) => {
      if (!pids.includes(pid)) pids.push(pid);
      return `${what} #${pids.indexOf(pid) + 1}`;
    }).replace(/0:127\.0\.0\.1:\d+ :127\.0\.0\.1::\d+/, "0:ADDRESSES")
  );
}

const echo = ["sh", "-c", "echo hello; read x; echo got $x"];

for (const limit of [1, 2]) {
  Deno.test(
    needing(needs, `-c ${limit}: who is served when`),
    () =>
      withBoth(async (theirs, ours) => {
        const logs: string[][] = [];
        for (const program of [theirs, ours]) {
          const gate = await TestGate.start(
            ["-vRHl0", "-c", String(limit), "127.0.0.1", "0", ...echo],
            { program },
          );
          try {
            const connect = () =>
              ClientFrom.connect("127.0.0.1", {
                ip: "127.0.0.1",
                port: gate.port,
              });
            const logged = (what: string, times: number) =>
              gate.logged(new RegExp(`(: ${what} \\d+ [^]*){${times}}`));
            const all: ClientFrom[] = [];
            for (let i = 0; i < limit; i++) {
              all.push(await connect());
              await all[i].has("hello");
              await logged("ok", i + 1);
            }
            all.push(await connect(), await connect());
            await new Promise((over) => setTimeout(over, 300));
            for (const [i, client] of all.entries()) {
              await client.has("hello");
              const waiting = all.slice(i + limit);
              assertEquals(waiting.map((each) => each.received).join(""), "");
              client.send("word\n");
              assertEquals(await client.all(), "hello\ngot word\n");
              await logged("end", i + 1);
              await logged("ok", Math.min(all.length, i + 1 + limit));
            }
            await gate.logged(new RegExp(`status: 0/${limit}\\n$`));
            assertEquals((await gate.stop()).code, 0);
            logs.push(plainLog(gate.log));
          } finally {
            await gate.stop("SIGKILL");
          }
        }
        assertEquals(logs[1], logs[0]);
        assertEquals(
          logs[0].filter((line) => line.includes(": ok ")).length,
          limit + 2,
        );
      }),
  );
}

Deno.test(
  needing(needs, "TERM ends the gate, and its children go on"),
  () =>
    withBoth(async (theirs, ours) => {
      for (const program of [theirs, ours]) {
        const gate = await TestGate.start(
          ["-vRHl0", "127.0.0.1", "0", ...echo],
          { program },
        );
        const address = { ip: "127.0.0.1", port: gate.port };
        const client = await ClientFrom.connect("127.0.0.1", address);
        await client.has("hello");
        await gate.logged(/: ok /);
        gate.child.kill("SIGTERM");
        assertEquals((await gate.child.status).code, 0);
        const refused = await ClientFrom.connect("127.0.0.1", address)
          .then(() => "accepted", (error) => error.code);
        assertEquals(refused, "ECONNREFUSED");
        client.send("word\n");
        assertEquals(await client.all(), "hello\ngot word\n");
        await gate.stop();
        assertEquals(plainLog(gate.log), [
          "tcpserver: status: 0/40",
          "tcpserver: status: 1/40",
          "tcpserver: pid #1 from 127.0.0.1",
          "tcpserver: ok #1 0:ADDRESSES",
        ]);
      }
    }),
);

Deno.test(
  needing(needs, "a program has 0, 1, 2 and what the server was given"),
  () =>
    withBoth(async (theirs, ours) => {
      const prepare = "exec 7</etc/hostname 9>/dev/null; umask 027; " +
        'ulimit -Sn 999; exec "$@"';
      const show = "for fd in /proc/$$/fd/*; do " +
        'echo "${fd##*/} $(readlink $fd)"; done; ulimit -n; umask; pwd';
      const seen: string[] = [];
      for (const program of [theirs, ours]) {
        const line = [program, "-1vRHl0", "127.0.0.1", "0", "sh", "-c", show];
        const gate = await TestGate.start(["-c", prepare, "sh", ...line], {
          program: peer("sh")!,
          asGiven: true,
          cwd: "/usr",
        });
        try {
          const client = await ClientFrom.connect("127.0.0.1", {
            ip: "127.0.0.1",
            port: gate.port,
          });
          seen.push((await client.all()).replaceAll(/:\[\d+\]/g, ""));
        } finally {
          await gate.stop();
        }
      }
      assertEquals(seen[1], seen[0]);
      for (
        const line of ["0 socket", "1 socket", "7 /etc/hostname", "999", "/usr"]
      ) {
        assert(seen[0].split("\n").includes(line), `${line} in ${seen[0]}`);
      }
      assertEquals(seen[0].match(/socket/g)?.length, 2, "and no listening one");
    }),
);
