/**
 * `postern doctor`: broken command lines and what they name, each of which is
 * found with what to type.
 *
 * @module
 */
import {
  makeCertificate,
  makeDatedCertificate,
} from "../support/certificate.ts";
import { compile, line, put, type Row, testOf } from "../support/doctor.ts";

const rows: readonly Row[] = [
  {
    name: "a port that has no number",
    prepare: () => ["0", "smtpp", "smtpd", "--me", "localhost"],
    look: "check",
    severity: "error",
    what: /unable to figure out port number for smtpp/,
    remedy: /25 is smtp/,
  },
  {
    name: "an address that is not ours",
    prepare: () => ["192.0.2.77", "0", "smtpd", "--me", "localhost"],
    look: "port",
    severity: "error",
    what: /no socket can be had at 192\.0\.2\.77/,
    remedy: /ip addr/,
  },
  {
    name: "a user who is none",
    prepare: (folder) => line(folder, ["--uid", "nosuchuser"]),
    look: "line",
    severity: "error",
    what: /unknown user nosuchuser/,
    remedy: /^useradd .* nosuchuser$/,
  },
  {
    name: "root's group is kept",
    prepare: (folder) => line(folder, ["--uid", "65534"]),
    look: "ids",
    severity: "warning",
    what: /keeps root's group/,
    remedy: /^--gid \d+/,
    root: true,
  },
  {
    name: "an open relay by option",
    prepare: (folder) => line(folder, [], ["--open-relay"]),
    look: "relay",
    severity: "error",
    what: /--open-relay/,
    remedy: /--rcpthosts/,
  },
  {
    name: "an open relay by rules",
    prepare: async (folder) => {
      await compile(folder, ':allow,RELAYCLIENT=""\n');
      return line(folder, ["-x", `${folder}/tcp.smtp.cdb`]);
    },
    look: "relay",
    severity: "error",
    what: /everybody may relay/,
    remedy: /postern rules compile/,
  },
  {
    name: "an open relay by a range of CIDR",
    prepare: async (folder) => {
      await compile(folder, '0.0.0.0/0:allow,RELAYCLIENT=""\n', "--extended");
      return line(folder, ["-x", `${folder}/tcp.smtp.cdb`]);
    },
    look: "relay",
    severity: "error",
    what: /may relay/,
    remedy: /postern rules compile/,
  },
  {
    name: "no rules where there ought to be some",
    prepare: (folder) => line(folder, ["-x", `${folder}/tcp.smtp.cdb`]),
    look: "cdb",
    severity: "error",
    what: /nobody is let in/,
    remedy: /postern rules compile -o/,
  },
  {
    name: "a text that was changed since",
    prepare: async (folder) => {
      await compile(folder, ":allow\n");
      await put(`${folder}/tcp.smtp`, "192.0.2.:deny\n:allow\n");
      await Deno.utime(`${folder}/tcp.smtp.cdb`, 1e9, 1e9);
      return line(folder, ["-x", `${folder}/tcp.smtp.cdb`]);
    },
    look: "cdb",
    severity: "error",
    what: /was changed after/,
    remedy: /^postern rules compile -o \S+tcp\.smtp\.cdb \S+tcp\.smtp$/,
  },
  {
    name: "a database of another text",
    prepare: async (folder) => {
      await compile(folder, ":allow\n");
      await put(`${folder}/tcp.smtp`, "192.0.2.:deny\n:allow\n");
      await Deno.utime(`${folder}/tcp.smtp`, 1e9, 1e9);
      return line(folder, ["-x", `${folder}/tcp.smtp.cdb`]);
    },
    look: "cdb",
    severity: "warning",
    what: /it is not what \S+ would make/,
    remedy: /rules dump/,
  },
  {
    name: "a database that is damaged",
    prepare: async (folder) => {
      await put(`${folder}/tcp.smtp.cdb`, "\0".repeat(3000));
      return line(folder, ["-x", `${folder}/tcp.smtp.cdb`]);
    },
    look: "cdb",
    severity: "error",
    what: /cannot be used/,
    remedy: /postern rules compile/,
  },
  {
    name: "what lint says",
    prepare: async (folder) => {
      await compile(folder, "192.0.2.1:deny\n192.0.2.1:allow\n:allow\n");
      return line(folder, ["-x", `${folder}/tcp.smtp.cdb`]);
    },
    look: "rules",
    severity: "warning",
    what: /duplicate/,
    remedy: /remove one/,
  },
  {
    name: "a queue program that is not there",
    prepare: () => [
      ...["127.0.0.1", "0", "smtpd", "--me", "localhost"],
      ...["--deliver", "qmail-queue:/nowhere/qmail-queue"],
    ],
    look: "check",
    severity: "error",
    what: /unable to run \/nowhere\/qmail-queue/,
    remedy: /whole path/,
  },
  {
    name: "a queue program that is not set-uid",
    prepare: async (folder) => {
      await Deno.copyFile("/bin/true", `${folder}/qmail-queue`);
      return [
        ...["127.0.0.1", "0", "smtpd", "--me", "localhost"],
        ...["--deliver", `qmail-queue:${folder}/qmail-queue`],
      ];
    },
    look: "queue",
    severity: "error",
    what: /not set-uid/,
    remedy: /chown qmailq:qmail .* && chmod 4711/,
  },
  {
    name: "a folder on the way to the mailbox",
    prepare: async (folder) => {
      await Deno.mkdir(`${folder}/private`, { mode: 0o700 });
      await Deno.mkdir(`${folder}/private/Maildir`);
      return [
        ...["--uid", "65534", "--gid", "65534", "127.0.0.1", "0", "smtpd"],
        ...["--me", "localhost", "--maildir", `${folder}/private/Maildir`],
      ];
    },
    look: "mailbox",
    severity: "error",
    what: /no right to search \S+\/private \(mode 700\)/,
    remedy: /^chmod o\+x \S+\/private$/,
    root: true,
  },
  {
    name: "a certificate that has expired",
    prepare: async (folder) => {
      const { certPath, keyPath } = await makeDatedCertificate(
        folder,
        "localhost",
        ["20200101000000Z", "20200201000000Z"],
      );
      return line(folder, ["--tls-cert", certPath, "--tls-key", keyPath]);
    },
    look: "certificate",
    severity: "error",
    what: /has expired/,
    remedy: /renew/,
  },
  {
    name: "a certificate that is good for two days",
    prepare: async (folder) => {
      const { certPath, keyPath } = await makeCertificate(folder);
      return line(folder, [], ["--tls-cert", certPath, "--tls-key", keyPath]);
    },
    look: "certificate",
    severity: "warning",
    what: /good for \d days? yet/,
    remedy: /renew/,
  },
  {
    name: "a certificate of another name",
    prepare: async (folder) => {
      const { certPath, keyPath } = await makeCertificate(folder);
      const args = ["--me", "mx.example.org", "--tls-cert", certPath];
      return line(folder, [], [...args, "--tls-key", keyPath]);
    },
    look: "certificate",
    severity: "error",
    what: /not for our name, mx\.example\.org/,
    remedy: /certonly -d mx\.example\.org/,
  },
  {
    name: "another certificate's key",
    prepare: async (folder) => {
      const { certPath } = await makeCertificate(folder);
      const { keyPath } = await makeCertificate(folder, "other");
      return line(folder, ["--tls-cert", certPath, "--tls-key", keyPath]);
    },
    look: "check",
    severity: "error",
    what: /is another certificate's/,
    remedy: /openssl/,
  },
  {
    name: "a key that everybody may read",
    prepare: async (folder) => {
      const { certPath, keyPath } = await makeCertificate(folder);
      await Deno.chmod(keyPath, 0o644);
      return line(folder, ["--tls-cert", certPath, "--tls-key", keyPath]);
    },
    look: "certificate",
    severity: "warning",
    what: /everybody on this machine may read the private key/,
    remedy: /^chmod 600/,
  },
  {
    name: "a run folder that is not there",
    prepare: (folder) => line(folder, ["--pidfile", `${folder}/run/x.pid`]),
    look: "folders",
    severity: "error",
    what: /--pidfile: there is no folder/,
    remedy: /^mkdir -p/,
  },
  {
    name: "a mail log that nobody rotates",
    prepare: (folder) => line(folder, ["--mail-log", `${folder}/mail.log`]),
    look: "folders",
    severity: "note",
    what: /nobody rotates the mail log/,
    remedy: /logrotate\.d/,
  },
  {
    name: "a control file of a patch",
    prepare: async (folder) => {
      await Deno.mkdir(`${folder}/control`);
      await put(`${folder}/control/me`, "localhost\n");
      await put(`${folder}/control/spfbehavior`, "3\n");
      return line(folder, [], ["--control", `${folder}/control`]);
    },
    look: "patches",
    severity: "warning",
    what: /nobody reads it/,
    remedy: /--spf/,
  },
  {
    name: "a smtpd option that does not exist",
    prepare: () => ["127.0.0.1", "0", "smtpd", "--rcpthost", "x"],
    look: "line",
    severity: "error",
    what: /unknown option '--rcpthost' \(did you mean --rcpthosts\?\)/,
    remedy: /postern serve/,
  },
  {
    name: "a configuration file with a wrong block",
    prepare: async (folder) => {
      await put(
        `${folder}/postern.toml`,
        '[[listen]]\nport = 25\nlimt = 3\nprogram = ["smtpd"]\n',
      );
      return ["--config", `${folder}/postern.toml`];
    },
    look: "line",
    severity: "error",
    what: /\[\[listen\]\] 1: unknown option '--limt'/,
    remedy: /postern serve --check/,
  },
];

for (const row of rows) Deno.test(testOf(row));
