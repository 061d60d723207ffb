/**
 * `postern doctor`: one set-up that is well, and how it behaves: it changes
 * nothing, runs nothing, and says what it did not see.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../support/certificate.ts";
import {
  type Answer,
  compile,
  doctor,
  gateOf,
  line,
  put,
  script,
} from "../support/doctor.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";

Deno.test(
  needing(
    {},
    "doctor finds nothing wrong where all is well, and changes nothing",
  ),
  () =>
    inFolder(async (folder) => {
      await compile(folder, "192.0.2.:deny\n:allow\n");
      for (const part of ["", "/new", "/tmp", "/cur"]) {
        await Deno.mkdir(`${folder}/Maildir${part}`);
      }
      await put(
        `${folder}/run`,
        `#!/bin/sh
exec 2>&1
exec ${postern} serve -v -x ${folder}/tcp.smtp.cdb --pidfile ${folder}/pid \\
  127.0.0.1 0 smtpd --me localhost --rcpthosts localhost \\
  --maildir ${folder}/Maildir --mail-log ${folder}/mail.log
`,
        0o755,
      );
      const before = await listing(folder);
      for (
        const args of [
          [`${folder}/run`],
          line(folder, [
            "-x",
            `${folder}/tcp.smtp.cdb`,
            "--pidfile",
            `${folder}/pid`,
          ]),
        ]
      ) {
        const { code, findings } = await doctor(args);
        assertEquals(findings.filter((each) => each.severity !== "note"), []);
        assertEquals(code, 0);
      }
      assertEquals(await listing(folder), before);
    }),
);

/** Names, sizes and times of all that is in a folder, and of the folder. */
async function listing(folder: string): Promise<string> {
  const { stdout } = await output("find", [
    folder,
    "-printf",
    "%p %s %T@ %C@\\n",
  ]);
  return stdout.split("\n").sort().join("\n");
}

Deno.test(
  needing({}, "doctor takes a gate that is running for the one it looks at"),
  () =>
    inFolder(async (folder) => {
      await withGate(line(folder, []), {}, async ({ port }) => {
        const args = line(folder, []).map((each) =>
          each === "0" ? `${port}` : each
        );
        const { code, findings } = await doctor(args);
        const told = findings.find(({ look }) => look === "port");
        assertMatch(
          told?.what ?? "",
          /a gate's already, pid \d+|by the gate with pid/,
        );
        assertEquals([told?.severity, code], ["note", 0]);
      });
    }),
);

Deno.test(
  needing({}, "doctor says who has the port"),
  () =>
    inFolder(async (folder) => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      const { code, findings } = await doctor(
        line(folder, []).map((each) => each === "0" ? `${port}` : each),
      );
      const told = findings.find(({ look }) => look === "port");
      assertMatch(
        told?.what ?? "",
        new RegExp(`port ${port} is taken by pid ${Deno.pid}`),
      );
      assertEquals(code, 1);
    }),
);

Deno.test(
  needing({ root: true }, "doctor as a user says what it could not look at"),
  () =>
    inFolder(async (folder) => {
      const { certPath, keyPath } = await makeCertificate(folder);
      await Deno.chmod(certPath, 0o644);
      await Deno.chmod(keyPath, 0o600);
      const args = line(folder, ["--uid", "65533", "--gid", "65533"], [
        ...["--tls-cert", certPath, "--tls-key", keyPath],
      ]);
      const { stdout } = await output("setpriv", [
        ...["--reuid", "65534", "--regid", "65534", "--clear-groups"],
        ...[postern, "doctor", "--format", "json", ...args],
      ]);
      const { findings } = JSON.parse(stdout) as Answer;
      const hidden = findings.filter(({ seen }) => !seen);
      assert(hidden.some(({ what }) => what.includes(keyPath)), stdout);
      assert(
        !findings.some(({ severity, what }) =>
          severity === "error" && /access denied/.test(what)
        ),
        stdout,
      );
    }),
);

Deno.test(
  needing({}, "doctor reads a script and never runs it"),
  () =>
    inFolder(async (folder) => {
      const [path] = await script(
        folder,
        `#!/bin/sh
touch FOLDER/ran
PORT=$(touch FOLDER/ran; echo 25)
exec FOLDER/tcpserver 127.0.0.1 0 FOLDER/qmail-smtpd $(touch FOLDER/ran)
`,
      );
      const { findings } = await doctor([path]);
      assert(
        findings.some(({ what }) => what.includes("touch")),
        "it is unknown",
      );
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assert(!names.includes("ran"));
    }),
);

Deno.test(
  needing({}, "doctor escapes what files say"),
  () =>
    inFolder(async (folder) => {
      const [path] = await script(
        folder,
        gateOf(
          "FOLDER/qmail-smtpd '\x1b]0;gone\x07' /bin/\u202echeckpassword /bin/true",
        ),
      );
      for (const format of ["text", "json"]) {
        const { stdout } = await output(postern, [
          "doctor",
          "--format",
          format,
          path,
        ]);
        assertMatch(stdout, /AUTH is lost/);
        assert(!/[^\n -~]/.test(stdout), JSON.stringify(stdout));
      }
    }),
);

Deno.test(
  needing({}, "doctor's exit code is 100 where there is nothing to look at"),
  () =>
    inFolder(async (folder) => {
      await put(`${folder}/other`, "#!/bin/sh\nexec sleep 1\n");
      const wrong: [args: string[], why: RegExp][] = [
        [["--bogus"], /unknown option '--bogus'/],
        [["0"], /PORT and PROGRAM are missing/],
        [["--check", "0", "25", "smtpd"], /leave it out/],
        [[`${folder}/none`], /unable to read .*file does not exist/],
        [[`${folder}/other`], /no line of it starts/],
        [[postern], /unable to read/],
        [["--config", `${folder}/none.toml`], /unable to read/],
      ];
      for (const [args, why] of wrong) {
        const { code, stdout, stderr } = await output(postern, [
          "doctor",
          ...args,
        ]);
        assertEquals([code, stdout], [100, ""], stderr);
        assertMatch(stderr, why);
      }
    }),
);
