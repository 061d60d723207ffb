/**
 * `postern doctor`: what is wrong in run scripts and units.
 *
 * @module
 */
import { postern } from "../support/peers.ts";
import {
  compile,
  gateOf,
  put,
  type Row,
  script,
  testOf,
} from "../support/doctor.ts";

const rows: readonly Row[] = [
  {
    name: "relaying by name without -p",
    prepare: async (folder) => {
      await compile(folder, '=.example.org:allow,RELAYCLIENT=""\n:allow\n');
      return await script(
        folder,
        gateOf("FOLDER/qmail-smtpd", "", "-x FOLDER/tcp.smtp.cdb"),
      );
    },
    look: "relay",
    severity: "warning",
    what: /any name/,
    remedy: /-p/,
  },
  {
    name: "RELAYCLIENT for all in a script",
    prepare: (folder) =>
      script(
        folder,
        `#!/bin/sh\nexport RELAYCLIENT=\n${gateOf("FOLDER/qmail-smtpd")}`,
      ),
    look: "relay",
    severity: "error",
    what: /RELAYCLIENT is set/,
    remedy: /write it into the rules/,
  },
  {
    name: "a syslog that nobody reads",
    prepare: (folder) =>
      script(
        folder,
        `#!/bin/sh
FOLDER/tcpserver 127.0.0.1 0 FOLDER/qmail-smtpd 2>&1 |
  FOLDER/splogger --socket FOLDER/log smtpd mail
`,
      ),
    look: "syslog",
    severity: "error",
    what: /nobody takes log lines at/,
    remedy: /rsyslog/,
  },
  {
    name: "fewer descriptors than -c",
    prepare: (folder) =>
      script(
        folder,
        `#!/bin/sh
ulimit -n 60
${gateOf("FOLDER/qmail-smtpd", "", "-c 500")}`,
      ),
    look: "limits",
    severity: "error",
    what: /-c 500 needs 533 descriptors, and the limit is 60/,
    remedy: /ulimit -n \d+/,
  },
  ...[
    ["softlimit -m 8000000", /65 GB/],
    ["softlimit -a 8000000", /65 GB/],
    ["softlimit -d 300000000", /ends before/],
    ["softlimit -s 100000", /ends before/],
    ["softlimit -o 10", /cannot start/],
    ["softlimit -p 3", /threads/],
    ["chpst -m 8000000", /65 GB/],
  ].map(([before, what]): Row => ({
    name: `${before}`,
    prepare: (folder) =>
      script(folder, gateOf("FOLDER/qmail-smtpd", `${before}`)),
    look: "softlimit",
    severity: "error",
    what: what as RegExp,
    remedy: /take it out|or more/,
  })),
  {
    name: "ulimit -v",
    prepare: (folder) =>
      script(
        folder,
        `#!/bin/sh\nulimit -v 100000\n${gateOf("FOLDER/qmail-smtpd")}`,
      ),
    look: "softlimit",
    severity: "error",
    what: /ulimit -v 100000.*65 GB/,
    remedy: /take it out/,
  },
  {
    name: "AUTH of a patch behind qmail-smtpd",
    prepare: (folder) =>
      script(
        folder,
        gateOf(
          "FOLDER/qmail-smtpd mx.example.org /bin/checkpassword /bin/true",
        ),
      ),
    look: "patches",
    severity: "error",
    what: /AUTH is lost/,
    remedy:
      /--me mx\.example\.org .*--checkpassword '\/bin\/checkpassword \/bin\/true'/,
  },
  {
    name: "variables of patches",
    prepare: (folder) =>
      script(
        folder,
        `#!/bin/sh
MAXRECIPIENTS=42
export MAXRECIPIENTS
exec env SMTPAUTH= FOLDER/tcpserver 127.0.0.1 0 FOLDER/qmail-smtpd
`,
      ),
    look: "patches",
    severity: "warning",
    what: /nobody reads MAXRECIPIENTS/,
    remedy: /--max-recipients 42/,
  },
  {
    name: "programs in front",
    prepare: (folder) =>
      script(
        folder,
        gateOf("FOLDER/rblsmtpd -r bl.example.org FOLDER/qmail-smtpd"),
      ),
    look: "patches",
    severity: "note",
    what: /rblsmtpd/,
    remedy: /smtpd --dnsbl bl\.example\.org/,
  },
  {
    name: "a run that goes into the background",
    prepare: (folder) =>
      script(
        folder,
        "#!/bin/sh\nFOLDER/tcpserver 127.0.0.1 0 FOLDER/qmail-smtpd &\n",
      ),
    look: "supervision",
    severity: "error",
    what: /again and again/,
    remedy: /take out the &/,
  },
  {
    name: "a run that waits for its gate",
    prepare: (folder) =>
      script(
        folder,
        "#!/bin/sh\nFOLDER/tcpserver 127.0.0.1 0 FOLDER/qmail-smtpd\n",
      ),
    look: "supervision",
    severity: "warning",
    what: /without exec/,
    remedy: /exec in front/,
  },
  {
    name: "a readiness that nobody tells",
    prepare: async (folder) => {
      const args = await script(folder, gateOf("FOLDER/qmail-smtpd"));
      await put(`${folder}/smtpd/notification-fd`, "3\n");
      return args;
    },
    look: "supervision",
    severity: "error",
    what: /descriptor 3/,
    remedy: /--ready-fd 3/,
  },
  {
    name: "a unit that waits for a fork, and may not compile",
    prepare: (folder) =>
      script(
        folder,
        `[Service]
Type=forking
MemoryDenyWriteExecute=yes
ExecStart=${postern} serve 127.0.0.1 0 smtpd --me localhost
`,
        "smtpd.service",
      ),
    look: "softlimit",
    severity: "error",
    what: /MemoryDenyWriteExecute=yes/,
    remedy: /MemoryDenyWriteExecute=no/,
  },
  {
    name: "a program that is not there",
    prepare: (folder) => script(folder, gateOf("/nowhere/qmail-smtpd")),
    look: "check",
    severity: "error",
    what: /unable to run \/nowhere\/qmail-smtpd/,
    remedy: /install/,
  },
];

for (const row of rows) Deno.test(testOf(row));
