/**
 * `postern doctor`: the same troubles in other shapes, and files that have no
 * end.
 */
import { assert, assertEquals } from "@std/assert";
import {
  compile,
  doctor,
  gateOf,
  line,
  put,
  type Row,
  script,
  testOf,
} from "../support/doctor.ts";
import { inFolder, needing, postern } from "../support/peers.ts";

const rows: readonly Row[] = [
  {
    name: "rules named by a path from here that the server may not read",
    prepare: async (folder) => {
      await compile(folder, ":allow\n");
      await Deno.chmod(`${folder}/tcp.smtp.cdb`, 0o600);
      await Deno.chmod(folder, 0o755);
      const [path] = await script(
        folder,
        "#!/bin/sh\ncd FOLDER\nexec FOLDER/tcpserver -RH -u 65534 -g 65534 " +
          "-x tcp.smtp.cdb 127.0.0.1 0 qmail-smtpd\n",
      );
      return [path];
    },
    look: "cdb",
    severity: "error",
    what: /may not read the rules/,
    remedy: /^chgrp 65534/,
    root: true,
  },
  {
    name: "one user's mailbox that cannot be written to",
    prepare: async (folder) => {
      await Deno.chmod(folder, 0o755);
      for (const user of ["anna", "bert"]) {
        const box = `${folder}/home/${user}/Maildir`;
        for (const part of ["tmp", "new", "cur"]) {
          await Deno.mkdir(`${box}/${part}`, { recursive: true });
          await Deno.chown(`${box}/${part}`, user === "anna" ? 65534 : 0, 0);
        }
      }
      return [
        ...["--uid", "65534", "--gid", "65534", "127.0.0.1", "0", "smtpd"],
        ...["--me", "localhost", "--rcpthosts", "localhost"],
        ...["--maildir", `${folder}/home/{user}/Maildir`],
      ];
    },
    look: "mailbox",
    severity: "error",
    what: /cannot deliver into \S+\/home\/bert\/Maildir\/tmp:/,
    remedy: /^chown 65534:65534 \S+bert/,
    root: true,
  },
  {
    name: "a group that is none",
    prepare: (folder) => line(folder, ["--uid", "65534", "--gid", "54321"]),
    look: "ids",
    severity: "warning",
    what: /--gid 54321 is no group/,
    remedy: /--gid/,
  },
  {
    name: "a user who is none, by envuidgid",
    prepare: (folder) =>
      script(
        folder,
        `#!/bin/sh\nexec envuidgid nosuchuser ${postern} serve -U 127.0.0.1 0 ` +
          "smtpd --me localhost\n",
      ),
    look: "line",
    severity: "error",
    what: /asks for the ids of nosuchuser/,
    remedy: /^useradd .* nosuchuser$/,
  },
  {
    name: "RELAYCLIENT in an envdir, with an empty line",
    prepare: async (folder) => {
      await Deno.mkdir(`${folder}/env`);
      await put(`${folder}/env/RELAYCLIENT`, "\n");
      return await script(folder, gateOf("qmail-smtpd", "envdir FOLDER/env"));
    },
    look: "relay",
    severity: "error",
    what: /RELAYCLIENT is set where the gate is started/,
    remedy: /take it out there/,
  },
  {
    name: "RELAYCLIENT in front of the program",
    prepare: (folder) =>
      script(folder, gateOf("env RELAYCLIENT= FOLDER/qmail-smtpd")),
    look: "relay",
    severity: "error",
    what: /RELAYCLIENT is set in front of PROGRAM/,
    remedy: /take it out there/,
  },
  {
    name: "an eighth of all IPv6 that may relay",
    prepare: async (folder) => {
      await compile(
        folder,
        '2000::/3:allow,RELAYCLIENT=""\n:allow\n',
        "--extended",
      );
      return line(folder, ["-x", `${folder}/tcp.smtp.cdb`]);
    },
    look: "relay",
    severity: "error",
    what: /all of 2000::\/3 may relay/,
    remedy: /postern rules compile/,
  },
  {
    name: "prlimit in front of the gate",
    prepare: (folder) =>
      script(
        folder,
        gateOf("qmail-smtpd", "prlimit --as=80000000 nice -n 5"),
      ),
    look: "softlimit",
    severity: "error",
    what: /prlimit -a 80000000/,
    remedy: /take it out/,
  },
  {
    name: "a filter that is not there",
    prepare: (folder) => line(folder, [], ["--milter", `${folder}/none`]),
    look: "check",
    severity: "error",
    what: /--milter: unable to ask/,
    remedy: /start what listens at/,
  },
];

for (const row of rows) Deno.test(testOf(row));

Deno.test(
  needing({}, "doctor is never held up by what has no end"),
  () =>
    inFolder(async (folder) => {
      const pipe = `${folder}/pipe`;
      await new Deno.Command("mkfifo", { args: [pipe] }).output();
      const [path] = await script(
        folder,
        `#!/bin/sh\n. ${pipe}\n${gateOf("qmail-smtpd", "envdir FOLDER/env")}`,
      );
      await Deno.mkdir(`${folder}/env`);
      await Deno.symlink(pipe, `${folder}/env/X`);
      for (const endless of [pipe, "/dev/zero"]) {
        for (const option of ["--rcpthosts", "--routes"]) {
          const args = line(folder, [], []).filter((each, i, all) =>
            each !== "--rcpthosts" && all[i - 1] !== "--rcpthosts"
          );
          const { code } = await doctor([...args, option, endless]);
          assert(code < 100);
        }
        const rules = await doctor(line(folder, ["-x", endless]));
        assertEquals(rules.code, 1);
      }
      assert((await doctor([path])).code < 100);
    }),
);

Deno.test(
  needing(
    { peers: ["python3"] },
    "doctor takes a port of IPv6 alone for free in IPv4",
  ),
  () =>
    inFolder(async (folder) => {
      const taker = new Deno.Command("python3", {
        args: [
          "-c",
          "import socket,sys\n" +
          "s=socket.socket(socket.AF_INET6)\n" +
          "s.setsockopt(socket.IPPROTO_IPV6,socket.IPV6_V6ONLY,1)\n" +
          "s.bind(('::',0)); s.listen()\n" +
          "print(s.getsockname()[1],flush=True); sys.stdin.read()",
        ],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const reader = taker.stdout.getReader();
      const port = new TextDecoder().decode((await reader.read()).value).trim();
      reader.releaseLock();
      const tail = line(folder, []).slice(2);
      const four = await doctor(["0", port, ...tail]);
      const six = await doctor(["::", port, ...tail]);
      await taker.stdin.close();
      await taker.stdout.cancel();
      await taker.status;
      const told = (answer: typeof four) =>
        answer.findings.filter(({ look }) => look === "port").map((each) =>
          each.severity
        );
      assertEquals(told(four), []);
      assertEquals(told(six), ["error"]);
    }),
);
