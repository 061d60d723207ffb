/**
 * What to type for what `serve --check` says: a row for each kind of line.
 *
 * @module
 */
import { accessOf, making, remedyFor, type Use } from "./access.ts";
import type { Patient } from "./patient.ts";
import { absolute, quoted, typed } from "./words.ts";

interface Row {
  readonly line: RegExp;
  /** @param found what the groups of `line` have */
  remedy(found: readonly string[], patient: Patient): string;
}

/** The folder or file that stands in the way of whoever serves. */
function opening(path: string, { server }: Patient, ...wanted: Use[]): string {
  if (server === null) {
    return `look who may use ${path}: namei -l ${quoted(path)}`;
  }
  const full = absolute(path);
  const access = accessOf(full, server, ...wanted);
  return access.type === "denied"
    ? remedyFor(access, server)
    : `namei -l ${quoted(full)} shows who may use it`;
}

const rows: readonly Row[] = [
  {
    line: /unable to run (\S+): (?:no such program|file does not exist)/,
    remedy: ([, path]) =>
      `name it by its whole path, or install what has ${path}`,
  },
  {
    line: /unable to run (\S+): access denied/,
    remedy: ([, path], patient) => opening(path, patient, "execute"),
  },
  {
    line: /unable to run (\S+): exec format error/,
    remedy: ([, path]) => `sed -i '1i #!/bin/sh' ${quoted(path)}`,
  },
  {
    line: /unable to run (\S+): its interpreter|its first line ends with a CR/,
    remedy: ([, path = "FILE"]) =>
      `head -1 ${quoted(path)} | cat -A, and mend its first line`,
  },
  {
    line: /unable to deliver to (\S+): (\S+): file does not exist/,
    remedy: ([, , folder], { server }) =>
      server ? making(folder, server) : `install -d ${quoted(folder)}`,
  },
  {
    line: /unable to deliver to \S+: (\/\S+): access denied/,
    remedy: ([, folder], patient) =>
      opening(folder, patient, "write", "search"),
  },
  {
    line: /unable to deliver to (\S+): access denied/,
    remedy: ([, folder], patient) =>
      opening(folder, patient, "write", "search"),
  },
  {
    line: /unable to deliver to (\S+): /,
    remedy: ([, folder]) =>
      `look what stands in its way: namei -l ${quoted(folder)}`,
  },
  {
    line: /unable to read (\S+): access denied/,
    remedy: ([, path], patient) => opening(path, patient, "read"),
  },
  {
    line: /unable to (?:read|use) (\S+): file does not exist/,
    remedy: ([, path]) => `write ${path}, or name the file that is meant`,
  },
  {
    line: /private key in (\S+) is another certificate's/,
    remedy: ([, path]) =>
      `name the key of the certificate (certbot: privkey.pem beside fullchain.pem): ` +
      `openssl pkey -in ${
        quoted(path)
      } -pubout, and openssl x509 -pubkey, tell`,
  },
  {
    line: /unable to use (\S+): no (certificate|private key) in PEM/,
    remedy: ([, , what]) =>
      `--tls-cert and --tls-key want PEM: -----BEGIN ${what.toUpperCase()}-----`,
  },
  {
    line: /failed to parse private key|no supported (?:key|private)/,
    remedy: () =>
      "TLS has no use for this key: ask for a certificate with a new one " +
      "(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)",
  },
  {
    line: /wants a passphrase/,
    remedy: () =>
      "openssl pkey -in KEY -out KEY.plain, chmod 600, and name that",
  },
  {
    line: /(?:the certificate|certificate \d+ in it) has expired/,
    remedy: () => "renew it (certbot renew), then kill -HUP the gate",
  },
  {
    line: /not for our name/,
    remedy: () =>
      "--me with a name that it is for, or a certificate for our name",
  },
  {
    line: /^(\S+): everybody on this machine may read it/,
    remedy: ([, path]) => `chmod o-r ${quoted(path)}`,
  },
  {
    line: /--policy: unable to connect/,
    remedy: () => "start the policy program, or take --policy out",
  },
  {
    line: /--dovecot-auth: unable to log in by (\S+):/,
    remedy: ([, at]) =>
      `start Dovecot, with a unix_listener ${
        at.replace(/^unix:/, "")
      } in its ` +
      "service auth, mode 0660, for the gate's user",
  },
  {
    line: /--(rspamd|milter): unable to ask (\S+):/,
    remedy: ([, kind, at]) =>
      `start what listens at ${at}, or take --${kind} out: until then no mail ` +
      "is taken (451)",
  },
  {
    line: /: unable to connect to (\S+):/,
    remedy: ([, path]) => `start the server that listens at ${path}`,
  },
  {
    line: /--mail-log: unable to write (\S+): file does not exist/,
    remedy: ([, path]) => `mkdir -p ${quoted(path.replace(/\/[^/]*$/, ""))}`,
  },
  {
    line: /no way for what they send elsewhere/,
    remedy: () => "--relay smtp:SMART.HOST:587, or --relay qmail-queue",
  },
  {
    line: /unable to set (?:uid|gid): unknown (user|group) (\S+)/,
    remedy: ([, kind, name]) =>
      `${
        kind === "user" ? "useradd -r -M -s /usr/sbin/nologin" : "groupadd -r"
      } ` +
      quoted(name),
  },
  {
    line: /unable to figure out port number/,
    remedy: () => "write a number: 25 is smtp, 587 submission, 465 submissions",
  },
  {
    line: /port \d+ (?:is|overlaps with) block/,
    remedy: () => "another port, or another host, for one of the blocks",
  },
  {
    line: /no IP address for|figure out IP address for/,
    remedy: () => "write an IP address, or 0 for all of them",
  },
  {
    line: /--confine does not go with/,
    remedy: () => "--no-confine, or leave --confine out",
  },
  {
    line: /is no text|not a regular file|is a directory|it is a FIFO/,
    remedy: () => "name the file that is meant",
  },
  {
    line: /damaged|cannot be used|truncated/,
    remedy: () => "make it anew: postern rules compile -o CDB TEXT",
  },
  {
    line: /\/me: file does not exist|control\/me/,
    remedy: () => "hostname -f > /var/qmail/control/me, or --me NAME",
  },
  {
    line: /percent|min-free/,
    remedy: () => "make room on the disk, or lower --min-free",
  },
];

/** Always something: what nobody foresaw can be looked at by itself. */
export function remedyOf(line: string, patient: Patient): string {
  for (const { line: pattern, remedy } of rows) {
    const found = pattern.exec(line);
    if (found) return remedy(found, patient);
  }
  return patient.line.length > 0
    ? `mend it, and look again: ${typed(patient.line)} --check`
      .replace(/ (serve|tcpserver) (.*) --check$/s, " $1 --check $2")
    : "mend it, and look again";
}
